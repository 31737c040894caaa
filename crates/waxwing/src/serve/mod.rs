//! The server: wiring, its keys, its logs, its end.
//!
//! Everything is opened in one order and closed in the opposite one
//! ([`run()`]); what the process learns about itself while it runs, good or bad,
//! goes through [`health`].

mod certificate;
mod dashboard;
pub(crate) mod database;
mod files;
mod health;
mod keys;
mod logging;
pub(crate) mod root_keys;
mod run;
mod sender;
mod signals;

pub(crate) use run::run;
