-- What signs beside a webhook's secret: seeds of Ed25519, sealed.
ALTER TABLE webhook ADD COLUMN signing_key BLOB;
ALTER TABLE webhook ADD COLUMN previous_signing_key BLOB;
ALTER TABLE webhook ADD COLUMN previous_signing_expires_at INTEGER;
