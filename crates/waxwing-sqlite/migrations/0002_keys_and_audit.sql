-- What a key may do, and how long: 0 operator, 1 publisher, 2 account, 3 account_read_only.
ALTER TABLE api_key ADD COLUMN role INTEGER NOT NULL DEFAULT 0;
ALTER TABLE api_key ADD COLUMN expires_at INTEGER;
ALTER TABLE api_key ADD COLUMN last_used_at INTEGER;
UPDATE api_key SET role = 2 WHERE account_seq IS NOT NULL;

-- Who changed what. Words rather than rows: an entry outlives what it tells of.
CREATE TABLE audit (
  seq        INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  role       TEXT,           -- null: the server itself
  key_id     TEXT,
  source     TEXT,           -- an IP address
  request_id TEXT,
  action     TEXT NOT NULL,
  account    TEXT,
  object     TEXT NOT NULL,
  before     TEXT,           -- JSON
  after      TEXT            -- JSON
) STRICT;
CREATE INDEX audit_by_account ON audit (account, seq);
CREATE INDEX audit_by_object ON audit (object, seq);
