//! Sending again: one delivery, or all that a filter matches, in bites.

use std::{collections::HashSet, ops::Range};

use rusqlite::{OptionalExtension, params, params_from_iter, types::Value};
use waxwing_core::{AccountId, DeliveryState, EventId, Timestamp, WebhookId, delivery::Input};
use waxwing_store::{DeliveryKey, LogEntry, Node, ReplayBite, ReplayFilter, RetryError, StoreError};

use crate::{
    filter::{self, Conditions, Source},
    log,
    record::again,
    rows,
    writer::Writer,
};

type Outcome<T> = rusqlite::Result<Result<T, RetryError>>;

/// What is to be sent again, by its rows.
struct Delivery {
    event: i64,
    state: DeliveryState,
    attempts: u32,
    due_at: Option<i64>,
    generation: u32,
    erased: bool,
}

/// Whether a replay may go on.
enum Replaying {
    /// For the webhook in this row, with events up to that one.
    Webhook(i64, i64),
    Stopped,
    Refused(RetryError),
}

/// What [`delivery`] reads, of deliveries `d` and their events `e`.
const COLUMNS: &str =
    "SELECT d.event_seq, d.state, d.attempt_count, d.due_at, d.generation, e.erased_at IS NOT NULL";

impl Writer {
    pub(crate) fn retry(
        &mut self,
        node: Node,
        account: &AccountId,
        webhook: &WebhookId,
        event: &EventId,
        now: Timestamp,
    ) -> Outcome<LogEntry> {
        if !self.may_own(node) {
            return Ok(Err(StoreError::LeaseLost.into()));
        }
        let row = match self.replayable(account, webhook)? {
            Ok(row) => row,
            Err(error) => return Ok(Err(error)),
        };
        let Some(delivery) = self.delivery_of(event, row)? else { return Ok(Err(RetryError::NotFound)) };
        if delivery.erased {
            return Ok(Err(RetryError::Erased));
        }
        self.send_again(node, row, &delivery, None, now)?;
        Ok(log::detail(&self.connection, account, webhook, event)?
            .map(|detail| detail.entry)
            .ok_or(RetryError::NotFound))
    }

    pub(crate) fn replay(
        &mut self,
        node: Node,
        replay: i64,
        filter: &ReplayFilter,
        from: i64,
        limit: usize,
        now: Timestamp,
    ) -> Outcome<ReplayBite> {
        if !self.may_own(node) {
            return Ok(Err(StoreError::LeaseLost.into()));
        }
        let (row, up_to) = match self.replaying(replay)? {
            Replaying::Webhook(row, up_to) => (row, up_to),
            Replaying::Stopped => return Ok(Ok(ReplayBite { replayed: 0, next: None })),
            Replaying::Refused(error) => return Ok(Err(error)),
        };
        let (matching, next) = if let Some(ids) = &filter.event_ids {
            self.named(row, ids, filter, from, limit)?
        } else {
            self.list_all()?;
            self.matching(row, filter, from..up_to, limit)?
        };
        let mut replayed = 0;
        for delivery in matching.iter().filter(|delivery| !delivery.erased) {
            self.send_again(node, row, delivery, Some(replay), now)?;
            replayed += 1;
        }
        self.connection
            .prepare_cached(
                "UPDATE replay SET replayed = replayed + ?2, scheduled_at = CASE WHEN ?3 THEN ?4 END, \
                 touched_at = ?4 WHERE seq = ?1",
            )?
            .execute(params![replay, rows::limit(replayed), next.is_none(), now.millis()])?;
        Ok(Ok(ReplayBite { replayed, next }))
    }

    fn replaying(&self, replay: i64) -> rusqlite::Result<Replaying> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT w.seq, w.status, w.deleted_at IS NOT NULL, r.stopped_at IS NOT NULL, r.up_to \
                 FROM replay r JOIN webhook w ON w.seq = r.webhook_seq WHERE r.seq = ?1",
            )?
            .query_row([replay], |row| {
                Ok((row.get(0)?, rows::status(row.get(1)?)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })
            .optional()?;
        Ok(match found {
            None | Some((_, _, true, ..)) => Replaying::Refused(RetryError::NotFound),
            Some((_, _, _, true, _)) => Replaying::Stopped,
            Some((_, status, ..)) if !status.is_active() => Replaying::Refused(RetryError::NotActive),
            Some((webhook, _, _, _, up_to)) => Replaying::Webhook(webhook, up_to),
        })
    }

    pub(crate) fn replayable(&self, account: &AccountId, webhook: &WebhookId) -> Outcome<i64> {
        Ok(match self.webhook_row(account, webhook)? {
            None => Err(RetryError::NotFound),
            Some((_, status)) if !status.is_active() => Err(RetryError::NotActive),
            Some((row, _)) => Ok(row),
        })
    }

    /// `from` counts into the list of ids here.
    fn named(
        &self,
        webhook: i64,
        ids: &[EventId],
        filter: &ReplayFilter,
        from: i64,
        limit: usize,
    ) -> rusqlite::Result<(Vec<Delivery>, Option<i64>)> {
        let start = usize::try_from(from).unwrap_or(0).min(ids.len());
        let end = (start + limit).min(ids.len());
        let mut found = Vec::new();
        let mut seen: HashSet<&EventId> = ids[..start].iter().collect();
        for id in &ids[start..end] {
            if seen.insert(id)
                && let Some(delivery) = self.delivery_of(id, webhook)?
                && self.lets_through(&delivery, filter)?
            {
                found.push(delivery);
            }
        }
        Ok((found, (end < ids.len()).then(|| rows::limit(end))))
    }

    fn lets_through(&self, delivery: &Delivery, filter: &ReplayFilter) -> rusqlite::Result<bool> {
        let matching = &filter.matching;
        let (event_type, created_at): (String, i64) = self
            .connection
            .prepare_cached("SELECT type, created_at FROM event WHERE seq = ?1")?
            .query_row([delivery.event], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(matching.state.is_none_or(|state| state == delivery.state)
            && matching.event_type.as_ref().is_none_or(|wanted| wanted.as_str() == event_type)
            && matching.since.is_none_or(|since| created_at >= since.millis())
            && matching.until.is_none_or(|until| created_at < until.millis()))
    }

    /// Of events after the first row and up to the last. Expects all deliveries to be listed.
    fn matching(
        &self,
        webhook: i64,
        filter: &ReplayFilter,
        within: Range<i64>,
        limit: usize,
    ) -> rusqlite::Result<(Vec<Delivery>, Option<i64>)> {
        let active = Some(waxwing_core::WebhookStatus::Active);
        let Some(conditions) = filter::conditions(&self.connection, &filter.matching, webhook, active)?
        else {
            return Ok((Vec::new(), None));
        };
        let source = conditions.source();
        let Range { start, end } = conditions.events;
        let mut events = start.max(within.start + 1)..end.min(within.end + 1);
        let end = conditions.looked_up_to(&self.connection, source, webhook, &events, false)?;
        events.end = end.unwrap_or(events.end);
        let (Source { tables, by, .. }, Conditions { lead, rest, .. }) = (source, &conditions);
        let values = [Value::from(webhook), events.start.into(), events.end.into()]
            .into_iter()
            .chain(conditions.lead_values.iter().chain(&conditions.rest_values).cloned())
            .chain([rows::limit(limit).into()]);
        let found = self
            .connection
            .prepare_cached(&format!(
                "{COLUMNS} FROM {tables} WHERE {by}.webhook_seq = ? AND {by}.event_seq >= ? \
                 AND {by}.event_seq < ? {lead}{rest} ORDER BY {by}.event_seq LIMIT ?"
            ))?
            .query_map(params_from_iter(values), delivery)?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let next =
            if found.len() == limit { found.last().map(|last| last.event) } else { end.map(|end| end - 1) };
        Ok((found, next))
    }

    fn delivery_of(&self, event: &EventId, webhook: i64) -> rusqlite::Result<Option<Delivery>> {
        self.connection
            .prepare_cached(&format!(
                "{COLUMNS} FROM event e JOIN delivery d ON d.event_seq = e.seq WHERE e.id = ?1 AND d.webhook_seq = ?2"
            ))?
            .query_row(params![event.as_str(), webhook], delivery)
            .optional()
    }

    /// Removes what waits of a delivery. How it had ended before another replay that has
    /// not come to it yet.
    fn replace_pending(&self, webhook: i64, due_at: i64, event: i64) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached(
                "DELETE FROM pending WHERE webhook_seq = ?1 AND due_at = ?2 AND event_seq = ?3 \
                 RETURNING former_state",
            )?
            .query_row([webhook, due_at, event], |row| row.get(0))
            .optional()
            .map(Option::flatten)
    }

    /// Replaces whatever is scheduled. The generation tells this sending from one
    /// that is under way.
    fn send_again(
        &mut self,
        node: Node,
        webhook: i64,
        delivery: &Delivery,
        replay: Option<i64>,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let (at, event, generation) = (again(now), delivery.event, delivery.generation + 1);
        let former = match delivery.due_at {
            Some(due_at) => self.replace_pending(webhook, due_at, event)?,
            None => Some(rows::state_number(delivery.state)),
        };
        self.connection
            .prepare_cached(
                "INSERT INTO pending (webhook_seq, due_at, event_seq, owner, step, generation, replay_seq, \
                 former_state) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, CASE WHEN ?6 IS NOT NULL THEN ?7 END)",
            )?
            .execute(params![webhook, at, event, node.id, generation, replay, former])?;
        let state = delivery.state.on(Input::Replay { attempted: delivery.attempts > 0 });
        self.connection
            .prepare_cached(
                "UPDATE delivery SET state = ?1, due_at = ?2, generation = ?3, completed_at = NULL \
                 WHERE event_seq = ?4 AND webhook_seq = ?5",
            )?
            .execute(params![rows::state_number(state), at, generation, event, webhook])?;
        self.effects.replayed.push((DeliveryKey { webhook, event }, rows::time(at)));
        Ok(())
    }
}

fn delivery(row: &rusqlite::Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        event: row.get(0)?,
        state: rows::state(row.get(1)?)?,
        attempts: row.get(2)?,
        due_at: row.get(3)?,
        generation: row.get(4)?,
        erased: row.get(5)?,
    })
}
