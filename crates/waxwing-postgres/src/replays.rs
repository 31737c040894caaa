//! Replays as they are told of: begun, how far they have come, stopped.

use std::collections::BTreeMap;

use deadpool_postgres::Transaction;
use tokio_postgres::{Client, Row};
use waxwing_core::{AccountId, EventId, ReplayId, Timestamp, WebhookId, delivery::Verdict};
use waxwing_store::{
    Actor, AuditEntry, Matching, Page, PageRequest, Replay, ReplayFilter, ReplayKey, RetryError,
};

use crate::{
    audit,
    changes::{self, Change},
    filter::{self, Order},
    log,
    replay::replayable,
    rows,
    sql::{Result, execute, first, get, params, query},
    store::Shared,
};

/// How often a bite is tried again after a node that kept an attempt was in the way.
pub(crate) const TRIES: usize = 5;

const COLUMNS: &str = "SELECT r.seq, r.id, r.created_at, r.scheduled_at, r.stopped_at, r.replayed, r.delivered, \
     r.failed, r.touched_at, (SELECT count(*) FROM pending p WHERE p.replay_seq = r.seq) FROM replay r WHERE r.webhook_seq = $1";

fn replay(row: &Row) -> Result<(i64, Replay)> {
    let count = |column| get::<i64>(row, column).map(i64::unsigned_abs);
    let replay = Replay {
        id: ReplayId::parse(get(row, 1)?).map_err(rows::unreadable)?,
        created_at: rows::time(row, 2)?,
        scheduled_at: rows::optional_time(row, 3)?,
        stopped_at: rows::optional_time(row, 4)?,
        replayed: count(5)?,
        delivered: count(6)?,
        failed: count(7)?,
        touched_at: rows::time(row, 8)?,
        waiting: count(9)?,
    };
    Ok((get(row, 0)?, replay))
}

/// What attempts of one transaction ended of replays, by their rows.
#[derive(Default)]
pub(crate) struct Progress(BTreeMap<i64, (i64, i64)>);

impl Progress {
    pub(crate) fn add(&mut self, replay: i64, verdict: Verdict) {
        let (delivered, failed) = self.0.entry(replay).or_default();
        match verdict {
            Verdict::Delivered => *delivered += 1,
            Verdict::Exhausted | Verdict::Gone => *failed += 1,
            Verdict::RetryAt(_) => {}
        }
    }

    pub(crate) async fn write(self, client: &Client) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let replays: Vec<i64> = self.0.keys().copied().collect();
        let (delivered, failed): (Vec<i64>, Vec<i64>) = self.0.into_values().unzip();
        let of = params![replays => INT8_ARRAY, delivered => INT8_ARRAY, failed => INT8_ARRAY];
        query(client, "SELECT add_progress($1, $2, $3)", of).await?;
        Ok(())
    }
}

impl Shared {
    pub(crate) async fn matching(
        &self,
        account: &AccountId,
        id: &WebhookId,
        filter: &ReplayFilter,
        look: usize,
    ) -> Result<Option<Matching>> {
        let connection = self.connection().await?;
        let client = &**connection;
        let Some((webhook, status)) = log::webhook(client, account, id).await? else { return Ok(None) };
        let found = filter::conditions(client, &filter.matching, webhook, status).await?;
        let Some(conditions) = found else { return Ok(Some(Matching { count: 0, whole: true })) };
        let (rest, events) = (conditions.rest(), conditions.events.clone());
        let Some(ids) = &filter.event_ids else {
            let from = conditions.from(Order::Newest, look);
            let sql =
                format!("SELECT count(*) FILTER (WHERE e.erased_at IS NULL{rest}), count(*) FROM {from}");
            let found = conditions.query(client, &sql, &events).await?;
            let count = |column| found.first().map_or(Ok(0), |row| get::<i64>(row, column));
            let whole = count(1)? < rows::limit(look);
            return Ok(Some(Matching { count: count(0)?.unsigned_abs(), whole }));
        };
        let ids: Vec<&str> = ids.iter().map(EventId::as_str).collect();
        let sql = format!(
            "SELECT count(*) FROM event e JOIN delivery d ON d.webhook_seq = $1 AND d.event_seq = e.seq \
             WHERE e.seq >= $2 AND e.seq < $3 AND e.id = ANY($8) AND e.erased_at IS NULL{rest}"
        );
        let mut of = conditions.params(&events);
        of.push((&ids, tokio_postgres::types::Type::TEXT_ARRAY));
        let count = first(client, &sql, &of).await?.map_or(Ok(0), |row| get::<i64>(&row, 0))?;
        Ok(Some(Matching { count: count.unsigned_abs(), whole: true }))
    }

    pub(crate) async fn begin_replay(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
        filter: &ReplayFilter,
        by: &Actor,
    ) -> Result<Result<ReplayKey, RetryError>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let seq = match replayable(&transaction, account, webhook).await? {
            Ok(seq) => seq,
            Err(error) => return Ok(Err(error)),
        };
        let sql = "INSERT INTO replay (id, webhook_seq, created_at, touched_at, up_to) \
                   VALUES ($1, $2, $3, $3, (SELECT coalesce(max(seq), 0) FROM event)) RETURNING seq";
        let of = params![id.as_str() => TEXT, seq => INT8, by.at.millis() => INT8];
        let row = first(&*transaction, sql, of).await?;
        let replay = row.map_or(Ok(0), |row| get(&row, 0))?;
        let entry = AuditEntry::of_replay(by, account, webhook, id, filter);
        audit::note(&transaction, Some(entry)).await?;
        transaction.commit().await?;
        Ok(Ok(ReplayKey { replay, webhook: seq }))
    }

    pub(crate) async fn replays(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        page: PageRequest,
    ) -> Result<Option<Page<Replay>>> {
        let connection = self.connection().await?;
        let Some((seq, _)) = log::webhook(&**connection, account, webhook).await? else { return Ok(None) };
        let sql = format!("{COLUMNS} AND r.seq < $2 ORDER BY r.seq DESC LIMIT $3");
        let (end, limit) = (page.cursor.unwrap_or(i64::MAX), rows::limit(page.limit + 1));
        let found = query(&**connection, &sql, params![seq => INT8, end => INT8, limit => INT8]).await?;
        Ok(Some(Page::of(found.iter().map(replay).collect::<Result<_>>()?, page.limit)))
    }

    pub(crate) async fn replay_named(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
    ) -> Result<Option<Replay>> {
        let connection = self.connection().await?;
        let Some((seq, _)) = log::webhook(&**connection, account, webhook).await? else { return Ok(None) };
        let sql = format!("{COLUMNS} AND r.id = $2");
        let found = first(&**connection, &sql, params![seq => INT8, id.as_str() => TEXT]).await?;
        found.map(|row| Ok(replay(&row)?.1)).transpose()
    }

    pub(crate) async fn stop_replay(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
        limit: usize,
        by: &Actor,
    ) -> Result<Option<bool>> {
        let mut tries = 1;
        loop {
            match self.try_to_stop(account, webhook, id, limit, by).await {
                Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
                result => return result,
            }
        }
    }

    async fn try_to_stop(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
        limit: usize,
        by: &Actor,
    ) -> Result<Option<bool>> {
        let mut connection = self.connection().await?;
        let Some((seq, _)) = log::webhook(&**connection, account, webhook).await? else { return Ok(None) };
        let sql = "SELECT seq FROM replay WHERE webhook_seq = $1 AND id = $2";
        let found = first(&**connection, sql, params![seq => INT8, id.as_str() => TEXT]).await?;
        let Some(row) = found else { return Ok(None) };
        let replay = get(&row, 0)?;
        // For itself, so that what is scheduled just now is committed before it is sought.
        let transaction = connection.transaction().await?;
        if mark(&transaction, replay, by.at).await? {
            let entry = AuditEntry::of_stopped_replay(by, account, webhook, id);
            audit::note(&transaction, Some(entry)).await?;
        }
        transaction.commit().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let taken = take_back(&transaction, replay, limit, by.at).await?;
        if taken > 0 {
            // So that the engine of every node forgets what it read.
            changes::note(&transaction, &[Change::Webhook(seq)]).await?;
        }
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(Some(taken == rows::limit(limit)))
    }

    /// Deletes what is told of old replays.
    pub(crate) async fn forget_replays(&self, cutoff: Timestamp) -> Result<()> {
        let connection = self.connection().await?;
        let sql = "DELETE FROM replay WHERE created_at < $1";
        execute(&**connection, sql, params![cutoff.millis() => INT8]).await?;
        Ok(())
    }
}

/// Marks a replay as stopped; whether it was not before. Waits for a bite of it that is
/// under way, which holds on to the row ([`crate::replay`]).
async fn mark(transaction: &Transaction<'_>, replay: i64, now: Timestamp) -> Result<bool> {
    let sql = "SELECT 1 FROM replay WHERE seq = $1 AND stopped_at IS NULL FOR UPDATE";
    if first(&**transaction, sql, params![replay => INT8]).await?.is_none() {
        return Ok(false);
    }
    let sql = "UPDATE replay SET stopped_at = $2 WHERE seq = $1";
    execute(&**transaction, sql, params![replay => INT8, now.millis() => INT8]).await?;
    Ok(true)
}

/// Takes back at most `limit` of what a replay scheduled and nobody attempted since: how
/// many it looked at.
async fn take_back(transaction: &Transaction<'_>, replay: i64, limit: usize, now: Timestamp) -> Result<i64> {
    let of = params![replay => INT8, rows::limit(limit) => INT8, now.millis() => INT8];
    first(&**transaction, TAKE_BACK, of).await?.map_or(Ok(0), |row| get(&row, 0))
}

/// What had ended before stands as it did; what waited anyway goes on.
const TAKE_BACK: &str = "\
WITH entry AS MATERIALIZED (
  SELECT webhook_seq, event_seq, former_state FROM pending WHERE replay_seq = $1 AND step = 0
  ORDER BY event_seq LIMIT $2 FOR UPDATE
), going_on AS (
  UPDATE pending p SET replay_seq = NULL FROM entry e
  WHERE p.webhook_seq = e.webhook_seq AND p.event_seq = e.event_seq AND e.former_state IS NULL
), gone AS MATERIALIZED (
  DELETE FROM pending p USING entry e
  WHERE p.webhook_seq = e.webhook_seq AND p.event_seq = e.event_seq AND e.former_state IS NOT NULL
  RETURNING p.webhook_seq, p.event_seq, e.former_state
), failing AS (
  INSERT INTO failed (webhook_seq, event_seq) SELECT webhook_seq, event_seq FROM gone WHERE former_state = 3
), ended AS (
  UPDATE delivery d SET state = g.former_state, completed_at = $3 FROM gone g
  WHERE d.webhook_seq = g.webhook_seq AND d.event_seq = g.event_seq
)
SELECT count(*) FROM entry";
