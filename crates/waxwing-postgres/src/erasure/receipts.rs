//! Receipts: kept for good, with counts only.

use deadpool_postgres::Transaction;
use tokio_postgres::{GenericClient, Row};
use waxwing_core::{AccountId, ErasureId, EventId, Timestamp};
use waxwing_store::{Actor, AuditEntry, Erased, Erasure, Page, PageRequest};

use crate::{
    audit, rows,
    sql::{Result, execute, first, get, params, query},
    store::Shared,
};

/// The columns that [`erasure`] reads.
pub(super) const COLUMNS: &str = "SELECT seq, id, account, event, requested_at, completed_at, events, deliveries, \
     attempts, idempotency_keys, webhooks, keys";

pub(super) fn erasure(row: &Row) -> Result<(i64, Erasure)> {
    let count = |column| get::<i64>(row, column).map(i64::unsigned_abs);
    let event = match get::<Option<&str>>(row, 3)? {
        Some(_) => Some(rows::event_id(row, 3)?),
        None => None,
    };
    let erasure = Erasure {
        id: ErasureId::parse(get(row, 1)?).map_err(rows::unreadable)?,
        account: rows::account_id(row, 2)?,
        event,
        requested_at: rows::time(row, 4)?,
        completed_at: rows::optional_time(row, 5)?,
        erased: Erased {
            events: count(6)?,
            deliveries: count(7)?,
            attempts: count(8)?,
            idempotency_keys: count(9)?,
            webhooks: count(10)?,
            keys: count(11)?,
        },
    };
    Ok((get(row, 0)?, erasure))
}

impl Shared {
    pub(crate) async fn erasure(&self, id: &ErasureId) -> Result<Option<Erasure>> {
        let sql = format!("{COLUMNS} FROM erasure WHERE id = $1");
        let row = first(&**self.connection().await?, &sql, params![id.as_str() => TEXT]).await?;
        row.map(|row| Ok(erasure(&row)?.1)).transpose()
    }

    pub(crate) async fn erasures(&self, page: PageRequest) -> Result<Page<Erasure>> {
        let sql = format!("{COLUMNS} FROM erasure WHERE seq < $1 ORDER BY seq DESC LIMIT $2");
        let (before, limit) = (page.cursor.unwrap_or(i64::MAX), rows::limit(page.limit + 1));
        let found = query(&**self.connection().await?, &sql, params![before => INT8, limit => INT8]).await?;
        Ok(Page::of(found.iter().map(erasure).collect::<Result<_>>()?, page.limit))
    }
}

/// The last erasure of an account, or of one of its events.
pub(super) async fn last<C: GenericClient + Sync>(
    client: &C,
    account: &AccountId,
    event: Option<&EventId>,
) -> Result<Option<Erasure>> {
    let sql = format!(
        "{COLUMNS} FROM erasure WHERE account = $1 AND event IS NOT DISTINCT FROM $2 ORDER BY seq DESC LIMIT 1"
    );
    let event = event.map(EventId::as_str);
    let row = first(client, &sql, params![account.as_str() => TEXT, event => TEXT]).await?;
    row.map(|row| Ok(erasure(&row)?.1)).transpose()
}

/// Keeps a receipt, and that it was asked for. Of an event nothing is left by then.
pub(super) async fn keep(
    transaction: &Transaction<'_>,
    erasure: &Erasure,
    ready_at: i64,
    by: &Actor,
) -> Result<()> {
    let position = if erasure.event.is_some() { None } else { Some(0_i64) };
    let made = first(
        &**transaction,
        "INSERT INTO erasure (id, account, event, requested_at, ready_at, position) \
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING seq",
        params![
            erasure.id.as_str() => TEXT, erasure.account.as_str() => TEXT,
            erasure.event.as_ref().map(EventId::as_str) => TEXT, erasure.requested_at.millis() => INT8,
            ready_at => INT8, position => INT8,
        ],
    )
    .await?;
    let row = made.map_or(Ok(0), |row| get(&row, 0))?;
    add(transaction, row, &erasure.erased).await?;
    audit::note(transaction, Some(AuditEntry::of_erasure(by, "erase", erasure))).await
}

pub(super) async fn add(transaction: &Transaction<'_>, row: i64, erased: &Erased) -> Result<()> {
    let Erased { events, deliveries, attempts, idempotency_keys, webhooks, keys } = *erased;
    let [events, deliveries, attempts, idempotency_keys, webhooks, keys] =
        [events, deliveries, attempts, idempotency_keys, webhooks, keys]
            .map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    execute(
        &**transaction,
        "UPDATE erasure SET events = events + $2, deliveries = deliveries + $3, attempts = attempts + $4, \
         idempotency_keys = idempotency_keys + $5, webhooks = webhooks + $6, keys = keys + $7 WHERE seq = $1",
        params![
            row => INT8, events => INT8, deliveries => INT8, attempts => INT8, idempotency_keys => INT8,
            webhooks => INT8, keys => INT8,
        ],
    )
    .await?;
    Ok(())
}

/// Marks an erasure of which nothing is left as complete.
pub(super) async fn complete(
    transaction: &Transaction<'_>,
    row: i64,
    erasure: &Erasure,
    now: Timestamp,
) -> Result<()> {
    let sql = "UPDATE erasure SET completed_at = $2 WHERE seq = $1";
    execute(&**transaction, sql, params![row => INT8, now.millis() => INT8]).await?;
    audit::note(transaction, Some(AuditEntry::of_erasure(&Actor::server(now), "erased", erasure))).await
}
