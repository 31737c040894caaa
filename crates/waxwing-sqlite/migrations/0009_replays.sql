-- Requests to send again, and how far each has come.
CREATE TABLE replay (
  seq          INTEGER PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE,
  webhook_seq  INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  scheduled_at INTEGER,            -- when everything that matches was scheduled
  stopped_at   INTEGER,
  replayed     INTEGER NOT NULL DEFAULT 0,
  delivered    INTEGER NOT NULL DEFAULT 0,
  failed       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX replay_by_webhook ON replay (webhook_seq, seq);
CREATE INDEX replay_by_time ON replay (created_at);

-- What waits because of a replay: which one, and how its delivery had ended before, if it
-- had. Null for everything else, which has no entry in the index either.
ALTER TABLE pending ADD COLUMN replay_seq INTEGER;
ALTER TABLE pending ADD COLUMN former_state INTEGER;
CREATE INDEX pending_by_replay ON pending (replay_seq, step) WHERE replay_seq IS NOT NULL;
