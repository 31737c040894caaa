//! Receipts: kept for good, with counts only.

use rusqlite::{Connection, OptionalExtension, Row, params};
use waxwing_core::{AccountId, ErasureId, EventId, Timestamp};
use waxwing_store::{Actor, AuditEntry, Erased, Erasure, Page, PageRequest};

use crate::{rows, writer::Writer};

type Result<T> = rusqlite::Result<T>;

const COLUMNS: &str = "SELECT seq, id, account, event, requested_at, completed_at, events, deliveries, attempts, \
     idempotency_keys, webhooks, keys FROM erasure";

fn erasure(row: &Row<'_>) -> Result<(i64, Erasure)> {
    let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    let event: Option<String> = row.get(3)?;
    let erasure = Erasure {
        id: ErasureId::parse(row.get_ref(1)?.as_str()?).map_err(rows::unreadable)?,
        account: rows::account_id(row.get_ref(2)?.as_str()?)?,
        event: event.as_deref().map(rows::event_id).transpose()?,
        requested_at: rows::time(row.get(4)?),
        completed_at: row.get::<_, Option<i64>>(5)?.map(rows::time),
        erased: Erased {
            events: count(6)?,
            deliveries: count(7)?,
            attempts: count(8)?,
            idempotency_keys: count(9)?,
            webhooks: count(10)?,
            keys: count(11)?,
        },
    };
    Ok((row.get(0)?, erasure))
}

pub(crate) fn one(connection: &Connection, id: &ErasureId) -> Result<Option<Erasure>> {
    let found =
        connection.prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?.query_row([id.as_str()], erasure);
    found.map(|(_, erasure)| erasure).optional()
}

pub(crate) fn list(connection: &Connection, page: PageRequest) -> Result<Page<Erasure>> {
    let found = connection
        .prepare_cached(&format!("{COLUMNS} WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2"))?
        .query_map(params![page.cursor.unwrap_or(i64::MAX), rows::limit(page.limit + 1)], erasure)?
        .collect::<Result<Vec<_>>>()?;
    Ok(Page::of(found, page.limit))
}

/// The last erasure of an account, or of one of its events.
pub(super) fn last(
    connection: &Connection,
    account: &AccountId,
    event: Option<&EventId>,
) -> Result<Option<Erasure>> {
    connection
        .prepare_cached(&format!("{COLUMNS} WHERE account = ?1 AND event IS ?2 ORDER BY seq DESC LIMIT 1"))?
        .query_row(params![account.as_str(), event.map(EventId::as_str)], erasure)
        .map(|(_, erasure)| erasure)
        .optional()
}

/// The first erasure that is not complete: its row, itself, and where its next bite
/// begins.
pub(super) fn open(connection: &Connection) -> Result<Option<(i64, Erasure, Option<i64>)>> {
    let found = connection
        .prepare_cached(&format!("{COLUMNS} WHERE completed_at IS NULL ORDER BY seq LIMIT 1"))?
        .query_row([], erasure)
        .optional()?;
    let Some((row, erasure)) = found else { return Ok(None) };
    let position = connection
        .prepare_cached("SELECT position FROM erasure WHERE seq = ?1")?
        .query_row([row], |row| row.get(0))?;
    Ok(Some((row, erasure, position)))
}

impl Writer {
    /// Keeps a receipt, and that it was asked for. Of an event nothing is left by then.
    pub(super) fn keep_erasure(&mut self, erasure: &Erasure, by: &Actor) -> Result<()> {
        let position = if erasure.event.is_some() { None } else { Some(0) };
        self.connection.execute(
            "INSERT INTO erasure (id, account, event, requested_at, position) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                erasure.id.as_str(),
                erasure.account.as_str(),
                erasure.event.as_ref().map(EventId::as_str),
                erasure.requested_at.millis(),
                position,
            ],
        )?;
        let row = self.connection.last_insert_rowid();
        self.add_erased(row, &erasure.erased)?;
        self.audit(Some(AuditEntry::of_erasure(by, "erase", erasure)))
    }

    pub(super) fn add_erased(&self, row: i64, erased: &Erased) -> Result<()> {
        let Erased { events, deliveries, attempts, idempotency_keys, webhooks, keys } = *erased;
        self.connection
            .prepare_cached(
                "UPDATE erasure SET events = events + ?2, deliveries = deliveries + ?3, attempts = attempts + ?4, \
                 idempotency_keys = idempotency_keys + ?5, webhooks = webhooks + ?6, keys = keys + ?7 WHERE seq = ?1",
            )?
            .execute(params![
                row,
                number(events),
                number(deliveries),
                number(attempts),
                number(idempotency_keys),
                number(webhooks),
                number(keys),
            ])?;
        Ok(())
    }

    /// Completes the first open erasure, which is the one with this row.
    pub(crate) fn complete_erasure(&mut self, row: i64, now: Timestamp) -> Result<()> {
        let Some((_, erasure, None)) = open(&self.connection)?.filter(|(open, ..)| *open == row) else {
            return Ok(());
        };
        self.connection
            .execute("UPDATE erasure SET completed_at = ?1 WHERE seq = ?2", [now.millis(), row])?;
        self.audit(Some(AuditEntry::of_erasure(&Actor::server(now), "erased", &erasure)))
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
