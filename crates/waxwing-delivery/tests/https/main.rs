//! The HTTPS sender against real servers over real TLS, on this machine.
//!
//! Servers behave or misbehave as each test tells them. Nothing sleeps: where time
//! matters the clock stands still and is moved by hand, while the bytes flow.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod addresses;
mod answers;
mod broken;
mod credentials;
mod frames;
mod handshake;
mod harness;
mod hostile;
mod http2;
mod keeping;
mod proxies;
mod rebinding;
mod requests;
mod setup;
mod stale;
mod timeouts;
mod tokens;
