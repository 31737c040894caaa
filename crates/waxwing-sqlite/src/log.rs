//! The event log.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use waxwing_core::{AccountId, DeliveryState, EventId, WebhookId, WebhookStatus};
use waxwing_store::{
    EventDetail, LogDetail, LogEntry, LogFilter, Page, PageRequest, Published, log::LoggedAttempt,
};

use crate::{
    filter::{self, Conditions, DELIVERIES, LISTED, Source},
    listing, rows,
};

type Result<T> = rusqlite::Result<T>;

const ENTRY: &str = "SELECT d.event_seq, e.id, e.type, d.state, d.attempt_count, d.last_attempt_at, \
     d.last_status_code, d.last_error, d.due_at, e.created_at, e.body, e.erased_at";

/// A webhook that exists or once did: its row, and its status unless deleted.
pub(crate) fn webhook(
    connection: &Connection,
    account: &AccountId,
    id: &WebhookId,
) -> Result<Option<(i64, Option<WebhookStatus>)>> {
    connection
        .prepare_cached(
            "SELECT w.seq, w.status, w.deleted_at FROM webhook w JOIN account a ON a.seq = w.account_seq \
             WHERE a.id = ?1 AND w.id = ?2",
        )?
        .query_row([account.as_str(), id.as_str()], |row| {
            let deleted = row.get::<_, Option<i64>>(2)?.is_some();
            let status = rows::status(row.get(1)?)?;
            Ok((row.get(0)?, (!deleted).then_some(status)))
        })
        .optional()
}

/// What a row shows, given its webhook's status.
fn entry(row: &Row<'_>, status: Option<WebhookStatus>) -> Result<LogEntry> {
    let state = rows::state(row.get(3)?)?.observed(status);
    let created_at = rows::time(row.get(9)?);
    let scheduled = matches!(state, DeliveryState::Pending | DeliveryState::Retrying);
    let due_at: Option<i64> = row.get(8)?;
    Ok(LogEntry {
        event_id: rows::event_id(row.get_ref(1)?.as_str()?)?,
        event_type: rows::event_type(row.get_ref(2)?.as_str()?)?,
        state,
        attempt_count: row.get(4)?,
        last_attempt_at: row.get::<_, Option<i64>>(5)?.map(rows::time),
        last_status_code: row.get(6)?,
        last_error: row.get(7)?,
        // The queue of first attempts is due at once: since it was published.
        next_attempt_at: due_at
            .filter(|_| scheduled)
            .map(|at| if at == 0 { created_at } else { rows::time(at) }),
        created_at,
    })
}

pub(crate) fn list(
    connection: &Connection,
    account: &AccountId,
    id: &WebhookId,
    filter: &LogFilter,
    page: PageRequest,
) -> Result<Option<Page<LogEntry>>> {
    let Some((row, status)) = webhook(connection, account, id)? else { return Ok(None) };
    let Some(conditions) = filter::conditions(connection, filter, row, status)? else {
        return Ok(Some(Page { items: Vec::new(), next: None }));
    };
    let events = conditions.events.start..conditions.events.end.min(page.cursor.unwrap_or(i64::MAX));
    let wanted = page.limit + 1;
    let some = |source: Source, events: Range<i64>, limit: usize| {
        entries(connection, source, &conditions, (row, status), events, limit)
    };
    // And where the look at them ended, if it did not come to their end.
    let bounded = |source: Source, events: Range<i64>, limit: usize| {
        let end = conditions.looked_up_to(connection, source, row, &events, true)?;
        let from = end.map_or(events.start, |end| end + 1);
        Ok::<_, rusqlite::Error>((some(source, from..events.end, limit)?, end))
    };
    let (found, end) = if conditions.few {
        bounded(DELIVERIES, events, wanted)?
    } else {
        // The newest are not listed yet.
        let listed = listing::listed_up_to(connection)? + 1;
        let mut found = some(DELIVERIES, events.start.max(listed)..events.end, wanted)?;
        let left = wanted - found.len();
        let (more, end) = bounded(LISTED, events.start..events.end.min(listed), left)?;
        found.extend(more);
        (found, end)
    };
    let page = Page::of(found, page.limit);
    let next = page.next.or(end.map(|end| end + 1));
    Ok(Some(Page { next, ..page }))
}

/// At most `limit` deliveries of a webhook's `events`, newest first, with their rows.
fn entries(
    connection: &Connection,
    source: Source,
    conditions: &Conditions,
    (webhook, status): (i64, Option<WebhookStatus>),
    events: Range<i64>,
    limit: usize,
) -> Result<Vec<(i64, LogEntry)>> {
    let (Source { tables, by, .. }, Conditions { lead, rest, .. }) = (source, conditions);
    let values = [webhook.into(), events.start.into(), events.end.into()]
        .into_iter()
        .chain(conditions.lead_values.iter().chain(&conditions.rest_values).cloned())
        .chain([rows::limit(limit).into()]);
    connection
        .prepare_cached(&format!(
            "{ENTRY} FROM {tables} WHERE {by}.webhook_seq = ? AND {by}.event_seq >= ? AND {by}.event_seq < ? \
             {lead}{rest} ORDER BY {by}.event_seq DESC LIMIT ?"
        ))?
        .query_map(params_from_iter(values), |row| Ok((row.get(0)?, entry(row, status)?)))?
        .collect()
}

pub(crate) fn detail(
    connection: &Connection,
    account: &AccountId,
    id: &WebhookId,
    event: &EventId,
) -> Result<Option<LogDetail>> {
    let Some((webhook, status)) = webhook(connection, account, id)? else { return Ok(None) };
    let found = connection
        .prepare_cached(&format!(
            "{ENTRY} FROM event e JOIN delivery d ON d.event_seq = e.seq WHERE e.id = ?1 AND d.webhook_seq = ?2"
        ))?
        .query_row(rusqlite::params![event.as_str(), webhook], |row| {
            let erased_at = row.get::<_, Option<i64>>(11)?.map(rows::time);
            Ok((row.get::<_, i64>(0)?, entry(row, status)?, row.get::<_, Vec<u8>>(10)?, erased_at))
        })
        .optional()?;
    let Some((row, entry, body, erased_at)) = found else { return Ok(None) };
    let attempts = connection
        .prepare_cached(
            "SELECT number, started_at, duration_ms, status_code, error, response_body FROM attempt \
             WHERE event_seq = ?1 AND webhook_seq = ?2 ORDER BY number",
        )?
        .query_map([row, webhook], |row| {
            Ok(LoggedAttempt {
                number: row.get(0)?,
                started_at: rows::time(row.get(1)?),
                duration_ms: row.get::<_, i64>(2)?.unsigned_abs(),
                status_code: row.get(3)?,
                error: row.get(4)?,
                response_body: row.get::<_, Option<Vec<u8>>>(5)?.unwrap_or_default().into(),
            })
        })?
        .collect::<Result<Vec<_>>>()?;
    Ok(Some(LogDetail { entry, body: body.into(), erased_at, attempts }))
}

pub(crate) fn event(connection: &Connection, id: &EventId) -> Result<Option<EventDetail>> {
    let found = connection
        .prepare_cached(
            "SELECT e.seq, e.id, a.id, e.type, e.created_at, e.webhooks, e.body, e.erased_at \
             FROM event e JOIN account a ON a.seq = e.account_seq WHERE e.id = ?1",
        )?
        .query_row([id.as_str()], |row| {
            let published = Published {
                id: rows::event_id(row.get_ref(1)?.as_str()?)?,
                account: rows::account_id(row.get_ref(2)?.as_str()?)?,
                event_type: rows::event_type(row.get_ref(3)?.as_str()?)?,
                created_at: rows::time(row.get(4)?),
                webhooks: row.get(5)?,
                repeated: false,
            };
            let erased_at = row.get::<_, Option<i64>>(7)?.map(rows::time);
            Ok((row.get::<_, i64>(0)?, published, row.get::<_, Vec<u8>>(6)?, erased_at))
        })
        .optional()?;
    let Some((row, published, body, erased_at)) = found else { return Ok(None) };
    let deliveries = connection
        .prepare_cached(&format!(
            "{ENTRY}, w.id, w.status, w.deleted_at FROM delivery d JOIN event e ON e.seq = d.event_seq \
             JOIN webhook w ON w.seq = d.webhook_seq WHERE d.event_seq = ?1 ORDER BY d.webhook_seq"
        ))?
        .query_map([row], |row| {
            let deleted = row.get::<_, Option<i64>>(14)?.is_some();
            let status = rows::status(row.get(13)?)?;
            let webhook = rows::webhook_id(row.get_ref(12)?.as_str()?)?;
            Ok((webhook, entry(row, (!deleted).then_some(status))?))
        })?
        .collect::<Result<Vec<_>>>()?;
    Ok(Some(EventDetail { published, body: body.into(), erased_at, deliveries }))
}
