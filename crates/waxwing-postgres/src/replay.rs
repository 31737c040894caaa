//! Sending again: one delivery, or all that a filter matches, in bites.

use std::{collections::HashSet, iter, ops::Range};

use deadpool_postgres::Transaction;
use tokio_postgres::{Row, types::Type};
use waxwing_core::{AccountId, DeliveryState, EventId, Timestamp, WebhookId, WebhookStatus, delivery::Input};
use waxwing_store::{
    DeliveryKey, LogEntry, Node, ReplayBite, ReplayFilter, ReplayKey, RetryError, StoreError, log::LOOK,
};

use crate::{
    filter::{self, Conditions, Order},
    nodes,
    replays::TRIES,
    rows::{self, again},
    sql::{Result, execute, first, get, params, query},
    store::Shared,
    webhooks,
};

/// What is to be sent again, by its rows.
struct Delivery {
    event: i64,
    state: DeliveryState,
    attempts: u32,
    generation: u32,
}

fn delivery(row: &Row) -> Result<Delivery> {
    Ok(Delivery {
        event: get(row, 0)?,
        state: rows::state(row, 1)?,
        attempts: rows::count(row, 2)?,
        generation: rows::count(row, 3)?,
    })
}

impl Shared {
    pub(crate) async fn retry(
        &self,
        node: Node,
        account: &AccountId,
        webhook: &WebhookId,
        event: &EventId,
        now: Timestamp,
    ) -> Result<Result<LogEntry, RetryError>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        if !nodes::lock(&*transaction, iter::once(node)).await?.may_own(node) {
            return Ok(Err(StoreError::LeaseLost.into()));
        }
        let seq = match replayable(&transaction, account, webhook).await? {
            Ok(seq) => seq,
            Err(error) => return Ok(Err(error)),
        };
        let sql = "SELECT d.event_seq FROM event e JOIN delivery d ON d.webhook_seq = $1 AND d.event_seq = e.seq \
                   WHERE e.id = $2 ORDER BY e.seq DESC LIMIT 1";
        let found = query(&*transaction, sql, params![seq => INT8, event.as_str() => TEXT]).await?;
        let found = found.iter().map(|row| get(row, 0)).collect::<Result<Vec<i64>>>()?;
        if found.is_empty() {
            return Ok(Err(RetryError::NotFound));
        }
        let found = send_again(&transaction, node, seq, &found, None, now).await?;
        if found.is_empty() {
            return Ok(Err(RetryError::Erased));
        }
        transaction.commit().await?;
        drop(connection);
        self.replayed(seq, &found, now);
        let detail = self.log_detail(account, webhook, event).await?;
        Ok(detail.map(|detail| detail.entry).ok_or(RetryError::NotFound))
    }

    pub(crate) async fn replay(
        &self,
        node: Node,
        key: ReplayKey,
        filter: &ReplayFilter,
        from: i64,
        limit: usize,
        now: Timestamp,
    ) -> Result<Result<ReplayBite, RetryError>> {
        let mut tries = 1;
        loop {
            match self.try_to_replay(node, key, filter, from, limit, now).await {
                Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
                result => return result,
            }
        }
    }

    async fn try_to_replay(
        &self,
        node: Node,
        key: ReplayKey,
        filter: &ReplayFilter,
        from: i64,
        limit: usize,
        now: Timestamp,
    ) -> Result<Result<ReplayBite, RetryError>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        if !nodes::lock(&*transaction, iter::once(node)).await?.may_own(node) {
            return Ok(Err(StoreError::LeaseLost.into()));
        }
        let up_to = match going_on(&transaction, key).await? {
            Ok(Some(up_to)) => up_to,
            Ok(None) => return Ok(Ok(ReplayBite { replayed: 0, next: None })),
            Err(error) => return Ok(Err(error)),
        };
        let (found, next) = found(&transaction, key.webhook, filter, from..up_to, limit).await?;
        let found = send_again(&transaction, node, key.webhook, &found, Some(key.replay), now).await?;
        let sql =
            "UPDATE replay SET replayed = replayed + $2, scheduled_at = $3, touched_at = $4 WHERE seq = $1";
        let scheduled_at = next.is_none().then(|| now.millis());
        let count = rows::limit(found.len());
        let of = params![key.replay => INT8, count => INT8, scheduled_at => INT8, now.millis() => INT8];
        execute(&*transaction, sql, of).await?;
        transaction.commit().await?;
        self.replayed(key.webhook, &found, now);
        Ok(Ok(ReplayBite { replayed: found.len(), next }))
    }

    fn replayed(&self, webhook: i64, events: &[i64], now: Timestamp) {
        for event in events {
            let key = DeliveryKey { webhook, event: *event };
            self.feed.replayed(key, Timestamp::from_millis(again(now)));
        }
    }
}

pub(crate) async fn replayable(
    transaction: &Transaction<'_>,
    account: &AccountId,
    webhook: &WebhookId,
) -> Result<Result<i64, RetryError>> {
    Ok(match webhooks::row_of(&**transaction, account, webhook).await? {
        None => Err(RetryError::NotFound),
        Some((_, status)) if !status.is_active() => Err(RetryError::NotActive),
        Some((seq, _)) => Ok(seq),
    })
}

/// Up to which event a replay goes on; `None` when it was stopped. Whoever stops it waits for
/// this transaction.
async fn going_on(transaction: &Transaction<'_>, key: ReplayKey) -> Result<Result<Option<i64>, RetryError>> {
    let sql = "SELECT w.status, w.deleted_at IS NOT NULL, CASE WHEN r.stopped_at IS NULL THEN r.up_to END \
               FROM replay r JOIN webhook w ON w.seq = r.webhook_seq WHERE r.seq = $1 FOR KEY SHARE OF r";
    let Some(row) = first(&**transaction, sql, params![key.replay => INT8]).await? else {
        return Ok(Err(RetryError::NotFound));
    };
    let (deleted, up_to) = (get::<bool>(&row, 1)?, get::<Option<i64>>(&row, 2)?);
    Ok(match rows::status(&row, 0)? {
        _ if deleted => Err(RetryError::NotFound),
        status if !status.is_active() => Err(RetryError::NotActive),
        _ => Ok(up_to),
    })
}

/// Rows of events that a filter lets through, after the first row `within` and up to the last,
/// and where to go on.
async fn found(
    transaction: &Transaction<'_>,
    webhook: i64,
    filter: &ReplayFilter,
    within: Range<i64>,
    limit: usize,
) -> Result<(Vec<i64>, Option<i64>)> {
    let active = Some(WebhookStatus::Active);
    let found = filter::conditions(&**transaction, &filter.matching, webhook, active).await?;
    let Some(conditions) = found else { return Ok((Vec::new(), None)) };
    match &filter.event_ids {
        Some(ids) => named(transaction, &conditions, ids, within.start, limit).await,
        None => matching(transaction, &conditions, within, limit).await,
    }
}

/// `from` counts into the list of ids here.
async fn named(
    transaction: &Transaction<'_>,
    conditions: &Conditions,
    ids: &[EventId],
    from: i64,
    limit: usize,
) -> Result<(Vec<i64>, Option<i64>)> {
    let start = usize::try_from(from).unwrap_or(0).min(ids.len());
    let end = (start + limit).min(ids.len());
    let before: HashSet<&EventId> = ids[..start].iter().collect();
    let wanted: Vec<&str> =
        ids[start..end].iter().filter(|id| !before.contains(id)).map(EventId::as_str).collect();
    let sql = format!(
        "SELECT e.seq FROM event e JOIN delivery d ON d.webhook_seq = $1 AND d.event_seq = e.seq \
         WHERE e.seq >= $2 AND e.seq < $3 AND e.id = ANY($8){} ORDER BY e.seq",
        conditions.rest()
    );
    let mut of = conditions.params(&conditions.events);
    of.push((&wanted, Type::TEXT_ARRAY));
    let found = query(&**transaction, &sql, &of).await?;
    let found = found.iter().map(|row| get(row, 0)).collect::<Result<_>>()?;
    Ok((found, (end < ids.len()).then(|| rows::limit(end))))
}

async fn matching(
    transaction: &Transaction<'_>,
    conditions: &Conditions,
    within: Range<i64>,
    limit: usize,
) -> Result<(Vec<i64>, Option<i64>)> {
    let Range { start, end } = conditions.events;
    let events = start.max(within.start + 1)..end.min(within.end + 1);
    let sql = format!(
        "SELECT s.event_seq FROM {} WHERE true{} ORDER BY s.event_seq LIMIT {limit}",
        conditions.from(Order::Oldest, LOOK),
        conditions.rest()
    );
    let found = conditions.query(&**transaction, &sql, &events).await?;
    let found = found.iter().map(|row| get(row, 0)).collect::<Result<Vec<i64>>>()?;
    let next = if found.len() == limit {
        found.last().copied()
    } else {
        conditions.left(&**transaction, Order::Oldest, &events).await?.map(|row| row - 1)
    };
    Ok((found, next))
}

/// Replaces whatever is scheduled for these deliveries. The generation tells this
/// sending from one that is under way. Entries are locked first: an attempt that is
/// being recorded comes before or after as a whole. Leaves out what was erased, and
/// returns the others: events are locked last, against being erased meanwhile.
async fn send_again(
    transaction: &Transaction<'_>,
    node: Node,
    webhook: i64,
    events: &[i64],
    replay: Option<i64>,
    now: Timestamp,
) -> Result<Vec<i64>> {
    let lock =
        "SELECT 1 FROM pending WHERE webhook_seq = $1 AND event_seq = ANY($2) ORDER BY event_seq FOR UPDATE";
    query(&**transaction, lock, params![webhook => INT8, events => INT8_ARRAY]).await?;
    let sql = "SELECT event_seq, state, attempt_count, generation FROM delivery \
               WHERE webhook_seq = $1 AND event_seq = ANY($2) ORDER BY event_seq FOR UPDATE";
    let found = query(&**transaction, sql, params![webhook => INT8, events => INT8_ARRAY]).await?;
    let mut deliveries = found.iter().map(delivery).collect::<Result<Vec<_>>>()?;
    let sql = "SELECT seq FROM event WHERE seq = ANY($1) AND erased_at IS NULL ORDER BY seq FOR SHARE";
    let whole = query(&**transaction, sql, params![events => INT8_ARRAY]).await?;
    let whole = whole.iter().map(|row| get(row, 0)).collect::<Result<HashSet<i64>>>()?;
    deliveries.retain(|one| whole.contains(&one.event));
    let events: Vec<i64> = deliveries.iter().map(|one| one.event).collect();
    let generations: Vec<i32> = deliveries.iter().map(|one| rows::int(one.generation + 1)).collect();
    let state = |one: &Delivery| one.state.on(Input::Replay { attempted: one.attempts > 0 });
    let states: Vec<i16> = deliveries.iter().map(|one| rows::state_number(state(one))).collect();
    let formers: Vec<Option<i16>> = deliveries.iter().map(former).collect();
    execute(
        &**transaction,
        AGAIN,
        params![
            webhook => INT8, events => INT8_ARRAY, generations => INT4_ARRAY, states => INT2_ARRAY,
            node.id => INT8, again(now) => INT8, formers => INT2_ARRAY, replay => INT8,
        ],
    )
    .await?;
    Ok(events)
}

/// How a delivery had ended, if it had.
fn former(delivery: &Delivery) -> Option<i16> {
    delivery.state.is_finished().then(|| rows::state_number(delivery.state))
}

/// An entry that another replay put there, and that nobody attempted since, keeps how its
/// delivery had ended before.
const AGAIN: &str = "\
WITH again AS MATERIALIZED (
  SELECT * FROM unnest($2::bigint[], $3::integer[], $4::smallint[], $7::smallint[])
    AS again(event_seq, generation, state, former_state)
), entry AS (
  INSERT INTO pending (webhook_seq, event_seq, owner, due_at, step, generation, replay_seq, former_state)
  SELECT $1, event_seq, $5, $6, 0, generation, $8, CASE WHEN $8 IS NOT NULL THEN former_state END FROM again
  ON CONFLICT (webhook_seq, event_seq) DO UPDATE SET owner = excluded.owner, due_at = excluded.due_at, step = 0,
    generation = excluded.generation, replay_seq = excluded.replay_seq,
    former_state = CASE WHEN $8 IS NOT NULL AND pending.step = 0 THEN pending.former_state END
), succeeding AS (
  DELETE FROM failed WHERE webhook_seq = $1 AND event_seq = ANY($2)
)
UPDATE delivery d SET state = a.state, generation = a.generation, completed_at = NULL
FROM again a WHERE d.webhook_seq = $1 AND d.event_seq = a.event_seq";
