-- A replay means what was published before it was asked for: events up to this row.
ALTER TABLE replay ADD COLUMN up_to INTEGER NOT NULL DEFAULT 9223372036854775806;
-- When it last came further: one that stands still before everything is scheduled broke off.
ALTER TABLE replay ADD COLUMN touched_at INTEGER NOT NULL DEFAULT 0;
