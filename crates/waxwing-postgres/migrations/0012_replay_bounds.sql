-- A replay means what was published before it was asked for: events up to this row.
ALTER TABLE replay ADD COLUMN up_to bigint NOT NULL DEFAULT 9223372036854775806,
-- When it last came further: one that stands still before everything is scheduled broke off.
  ADD COLUMN touched_at bigint NOT NULL DEFAULT 0;
