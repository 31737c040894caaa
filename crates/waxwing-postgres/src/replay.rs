//! Sending again: one delivery, or all that a filter matches, in bites.

use std::collections::HashSet;

use deadpool_postgres::Transaction;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};
use waxwing_core::{
    AccountId, DeliveryState, EventId, EventType, Timestamp, WebhookId, WebhookStatus, delivery::Input,
};
use waxwing_store::{DeliveryKey, LogEntry, Node, ReplayBite, ReplayFilter, RetryError};

use crate::{
    log::{EVENT_CONDITION, by_state},
    rows::{self, again},
    sql::{Param, Result, execute, get, params, query},
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
        let found = send_again(&transaction, node, seq, &found, now).await?;
        if found.is_empty() {
            return Ok(Err(RetryError::Erased));
        }
        transaction.commit().await?;
        drop(connection);
        self.replayed(seq, &found, now);
        let detail = self.log_detail(account, webhook, event).await?;
        Ok(detail.map(|detail| detail.entry).ok_or(RetryError::NotFound))
    }

    #[allow(clippy::too_many_arguments, reason = "mirrors Store::replay")]
    pub(crate) async fn replay(
        &self,
        node: Node,
        account: &AccountId,
        webhook: &WebhookId,
        filter: &ReplayFilter,
        from: i64,
        limit: usize,
        now: Timestamp,
    ) -> Result<Result<ReplayBite, RetryError>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let seq = match replayable(&transaction, account, webhook).await? {
            Ok(seq) => seq,
            Err(error) => return Ok(Err(error)),
        };
        let (found, next) = match &filter.event_ids {
            Some(ids) => named(&transaction, seq, ids, filter, from, limit).await?,
            None => matching(&transaction, seq, filter, from, limit).await?,
        };
        let found = send_again(&transaction, node, seq, &found, now).await?;
        transaction.commit().await?;
        self.replayed(seq, &found, now);
        Ok(Ok(ReplayBite { replayed: found.len(), next }))
    }

    fn replayed(&self, webhook: i64, events: &[i64], now: Timestamp) {
        for event in events {
            let key = DeliveryKey { webhook, event: *event };
            self.feed.replayed(key, Timestamp::from_millis(again(now)));
        }
    }
}

async fn replayable(
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

/// `from` counts into the list of ids here.
async fn named(
    transaction: &Transaction<'_>,
    webhook: i64,
    ids: &[EventId],
    filter: &ReplayFilter,
    from: i64,
    limit: usize,
) -> Result<(Vec<i64>, Option<i64>)> {
    let start = usize::try_from(from).unwrap_or(0).min(ids.len());
    let end = (start + limit).min(ids.len());
    let before: HashSet<&EventId> = ids[..start].iter().collect();
    let wanted: Vec<&str> =
        ids[start..end].iter().filter(|id| !before.contains(id)).map(EventId::as_str).collect();
    let next = (end < ids.len()).then(|| rows::limit(end));
    let Some((_, condition)) = by_state(filter.matching.state, Some(WebhookStatus::Active)) else {
        return Ok((Vec::new(), next));
    };
    let sql = format!(
        "SELECT e.seq FROM event e JOIN delivery d ON d.webhook_seq = $1 AND d.event_seq = e.seq \
         WHERE e.id = ANY($2) AND $3 > 0{condition}{EVENT_CONDITION} ORDER BY e.seq"
    );
    Ok((events(transaction, &sql, webhook, &(wanted, Type::TEXT_ARRAY), limit, filter).await?, next))
}

async fn matching(
    transaction: &Transaction<'_>,
    webhook: i64,
    filter: &ReplayFilter,
    from: i64,
    limit: usize,
) -> Result<(Vec<i64>, Option<i64>)> {
    let Some((source, condition)) = by_state(filter.matching.state, Some(WebhookStatus::Active)) else {
        return Ok((Vec::new(), None));
    };
    let sql = format!(
        "SELECT s.event_seq FROM {source} JOIN delivery d ON d.webhook_seq = $1 AND d.event_seq = s.event_seq \
         JOIN event e ON e.seq = s.event_seq WHERE s.event_seq > $2{condition}{EVENT_CONDITION} \
         ORDER BY s.event_seq LIMIT $3"
    );
    let found = events(transaction, &sql, webhook, &(from, Type::INT8), limit, filter).await?;
    let next = if found.len() == limit { found.last().copied() } else { None };
    Ok((found, next))
}

/// Rows of events that a statement finds, given what it asks for second.
async fn events<T: ToSql + Sync>(
    transaction: &Transaction<'_>,
    sql: &str,
    webhook: i64,
    (second, kind): &(T, Type),
    limit: usize,
    filter: &ReplayFilter,
) -> Result<Vec<i64>> {
    let matching = &filter.matching;
    let (limit, event_type) = (rows::limit(limit), matching.event_type.as_ref().map(EventType::as_str));
    let (since, until) = (matching.since.map(Timestamp::millis), matching.until.map(Timestamp::millis));
    let params: [Param<'_>; 6] = [
        (&webhook, Type::INT8),
        (second, kind.clone()),
        (&limit, Type::INT8),
        (&event_type, Type::TEXT),
        (&since, Type::INT8),
        (&until, Type::INT8),
    ];
    query(&**transaction, sql, &params).await?.iter().map(|row| get(row, 0)).collect()
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
    execute(
        &**transaction,
        AGAIN,
        params![
            webhook => INT8, events => INT8_ARRAY, generations => INT4_ARRAY, states => INT2_ARRAY,
            node.id => INT8, again(now) => INT8,
        ],
    )
    .await?;
    Ok(events)
}

const AGAIN: &str = "\
WITH again AS MATERIALIZED (
  SELECT * FROM unnest($2::bigint[], $3::integer[], $4::smallint[]) AS again(event_seq, generation, state)
), entry AS (
  INSERT INTO pending (webhook_seq, event_seq, owner, due_at, step, generation)
  SELECT $1, event_seq, $5, $6, 0, generation FROM again
  ON CONFLICT (webhook_seq, event_seq) DO UPDATE SET owner = excluded.owner, due_at = excluded.due_at, step = 0,
    generation = excluded.generation
), succeeding AS (
  DELETE FROM failed WHERE webhook_seq = $1 AND event_seq = ANY($2)
)
UPDATE delivery d SET state = a.state, generation = a.generation, completed_at = NULL
FROM again a WHERE d.webhook_seq = $1 AND d.event_seq = a.event_seq";
