//! Bringing the schema up to date, safely when ten nodes start at once.

use tokio_postgres::{Client, Transaction};

use crate::{
    address::Address,
    error::OpenError,
    sql::{Result, execute, first, get, params},
    store::unusable,
};

/// The migrations, in order. Forward only: a released file is never changed.
const MIGRATIONS: [&str; 12] = [
    include_str!("../migrations/0001_initial.sql"),
    include_str!("../migrations/0002_functions.sql"),
    include_str!("../migrations/0003_keys_and_audit.sql"),
    include_str!("../migrations/0004_data_keys.sql"),
    include_str!("../migrations/0005_signing_keys.sql"),
    include_str!("../migrations/0006_portal_tokens.sql"),
    include_str!("../migrations/0007_erasure.sql"),
    include_str!("../migrations/0008_drop_payloads.sql"),
    include_str!("../migrations/0009_credentials.sql"),
    include_str!("../migrations/0010_counts.sql"),
    include_str!("../migrations/0011_replays.sql"),
    include_str!("../migrations/0012_replay_bounds.sql"),
];

/// Any number that nobody else takes: "waxwing" in ASCII.
const LOCK: i64 = 0x77_61_78_77_69_6e_67;

/// The oldest server with what is used here: unique indexes of partitions, and
/// pruning of partitions while a statement runs, as good as they should be.
const OLDEST: i32 = 14;

/// What was done to a database's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// Migrations that were applied just now.
    pub applied: usize,
    /// The schema's version since.
    pub version: usize,
}

/// Applies what is missing, on a connection of its own.
pub(crate) async fn bring_up_to_date(address: &Address) -> Result<Migrated, OpenError> {
    let mut client = address.connect().await.map_err(|error| unusable(address, &error))?;
    let version = server_version(&client).await.map_err(|error| unusable(address, &error))?;
    if version < OLDEST {
        return Err(OpenError::Old { found: version, needed: OLDEST });
    }
    let applied = transaction(&mut client).await.map_err(|error| unusable(address, &error))??;
    if applied > 0 {
        tracing::info!(applied, "brought the database's schema up to date");
    }
    Ok(Migrated { applied, version: MIGRATIONS.len() })
}

/// The server's version as it writes it, such as `15.18`.
pub(crate) async fn version_text(address: &Address) -> Result<String, OpenError> {
    let client = address.connect().await.map_err(|error| unusable(address, &error))?;
    let row = first(&client, "SELECT split_part(current_setting('server_version'), ' ', 1)", &[]).await;
    let text = row.and_then(|row| row.map_or(Ok(String::new()), |row| get(&row, 0)));
    text.map_err(|error| unusable(address, &error))
}

async fn server_version(client: &Client) -> Result<i32> {
    let sql = "SELECT current_setting('server_version_num')::integer / 10000";
    first(client, sql, &[]).await?.map_or(Ok(0), |row| get(&row, 0))
}

async fn transaction(client: &mut Client) -> Result<Result<usize, OpenError>> {
    let transaction = client.transaction().await?;
    let applied = match run(&transaction).await? {
        Ok(applied) => applied,
        Err(newer) => return Ok(Err(newer)),
    };
    transaction.commit().await?;
    Ok(Ok(applied))
}

async fn run(transaction: &Transaction<'_>) -> Result<Result<usize, OpenError>> {
    execute(transaction, "SELECT pg_advisory_xact_lock($1)", params![LOCK => INT8]).await?;
    let exists = first(transaction, "SELECT to_regclass('schema_version') IS NOT NULL", &[]).await?;
    // Looked for first: a role that may not create tables can run the server once they are there.
    if !exists.map_or(Ok(false), |row| get(&row, 0))? {
        transaction
            .batch_execute(
                "CREATE TABLE schema_version (version bigint PRIMARY KEY, \
                 applied_at timestamptz NOT NULL DEFAULT now())",
            )
            .await?;
    }
    let row = first(transaction, "SELECT coalesce(max(version), 0) FROM schema_version", &[]).await?;
    let found: i64 = row.as_ref().map_or(Ok(0), |row| get(row, 0))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Ok(Err(OpenError::Newer { found, known }));
    }
    let done = usize::try_from(found).unwrap_or(0);
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        transaction.batch_execute(migration).await?;
        let version = i64::try_from(index + 1).unwrap_or(i64::MAX);
        execute(transaction, "INSERT INTO schema_version (version) VALUES ($1)", params![version => INT8])
            .await?;
    }
    Ok(Ok(MIGRATIONS.len() - done))
}
