//! The built program on PostgreSQL, from outside: real processes on the loopback, and
//! what befalls them.
//!
//! Nodes are killed, their database is killed, the link in between is cut, hung and
//! slowed. What always must hold: an event that was acknowledged is delivered, and
//! what was recorded as delivered is not sent again. Nothing sleeps: tests wait for
//! what they expect, up to a deadline.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by panicking"
)]

#[path = "../harness/mod.rs"]
mod harness;

mod book;
mod clocks;
mod configuration;
mod encryption;
mod erasure;
mod failover;
mod keys;
mod kill;
mod link;
mod nodes;
mod place;
mod proxy;
#[allow(dead_code, reason = "the tests of faults use all of it")]
#[path = "../faults/shim.rs"]
mod shim;
mod starts;
mod streams;
mod suite;
