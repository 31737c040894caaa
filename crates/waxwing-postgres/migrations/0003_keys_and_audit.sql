-- What a key may do, and how long: 0 operator, 1 publisher, 2 account, 3 account_read_only.
ALTER TABLE api_key
  ADD COLUMN role         smallint NOT NULL DEFAULT 0,
  ADD COLUMN expires_at   bigint,
  ADD COLUMN last_used_at bigint;
UPDATE api_key SET role = 2 WHERE account_seq IS NOT NULL;

-- Who changed what. Words rather than rows: an entry outlives what it tells of.
CREATE TABLE audit (
  seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         bigint NOT NULL,
  role       text,           -- null: the server itself
  key_id     text,
  source     text,           -- an IP address
  request_id text,
  action     text NOT NULL,
  account    text,
  object     text NOT NULL,
  before     text,           -- JSON
  after      text            -- JSON
);
CREATE INDEX audit_by_account ON audit (account, seq);
CREATE INDEX audit_by_object ON audit (object, seq);
