//! The built program, from outside: over HTTP and the command line only.
//!
//! Each test has a server process of its own with a fresh database, and a TLS
//! receiver that does as it is told. The binary `postgres` runs most of it once more. Nothing sleeps: tests wait for what they
//! expect, up to a deadline.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by panicking"
)]

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/sqlite.rs"]
mod place;

mod backup;
mod bad_input;
mod command_line;
mod configuration;
mod database_file;
mod delivery;
mod encryption;
mod erasure;
mod full_disk;
mod lifecycle;
mod log;
mod metrics;
mod moving;
mod open_files;
mod portal;
mod secrets;
mod signatures;
mod signing_keys;
mod targets;
mod tls;
