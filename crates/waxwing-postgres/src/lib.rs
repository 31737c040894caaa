//! The store on PostgreSQL, for many nodes.
//!
//! What always holds: publishing and recording go through one committer for each
//! node, which turns whatever has queued up into a few statements of many rows;
//! statements are sent unnamed and with their types, so that a pooler in
//! transaction mode may stand in between; a change of the configuration locks the
//! row of `revision` first, so that numbers of changes follow commits.
//!
//! Locks are taken in this order, so that no two transactions wait for each
//! other: revision, webhook, node, pending, delivery, `webhook_health`.

mod accounts;
mod address;
mod audit;
mod calls;
mod catalog;
mod changes;
mod committer;
mod counts;
mod data_keys;
mod doubts;
mod erasure;
mod error;
mod filter;
mod health;
mod lanes;
mod log;
mod migrate;
mod nodes;
mod passfile;
mod periods;
mod publish;
mod record;
mod replay;
mod replay_calls;
mod replays;
mod retention;
mod rows;
mod signing_keys;
mod sql;
mod store;
mod tls;
mod transfer;
mod webhooks;

pub use error::OpenError;
pub use migrate::Migrated;
pub use store::{PostgresOptions, PostgresStore};
pub use transfer::PostgresTarget;

/// Brings the schema of a database up to date, without opening a store on it.
///
/// # Errors
/// [`OpenError`] says what is in the way.
pub async fn migrate(options: &PostgresOptions) -> Result<Migrated, OpenError> {
    let address = address::Address::parse(&options.url, options.passfile.as_deref())?;
    migrate::bring_up_to_date(&address).await
}

/// The version of the server behind a database.
///
/// # Errors
/// [`OpenError`] when it cannot be asked.
pub async fn server_version(options: &PostgresOptions) -> Result<String, OpenError> {
    let address = address::Address::parse(&options.url, options.passfile.as_deref())?;
    migrate::version_text(&address).await
}
