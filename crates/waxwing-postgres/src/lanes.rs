//! What waits for a webhook: pages, releases, leftovers of deleted webhooks.

use std::time::Duration;

use tokio_postgres::Row;
use waxwing_core::Timestamp;
use waxwing_store::{DeliveryKey, Due, LanePage, LaneStart, Node, Queue, metrics::Backlog};

use crate::{
    changes::{self, Change},
    rows,
    sql::{Result, execute, first, get, params, query},
    store::Shared,
};

/// How long a deleted webhook is looked at again: a publish on a node that did not
/// know yet may have left something behind.
const SWEEP_AGAIN: Duration = Duration::from_mins(1);

/// The webhooks with work of a node, one look along the key for each.
const LANES: &str = "\
WITH RECURSIVE webhook AS (
  (SELECT webhook_seq FROM pending WHERE owner = $1 ORDER BY webhook_seq LIMIT 1)
  UNION ALL
  SELECT (
    SELECT p.webhook_seq FROM pending p WHERE p.owner = $1 AND p.webhook_seq > w.webhook_seq
    ORDER BY p.webhook_seq LIMIT 1
  ) FROM webhook w WHERE w.webhook_seq IS NOT NULL
), lane AS (
  SELECT webhook_seq,
    EXISTS (SELECT FROM pending p WHERE p.webhook_seq = w.webhook_seq AND p.owner = $1 AND p.due_at = 0) AS first,
    (SELECT p.due_at FROM pending p WHERE p.webhook_seq = w.webhook_seq AND p.owner = $1 AND p.due_at > 0
     ORDER BY p.due_at LIMIT 1) AS again_at
  FROM webhook w WHERE webhook_seq IS NOT NULL
)
SELECT * FROM lane WHERE first OR again_at IS NOT NULL ORDER BY webhook_seq";

/// The rest of a query on entries `p` of a webhook that takes deliveries: the row
/// decides, not the directory, in the same snapshot.
const OPEN: &str = "JOIN webhook w ON w.seq = p.webhook_seq AND w.status = 0 AND NOT w.releasing \
     AND w.deleted_at IS NULL WHERE p.webhook_seq = $1 AND p.owner = $2";

fn due(row: &Row, webhook: i64, queue: Queue) -> Result<Due> {
    Ok(Due {
        key: DeliveryKey { webhook, event: get(row, 1)? },
        queue,
        due_at: rows::time(row, 0)?,
        step: rows::count(row, 2)?,
        generation: rows::count(row, 3)?,
        event_id: rows::event_id(row, 4)?,
        body: get::<Vec<u8>>(row, 5)?.into(),
        published_at: rows::time(row, 6)?,
        replay: get(row, 7)?,
    })
}

impl Shared {
    pub(crate) async fn lanes(&self, node: Node) -> Result<Vec<LaneStart>> {
        let connection = self.connection().await?;
        let found = query(&**connection, LANES, params![node.id => INT8]).await?;
        let start = |row: &Row| {
            Ok(LaneStart {
                webhook: get(row, 0)?,
                first: get(row, 1)?,
                again_at: rows::optional_time(row, 2)?,
            })
        };
        found.iter().map(start).collect()
    }

    pub(crate) async fn lane_page(
        &self,
        node: Node,
        webhook: i64,
        queue: Queue,
        after: i64,
        now: Timestamp,
        limit: usize,
    ) -> Result<LanePage> {
        let (range, bound) = match queue {
            // Written so that it is sought along the lane, not by the key past others' entries.
            Queue::First => ("p.due_at <= 0 AND (p.due_at, p.event_seq) > (0, $3)", after),
            Queue::Again => ("p.due_at BETWEEN 1 AND $3", now.millis()),
        };
        let sql = format!(
            "SELECT p.due_at, p.event_seq, p.step, p.generation, e.id, e.body, e.created_at, p.replay_seq \
             FROM pending p JOIN event e ON e.seq = p.event_seq {OPEN} AND {range} \
             ORDER BY p.due_at, p.event_seq LIMIT $4"
        );
        let connection = self.connection().await?;
        let found = query(
            &**connection,
            &sql,
            params![webhook => INT8, node.id => INT8, bound => INT8, rows::limit(limit + 1) => INT8],
        )
        .await?;
        let next_due_at = match queue {
            Queue::First => None,
            Queue::Again => {
                let sql = format!(
                    "SELECT p.due_at FROM pending p {OPEN} AND p.due_at > $3 ORDER BY p.due_at LIMIT 1"
                );
                let after = now.millis().max(0);
                let row =
                    first(&**connection, &sql, params![webhook => INT8, node.id => INT8, after => INT8])
                        .await?;
                row.map(|row| rows::time(&row, 0)).transpose()?
            }
        };
        let more = found.len() > limit;
        let due = found.iter().take(limit).map(|row| due(row, webhook, queue)).collect::<Result<_>>()?;
        Ok(LanePage { due, next_due_at, more })
    }

    pub(crate) async fn backlog(&self) -> Result<Backlog> {
        let connection = self.connection().await?;
        let row = first(
            &**connection,
            "SELECT count(*) FILTER (WHERE w.status = 0 AND p.due_at = 0), \
             count(*) FILTER (WHERE w.status = 0 AND p.due_at > 0), count(*) FILTER (WHERE w.status <> 0) \
             FROM pending p JOIN webhook w ON w.seq = p.webhook_seq WHERE w.deleted_at IS NULL",
            &[],
        )
        .await?;
        let Some(row) = row else { return Ok(Backlog::default()) };
        let count = |column| get::<i64>(&row, column).map(i64::unsigned_abs);
        Ok(Backlog { pending: count(0)?, retrying: count(1)?, held: count(2)? })
    }

    pub(crate) async fn release(&self, webhook: i64, limit: usize) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let sql = "SELECT 1 FROM webhook WHERE seq = $1 AND releasing AND deleted_at IS NULL";
        if first(&*transaction, sql, params![webhook => INT8]).await?.is_none() {
            return Ok(true);
        }
        let moved =
            execute(&*transaction, RELEASE, params![webhook => INT8, rows::limit(limit) => INT8]).await?;
        transaction.commit().await?;
        if moved >= u64::try_from(limit).unwrap_or(u64::MAX) {
            return Ok(false);
        }
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        // Another node may have recorded a failure in between: then once more.
        let done = execute(
            &*transaction,
            "UPDATE webhook SET releasing = false WHERE seq = $1 AND releasing \
             AND NOT EXISTS (SELECT FROM pending WHERE webhook_seq = $1 AND due_at > 0)",
            params![webhook => INT8],
        )
        .await?;
        if done == 0 {
            return Ok(false);
        }
        changes::note(&transaction, &[Change::Webhook(webhook)]).await?;
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        self.feed.first_in_store(webhook);
        Ok(true)
    }

    pub(crate) async fn cancel_deleted(&self, limit: usize, now: Timestamp) -> Result<usize> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let ended =
            execute(&*transaction, CANCEL, params![rows::limit(limit) => INT8, now.millis() => INT8]).await?;
        transaction.commit().await?;
        let ended = usize::try_from(ended).unwrap_or(usize::MAX);
        if ended < limit {
            execute(
                &**connection,
                "UPDATE webhook w SET swept = true WHERE deleted_at <= $1 AND NOT swept \
                 AND NOT EXISTS (SELECT FROM pending p WHERE p.webhook_seq = w.seq)",
                params![now.before(SWEEP_AGAIN).millis() => INT8],
            )
            .await?;
        }
        Ok(ended)
    }
}

/// Moves retries back to first attempts.
const RELEASE: &str = "\
WITH entry AS MATERIALIZED (
  SELECT event_seq FROM pending WHERE webhook_seq = $1 AND due_at > 0 ORDER BY event_seq LIMIT $2 FOR UPDATE
)
UPDATE pending p SET due_at = 0, step = 0, former_state = CASE WHEN p.step = 0 THEN p.former_state END FROM entry e WHERE p.webhook_seq = $1 AND p.event_seq = e.event_seq";

/// Ends what waits for deleted webhooks.
const CANCEL: &str = "\
WITH entry AS MATERIALIZED (
  SELECT p.* FROM webhook w CROSS JOIN LATERAL (
    SELECT webhook_seq, event_seq FROM pending WHERE webhook_seq = w.seq ORDER BY event_seq LIMIT $1
  ) p WHERE w.deleted_at IS NOT NULL AND NOT w.swept LIMIT $1
), gone AS MATERIALIZED (
  DELETE FROM pending p USING entry e WHERE p.webhook_seq = e.webhook_seq AND p.event_seq = e.event_seq
  RETURNING p.webhook_seq, p.event_seq
)
UPDATE delivery d SET state = 4, completed_at = $2 FROM gone g
WHERE d.webhook_seq = g.webhook_seq AND d.event_seq = g.event_seq";
