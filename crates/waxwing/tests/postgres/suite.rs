//! The tests of the program from outside, as they are, on PostgreSQL; those that are
//! about the database file or need none stay where they are.

#[path = "../it/bad_input.rs"]
mod bad_input;
#[path = "../it/command_line.rs"]
mod command_line;
#[path = "../it/delivery.rs"]
mod delivery;
#[path = "../it/lifecycle.rs"]
mod lifecycle;
#[path = "../it/log.rs"]
mod log;
#[path = "../it/metrics.rs"]
mod metrics;
#[path = "../it/portal.rs"]
mod portal;
#[path = "../it/signatures.rs"]
mod signatures;
#[path = "../it/signing_keys.rs"]
mod signing_keys;
