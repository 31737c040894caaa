-- What receivers ask for besides the signature, each sealed and bound to the webhook's id
-- and what it is.
ALTER TABLE webhook ADD COLUMN sealed_headers BLOB;
ALTER TABLE webhook ADD COLUMN sealed_authorization BLOB;
ALTER TABLE webhook ADD COLUMN sealed_certificate BLOB;
