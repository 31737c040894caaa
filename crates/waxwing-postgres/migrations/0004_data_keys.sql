-- Keys that seal secrets, each sealed by the root key of the configuration. The
-- highest number seals; the others open what they sealed. Their changes are of kind 4.
CREATE TABLE data_key (
  number     bigint PRIMARY KEY,
  sealed     bytea NOT NULL,
  created_at bigint NOT NULL
);
