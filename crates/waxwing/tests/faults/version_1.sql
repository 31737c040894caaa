-- A database of schema version 1, as `.dump` of sqlite3 writes it: made by the program of
-- then (commit 35b6993), with three deliveries that wait for their second attempt. PORT is
-- filled in by file.rs, which has it brought up to date by a server of now.
PRAGMA page_size=8192;
PRAGMA user_version=1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE account (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  name       TEXT,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;
INSERT INTO account VALUES(1,'acme','Acme',1700000311506,NULL);
CREATE TABLE api_key (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  hash        BLOB NOT NULL UNIQUE,
  account_seq INTEGER,
  name        TEXT,
  created_at  INTEGER NOT NULL
) STRICT;
INSERT INTO api_key VALUES(1,'key_01m8aeq26nedyty6xmncb32xp8',X'34a0e225e6ec4c63ca541be9f39c83cf7340a6b89f629192bd2d043d5ccdd42c',NULL,'from the configuration',1700000310037);
CREATE TABLE event_type (
  type        TEXT PRIMARY KEY,
  description TEXT,
  example     TEXT,
  schema      TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO event_type VALUES('deposit.created','money came in',NULL,NULL);
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
INSERT INTO webhook VALUES(1,'wh_01m8aeq3mvect8gvsndyye9r8d',1,'https://127.0.0.1:PORT/hook','*',NULL,0,0,X'010521d7824b719006ccedf97bad29ae68ce9e272f323e112ead6a15d3d965933e738c47b502560fe268b0da51a663a3db4700568920ad291562e1012ea0c012802b9f50a4',NULL,NULL,NULL,1700000311538,3,1700000311526,1700000311515,1700000311515,NULL,0);
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
INSERT INTO event VALUES(1,'old-1',1,'deposit.created',1700000311523,1,NULL,X'7b226964223a226f6c642d31222c2274797065223a226465706f7369742e63726561746564222c22637265617465645f6174223a22323032362d31312d32355432323a35353a31312e3532335a222c2264617461223a7b226e223a20317d7d');
INSERT INTO event VALUES(2,'old-2',1,'deposit.created',1700000311526,1,NULL,X'7b226964223a226f6c642d32222c2274797065223a226465706f7369742e63726561746564222c22637265617465645f6174223a22323032362d31312d32355432323a35353a31312e3532365a222c2264617461223a7b226e223a20327d7d');
INSERT INTO event VALUES(3,'old-3',1,'deposit.created',1700000311537,1,NULL,X'7b226964223a226f6c642d33222c2274797065223a226465706f7369742e63726561746564222c22637265617465645f6174223a22323032362d31312d32355432323a35353a31312e3533375a222c2264617461223a7b226e223a20337d7d');
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
INSERT INTO delivery VALUES(1,1,1,1,1700000312530,0,1700000311526,NULL,'connection refused: nothing listens at this address and port',NULL);
INSERT INTO delivery VALUES(2,1,1,1,1700000312560,0,1700000311532,NULL,'connection refused: nothing listens at this address and port',NULL);
INSERT INTO delivery VALUES(3,1,1,1,1700000312635,0,1700000311538,NULL,'connection refused: nothing listens at this address and port',NULL);
CREATE TABLE listing (
  webhook_seq INTEGER NOT NULL,
  event_seq   INTEGER NOT NULL,
  PRIMARY KEY (webhook_seq, event_seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE pending (
  webhook_seq INTEGER NOT NULL,
  due_at      INTEGER NOT NULL,
  event_seq   INTEGER NOT NULL,
  owner       INTEGER NOT NULL,
  step        INTEGER NOT NULL DEFAULT 0,
  generation  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (webhook_seq, due_at, event_seq)
) STRICT, WITHOUT ROWID;
INSERT INTO pending VALUES(1,1700000312530,1,1,1,0);
INSERT INTO pending VALUES(1,1700000312560,2,1,1,0);
INSERT INTO pending VALUES(1,1700000312635,3,1,1,0);
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
INSERT INTO attempt VALUES(1,1,1,1700000311526,0,NULL,'connection refused: nothing listens at this address and port',NULL);
INSERT INTO attempt VALUES(2,1,1,1700000311532,5,NULL,'connection refused: nothing listens at this address and port',NULL);
INSERT INTO attempt VALUES(3,1,1,1700000311538,0,NULL,'connection refused: nothing listens at this address and port',NULL);
CREATE TABLE node (
  seq         INTEGER PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE,
  epoch       INTEGER NOT NULL,
  lease_until INTEGER NOT NULL
) STRICT;
INSERT INTO node VALUES(1,'local',1,0);
CREATE TABLE fact (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO fact VALUES('sealing_check',X'01bd45022e5a5ad350d17f8cf3e1b55552ad96c280893a86692e1c592acae0f9f72c739c1b3a896ffbbd69558b9b867e00451f403caf94b8bfa5b11d5498');
CREATE INDEX webhook_by_account ON webhook (account_seq, seq);
CREATE INDEX delivery_failed ON delivery (webhook_seq, event_seq) WHERE state = 3;
COMMIT;
