//! Deliveries by webhook, as the log lists them.
//!
//! An index on `delivery` would touch a page of its own for each webhook in each
//! commit: most of what a commit wrote. The table `listing` has the same order
//! and is filled in bites, so that each of its pages takes many rows at once.
//! What came after the last bite is found at the end of `delivery` itself.

use rusqlite::{Connection, OptionalExtension, params};

use crate::writer::Writer;

/// Deliveries that may be missing from `listing` before it is filled: what the
/// log reads at most besides its page.
const BITE: usize = 1_024;

/// The last event whose deliveries are listed.
pub(crate) const LISTED_UP_TO: &str = "delivery_listed_up_to";

/// The event up to which `listing` is complete.
pub(crate) fn listed_up_to(connection: &Connection) -> rusqlite::Result<i64> {
    let found: Option<[u8; 8]> = connection
        .prepare_cached("SELECT value FROM fact WHERE name = ?1")?
        .query_row([LISTED_UP_TO], |row| row.get(0))
        .optional()?;
    Ok(found.map_or(0, i64::from_le_bytes))
}

/// How many deliveries are not listed.
pub(crate) fn unlisted(connection: &Connection) -> rusqlite::Result<usize> {
    let listed = listed_up_to(connection)?;
    let count = "SELECT count(*) FROM delivery WHERE event_seq > ?1";
    let found: u32 = connection.query_row(count, [listed], |row| row.get(0))?;
    Ok(found as usize)
}

impl Writer {
    /// Lists what is not yet listed, once that is a bite.
    pub(crate) fn list_bite(&mut self) -> rusqlite::Result<()> {
        if self.unlisted >= BITE { self.list_all() } else { Ok(()) }
    }

    /// Lists all deliveries.
    pub(crate) fn list_all(&mut self) -> rusqlite::Result<()> {
        let from = listed_up_to(&self.connection)?;
        self.connection
            .prepare_cached(
                "INSERT INTO listing (webhook_seq, event_seq) \
                 SELECT webhook_seq, event_seq FROM delivery WHERE event_seq > ?1 ORDER BY webhook_seq, event_seq",
            )?
            .execute([from])?;
        let up_to = self.next_event - 1;
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)")?
            .execute(params![LISTED_UP_TO, up_to.to_le_bytes()])?;
        self.unlisted = 0;
        Ok(())
    }
}
