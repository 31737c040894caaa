//! A deterministic simulation: several nodes, their network, database and receivers in one
//! thread and virtual time, in which everything follows from a seed.
//!
//! # What runs unchanged
//!
//! The delivery engine with its lanes, upkeep and leases; the router of the API with all its
//! handlers; the statements of the store on SQLite in memory, with its one writer, which
//! commits when the simulation says so (`waxwing_sqlite::Stepper`).
//!
//! # What is modelled
//!
//! - **Processes** (`process`): the order in which `waxwing serve` starts, looks at its own
//!   health, joins again after a lost lease, and ends.
//! - **The database** (`database`, `link`): with one node a file beside the process; with
//!   several, one that they reach over a network. What PostgresStore adds to its statements
//!   is rebuilt there: directories that follow a second behind, lanes in doubt.
//! - **Clients** (`client`, `operators`): publishers send an event under one id until it is
//!   acknowledged, at any node, and now and then once more. An operator pauses, releases,
//!   deletes and makes webhooks, rotates secrets, replays, retries by hand and erases.
//! - **Receivers** (`receivers`): healthy, slow, failing, hanging, resetting, lying.
//! - **Faults**: everything that goes wrong, with the model of it, is at the top of `faults`.
//!
//! # What is not
//!
//! The SQL of PostgreSQL, HTTP and TLS on the wire, disks that lie, and how long work takes
//! in real time. Publishing looks receivers up in the newest configuration, where a node of
//! PostgreSQL may be a second behind. Accounts and keys stay as they are.
//!
//! # What must hold
//!
//! `oracle` looks whenever an attempt begins, `judge` at the end; `rule` numbers the rules, and
//! docs/internals/simulation.md explains them.

#![allow(clippy::expect_used, reason = "a simulation that cannot go on is a test that failed")]

mod chance;
mod client;
mod counted;
mod database;
mod faults;
mod gateway;
mod history;
mod judge;
mod link;
mod machine;
mod operators;
mod oracle;
mod process;
mod receivers;
mod rule;
mod rules;
mod sender;
mod setting;
mod switch;
mod tally;
mod trace;
mod world;

pub use history::{Report, run};
pub use rule::{Rule, Violation};
pub use tally::Fault;
