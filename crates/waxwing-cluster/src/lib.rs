//! Throw-away PostgreSQL for tests: real servers on the loopback, from the programs
//! that the system has (scripts/setup.sh installs them).
//!
//! It knows nothing of Waxwing: what checks the store and the server shares no code
//! with them. Everything panics with the reason, because only tests call it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]

mod cluster;
mod database;
mod processes;

pub use cluster::{Cluster, Session};
pub use database::Database;
