//! The documentation holds what it says: its commands run, its tables are those
//! of the program, its links lead somewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/sqlite.rs"]
mod place;

mod commands;
mod links;
mod pages;
mod proof;
mod reference;
mod snippets;
mod threats;
mod vectors;
