//! The API's router on a real store (SQLite in memory): what it answers, and that
//! what it refuses leaves no trace.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "tests: they end by panicking, and calls read better with values"
)]

mod access;
mod accounts;
mod audit;
mod auth;
mod bad_input;
mod codes;
mod credentials;
mod dashboard;
mod encryption;
mod erasures;
mod event_types;
mod events;
mod harness;
mod headers;
mod health;
mod keys;
mod live;
mod log;
mod matrix;
mod me;
mod metrics;
mod replay;
mod routes;
mod sent;
mod signing_keys;
mod webhooks;
