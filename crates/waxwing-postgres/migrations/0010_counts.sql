-- What is counted of webhooks. Each number stands in one row only: in a tally, then in
-- that of a minute, which becomes a part of an hour and this of a day as it ages. By time
-- first, so that what changes at a time is in few pages, of which a part is left free for
-- new versions of their rows.
CREATE TABLE metric (
  step        smallint NOT NULL, -- 0 minute, 1 hour, 2 day
  at          bigint NOT NULL,   -- when it begins
  webhook_seq bigint NOT NULL,   -- 0: all webhooks together
  events      bigint NOT NULL,
  succeeded   bigint NOT NULL,
  failed      bigint NOT NULL,
  delivered   bigint NOT NULL,
  exhausted   bigint NOT NULL,
  answers     bytea NOT NULL,    -- how long they took; see the module latencies
  PRIMARY KEY (step, at, webhook_seq)
) WITH (fillfactor = 70);
CREATE INDEX metric_failed ON metric (at, webhook_seq) WHERE step = 0 AND failed > 0 AND webhook_seq > 0;

-- What each commit of each node counted, until it is rolled up: only appended to, so that
-- nodes that count the same webhook do not wait for each other. Small; vacuumed as pending is.
CREATE TABLE tally (
  seq    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  counts bytea NOT NULL
) WITH (
  autovacuum_vacuum_scale_factor = 0.0,
  autovacuum_vacuum_threshold = 20000,
  autovacuum_vacuum_insert_scale_factor = 0.0,
  autovacuum_vacuum_insert_threshold = 100000,
  autovacuum_vacuum_cost_delay = 0
);
-- Gone again in some seconds: not worth being compressed.
ALTER TABLE tally ALTER COLUMN counts SET STORAGE EXTERNAL;

-- True: its account is erased, and so is what was counted.
ALTER TABLE webhook ADD COLUMN counts_erased boolean;
