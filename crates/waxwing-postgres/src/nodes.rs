//! Nodes, leases and takeover.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use tokio_postgres::{Client, GenericClient, Row};
use waxwing_core::Timestamp;
use waxwing_store::{Node, NodeEntry, StoreError, TakenOver};

use crate::{
    rows,
    sql::{BOUNDED, Result, execute, first, get, params, query},
    store::Shared,
};

/// The nodes of a transaction, as they stand while it runs.
pub(crate) struct Nodes(HashMap<i64, (i64, i64)>);

impl Nodes {
    /// Whether it is still the holder of its name.
    pub(crate) fn is_current(&self, node: Node) -> bool {
        self.0.get(&node.id).is_some_and(|(epoch, _)| *epoch == node.epoch)
    }

    /// Whether the node may take on new work.
    pub(crate) fn may_own(&self, node: Node) -> bool {
        self.is_current(node) && self.0.get(&node.id).is_some_and(|(_, lease_until)| *lease_until > 0)
    }
}

/// Locks nodes against being taken over or registered anew until the transaction
/// ends; their renewals go on.
pub(crate) async fn lock<C: GenericClient + Sync>(
    client: &C,
    nodes: impl Iterator<Item = Node>,
) -> Result<Nodes> {
    let ids: BTreeSet<i64> = nodes.map(|node| node.id).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let sql = "SELECT seq, epoch, lease_until FROM node WHERE seq = ANY($1) ORDER BY seq FOR KEY SHARE";
    let mut found = HashMap::new();
    for row in query(client, sql, params![ids => INT8_ARRAY]).await? {
        found.insert(get(&row, 0)?, (get(&row, 1)?, get(&row, 2)?));
    }
    Ok(Nodes(found))
}

/// Locks nodes as [`lock`] does, and numbers `count` events once they are locked:
/// row numbers that nobody else has, ascending.
pub(crate) async fn begin(
    client: &Client,
    nodes: impl Iterator<Item = Node>,
    count: usize,
) -> Result<(Nodes, Vec<i64>)> {
    let ids: BTreeSet<i64> = nodes.map(|node| node.id).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let sql = "SELECT seq, epoch, lease_until, event_rows FROM begin_commit($1, $2)";
    let (mut found, mut rows) = (HashMap::new(), Vec::new());
    for row in query(client, sql, params![ids => INT8_ARRAY, rows::limit(count) => INT8]).await? {
        found.insert(get(&row, 0)?, (get(&row, 1)?, get(&row, 2)?));
        rows = get(&row, 3)?;
    }
    Ok((Nodes(found), rows))
}

impl Shared {
    /// A moment of this node's clock in the database's time.
    pub(crate) fn in_database_time(&self, now: Timestamp) -> i64 {
        now.millis().saturating_add(self.ahead_ms.lock().unwrap_or_default())
    }

    /// Nodes, those first whose lease runs longest; in this node's time.
    pub(crate) async fn nodes(&self, limit: usize) -> Result<Vec<NodeEntry>> {
        let connection = self.connection().await?;
        let sql = "SELECT name, lease_until FROM node ORDER BY lease_until DESC, seq LIMIT $1";
        let ahead = self.ahead_ms.lock().unwrap_or_default();
        let entry = |row: &Row| {
            let lease_until = Some(get::<i64>(row, 1)?).filter(|until| *until > 0);
            let lease_until = lease_until.map(|until| Timestamp::from_millis(until.saturating_sub(ahead)));
            Ok(NodeEntry { name: get(row, 0)?, lease_until })
        };
        query(&**connection, sql, params![rows::limit(limit) => INT8]).await?.iter().map(entry).collect()
    }

    /// Learns how far the database's clock is ahead, unless it is known for good.
    async fn compare_clocks(&self, client: &(impl GenericClient + Sync), now: Timestamp) -> Result<()> {
        if !self.clock_may_be_set && self.ahead_ms.lock().is_some() {
            return Ok(());
        }
        let clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        if let Some(row) = first(client, clock, &[]).await? {
            *self.ahead_ms.lock() = Some(get::<i64>(&row, 0)?.saturating_sub(now.millis()));
        }
        Ok(())
    }

    pub(crate) async fn register(&self, name: &str, now: Timestamp, lease: Duration) -> Result<Node> {
        let lease_until = now.after(lease);
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        transaction.batch_execute(BOUNDED).await?;
        self.compare_clocks(&*transaction, now).await?;
        // Waits for commits of the name's former holder.
        query(&*transaction, "SELECT seq FROM node WHERE name = $1 FOR UPDATE", params![name => TEXT])
            .await?;
        let row = first(
            &*transaction,
            "INSERT INTO node (name, epoch, lease_until) VALUES ($1, 1, $2) \
             ON CONFLICT (name) DO UPDATE SET epoch = node.epoch + 1, lease_until = excluded.lease_until \
             RETURNING seq, epoch",
            params![name => TEXT, self.in_database_time(lease_until) => INT8],
        )
        .await?;
        transaction.commit().await?;
        let (id, epoch) = match &row {
            Some(row) => (get(row, 0)?, get(row, 1)?),
            None => (0, 0),
        };
        Ok(Node { id, epoch, lease_until })
    }

    pub(crate) async fn renew(
        &self,
        node: Node,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Result<Node, StoreError>> {
        self.prolong(node, now, lease, "AND lease_until > 0").await
    }

    pub(crate) async fn rejoin(
        &self,
        node: Node,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Result<Node, StoreError>> {
        self.prolong(node, now, lease, "").await
    }

    async fn prolong(
        &self,
        node: Node,
        now: Timestamp,
        lease: Duration,
        condition: &str,
    ) -> Result<Result<Node, StoreError>> {
        let lease_until = now.after(lease);
        let connection = self.connection().await?;
        self.compare_clocks(&**connection, now).await?;
        let renewed = execute(
            &**connection,
            &format!("UPDATE node SET lease_until = $1 WHERE seq = $2 AND epoch = $3 {condition}"),
            params![self.in_database_time(lease_until) => INT8, node.id => INT8, node.epoch => INT8],
        )
        .await?;
        Ok(if renewed == 0 { Err(StoreError::LeaseLost) } else { Ok(Node { lease_until, ..node }) })
    }

    pub(crate) async fn leave(&self, node: Node) -> Result<()> {
        let connection = self.connection().await?;
        execute(
            &**connection,
            "UPDATE node SET lease_until = 0 WHERE seq = $1 AND epoch = $2",
            params![node.id => INT8, node.epoch => INT8],
        )
        .await?;
        Ok(())
    }

    pub(crate) async fn take_over(
        &self,
        node: Node,
        now: Timestamp,
        limit: usize,
    ) -> Result<Result<TakenOver, StoreError>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        transaction.batch_execute(BOUNDED).await?;
        if !lock(&*transaction, std::iter::once(node)).await?.may_own(node) {
            return Ok(Err(StoreError::LeaseLost));
        }
        self.compare_clocks(&*transaction, now).await?;
        let mut taken = TakenOver::default();
        let mut webhooks = BTreeSet::new();
        // Another node that takes over at the same time has other dead ones.
        let dead = query(
            &*transaction,
            "SELECT seq FROM node WHERE lease_until BETWEEN 0 AND $1 AND seq <> $2 \
             ORDER BY seq FOR UPDATE SKIP LOCKED",
            params![self.in_database_time(now) => INT8, node.id => INT8],
        )
        .await?;
        for row in dead {
            let dead: i64 = get(&row, 0)?;
            let wanted = limit - taken.deliveries;
            let rows = query(
                &*transaction,
                TAKE,
                params![dead => INT8, node.id => INT8, rows::limit(wanted) => INT8],
            )
            .await?;
            taken.deliveries += rows.len();
            for row in &rows {
                webhooks.insert(get::<i64>(row, 0)?);
            }
            // It can neither renew nor publish until it registers again. One with
            // nothing left is marked (-1), so that nobody looks again.
            let emptied = rows.len() < wanted;
            execute(
                &*transaction,
                "UPDATE node SET lease_until = $2 WHERE seq = $1",
                params![dead => INT8, -i64::from(emptied) => INT8],
            )
            .await?;
            if !emptied {
                taken.more = true;
                break;
            }
        }
        transaction.commit().await?;
        taken.webhooks = webhooks.into_iter().collect();
        Ok(Ok(taken))
    }
}

/// Moves at most `$3` entries of node `$1` to node `$2`, webhook by webhook along
/// the key, so that a long backlog is not read for each bite.
const TAKE: &str = "\
WITH RECURSIVE webhook AS (
  (SELECT webhook_seq FROM pending WHERE owner = $1 ORDER BY webhook_seq LIMIT 1)
  UNION ALL
  SELECT (
    SELECT p.webhook_seq FROM pending p WHERE p.owner = $1 AND p.webhook_seq > w.webhook_seq
    ORDER BY p.webhook_seq LIMIT 1
  ) FROM webhook w WHERE w.webhook_seq IS NOT NULL
), entry AS (
  SELECT p.* FROM webhook w CROSS JOIN LATERAL (
    SELECT webhook_seq, event_seq FROM pending WHERE webhook_seq = w.webhook_seq AND owner = $1
    ORDER BY due_at, event_seq LIMIT $3
  ) p LIMIT $3
)
UPDATE pending p SET owner = $2 FROM entry e
WHERE p.webhook_seq = e.webhook_seq AND p.event_seq = e.event_seq AND p.owner = $1
RETURNING p.webhook_seq";
