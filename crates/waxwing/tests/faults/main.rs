//! What can befall a server and its receivers, done to the built program: disks, clocks
//! and limits that fail, files that are damaged, processes that sleep, receivers from hell.
//!
//! `docs/internals/proof.md` is the table of all of it. What always must hold: an event
//! that was acknowledged is delivered, whatever happened in between. Nothing sleeps: tests
//! wait for what they expect, up to a deadline.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by panicking"
)]

#[allow(dead_code, reason = "the tests on PostgreSQL use all of it")]
#[path = "../postgres/book.rs"]
mod book;
#[allow(dead_code, reason = "the tests of the sender use all of it")]
#[path = "../../../waxwing-delivery/tests/https/frames.rs"]
mod frames;
#[path = "../harness/mod.rs"]
mod harness;
#[allow(dead_code, reason = "the tests on PostgreSQL use all of it")]
#[path = "../postgres/nodes.rs"]
mod nodes;
#[path = "../harness/sqlite.rs"]
mod place;

mod asleep;
mod clock;
mod crowd;
mod cutting;
mod disk;
mod file;
mod hell;
mod limits;
mod overload;
mod process;
mod recording;
mod scene;
mod shim;
