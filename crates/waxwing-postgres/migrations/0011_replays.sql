-- Requests to send again, and how far each has come.
CREATE TABLE replay (
  seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id           text NOT NULL UNIQUE,
  webhook_seq  bigint NOT NULL,
  created_at   bigint NOT NULL,
  scheduled_at bigint,            -- when everything that matches was scheduled
  stopped_at   bigint,
  replayed     bigint NOT NULL DEFAULT 0,
  delivered    bigint NOT NULL DEFAULT 0,
  failed       bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE INDEX replay_by_webhook ON replay (webhook_seq, seq);
CREATE INDEX replay_by_time ON replay (created_at);

-- What waits because of a replay: which one, and how its delivery had ended before, if it
-- had. Null for everything else, which takes no room and has no entry in the index.
ALTER TABLE pending ADD COLUMN replay_seq bigint, ADD COLUMN former_state smallint;
CREATE INDEX pending_by_replay ON pending (replay_seq, step) WHERE replay_seq IS NOT NULL;

-- Adds what attempts ended of replays. Rows are locked in their order, whatever order they
-- are updated in.
CREATE FUNCTION add_progress(replays bigint[], delivered bigint[], failed bigint[])
RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_material = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  PERFORM FROM replay r WHERE r.seq = ANY(replays) ORDER BY r.seq FOR NO KEY UPDATE;
  UPDATE replay r SET delivered = r.delivered + p.delivered, failed = r.failed + p.failed
    FROM unnest(add_progress.replays, add_progress.delivered, add_progress.failed)
      AS p(replay, delivered, failed)
    WHERE r.seq = p.replay;
END $$;

-- The row of the first event that was published at this moment or later, by bisection:
-- rows are in the order of publishing.
CREATE FUNCTION first_event(moment bigint)
RETURNS bigint
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  low bigint := 0; -- what comes before is earlier
  high bigint;     -- what comes from here on is not
  middle bigint;
  found record;
BEGIN
  SELECT max(seq) + 1 INTO high FROM event;
  WHILE low < high LOOP
    middle := low + (high - low) / 2;
    SELECT e.seq, e.created_at INTO found FROM event e WHERE e.seq >= middle ORDER BY e.seq LIMIT 1;
    IF found.created_at < moment THEN low := found.seq + 1; ELSE high := middle; END IF;
  END LOOP;
  RETURN low;
END $$;
