-- What receivers ask for besides the signature, each sealed and bound to the webhook's id
-- and what it is.
ALTER TABLE webhook
  ADD COLUMN sealed_headers bytea,
  ADD COLUMN sealed_authorization bytea,
  ADD COLUMN sealed_certificate bytea;
