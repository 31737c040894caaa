-- Row numbers join the tables; ids are for the outside. Times are milliseconds
-- since 1970. Tables that grow with traffic are appended to in publish order.

CREATE TABLE account (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  name       TEXT,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;

CREATE TABLE api_key (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  hash        BLOB NOT NULL UNIQUE,
  account_seq INTEGER,
  name        TEXT,
  created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE event_type (
  type        TEXT PRIMARY KEY,
  description TEXT,
  example     TEXT,
  schema      TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook (
  seq                  INTEGER PRIMARY KEY,
  id                   TEXT NOT NULL UNIQUE,
  account_seq          INTEGER NOT NULL,
  url                  TEXT NOT NULL,
  events               TEXT NOT NULL,              -- patterns, one a line
  description          TEXT,
  status               INTEGER NOT NULL DEFAULT 0, -- 0 active, 1 inactive, 2 disabled: gone, 3 disabled: failing
  releasing            INTEGER NOT NULL DEFAULT 0,
  secret               BLOB NOT NULL,
  previous_secret      BLOB,
  previous_expires_at  INTEGER,
  last_success_at      INTEGER,
  last_failure_at      INTEGER,
  consecutive_failures INTEGER NOT NULL DEFAULT 0,
  failing_since        INTEGER,
  created_at           INTEGER NOT NULL,
  updated_at           INTEGER NOT NULL,
  deleted_at           INTEGER,
  swept                INTEGER NOT NULL DEFAULT 0  -- deleted, and nothing waits any more
) STRICT;
CREATE INDEX webhook_by_account ON webhook (account_seq, seq);

-- The payload stands here once, whatever the number of webhooks and attempts.
CREATE TABLE event (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  account_seq INTEGER NOT NULL,
  type        TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  webhooks    INTEGER NOT NULL,
  idempotency TEXT,
  body        BLOB NOT NULL
) STRICT;

CREATE TABLE idempotency (
  key       TEXT PRIMARY KEY,
  event_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery (
  event_seq        INTEGER NOT NULL,
  webhook_seq      INTEGER NOT NULL,
  state            INTEGER NOT NULL, -- 0 pending, 1 retrying, 2 delivered, 3 failed, 4 canceled
  attempt_count    INTEGER NOT NULL DEFAULT 0,
  due_at           INTEGER,          -- where it stands in pending; null once it ended
  generation       INTEGER NOT NULL DEFAULT 0, -- counts the replays
  last_attempt_at  INTEGER,
  last_status_code INTEGER,
  last_error       TEXT,
  completed_at     INTEGER,
  PRIMARY KEY (event_seq, webhook_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_failed ON delivery (webhook_seq, event_seq) WHERE state = 3;

-- Deliveries by webhook. Filled in bites; see the module listing.
CREATE TABLE listing (
  webhook_seq INTEGER NOT NULL,
  event_seq   INTEGER NOT NULL,
  PRIMARY KEY (webhook_seq, event_seq)
) STRICT, WITHOUT ROWID;

-- Small: only what is not finished. due_at 0 is the queue of first attempts.
CREATE TABLE pending (
  webhook_seq INTEGER NOT NULL,
  due_at      INTEGER NOT NULL,
  event_seq   INTEGER NOT NULL,
  owner       INTEGER NOT NULL,
  step        INTEGER NOT NULL DEFAULT 0,
  generation  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (webhook_seq, due_at, event_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
  event_seq     INTEGER NOT NULL,
  webhook_seq   INTEGER NOT NULL,
  number        INTEGER NOT NULL,
  started_at    INTEGER NOT NULL,
  duration_ms   INTEGER NOT NULL,
  status_code   INTEGER,
  error         TEXT,
  response_body BLOB,
  PRIMARY KEY (event_seq, webhook_seq, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE node (
  seq         INTEGER PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE,
  epoch       INTEGER NOT NULL,
  lease_until INTEGER NOT NULL
) STRICT;

CREATE TABLE fact (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
