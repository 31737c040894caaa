//! Replays as they are told of: begun, how far they have come, stopped.

use std::{collections::HashSet, ops::Range};

use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter, types::Value};
use waxwing_core::{AccountId, EventId, ReplayId, Timestamp, WebhookId, delivery::Verdict};
use waxwing_store::{
    Actor, AuditEntry, Matching, Page, PageRequest, Replay, ReplayFilter, ReplayKey, RetryError,
};

use crate::{
    filter::{self, Conditions, DELIVERIES, LISTED, Source},
    listing, log, rows,
    writer::Writer,
};

type Result<T, E = rusqlite::Error> = std::result::Result<T, E>;

/// What attempts of one transaction ended of a replay.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Progress {
    delivered: i64,
    failed: i64,
}

impl Progress {
    pub(crate) fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Delivered => self.delivered += 1,
            Verdict::Exhausted | Verdict::Gone => self.failed += 1,
            Verdict::RetryAt(_) => {}
        }
    }
}

const COLUMNS: &str = "SELECT r.seq, r.id, r.created_at, r.scheduled_at, r.stopped_at, r.replayed, r.delivered, \
     r.failed, r.touched_at, (SELECT count(*) FROM pending p WHERE p.replay_seq = r.seq) FROM replay r WHERE r.webhook_seq = ?1";

fn replay(row: &Row<'_>) -> Result<(i64, Replay)> {
    let time = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(rows::time));
    let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    let replay = Replay {
        id: ReplayId::parse(row.get_ref(1)?.as_str()?).map_err(rows::unreadable)?,
        created_at: rows::time(row.get(2)?),
        scheduled_at: time(3)?,
        stopped_at: time(4)?,
        replayed: count(5)?,
        delivered: count(6)?,
        failed: count(7)?,
        touched_at: rows::time(row.get(8)?),
        waiting: count(9)?,
    };
    Ok((row.get(0)?, replay))
}

pub(crate) fn list(
    connection: &Connection,
    account: &AccountId,
    webhook: &WebhookId,
    page: PageRequest,
) -> Result<Option<Page<Replay>>> {
    let Some((webhook, _)) = log::webhook(connection, account, webhook)? else { return Ok(None) };
    let found = connection
        .prepare_cached(&format!("{COLUMNS} AND r.seq < ?2 ORDER BY r.seq DESC LIMIT ?3"))?
        .query_map(params![webhook, page.cursor.unwrap_or(i64::MAX), rows::limit(page.limit + 1)], replay)?
        .collect::<Result<Vec<_>>>()?;
    Ok(Some(Page::of(found, page.limit)))
}

/// One replay, and its row.
pub(crate) fn one(
    connection: &Connection,
    account: &AccountId,
    webhook: &WebhookId,
    id: &ReplayId,
) -> Result<Option<(i64, Replay)>> {
    let Some((webhook, _)) = log::webhook(connection, account, webhook)? else { return Ok(None) };
    connection
        .prepare_cached(&format!("{COLUMNS} AND r.id = ?2"))?
        .query_row(params![webhook, id.as_str()], replay)
        .optional()
}

/// See [`waxwing_store::Store::matching`].
pub(crate) fn matching(
    connection: &Connection,
    account: &AccountId,
    id: &WebhookId,
    filter: &ReplayFilter,
    look: usize,
) -> Result<Option<Matching>> {
    let Some((webhook, status)) = log::webhook(connection, account, id)? else { return Ok(None) };
    let Some(conditions) = filter::conditions(connection, &filter.matching, webhook, status)? else {
        return Ok(Some(Matching { count: 0, whole: true }));
    };
    match &filter.event_ids {
        Some(ids) => named(connection, webhook, &conditions, ids).map(Some),
        None => among_all(connection, webhook, &conditions, look).map(Some),
    }
}

fn named(
    connection: &Connection,
    webhook: i64,
    conditions: &Conditions,
    ids: &[EventId],
) -> Result<Matching> {
    let Conditions { lead, rest, .. } = conditions;
    let mut statement = connection.prepare_cached(&format!(
        "SELECT 1 FROM event e JOIN delivery d ON d.event_seq = e.seq \
         WHERE e.id = ? AND d.webhook_seq = ? AND e.erased_at IS NULL {lead}{rest}"
    ))?;
    let mut count = 0;
    for id in ids.iter().collect::<HashSet<_>>() {
        let values = [Value::from(id.as_str().to_owned()), webhook.into()]
            .into_iter()
            .chain(conditions.lead_values.iter().chain(&conditions.rest_values).cloned());
        count += u64::from(statement.exists(params_from_iter(values))?);
    }
    Ok(Matching { count, whole: true })
}

/// Those that are not listed yet, then those that are.
fn among_all(
    connection: &Connection,
    webhook: i64,
    conditions: &Conditions,
    look: usize,
) -> Result<Matching> {
    let Range { start, end } = conditions.events;
    let listed = if conditions.few { start } else { listing::listed_up_to(connection)? + 1 };
    let newest = count(connection, webhook, conditions, DELIVERIES, start.max(listed)..end, look)?;
    if conditions.few || !newest.whole {
        return Ok(newest);
    }
    let older = count(connection, webhook, conditions, LISTED, start..end.min(listed), look)?;
    Ok(Matching { count: newest.count + older.count, ..older })
}

fn count(
    connection: &Connection,
    webhook: i64,
    conditions: &Conditions,
    source: Source,
    events: Range<i64>,
    look: usize,
) -> Result<Matching> {
    let (Source { tables, by, .. }, Conditions { lead, rest, .. }) = (source, conditions);
    let values = conditions
        .rest_values
        .iter()
        .cloned()
        .chain([webhook.into(), events.start.into(), events.end.into()])
        .chain(conditions.lead_values.iter().cloned())
        .chain([rows::limit(look).into()]);
    connection
        .prepare_cached(&format!(
            "SELECT coalesce(sum(fits), 0), count(*) FROM (SELECT e.erased_at IS NULL {rest} AS fits FROM {tables} \
             WHERE {by}.webhook_seq = ? AND {by}.event_seq >= ? AND {by}.event_seq < ? {lead} \
             ORDER BY {by}.event_seq DESC LIMIT ?)"
        ))?
        .query_row(params_from_iter(values), |row| {
            let (count, looked): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok(Matching { count: count.unsigned_abs(), whole: looked < rows::limit(look) })
        })
}

/// An entry that a replay put where it waits.
struct Entry {
    webhook: i64,
    due_at: i64,
    event: i64,
    former_state: Option<i64>,
}

impl Writer {
    /// See [`waxwing_store::Store::begin_replay`].
    pub(crate) fn begin_replay(
        &mut self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
        filter: &ReplayFilter,
        by: &Actor,
    ) -> Result<Result<ReplayKey, RetryError>> {
        let row = match self.replayable(account, webhook)? {
            Ok(row) => row,
            Err(error) => return Ok(Err(error)),
        };
        self.connection
            .prepare_cached(
                "INSERT INTO replay (id, webhook_seq, created_at, touched_at, up_to) \
                 VALUES (?1, ?2, ?3, ?3, (SELECT coalesce(max(seq), 0) FROM event))",
            )?
            .execute(params![id.as_str(), row, by.at.millis()])?;
        let replay = self.connection.last_insert_rowid();
        self.audit(Some(AuditEntry::of_replay(by, account, webhook, id, filter)))?;
        Ok(Ok(ReplayKey { replay, webhook: row }))
    }

    /// Writes how far replays came: once for each replay and transaction.
    pub(crate) fn write_progress(&mut self) -> Result<()> {
        for (replay, Progress { delivered, failed }) in std::mem::take(&mut self.progress) {
            self.connection
                .prepare_cached(
                    "UPDATE replay SET delivered = delivered + ?2, failed = failed + ?3 WHERE seq = ?1",
                )?
                .execute([replay, delivered, failed])?;
        }
        Ok(())
    }

    /// See [`waxwing_store::Store::stop_replay`].
    pub(crate) fn stop_replay(
        &mut self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
        limit: usize,
        by: &Actor,
    ) -> Result<Option<bool>> {
        let Some((row, replay)) = one(&self.connection, account, webhook, id)? else { return Ok(None) };
        if replay.stopped_at.is_none() {
            self.connection
                .prepare_cached("UPDATE replay SET stopped_at = ?2 WHERE seq = ?1")?
                .execute([row, by.at.millis()])?;
            self.audit(Some(AuditEntry::of_stopped_replay(by, account, webhook, id)))?;
        }
        let entries = self.not_attempted(row, limit)?;
        for entry in &entries {
            self.take_back(entry, by)?;
        }
        // The lane forgets what it read of them.
        self.effects.changed.extend(entries.first().map(|entry| entry.webhook));
        Ok(Some(entries.len() == limit))
    }

    /// Deletes what is told of at most `limit` old replays.
    pub(crate) fn forget_replays(&self, cutoff: Timestamp, limit: usize) -> Result<()> {
        self.connection
            .prepare_cached(
                "DELETE FROM replay WHERE seq IN (SELECT seq FROM replay WHERE created_at < ?1 LIMIT ?2)",
            )?
            .execute([cutoff.millis(), rows::limit(limit)])?;
        Ok(())
    }

    /// What a replay put there and nobody attempted since.
    fn not_attempted(&self, replay: i64, limit: usize) -> Result<Vec<Entry>> {
        self.connection
            .prepare_cached(
                "SELECT webhook_seq, due_at, event_seq, former_state FROM pending \
                 WHERE replay_seq = ?1 AND step = 0 LIMIT ?2",
            )?
            .query_map([replay, rows::limit(limit)], |row| {
                Ok(Entry {
                    webhook: row.get(0)?,
                    due_at: row.get(1)?,
                    event: row.get(2)?,
                    former_state: row.get(3)?,
                })
            })?
            .collect()
    }

    /// What had ended before stands as it did; what waited anyway goes on.
    fn take_back(&self, entry: &Entry, by: &Actor) -> Result<()> {
        let key = [entry.webhook, entry.due_at, entry.event];
        let change = match entry.former_state {
            None => {
                "UPDATE pending SET replay_seq = NULL WHERE webhook_seq = ?1 AND due_at = ?2 AND event_seq = ?3"
            }
            Some(_) => "DELETE FROM pending WHERE webhook_seq = ?1 AND due_at = ?2 AND event_seq = ?3",
        };
        self.connection.prepare_cached(change)?.execute(key)?;
        if let Some(state) = entry.former_state {
            self.connection
                .prepare_cached(
                    "UPDATE delivery SET state = ?1, due_at = NULL, completed_at = ?2 \
                     WHERE event_seq = ?3 AND webhook_seq = ?4",
                )?
                .execute([state, by.at.millis(), entry.event, entry.webhook])?;
        }
        Ok(())
    }
}
