//! The event log.

use std::ops::Range;

use tokio_postgres::{GenericClient, Row};
use waxwing_core::{AccountId, DeliveryState, EventId, Timestamp, WebhookId, WebhookStatus};
use waxwing_store::{
    EventDetail, LogDetail, LogEntry, LogFilter, Page, PageRequest, Published,
    log::{LOOK, LoggedAttempt},
};

use crate::{
    filter::{self, Order},
    rows,
    sql::{Result, first, get, params, query},
    store::Shared,
};

const ENTRY: &str = "SELECT d.event_seq, e.id, e.type, d.state, d.attempt_count, d.last_attempt_at, \
     d.last_status_code, d.last_error, \
     (SELECT p.due_at FROM pending p WHERE p.webhook_seq = d.webhook_seq AND p.event_seq = d.event_seq), \
     e.created_at, e.body, e.erased_at";

/// A webhook that exists or once did: its row, and its status unless deleted.
pub(crate) async fn webhook<C: GenericClient + Sync>(
    client: &C,
    account: &AccountId,
    id: &WebhookId,
) -> Result<Option<(i64, Option<WebhookStatus>)>> {
    let found = first(
        client,
        "SELECT w.seq, w.status, w.deleted_at IS NOT NULL FROM webhook w JOIN account a ON a.seq = w.account_seq \
         WHERE a.id = $1 AND w.id = $2",
        params![account.as_str() => TEXT, id.as_str() => TEXT],
    )
    .await?;
    let Some(row) = found else { return Ok(None) };
    let (deleted, status) = (get::<bool>(&row, 2)?, rows::status(&row, 1)?);
    Ok(Some((get(&row, 0)?, (!deleted).then_some(status))))
}

/// What a row shows, given its webhook's status.
fn entry(row: &Row, status: Option<WebhookStatus>) -> Result<LogEntry> {
    let state = rows::state(row, 3)?.observed(status);
    let created_at = rows::time(row, 9)?;
    let scheduled = matches!(state, DeliveryState::Pending | DeliveryState::Retrying);
    let due_at: Option<i64> = get(row, 8)?;
    Ok(LogEntry {
        event_id: rows::event_id(row, 1)?,
        event_type: rows::event_type(row, 2)?,
        state,
        attempt_count: rows::count(row, 4)?,
        last_attempt_at: rows::optional_time(row, 5)?,
        last_status_code: rows::status_code(row, 6)?,
        last_error: get(row, 7)?,
        // The queue of first attempts is due at once: since it was published.
        next_attempt_at: due_at
            .filter(|_| scheduled)
            .map(|at| if at == 0 { created_at } else { Timestamp::from_millis(at) }),
        created_at,
    })
}

async fn detail_in<C: GenericClient + Sync>(
    client: &C,
    account: &AccountId,
    id: &WebhookId,
    event: &EventId,
) -> Result<Option<LogDetail>> {
    let Some((webhook, status)) = webhook(client, account, id).await? else { return Ok(None) };
    let sql = format!(
        "{ENTRY} FROM event e JOIN delivery d ON d.event_seq = e.seq AND d.webhook_seq = $2 \
         WHERE e.id = $1 ORDER BY e.seq DESC LIMIT 1"
    );
    let found = first(client, &sql, params![event.as_str() => TEXT, webhook => INT8]).await?;
    let Some(row) = found else { return Ok(None) };
    let attempts = query(
        client,
        "SELECT number, started_at, duration_ms, status_code, error, response_body FROM attempt \
         WHERE event_seq = $1 AND webhook_seq = $2 ORDER BY number",
        params![get::<i64>(&row, 0)? => INT8, webhook => INT8],
    )
    .await?;
    let attempt = |row: &Row| {
        Ok(LoggedAttempt {
            number: rows::count(row, 0)?,
            started_at: rows::time(row, 1)?,
            duration_ms: get::<i64>(row, 2)?.unsigned_abs(),
            status_code: rows::status_code(row, 3)?,
            error: get(row, 4)?,
            response_body: get::<Option<Vec<u8>>>(row, 5)?.unwrap_or_default().into(),
        })
    };
    Ok(Some(LogDetail {
        entry: entry(&row, status)?,
        body: get::<Vec<u8>>(&row, 10)?.into(),
        erased_at: rows::optional_time(&row, 11)?,
        attempts: attempts.iter().map(attempt).collect::<Result<_>>()?,
    }))
}

impl Shared {
    pub(crate) async fn log(
        &self,
        account: &AccountId,
        id: &WebhookId,
        filter: &LogFilter,
        page: PageRequest,
    ) -> Result<Option<Page<LogEntry>>> {
        let connection = self.connection().await?;
        let client = &**connection;
        let Some((seq, status)) = webhook(client, account, id).await? else { return Ok(None) };
        let found = filter::conditions(client, filter, seq, status).await?;
        let Some(conditions) = found else { return Ok(Some(Page { items: Vec::new(), next: None })) };
        let Range { start, end } = conditions.events;
        let events = start..end.min(page.cursor.unwrap_or(i64::MAX));
        let (from, rest) = (conditions.from(Order::Newest, LOOK), conditions.rest());
        let limit = rows::limit(page.limit + 1);
        let sql = format!("{ENTRY} FROM {from} WHERE true{rest} ORDER BY s.event_seq DESC LIMIT {limit}");
        let found = conditions.query(client, &sql, &events).await?;
        let found = found.iter().map(|row| Ok((get(row, 0)?, entry(row, status)?)));
        let mut page = Page::of(found.collect::<Result<_>>()?, page.limit);
        if page.next.is_none() {
            // Where the look at them ended, if it did not come to their end.
            page.next = conditions.left(client, Order::Newest, &events).await?.map(|row| row + 1);
        }
        Ok(Some(page))
    }

    pub(crate) async fn log_detail(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        event: &EventId,
    ) -> Result<Option<LogDetail>> {
        detail_in(&**self.connection().await?, account, webhook, event).await
    }

    pub(crate) async fn event(&self, id: &EventId) -> Result<Option<EventDetail>> {
        let connection = self.connection().await?;
        let found = first(
            &**connection,
            "SELECT e.seq, e.id, a.id, e.type, e.created_at, cardinality(e.webhooks), e.body, e.erased_at \
             FROM event e JOIN account a ON a.seq = e.account_seq WHERE e.id = $1",
            params![id.as_str() => TEXT],
        )
        .await?;
        let Some(row) = found else { return Ok(None) };
        let published = Published {
            id: rows::event_id(&row, 1)?,
            account: rows::account_id(&row, 2)?,
            event_type: rows::event_type(&row, 3)?,
            created_at: rows::time(&row, 4)?,
            webhooks: rows::count(&row, 5)?,
            repeated: false,
        };
        let sql = format!(
            "{ENTRY}, w.id, w.status, w.deleted_at IS NOT NULL FROM event e CROSS JOIN unnest(e.webhooks) AS s(webhook) \
             JOIN delivery d ON d.webhook_seq = s.webhook AND d.event_seq = e.seq \
             JOIN webhook w ON w.seq = s.webhook WHERE e.seq = $1 ORDER BY s.webhook"
        );
        let deliveries = query(&**connection, &sql, params![get::<i64>(&row, 0)? => INT8]).await?;
        let delivery = |row: &Row| {
            let (deleted, status) = (get::<bool>(row, 14)?, rows::status(row, 13)?);
            Ok((rows::webhook_id(row, 12)?, entry(row, (!deleted).then_some(status))?))
        };
        Ok(Some(EventDetail {
            published,
            body: get::<Vec<u8>>(&row, 6)?.into(),
            erased_at: rows::optional_time(&row, 7)?,
            deliveries: deliveries.iter().map(delivery).collect::<Result<_>>()?,
        }))
    }
}
