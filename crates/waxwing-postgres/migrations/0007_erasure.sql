-- Since when the payload is gone: body is empty then.
ALTER TABLE event ADD COLUMN erased_at bigint;
-- True: what receivers say is not kept any more. Here rather than in event, because
-- keeping an attempt writes this row anyway. Null otherwise: that takes no room.
ALTER TABLE delivery ADD COLUMN erased boolean;

-- Leads from events to their keys, at next to no cost for publishing: it holds a few
-- numbers for each megabyte of the table.
CREATE INDEX idempotency_by_event ON idempotency USING brin (event_seq);

-- Receipts of erasures, in words: they outlive what they tell of.
CREATE TABLE erasure (
  seq              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id               text NOT NULL UNIQUE,
  account          text NOT NULL,
  event            text,                      -- null: everything of the account
  requested_at     bigint NOT NULL,
  completed_at     bigint,
  ready_at         bigint NOT NULL DEFAULT 0, -- by the database's clock: when all nodes know of it
  position         bigint DEFAULT 0,          -- the last event that was looked at; null: nothing is left
  events           bigint NOT NULL DEFAULT 0,
  deliveries       bigint NOT NULL DEFAULT 0,
  attempts         bigint NOT NULL DEFAULT 0,
  idempotency_keys bigint NOT NULL DEFAULT 0,
  webhooks         bigint NOT NULL DEFAULT 0,
  keys             bigint NOT NULL DEFAULT 0
);
CREATE INDEX erasure_by_account ON erasure (account, seq);
CREATE INDEX erasure_open ON erasure (seq) WHERE completed_at IS NULL;

-- As before, but nothing that a receiver said is kept of a delivery that was erased.
CREATE OR REPLACE FUNCTION record_attempts(
  webhooks bigint[], events bigint[], owners bigint[], generations integer[], states smallint[], dues bigint[],
  completions bigint[], starts bigint[], durations bigint[], codes integer[], errors text[], bodies bytea[])
RETURNS TABLE (number bigint, state smallint, applied boolean)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_material = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
  counted bigint[];
  again bigint[];
BEGIN
  WITH ended AS (
    DELETE FROM pending p
    USING unnest(webhooks, events, owners, generations, dues) WITH ORDINALITY
      AS j(webhook, event, owner, generation, due, n)
    WHERE p.webhook_seq = j.webhook AND p.event_seq = j.event AND p.owner + 0 = j.owner
      AND p.generation = j.generation AND j.due IS NULL
    RETURNING j.n
  ) SELECT coalesce(array_agg(n), '{}') INTO counted FROM ended;
  IF array_remove(dues, NULL) <> '{}' THEN
    WITH moved AS (
      UPDATE pending p SET due_at = j.due, step = p.step + 1
      FROM unnest(webhooks, events, owners, generations, dues) WITH ORDINALITY
        AS j(webhook, event, owner, generation, due, n)
      WHERE p.webhook_seq = j.webhook AND p.event_seq = j.event AND p.owner + 0 = j.owner
        AND p.generation = j.generation AND j.due IS NOT NULL
      RETURNING j.n
    ) SELECT coalesce(array_agg(n), '{}') INTO again FROM moved;
    counted := counted || again;
  END IF;
  RETURN QUERY
  WITH job AS MATERIALIZED (
    SELECT j.*, j.n IN (SELECT unnest(counted)) AS counts
    FROM unnest(webhooks, events, states, completions, starts, durations, codes, errors, bodies) WITH ORDINALITY
      AS j(webhook, event, state, completed, started, duration, code, error, body, n)
  ), done AS (
    UPDATE delivery d SET attempt_count = d.attempt_count + 1, last_attempt_at = j.started,
      last_status_code = j.code, last_error = CASE WHEN d.erased THEN NULL ELSE j.error END,
      state = CASE WHEN j.counts THEN j.state ELSE d.state END,
      completed_at = CASE WHEN j.counts THEN j.completed ELSE d.completed_at END
    FROM job j
    WHERE d.webhook_seq = j.webhook AND d.event_seq = j.event
    RETURNING j.*, d.state AS state_now, d.attempt_count, d.erased
  ), kept AS (
    INSERT INTO attempt (event_seq, webhook_seq, number, started_at, duration_ms, status_code, error, response_body)
    SELECT d.event, d.webhook, d.attempt_count, d.started, d.duration, d.code,
      CASE WHEN d.erased THEN NULL ELSE d.error END, CASE WHEN d.erased THEN NULL ELSE d.body END
    FROM done d
  ), ended_badly AS (
    INSERT INTO failed (webhook_seq, event_seq)
    SELECT d.webhook, d.event FROM done d WHERE d.counts AND d.state_now = 3
  )
  SELECT d.n, d.state_now, d.counts FROM done d;
END $$;
