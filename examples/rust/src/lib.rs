//! Deduplication that outlives a process, for receivers in Rust: on Redis, and in SQL.
//!
//! The programs beside this folder, `axum.rs` and `tower.rs`, are receivers that run; they keep
//! ids in memory. Each module here is one file to take along.

pub mod redis;
pub mod sql;

/// The code of the page for Rust, compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/receiving/rust.md")]
struct Page;
