//! Ids of events in the receiver's own database, in the transaction that does the work.
//!
//! The only way in which an event is acted on exactly once: the id is there if and only if the
//! work is. With [`Seen`](waxwing_receiver::Seen) a process that ends between the two leaves an
//! id without its work. Other databases take the same statement.

use rusqlite::{Connection, Result, Transaction, TransactionBehavior};

/// The table of ids.
pub const TABLE: &str = "CREATE TABLE IF NOT EXISTS webhook_seen (
    id TEXT PRIMARY KEY,
    seen_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)";

/// Does the work of an event unless it was done before; says whether it was done now.
///
/// When the work fails nothing of it stays, and the retry does it again.
pub fn once(
    database: &mut Connection,
    id: &str,
    work: impl FnOnce(&Transaction<'_>) -> Result<()>,
) -> Result<bool> {
    // Immediate: a second one with the same id waits here, and then finds the row.
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let new = transaction.execute("INSERT INTO webhook_seen (id) VALUES (?) ON CONFLICT DO NOTHING", [id])?;
    if new == 1 {
        work(&transaction)?;
    }
    transaction.commit()?;
    Ok(new == 1)
}

/// Drops ids that are older than the platform keeps events, so that the table stays small; says
/// how many. Run it once a day.
pub fn drop_older_than(database: &Connection, days: u32) -> Result<usize> {
    let age = format!("-{days} days");
    database.execute("DELETE FROM webhook_seen WHERE seen_at < datetime('now', ?)", [age])
}
