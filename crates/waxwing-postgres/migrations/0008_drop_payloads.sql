-- Drops the payloads of those events whose deliveries have all been made, or whose others
-- were canceled. Called after attempts were recorded, in their transaction, and only on
-- demand. The events are locked first: of two nodes that record the last deliveries of one
-- at the same moment, the second sees what the first did. Whoever sends again locks the
-- event too.
CREATE FUNCTION drop_payloads(events bigint[], dropped_at bigint)
RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_material = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
  PERFORM FROM event e WHERE e.seq = ANY(events) ORDER BY e.seq FOR NO KEY UPDATE;
  UPDATE event e SET body = '', erased_at = dropped_at
    WHERE e.seq = ANY(events) AND e.erased_at IS NULL AND NOT EXISTS (
      SELECT FROM unnest(e.webhooks) AS w(webhook)
      JOIN delivery d ON d.webhook_seq = w.webhook AND d.event_seq = e.seq WHERE d.state NOT IN (2, 4));
END $$;
