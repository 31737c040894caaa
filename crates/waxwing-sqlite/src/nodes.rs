//! Nodes, leases and takeover.

use std::{collections::BTreeSet, time::Duration};

use rusqlite::{Connection, params};
use waxwing_core::Timestamp;
use waxwing_store::{Node, NodeEntry, StoreError, TakenOver};

use crate::{rows, writer::Writer};

/// Nodes, those first whose lease runs longest.
pub(crate) fn list(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<NodeEntry>> {
    connection
        .prepare_cached("SELECT name, lease_until FROM node ORDER BY lease_until DESC, seq LIMIT ?1")?
        .query_map([rows::limit(limit)], |row| {
            let lease_until = Some(row.get(1)?).filter(|until| *until > 0).map(rows::time);
            Ok(NodeEntry { name: row.get(0)?, lease_until })
        })?
        .collect()
}

impl Writer {
    pub(crate) fn register(&mut self, name: &str, now: Timestamp, lease: Duration) -> rusqlite::Result<Node> {
        let lease_until = now.after(lease);
        let (id, epoch) = self.connection.query_row(
            "INSERT INTO node (name, epoch, lease_until) VALUES (?1, 1, ?2) \
             ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1, lease_until = excluded.lease_until \
             RETURNING seq, epoch",
            params![name, lease_until.millis()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        self.epochs.insert(id, epoch);
        self.lost.remove(&id);
        Ok(Node { id, epoch, lease_until })
    }

    pub(crate) fn renew(
        &mut self,
        node: Node,
        now: Timestamp,
        lease: Duration,
    ) -> rusqlite::Result<Result<Node, StoreError>> {
        let lease_until = now.after(lease);
        let renewed = self
            .connection
            .prepare_cached(
                "UPDATE node SET lease_until = ?1 WHERE seq = ?2 AND epoch = ?3 AND lease_until > 0",
            )?
            .execute(params![lease_until.millis(), node.id, node.epoch])?;
        Ok(if renewed == 0 { Err(StoreError::LeaseLost) } else { Ok(Node { lease_until, ..node }) })
    }

    pub(crate) fn rejoin(
        &mut self,
        node: Node,
        now: Timestamp,
        lease: Duration,
    ) -> rusqlite::Result<Result<Node, StoreError>> {
        let lease_until = now.after(lease);
        let joined = self.connection.execute(
            "UPDATE node SET lease_until = ?1 WHERE seq = ?2 AND epoch = ?3",
            params![lease_until.millis(), node.id, node.epoch],
        )?;
        if joined == 0 {
            return Ok(Err(StoreError::LeaseLost));
        }
        self.lost.remove(&node.id);
        Ok(Ok(Node { lease_until, ..node }))
    }

    pub(crate) fn take_over(
        &mut self,
        node: Node,
        now: Timestamp,
        limit: usize,
    ) -> rusqlite::Result<Result<TakenOver, StoreError>> {
        if !self.may_own(node) {
            return Ok(Err(StoreError::LeaseLost));
        }
        let dead: Vec<i64> = self
            .connection
            .prepare_cached(
                "SELECT seq FROM node WHERE lease_until BETWEEN 0 AND ?1 AND seq <> ?2 ORDER BY seq",
            )?
            .query_map([now.millis(), node.id], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let mut taken = TakenOver::default();
        let mut webhooks = BTreeSet::new();
        for dead in dead {
            let entries: Vec<(i64, i64, i64)> = self
                .connection
                .prepare_cached(
                    "SELECT webhook_seq, due_at, event_seq FROM pending WHERE owner = ?1 LIMIT ?2",
                )?
                .query_map([dead, rows::limit(limit - taken.deliveries)], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?
                .collect::<rusqlite::Result<_>>()?;
            let mut own = self.connection.prepare_cached(
                "UPDATE pending SET owner = ?1 WHERE webhook_seq = ?2 AND due_at = ?3 AND event_seq = ?4",
            )?;
            for (webhook, due_at, event) in &entries {
                own.execute([node.id, *webhook, *due_at, *event])?;
                webhooks.insert(*webhook);
            }
            taken.deliveries += entries.len();
            drop(own);
            self.shut_out(dead, taken.deliveries < limit)?;
            if taken.deliveries == limit {
                taken.more = true;
                break;
            }
        }
        taken.webhooks = webhooks.into_iter().collect();
        Ok(Ok(taken))
    }

    /// The dead node can neither renew nor publish until it registers again. One
    /// with nothing left is marked (-1), so that nobody looks again.
    fn shut_out(&mut self, dead: i64, emptied: bool) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("UPDATE node SET lease_until = ?2 WHERE seq = ?1")?
            .execute([dead, -i64::from(emptied)])?;
        self.lost.insert(dead);
        Ok(())
    }

    /// Whether the node may take on new work.
    pub(crate) fn may_own(&self, node: Node) -> bool {
        self.epochs.get(&node.id) == Some(&node.epoch) && !self.lost.contains(&node.id)
    }

    pub(crate) fn leave(&mut self, node: Node) -> rusqlite::Result<()> {
        self.connection.execute(
            "UPDATE node SET lease_until = 0 WHERE seq = ?1 AND epoch = ?2",
            params![node.id, node.epoch],
        )?;
        Ok(())
    }
}
