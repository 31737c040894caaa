-- Since when the payload is gone: body is empty then.
ALTER TABLE event ADD COLUMN erased_at INTEGER;
-- 1: what receivers say is not kept any more. Here rather than in event, because
-- keeping an attempt reads and writes this row anyway.
ALTER TABLE delivery ADD COLUMN erased INTEGER;

-- Receipts of erasures, in words: they outlive what they tell of.
CREATE TABLE erasure (
  seq              INTEGER PRIMARY KEY,
  id               TEXT NOT NULL UNIQUE,
  account          TEXT NOT NULL,
  event            TEXT,               -- null: everything of the account
  requested_at     INTEGER NOT NULL,
  completed_at     INTEGER,
  position         INTEGER DEFAULT 0,  -- the last event that was looked at; null: nothing is left
  events           INTEGER NOT NULL DEFAULT 0,
  deliveries       INTEGER NOT NULL DEFAULT 0,
  attempts         INTEGER NOT NULL DEFAULT 0,
  idempotency_keys INTEGER NOT NULL DEFAULT 0,
  webhooks         INTEGER NOT NULL DEFAULT 0,
  keys             INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX erasure_by_account ON erasure (account, seq);
CREATE INDEX erasure_open ON erasure (seq) WHERE completed_at IS NULL;
