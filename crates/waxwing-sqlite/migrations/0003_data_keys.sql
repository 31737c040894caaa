-- Keys that seal secrets, each sealed by the root key of the configuration. The
-- highest number seals; the others open what they sealed.
CREATE TABLE data_key (
  number     INTEGER PRIMARY KEY,
  sealed     BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
