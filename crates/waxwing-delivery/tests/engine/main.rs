//! The delivery engine on a real store (SQLite in memory), with receivers that
//! follow a script and with time that the tests own.
//!
//! Nothing here waits: the clock is tokio's paused one, which jumps to the next
//! timer as soon as nobody has anything to do. A call to the store, which works
//! in threads of its own, holds it still (`harness::still`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod erasure;
mod failures;
mod fairness;
mod harness;
mod hold;
mod lease;
mod order;
mod property;
mod receivers;
mod replay;
mod resealing;
mod schedule;
mod shutdown;
mod signing_keys;
