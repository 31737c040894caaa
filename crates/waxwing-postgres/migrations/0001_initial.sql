-- Row numbers join the tables; ids are for the outside. Times are milliseconds
-- since 1970. There are no foreign keys: rows are only ever made together, and a
-- check for each would cost a look at a page that nobody needs.

CREATE TABLE account (
  seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id         text NOT NULL UNIQUE,
  name       text,
  created_at bigint NOT NULL,
  deleted_at bigint
);

CREATE TABLE api_key (
  seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id          text NOT NULL UNIQUE,
  hash        bytea NOT NULL UNIQUE,
  account_seq bigint,
  name        text,
  created_at  bigint NOT NULL
);

CREATE TABLE event_type (
  type        text PRIMARY KEY,
  description text,
  example     text,
  schema      text
);

CREATE TABLE webhook (
  seq                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id                  text NOT NULL UNIQUE,
  account_seq         bigint NOT NULL,
  url                 text NOT NULL,
  events              text NOT NULL,              -- patterns, one a line
  description         text,
  status              smallint NOT NULL DEFAULT 0, -- 0 active, 1 inactive, 2 disabled: gone, 3 disabled: failing
  releasing           boolean NOT NULL DEFAULT false,
  secret              bytea NOT NULL,
  previous_secret     bytea,
  previous_expires_at bigint,
  created_at          bigint NOT NULL,
  updated_at          bigint NOT NULL,
  deleted_at          bigint,
  swept               boolean NOT NULL DEFAULT false -- deleted, and nothing waits any more
);
CREATE INDEX webhook_by_account ON webhook (account_seq, seq);
CREATE INDEX webhook_unswept ON webhook (seq) WHERE deleted_at IS NOT NULL AND NOT swept;

-- Apart from the configuration, because every attempt writes it. Half of each page
-- is left free, so that a new version of a row finds room beside the old one.
CREATE TABLE webhook_health (
  webhook_seq          bigint PRIMARY KEY,
  last_success_at      bigint,
  last_failure_at      bigint,
  consecutive_failures bigint NOT NULL DEFAULT 0,
  failing_since        bigint
) WITH (fillfactor = 50);

-- Tables that grow with traffic are partitioned by the row of the event, in
-- stretches of time: the upper bits of an event's row are the number of its period
-- (see the module periods, which makes, rewrites and drops partitions). The order
-- of rows is the order of publishing, so nothing needs a time of its own.
CREATE TABLE period (
  number    bigint PRIMARY KEY,
  starts_at bigint NOT NULL, -- events published from here on
  ends_at   bigint NOT NULL, -- and before this
  look_at   timestamptz NOT NULL DEFAULT now() -- when retention looks at it again
);
CREATE SEQUENCE event_seq;

-- The payload stands here once, whatever the number of webhooks and attempts.
-- Each partition has a unique index on id.
CREATE TABLE event (
  seq         bigint PRIMARY KEY,
  id          text NOT NULL,
  account_seq bigint NOT NULL,
  type        text NOT NULL,
  created_at  bigint NOT NULL,
  webhooks    bigint[] NOT NULL, -- to which it goes
  body        bytea NOT NULL
) PARTITION BY RANGE (seq);

-- Each partition has a unique index on key.
CREATE TABLE idempotency (
  key       text NOT NULL,
  event_seq bigint NOT NULL
) PARTITION BY RANGE (event_seq);

-- No index holds a column that an attempt changes: its update stays in the page.
CREATE TABLE delivery (
  event_seq        bigint NOT NULL,
  webhook_seq      bigint NOT NULL,
  state            smallint NOT NULL, -- 0 pending, 1 retrying, 2 delivered, 3 failed, 4 canceled
  attempt_count    integer NOT NULL DEFAULT 0,
  generation       integer NOT NULL DEFAULT 0, -- counts the replays
  last_attempt_at  bigint,
  last_status_code integer,
  last_error       text,
  completed_at     bigint,
  PRIMARY KEY (webhook_seq, event_seq)
) PARTITION BY RANGE (event_seq);

-- The deliveries in state 3, for those who look for them.
CREATE TABLE failed (
  event_seq   bigint NOT NULL,
  webhook_seq bigint NOT NULL,
  PRIMARY KEY (webhook_seq, event_seq)
) PARTITION BY RANGE (event_seq);

CREATE TABLE attempt (
  event_seq     bigint NOT NULL,
  webhook_seq   bigint NOT NULL,
  number        integer NOT NULL,
  started_at    bigint NOT NULL,
  duration_ms   bigint NOT NULL,
  status_code   integer,
  error         text,
  response_body bytea,
  PRIMARY KEY (event_seq, webhook_seq, number)
) PARTITION BY RANGE (event_seq);

-- Small and hot: only what is not finished. due_at 0 is the queue of first attempts.
-- Vacuumed by its changes rather than by its size, which is near nothing most of the
-- time: dead entries in front of the queue are what slows down queues in PostgreSQL.
CREATE TABLE pending (
  webhook_seq bigint NOT NULL,
  event_seq   bigint NOT NULL,
  owner       bigint NOT NULL,
  due_at      bigint NOT NULL,
  step        integer NOT NULL DEFAULT 0,
  generation  integer NOT NULL DEFAULT 0,
  PRIMARY KEY (webhook_seq, event_seq)
) WITH (
  autovacuum_vacuum_scale_factor = 0.0,
  autovacuum_vacuum_threshold = 20000,
  autovacuum_vacuum_insert_scale_factor = 0.0,
  autovacuum_vacuum_insert_threshold = 100000,
  autovacuum_vacuum_cost_delay = 0
);
-- Begins with the owner, so that nothing but a lane is ever sought in it.
CREATE INDEX pending_by_lane ON pending (owner, webhook_seq, due_at, event_seq);

CREATE TABLE node (
  seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name        text NOT NULL UNIQUE,
  epoch       bigint NOT NULL,
  lease_until bigint NOT NULL -- 0: left; -1: its work was taken over
);

CREATE TABLE fact (
  name  text PRIMARY KEY,
  value bytea NOT NULL
);

-- Changes of the configuration, numbered in the order of their commits: whoever
-- changes something locks the one row of revision first.
CREATE TABLE revision (
  one   boolean PRIMARY KEY DEFAULT true CHECK (one),
  value bigint NOT NULL
);
INSERT INTO revision (value) VALUES (0);

CREATE TABLE change (
  revision   bigint PRIMARY KEY,
  kind       smallint NOT NULL, -- 0 account, 1 key, 2 webhook, 3 event type
  row        bigint NOT NULL,
  name       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
