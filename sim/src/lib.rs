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
//! - **Crashes** (`machine`): a process is killed at any of its await points. Its tasks are
//!   dropped, what was not committed is gone, what was sent arrives all the same. It starts
//!   again under the same name, or under another one.
//! - **Stops** (SIGSTOP): whatever a process asks for is not answered, for up to 22 s at a
//!   lease of 9 s, while its clock runs. It may stop between looking at its lease and sending.
//! - **The database**: with one node a file beside the process. A commit is there or is not;
//!   one that fails stops the store, and the process ends. With several nodes it is reached
//!   over a network (`link`): calls and answers take their time, are lost with or without a
//!   sign of it, and hang while a machine is cut off. A lost answer means that the work was
//!   done and the caller hears that the database cannot be reached. No message comes twice:
//!   a connection to a database has none of that. What PostgresStore adds to its statements
//!   is rebuilt here: directories that follow a second behind, lanes in doubt.
//! - **Clients** (`client`, `operators`): publishers send an event under one id until it is
//!   acknowledged, at any node, and now and then once more. An operator pauses, releases,
//!   deletes and makes webhooks, rotates secrets, replays, retries by hand and erases.
//! - **Receivers** (`receivers`): healthy, slow, failing, hanging, resetting after they took
//!   it, `429` with `Retry-After`, `410`. Requests are lost or arrive twice.
//! - **Clocks**: in a part of the histories the wall clocks of single machines are set
//!   forward and back. Monotonic clocks run alike.
//!
//! # What is not
//!
//! The SQL of PostgreSQL, HTTP and TLS on the wire, disks that lie, and how long work takes
//! in real time. Publishing looks receivers up in the newest configuration, where a node of
//! PostgreSQL may be a second behind. Accounts and keys stay as they are.
//!
//! # What must hold
//!
//! `oracle` looks whenever an attempt begins, `judge` at the end; docs/internals/simulation.md
//! lists the rules.

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
mod rules;
mod sender;
mod setting;
mod switch;
mod trace;
mod world;

pub use history::{Report, run};
