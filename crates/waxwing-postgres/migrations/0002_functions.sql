-- The statements of each commit. As functions they are planned once for a connection
-- rather than for each commit, through a pooler too, where nothing can be prepared.
-- Their plans must depend neither on what they are called with (plan_cache_mode;
-- partitions are chosen while a statement runs) nor on how large the tables happen to be
-- when a connection plans them, which may be empty then and hold millions later: the
-- other settings leave look-ups by index, one row after the other, as the only way.

-- Locks nodes against being taken over or registered anew until the transaction ends
-- (their renewals go on), then numbers events: while they are being kept no other
-- period begins.
CREATE FUNCTION begin_commit(nodes bigint[], events bigint)
RETURNS TABLE (seq bigint, epoch bigint, lease_until bigint, event_rows bigint[])
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_material = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
  numbers bigint[];
BEGIN
  PERFORM FROM node n WHERE n.seq = ANY(nodes) ORDER BY n.seq FOR KEY SHARE;
  numbers := ARRAY(SELECT nextval('event_seq') FROM generate_series(1, events));
  RETURN QUERY SELECT n.seq, n.epoch, n.lease_until, numbers FROM node n WHERE n.seq = ANY(nodes);
END $$;

-- What was published before under these ids.
CREATE FUNCTION events_by_id(ids text[])
RETURNS TABLE (id text, account text, type text, created_at bigint, webhooks integer, body bytea)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_material = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT e.id, a.id, e.type, e.created_at, cardinality(e.webhooks), e.body
    FROM event e JOIN account a ON a.seq = e.account_seq WHERE e.id = ANY(ids);
END $$;

-- What was published before under these idempotency keys.
CREATE FUNCTION events_by_key(keys text[])
RETURNS TABLE (id text, account text, type text, created_at bigint, webhooks integer, body bytea, key text)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_material = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT e.id, a.id, e.type, e.created_at, cardinality(e.webhooks), e.body, i.key
    FROM idempotency i JOIN event e ON e.seq = i.event_seq JOIN account a ON a.seq = e.account_seq
    WHERE i.key = ANY(keys);
END $$;

-- Keeps events, and what waits for webhooks. The lists of webhooks come as texts,
-- because arrays of arrays must be rectangular.
CREATE FUNCTION keep_events(
  seqs bigint[], ids text[], accounts bigint[], types text[], times bigint[], lists text[], keys text[],
  bodies bytea[], waiting_events bigint[], waiting_webhooks bigint[], owners bigint[])
RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_material = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO event (seq, id, account_seq, type, created_at, webhooks, body)
    SELECT n.seq, n.id, n.account, n.type, n.created_at, n.list::bigint[], n.body
    FROM unnest(seqs, ids, accounts, types, times, lists, bodies)
      AS n(seq, id, account, type, created_at, list, body);
  IF array_remove(keys, NULL) <> '{}' THEN
    INSERT INTO idempotency (key, event_seq)
      SELECT n.key, n.seq FROM unnest(keys, seqs) AS n(key, seq) WHERE n.key IS NOT NULL;
  END IF;
  INSERT INTO delivery (event_seq, webhook_seq, state)
    SELECT n.event, n.webhook, 0 FROM unnest(waiting_events, waiting_webhooks) AS n(event, webhook);
  INSERT INTO pending (webhook_seq, event_seq, owner, due_at)
    SELECT n.webhook, n.event, n.owner, 0
    FROM unnest(waiting_webhooks, waiting_events, owners) AS n(webhook, event, owner);
END $$;

-- Keeps attempts of different deliveries, and what follows from them. The entries in
-- pending are ended or moved first; whether there was one decides whether an attempt
-- counts. "owner + 0" keeps entries from being sought along their lane.
CREATE FUNCTION record_attempts(
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
      last_status_code = j.code, last_error = j.error,
      state = CASE WHEN j.counts THEN j.state ELSE d.state END,
      completed_at = CASE WHEN j.counts THEN j.completed ELSE d.completed_at END
    FROM job j
    WHERE d.webhook_seq = j.webhook AND d.event_seq = j.event
    RETURNING j.*, d.state AS state_now, d.attempt_count
  ), kept AS (
    INSERT INTO attempt (event_seq, webhook_seq, number, started_at, duration_ms, status_code, error, response_body)
    SELECT d.event, d.webhook, d.attempt_count, d.started, d.duration, d.code, d.error, d.body FROM done d
  ), ended_badly AS (
    INSERT INTO failed (webhook_seq, event_seq)
    SELECT d.webhook, d.event FROM done d WHERE d.counts AND d.state_now = 3
  )
  SELECT d.n, d.state_now, d.counts FROM done d;
END $$;

-- Adds to how webhooks fare. Rows are locked in their order, whatever order they are
-- updated in.
CREATE FUNCTION add_health(
  webhooks bigint[], successes bigint[], failures_at bigint[], failures bigint[], sinces bigint[])
RETURNS TABLE (
  last_success_at bigint, last_failure_at bigint, consecutive_failures bigint, failing_since bigint,
  webhook_seq bigint)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_material = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
  PERFORM FROM webhook_health h WHERE h.webhook_seq = ANY(webhooks) ORDER BY h.webhook_seq FOR NO KEY UPDATE;
  RETURN QUERY
  UPDATE webhook_health h SET
    last_success_at = coalesce(s.success_at, h.last_success_at),
    last_failure_at = coalesce(s.failure_at, h.last_failure_at),
    consecutive_failures = CASE WHEN s.success_at IS NULL THEN h.consecutive_failures ELSE 0 END + s.count,
    failing_since = CASE WHEN s.success_at IS NULL THEN coalesce(h.failing_since, s.since) ELSE s.since END
  FROM unnest(webhooks, successes, failures_at, failures, sinces)
    AS s(webhook, success_at, failure_at, count, since)
  WHERE h.webhook_seq = s.webhook
  RETURNING h.last_success_at, h.last_failure_at, h.consecutive_failures, h.failing_since, h.webhook_seq;
END $$;
