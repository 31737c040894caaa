-- Keys that seal secrets, each sealed by the root key of the configuration. The
-- highest number seals; the others open what they sealed. In the table change
-- they are of kind 4, secrets that were sealed anew of kind 5.
CREATE TABLE data_key (
  number     bigint PRIMARY KEY,
  sealed     bytea NOT NULL,
  created_at bigint NOT NULL
);
