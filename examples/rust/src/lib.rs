//! Deduplication that outlives a process, for receivers in Rust: on Redis, and in SQL.
//!
//! The programs beside this folder, `axum.rs` and `tower.rs`, are receivers that run; they keep
//! ids in memory. Each module here is one file to take along.

pub mod redis;
pub mod sql;
