//! Erasing one event's payload, in one transaction: what its publishing wrote at once
//! is erased at once, so that an event without payload never waits to be sent.

use deadpool_postgres::Transaction;
use waxwing_core::{AccountId, ErasureId, EventId};
use waxwing_store::{Actor, Erased, Erasure};

use super::receipts;
use crate::{
    changes::{self, Change},
    rows,
    sql::{Result, execute, get, params, query},
    store::Shared,
};

/// How often it is tried again after a node that kept an attempt was in the way.
const TRIES: usize = 5;

/// The deliveries of events `$1`: each by its key, webhook first.
pub(super) const PAIRS: &str = "WITH pair AS MATERIALIZED (SELECT e.seq AS event, w.webhook FROM event e \
     CROSS JOIN unnest(e.webhooks) AS w(webhook) WHERE e.seq = ANY($1) ORDER BY 2, 1)";

impl Shared {
    pub(crate) async fn erase_event(
        &self,
        id: &ErasureId,
        event: &EventId,
        by: &Actor,
    ) -> Result<Option<Erasure>> {
        let mut tries = 1;
        loop {
            match self.try_to_erase_event(id, event, by).await {
                Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
                result => return result,
            }
        }
    }

    async fn try_to_erase_event(
        &self,
        id: &ErasureId,
        event: &EventId,
        by: &Actor,
    ) -> Result<Option<Erasure>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let Some((account, found)) = find(&transaction, event).await? else { return Ok(None) };
        let (erased, waited) = erase_words(&transaction, &found, by).await?;
        if erased.is_nothing()
            && let Some(before) = receipts::last(&*transaction, &account, Some(event)).await?
        {
            return Ok(Some(before));
        }
        let erasure = Erasure {
            id: id.clone(),
            account,
            event: Some(event.clone()),
            requested_at: by.at,
            completed_at: None,
            erased,
        };
        receipts::keep(&transaction, &erasure, 0, by).await?;
        // So that the engine of every node forgets what it read.
        let changed: Vec<Change> = waited.into_iter().map(Change::Webhook).collect();
        changes::note(&transaction, &changed).await?;
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(Some(erasure))
    }
}

/// The rows of an event, and whose it is. Two of one id can come of two nodes that
/// published at the same moment, at the border of two periods.
async fn find(transaction: &Transaction<'_>, id: &EventId) -> Result<Option<(AccountId, Vec<i64>)>> {
    let sql = "SELECT e.seq, a.id FROM event e JOIN account a ON a.seq = e.account_seq WHERE e.id = $1 ORDER BY e.seq";
    let found = query(&**transaction, sql, params![id.as_str() => TEXT]).await?;
    let Some(first) = found.first() else { return Ok(None) };
    let account = rows::account_id(first, 1)?;
    Ok(Some((account, found.iter().map(|row| get(row, 0)).collect::<Result<_>>()?)))
}

/// What was erased, and the webhooks for which something waited.
async fn erase_words(
    transaction: &Transaction<'_>,
    events: &[i64],
    by: &Actor,
) -> Result<(Erased, Vec<i64>)> {
    lock(transaction, events).await?;
    let all = params![events => INT8_ARRAY];
    let sql = format!(
        "{PAIRS} DELETE FROM pending p USING pair WHERE p.webhook_seq = pair.webhook AND p.event_seq = pair.event \
         RETURNING p.webhook_seq"
    );
    let waited = query(&**transaction, &sql, all).await?;
    let waited = waited.iter().map(|row| get(row, 0)).collect::<Result<Vec<i64>>>()?;
    let sql = format!(
        "{PAIRS} UPDATE delivery d SET last_error = NULL, erased = true, \
         state = CASE WHEN d.state < 2 THEN 4 ELSE d.state END, \
         completed_at = CASE WHEN d.state < 2 THEN $2 ELSE d.completed_at END \
         FROM pair WHERE d.webhook_seq = pair.webhook AND d.event_seq = pair.event AND d.erased IS NULL"
    );
    let at = by.at.millis();
    let deliveries = execute(&**transaction, &sql, params![events => INT8_ARRAY, at => INT8]).await?;
    let sql = "UPDATE attempt SET error = NULL, response_body = NULL \
               WHERE event_seq = ANY($1) AND (error IS NOT NULL OR response_body IS NOT NULL)";
    let attempts = execute(&**transaction, sql, all).await?;
    let sql = "DELETE FROM idempotency WHERE event_seq = ANY($1)";
    let idempotency_keys = execute(&**transaction, sql, all).await?;
    let sql = "UPDATE event SET body = '', erased_at = $2 WHERE seq = ANY($1) AND body <> ''";
    let events = execute(&**transaction, sql, params![events => INT8_ARRAY, at => INT8]).await?;
    Ok((Erased { events, deliveries, attempts, idempotency_keys, ..Erased::default() }, waited))
}

/// Locks what waits of events, then their deliveries, as keeping an attempt does: one
/// that is being kept comes before or after as a whole.
pub(super) async fn lock(transaction: &Transaction<'_>, events: &[i64]) -> Result<()> {
    for table in ["pending", "delivery"] {
        let sql = format!(
            "{PAIRS} SELECT 1 FROM pair JOIN {table} t ON t.webhook_seq = pair.webhook AND t.event_seq = pair.event \
             ORDER BY pair.webhook, pair.event FOR UPDATE OF t"
        );
        query(&**transaction, &sql, params![events => INT8_ARRAY]).await?;
    }
    Ok(())
}
