//! Where the deliveries that a filter matches are found, at a bounded cost however many
//! there are and however few of them match.
//!
//! Events are numbered in the order of publishing, so a time leads to a row by bisection,
//! give or take [`DISORDER`]. A reader looks at so many deliveries and no more; what is
//! left is for the next page.

use std::{ops::Range, time::Duration};

use tokio_postgres::{GenericClient, Row, types::Type};
use waxwing_core::{DeliveryState, EventId, Timestamp, WebhookStatus};
use waxwing_store::{LogFilter, log::LOOK};

use crate::{
    rows,
    sql::{Param, Result, first, get, params, query},
};

/// How much later an event may be numbered than its time says: clocks of different
/// servers differ, and are set.
const DISORDER: Duration = Duration::from_hours(1);

/// What a filter asks of the deliveries `d` of webhook `$1` and their events `e`, among
/// the events from `$2` to before `$3`.
pub(crate) struct Conditions {
    webhook: i64,
    /// The rows of events among which those that match are.
    pub(crate) events: Range<i64>,
    /// Where to look for them: the few that wait or failed have tables of their own.
    table: &'static str,
    /// States, in SQL; empty or beginning with `AND`.
    states: String,
    event_type: Option<String>,
    since: Option<i64>,
    until: Option<i64>,
    /// How ids begin.
    beginning: Option<String>,
}

/// The coming and going through a table: newest first for readers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    Newest,
    Oldest,
}

impl Order {
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Newest => "DESC",
            Self::Oldest => "ASC",
        }
    }
}

/// The conditions of a filter, if anything can match.
pub(crate) async fn conditions<C: GenericClient + Sync>(
    client: &C,
    filter: &LogFilter,
    webhook: i64,
    status: Option<WebhookStatus>,
) -> Result<Option<Conditions>> {
    let Some((table, asked)) = by_state(filter.state, status) else { return Ok(None) };
    let mut found = Conditions {
        webhook,
        events: 0..i64::MAX,
        table,
        states: asked,
        event_type: filter.event_type.as_ref().map(ToString::to_string),
        since: filter.since.map(Timestamp::millis),
        until: filter.until.map(Timestamp::millis),
        beginning: None,
    };
    if let Some(since) = filter.since {
        found.narrow(first_row(client, since.before(DISORDER)).await?, i64::MAX);
    }
    if let Some(until) = filter.until {
        found.narrow(0, first_row(client, until.after(DISORDER)).await?);
    }
    if let Some(id) = &filter.event_id {
        found.of_event(client, id).await?;
    }
    Ok(Some(found))
}

/// The table that leads to deliveries in a state, and what to ask of them.
fn by_state(wanted: Option<DeliveryState>, status: Option<WebhookStatus>) -> Option<(&'static str, String)> {
    let Some(wanted) = wanted else { return Some(("delivery", String::new())) };
    let stored = [
        DeliveryState::Pending,
        DeliveryState::Retrying,
        DeliveryState::Delivered,
        DeliveryState::Failed,
        DeliveryState::Canceled,
    ];
    let seen = stored.into_iter().filter(|state| state.observed(status) == wanted);
    let numbers: Vec<i16> = seen.map(rows::state_number).collect();
    let table = match numbers[..] {
        [] => return None,
        [3] => "failed",
        _ if numbers.iter().all(|state| *state < 2) => "pending",
        _ => "delivery",
    };
    let list = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    Some((table, format!(" AND d.state IN ({list})")))
}

impl Conditions {
    fn narrow(&mut self, start: i64, end: i64) {
        self.events = self.events.start.max(start)..self.events.end.min(end);
    }

    /// The event with this id if the webhook has it, else those whose ids begin with it;
    /// where these tell when they were made, among the events of that time.
    async fn of_event<C: GenericClient + Sync>(&mut self, client: &C, id: &str) -> Result<()> {
        let exact = "SELECT e.seq FROM event e JOIN delivery d ON d.webhook_seq = $1 AND d.event_seq = e.seq \
                     WHERE e.id = $2 ORDER BY e.seq DESC LIMIT 1";
        if let Some(row) = first(client, exact, params![self.webhook => INT8, id => TEXT]).await? {
            let row: i64 = get(&row, 0)?;
            self.narrow(row, row + 1);
            return Ok(());
        }
        self.beginning = Some(id.to_owned());
        if let Some(made) = EventId::made_between(id) {
            let start = first_row(client, made.start.before(DISORDER)).await?;
            self.narrow(start, first_row(client, made.end.after(DISORDER)).await?);
        }
        Ok(())
    }

    /// At most `look` deliveries `d` with their events `e` and rows `s.event_seq`. Each is looked
    /// up by itself, whatever the planner believes of tables that grew since it last looked:
    /// `OFFSET 0` keeps it from joining them as a whole.
    pub(crate) fn from(&self, order: Order, look: usize) -> String {
        let (table, order, look) = (self.table, order.sql(), rows::limit(look));
        format!(
            "(SELECT event_seq FROM {table} WHERE webhook_seq = $1 AND event_seq >= $2 AND event_seq < $3 \
             ORDER BY event_seq {order} LIMIT {look}) AS s \
             JOIN LATERAL (SELECT * FROM delivery WHERE webhook_seq = $1 AND event_seq = s.event_seq OFFSET 0) d ON true \
             JOIN LATERAL (SELECT * FROM event WHERE seq = s.event_seq OFFSET 0) e ON true"
        )
    }

    /// What is asked of each, beginning with `AND`.
    pub(crate) fn rest(&self) -> String {
        format!(
            "{} AND ($4::text IS NULL OR e.type = $4) AND ($5::bigint IS NULL OR e.created_at >= $5) \
             AND ($6::bigint IS NULL OR e.created_at < $6) AND ($7::text IS NULL OR starts_with(e.id, $7))",
            self.states
        )
    }

    /// The parameters of both.
    pub(crate) fn params<'a>(&'a self, events: &'a Range<i64>) -> Vec<Param<'a>> {
        vec![
            (&self.webhook, Type::INT8),
            (&events.start, Type::INT8),
            (&events.end, Type::INT8),
            (&self.event_type, Type::TEXT),
            (&self.since, Type::INT8),
            (&self.until, Type::INT8),
            (&self.beginning, Type::TEXT),
        ]
    }

    /// The rows that a statement on both finds.
    pub(crate) async fn query<C: GenericClient + Sync>(
        &self,
        client: &C,
        sql: &str,
        events: &Range<i64>,
    ) -> Result<Vec<Row>> {
        query(client, sql, &self.params(events)).await
    }

    /// The row of the first event among `events` that a look at [`LOOK`] leaves out.
    pub(crate) async fn left<C: GenericClient + Sync>(
        &self,
        client: &C,
        order: Order,
        events: &Range<i64>,
    ) -> Result<Option<i64>> {
        let (table, order, look) = (self.table, order.sql(), rows::limit(LOOK));
        let sql = format!(
            "SELECT event_seq FROM {table} WHERE webhook_seq = $1 AND event_seq >= $2 AND event_seq < $3 \
             ORDER BY event_seq {order} OFFSET {look} LIMIT 1"
        );
        let of = params![self.webhook => INT8, events.start => INT8, events.end => INT8];
        first(client, &sql, of).await?.map(|row| get(&row, 0)).transpose()
    }
}

/// The row of the first event that was published at this moment or later.
async fn first_row<C: GenericClient + Sync>(client: &C, at: Timestamp) -> Result<i64> {
    let row = first(client, "SELECT first_event($1)", params![at.millis() => INT8]).await?;
    row.map_or(Ok(0), |row| get(&row, 0))
}
