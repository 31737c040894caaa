//! Where the deliveries that a filter matches are found, at a bounded cost however many
//! there are and however few of them match.
//!
//! Events are numbered in the order of publishing, so a time leads to a row by bisection,
//! give or take [`DISORDER`]. A reader looks at so many deliveries and no more; what is
//! left is for the next page.

use std::{ops::Range, time::Duration};

use rusqlite::{Connection, OptionalExtension, params, params_from_iter, types::Value};
use waxwing_core::{DeliveryState, EventId, Timestamp, WebhookStatus};
use waxwing_store::{LogFilter, log::LOOK};

use crate::rows;

type Result<T> = rusqlite::Result<T>;

/// How much later an event may be numbered than its time says: clocks of different
/// servers differ, and are set.
const DISORDER: Duration = Duration::from_hours(1);

/// Where the deliveries `d` and their events `e` are found, and in which order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    pub(crate) tables: &'static str,
    /// The table whose columns `webhook_seq` and `event_seq` lead the way.
    pub(crate) by: &'static str,
    /// The same table, to be counted along.
    way: &'static str,
}

/// In their own table: for the few that an index finds, or for its end.
pub(crate) const DELIVERIES: Source =
    Source { tables: "delivery d JOIN event e ON e.seq = d.event_seq", by: "d", way: "delivery d" };

/// In the order of the list.
pub(crate) const LISTED: Source = Source {
    tables: "listing l CROSS JOIN delivery d ON d.event_seq = l.event_seq AND d.webhook_seq = l.webhook_seq \
             CROSS JOIN event e ON e.seq = d.event_seq",
    by: "l",
    way: "listing l",
};

/// What a filter asks of deliveries and their events, besides the webhook.
pub(crate) struct Conditions {
    /// The rows of events among which those that match are.
    pub(crate) events: Range<i64>,
    /// What an index leads by; begins with `AND`.
    pub(crate) lead: String,
    pub(crate) lead_values: Vec<Value>,
    /// What is asked of each, `AND` before each part.
    pub(crate) rest: String,
    pub(crate) rest_values: Vec<Value>,
    /// An index leads to the few that can match.
    pub(crate) few: bool,
}

/// The stored states that a reader sees as `wanted`.
fn stored(wanted: DeliveryState, status: Option<WebhookStatus>) -> Vec<i64> {
    [
        DeliveryState::Pending,
        DeliveryState::Retrying,
        DeliveryState::Delivered,
        DeliveryState::Failed,
        DeliveryState::Canceled,
    ]
    .into_iter()
    .filter(|state| state.observed(status) == wanted)
    .map(rows::state_number)
    .collect()
}

/// The conditions of a filter, if anything can match.
pub(crate) fn conditions(
    connection: &Connection,
    filter: &LogFilter,
    webhook: i64,
    status: Option<WebhookStatus>,
) -> Result<Option<Conditions>> {
    let mut found = Conditions {
        events: 0..i64::MAX,
        lead: String::new(),
        lead_values: Vec::new(),
        rest: String::new(),
        rest_values: Vec::new(),
        few: false,
    };
    if let Some(wanted) = filter.state {
        let numbers = stored(wanted, status);
        if numbers.is_empty() {
            return Ok(None);
        }
        found.in_states(connection, &numbers, webhook)?;
    }
    if let Some(event_type) = &filter.event_type {
        found.ask("e.type = ?", event_type.as_str().to_owned());
    }
    if let Some(since) = filter.since {
        found.ask("e.created_at >= ?", since.millis());
        found.events.start = found.events.start.max(first_row(connection, since.before(DISORDER))?);
    }
    if let Some(until) = filter.until {
        found.ask("e.created_at < ?", until.millis());
        found.events.end = found.events.end.min(first_row(connection, until.after(DISORDER))?);
    }
    if let Some(id) = &filter.event_id {
        found.of_event(connection, id, webhook)?;
    }
    Ok(Some(found))
}

impl Conditions {
    fn ask(&mut self, what: &str, value: impl Into<Value>) {
        self.rest.extend([" AND ", what]);
        self.rest_values.push(value.into());
    }

    /// Failed ones have an index, and what waits a table, where few do.
    fn in_states(&mut self, connection: &Connection, numbers: &[i64], webhook: i64) -> Result<()> {
        if *numbers == [3] {
            // Only so does the planner see that the index on failed ones serves.
            self.lead += " AND d.state = 3";
            self.few = true;
            return Ok(());
        }
        let list = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        self.rest.extend([" AND d.state IN (", &list, ")"]);
        if numbers.iter().all(|state| *state < 2) && few_wait(connection, webhook)? {
            self.lead += " AND d.event_seq IN (SELECT event_seq FROM pending WHERE webhook_seq = ?)";
            self.lead_values.push(webhook.into());
            self.few = true;
        }
        Ok(())
    }

    /// The event with this id if the webhook has it, else those whose ids begin with it;
    /// where these tell when they were made, among the events of that time.
    fn of_event(&mut self, connection: &Connection, id: &str, webhook: i64) -> Result<()> {
        let exact: Option<i64> = connection
            .prepare_cached(
                "SELECT e.seq FROM event e JOIN delivery d ON d.event_seq = e.seq AND d.webhook_seq = ?2 WHERE e.id = ?1",
            )?
            .query_row(params![id, webhook], |row| row.get(0))
            .optional()?;
        if let Some(row) = exact {
            self.events = self.events.start.max(row)..self.events.end.min(row + 1);
            return Ok(());
        }
        self.ask("e.id >= ?", id.to_owned());
        self.ask("e.id < ?", format!("{id}\u{7f}"));
        if let Some(made) = EventId::made_between(id) {
            let start = first_row(connection, made.start.before(DISORDER))?;
            let end = first_row(connection, made.end.after(DISORDER))?;
            self.events = self.events.start.max(start)..self.events.end.min(end);
        }
        Ok(())
    }

    /// Where to look for them.
    pub(crate) fn source(&self) -> Source {
        if self.few { DELIVERIES } else { LISTED }
    }

    /// Whether each that is looked at matches.
    pub(crate) fn takes_all(&self) -> bool {
        self.rest.is_empty()
    }

    /// The row of the first event that is not looked at any more, coming down (`back`) or
    /// going up through `events` of a webhook.
    pub(crate) fn looked_up_to(
        &self,
        connection: &Connection,
        source: Source,
        webhook: i64,
        events: &Range<i64>,
        back: bool,
    ) -> Result<Option<i64>> {
        if self.takes_all() {
            return Ok(None);
        }
        let Source { by, way, .. } = source;
        let (lead, order) = (&self.lead, if back { "DESC" } else { "ASC" });
        let values = [webhook.into(), events.start.into(), events.end.into()]
            .into_iter()
            .chain(self.lead_values.iter().cloned())
            .chain([rows::limit(LOOK).into()]);
        connection
            .prepare_cached(&format!(
                "SELECT {by}.event_seq FROM {way} WHERE {by}.webhook_seq = ? AND {by}.event_seq >= ? \
                 AND {by}.event_seq < ? {lead} ORDER BY {by}.event_seq {order} LIMIT 1 OFFSET ?"
            ))?
            .query_row(params_from_iter(values), |row| row.get(0))
            .optional()
    }
}

/// Few wait where many were delivered: then one begins with those that do.
fn few_wait(connection: &Connection, webhook: i64) -> Result<bool> {
    let many = connection
        .prepare_cached("SELECT 1 FROM pending WHERE webhook_seq = ?1 LIMIT 1 OFFSET ?2")?
        .exists([webhook, rows::limit(LOOK)])?;
    Ok(!many)
}

/// The row of the first event that was published at this moment or later.
fn first_row(connection: &Connection, at: Timestamp) -> Result<i64> {
    let last: Option<i64> = connection.query_row("SELECT max(seq) FROM event", [], |row| row.get(0))?;
    let mut probe = connection
        .prepare_cached("SELECT seq, created_at FROM event WHERE seq >= ?1 ORDER BY seq LIMIT 1")?;
    // What comes before `start` is earlier; what comes from `end` on is not.
    let (mut start, mut end) = (0, last.map_or(0, |last| last + 1));
    while start < end {
        let middle = start + (end - start) / 2;
        let (row, created_at): (i64, i64) =
            probe.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if created_at < at.millis() {
            start = row + 1;
        } else {
            end = middle;
        }
    }
    Ok(if last.is_none_or(|last| start > last) { i64::MAX } else { start })
}
