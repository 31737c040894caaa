//! Deleting what is old and finished, in bites.

use rusqlite::{OptionalExtension, params};
use waxwing_core::Timestamp;

use crate::{rows, writer::Writer};

/// Where the highest row that was ever deleted is remembered, so that rows are
/// never used twice, not even after a restart.
pub(crate) const DELETED_UP_TO: &str = "event_deleted_up_to";

/// What was deleted with an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deleted {
    pub(crate) deliveries: u64,
    pub(crate) attempts: u64,
}

impl Writer {
    pub(crate) fn retain(
        &mut self,
        cutoff: Timestamp,
        from: i64,
        limit: usize,
    ) -> rusqlite::Result<Option<i64>> {
        let events: Vec<(i64, i64, Option<String>)> = self
            .connection
            .prepare_cached(
                "SELECT seq, created_at, idempotency FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            )?
            .query_map(params![from, rows::limit(limit)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let old = |created_at: i64| created_at < cutoff.millis();
        if from == 0 {
            self.forget_replays(cutoff, limit)?;
        }
        for (row, created_at, key) in &events {
            if old(*created_at) && !self.is_kept(*row, cutoff)? {
                self.delete_event(*row, key.as_deref())?;
            }
        }
        // Rows follow time but for small disorder: a bite of young events is the end.
        let go_on = events.len() == limit && events.iter().any(|(_, created_at, _)| old(*created_at));
        Ok(events.last().filter(|_| go_on).map(|(row, _, _)| *row))
    }

    fn is_kept(&self, event: i64, cutoff: Timestamp) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached(
                "SELECT 1 FROM delivery WHERE event_seq = ?1 AND (completed_at IS NULL OR completed_at >= ?2) LIMIT 1",
            )?
            .exists([event, cutoff.millis()])
    }

    /// Deletes an event with everything that hangs on it but what waits.
    pub(crate) fn delete_event(&mut self, event: i64, key: Option<&str>) -> rusqlite::Result<Deleted> {
        let attempts =
            self.connection.prepare_cached("DELETE FROM attempt WHERE event_seq = ?1")?.execute([event])?;
        self.connection
            .prepare_cached(
                "DELETE FROM listing WHERE event_seq = ?1 \
                 AND webhook_seq IN (SELECT webhook_seq FROM delivery WHERE event_seq = ?1)",
            )?
            .execute([event])?;
        let deliveries =
            self.connection.prepare_cached("DELETE FROM delivery WHERE event_seq = ?1")?.execute([event])?;
        if let Some(key) = key {
            self.connection.prepare_cached("DELETE FROM idempotency WHERE key = ?1")?.execute([key])?;
        }
        self.connection.prepare_cached("DELETE FROM event WHERE seq = ?1")?.execute([event])?;
        // An erasure may have deleted later ones.
        if event > deleted_up_to(&self.connection)? {
            self.connection
                .prepare_cached("INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)")?
                .execute(params![DELETED_UP_TO, event.to_le_bytes()])?;
        }
        let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
        Ok(Deleted { deliveries: count(deliveries), attempts: count(attempts) })
    }
}

/// The row of the first event to come.
pub(crate) fn next_event(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
    let last: Option<i64> = connection.query_row("SELECT max(seq) FROM event", [], |row| row.get(0))?;
    Ok(last.unwrap_or(0).max(deleted_up_to(connection)?) + 1)
}

fn deleted_up_to(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
    let deleted: Option<[u8; 8]> = connection
        .prepare_cached("SELECT value FROM fact WHERE name = ?1")?
        .query_row([DELETED_UP_TO], |row| row.get(0))
        .optional()?;
    Ok(deleted.map_or(0, i64::from_le_bytes))
}
