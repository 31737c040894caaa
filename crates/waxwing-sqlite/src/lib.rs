//! [`Store`](waxwing_store::Store) on SQLite: the embedded default.
//!
//! One writer thread commits in groups (`writer`), readers work beside it on
//! connections of their own (`readers`), and a third thread moves what was
//! committed from the write-ahead log into the file (`checkpoint`), so that no
//! commit has to. The file belongs to one process at a time. [`SqliteSource`] reads
//! a file that no server uses, to move what it holds to another store; [`backup`] copies
//! one whether a server uses it or not.

mod accounts;
mod audit;
pub mod backup;
mod calls;
mod catalog;
mod checkpoint;
mod counts;
mod damage;
mod data_keys;
mod erasure;
mod filter;
mod lanes;
mod listing;
mod load;
mod log;
mod nodes;
mod open;
mod publish;
mod readers;
mod record;
mod replay;
mod replay_calls;
mod replays;
mod retention;
mod rows;
mod signing_keys;
mod stepper;
mod store;
mod transfer;
mod webhooks;
mod writer;

pub use open::{FileLock, Migrated, OpenError, lock, migrate};
pub use stepper::Stepper;
pub use store::SqliteStore;
pub use transfer::SqliteSource;

/// The version of SQLite that is built in.
pub fn library_version() -> &'static str {
    rusqlite::version()
}
