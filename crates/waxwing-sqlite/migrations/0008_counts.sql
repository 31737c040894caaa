-- What is counted of webhooks. Each number stands in one row only: in a tally, then in
-- that of a minute, which becomes a part of an hour and this of a day as it ages. By time
-- first, so that what changes at a time is in few pages.
CREATE TABLE metric (
  step        INTEGER NOT NULL, -- 0 minute, 1 hour, 2 day
  at          INTEGER NOT NULL, -- when it begins
  webhook_seq INTEGER NOT NULL, -- 0: all webhooks together
  events      INTEGER NOT NULL,
  succeeded   INTEGER NOT NULL,
  failed      INTEGER NOT NULL,
  delivered   INTEGER NOT NULL,
  exhausted   INTEGER NOT NULL,
  answers     BLOB NOT NULL,    -- how long they took; see the module latencies
  PRIMARY KEY (step, at, webhook_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX metric_failed ON metric (at, webhook_seq, failed) WHERE step = 0 AND failed > 0 AND webhook_seq > 0;

-- What each commit counted, until it is rolled up.
CREATE TABLE tally (
  seq    INTEGER PRIMARY KEY,
  counts BLOB NOT NULL
) STRICT;

-- 1: its account is erased, and so is what was counted.
ALTER TABLE webhook ADD COLUMN counts_erased INTEGER;
