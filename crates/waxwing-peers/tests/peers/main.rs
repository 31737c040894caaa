//! The other ends of the wire do what they say.
//!
//! Tests of the server and of the sender rest on them: a receiver that miscounts,
//! or a certificate that is not as wrong as it should be, would prove nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod ca;
mod client;
mod edge;
mod harness;
mod raw;
mod receiver;
mod replies;
mod script;
mod verify;
