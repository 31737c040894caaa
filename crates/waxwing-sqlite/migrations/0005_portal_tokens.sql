-- Short-lived keys, many of them: upkeep removes them some time after their end.
ALTER TABLE api_key ADD COLUMN portal INTEGER NOT NULL DEFAULT 0;
CREATE INDEX api_key_portal ON api_key (expires_at) WHERE portal;
