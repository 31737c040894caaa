//! What waits for a webhook: pages, releases, leftovers of deleted webhooks.

use rusqlite::{Connection, OptionalExtension, Row, params};
use waxwing_core::Timestamp;
use waxwing_store::{DeliveryKey, Due, LanePage, LaneStart, Node, Queue, metrics::Backlog};

use crate::{rows, writer::Writer};

type Result<T> = rusqlite::Result<T>;

/// One page of a lane's queue.
pub(crate) fn page(
    connection: &Connection,
    node: Node,
    webhook: i64,
    queue: Queue,
    after: i64,
    now: Timestamp,
    limit: usize,
) -> Result<LanePage> {
    // The row decides, not the directory: both are read from one snapshot.
    let open: bool = connection
        .prepare_cached(
            "SELECT status = 0 AND releasing = 0 AND deleted_at IS NULL FROM webhook WHERE seq = ?1",
        )?
        .query_row([webhook], |row| row.get(0))
        .optional()?
        .unwrap_or(false);
    if !open {
        return Ok(LanePage::default());
    }
    let range = match queue {
        Queue::First => "p.due_at = 0 AND p.event_seq > ?3",
        Queue::Again => "p.due_at BETWEEN 1 AND ?3",
    };
    let bound = match queue {
        Queue::First => after,
        Queue::Again => now.millis(),
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT p.due_at, p.event_seq, p.step, p.generation, e.id, e.body, e.created_at, p.replay_seq \
         FROM pending p JOIN event e ON e.seq = p.event_seq \
         WHERE p.webhook_seq = ?1 AND p.owner = ?2 AND {range} ORDER BY p.due_at, p.event_seq LIMIT ?4"
    ))?;
    let mut due = statement
        .query_map(params![webhook, node.id, bound, rows::limit(limit + 1)], |row| due(row, webhook, queue))?
        .collect::<Result<Vec<_>>>()?;
    let more = due.len() > limit;
    due.truncate(limit);
    let next_due_at = match queue {
        Queue::First => None,
        Queue::Again => next_due_at(connection, node, webhook, now.millis())?,
    };
    Ok(LanePage { due, next_due_at, more })
}

fn due(row: &Row<'_>, webhook: i64, queue: Queue) -> Result<Due> {
    Ok(Due {
        key: DeliveryKey { webhook, event: row.get(1)? },
        queue,
        due_at: rows::time(row.get(0)?),
        step: row.get(2)?,
        generation: row.get(3)?,
        event_id: rows::event_id(row.get_ref(4)?.as_str()?)?,
        body: row.get::<_, Vec<u8>>(5)?.into(),
        published_at: rows::time(row.get(6)?),
        replay: row.get(7)?,
    })
}

fn next_due_at(connection: &Connection, node: Node, webhook: i64, after: i64) -> Result<Option<Timestamp>> {
    connection
        .prepare_cached(
            "SELECT due_at FROM pending WHERE webhook_seq = ?1 AND due_at > ?2 AND owner = ?3 ORDER BY due_at LIMIT 1",
        )?
        .query_row(params![webhook, after.max(0), node.id], |row| Ok(rows::time(row.get(0)?)))
        .optional()
}

/// The webhooks with work of this node: one look at each, not at each delivery.
pub(crate) fn lanes(connection: &Connection, node: Node) -> Result<Vec<LaneStart>> {
    let mut next = connection.prepare_cached(
        "SELECT webhook_seq FROM pending WHERE webhook_seq > ?1 ORDER BY webhook_seq LIMIT 1",
    )?;
    let mut first = connection.prepare_cached(
        "SELECT 1 FROM pending WHERE webhook_seq = ?1 AND due_at = 0 AND owner = ?2 LIMIT 1",
    )?;
    let mut found = Vec::new();
    let mut last = i64::MIN;
    while let Some(webhook) = next.query_row([last], |row| row.get::<_, i64>(0)).optional()? {
        let start = LaneStart {
            webhook,
            first: first.exists([webhook, node.id])?,
            again_at: next_due_at(connection, node, webhook, 0)?,
        };
        if start.first || start.again_at.is_some() {
            found.push(start);
        }
        last = webhook;
    }
    Ok(found)
}

/// How many deliveries wait, by the state that a reader sees.
pub(crate) fn backlog(connection: &Connection) -> Result<Backlog> {
    connection
        .prepare_cached(
            "SELECT coalesce(sum(w.status = 0 AND p.due_at = 0), 0), \
             coalesce(sum(w.status = 0 AND p.due_at > 0), 0), coalesce(sum(w.status <> 0), 0) \
             FROM pending p JOIN webhook w ON w.seq = p.webhook_seq WHERE w.deleted_at IS NULL",
        )?
        .query_row([], |row| {
            Ok(Backlog { pending: count(row, 0)?, retrying: count(row, 1)?, held: count(row, 2)? })
        })
}

fn count(row: &Row<'_>, column: usize) -> Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}

impl Writer {
    /// See [`waxwing_store::Store::release`].
    pub(crate) fn release(&mut self, webhook: i64, limit: usize) -> Result<bool> {
        let releasing: bool = self
            .connection
            .prepare_cached("SELECT releasing FROM webhook WHERE seq = ?1 AND deleted_at IS NULL")?
            .query_row([webhook], |row| row.get(0))
            .optional()?
            .unwrap_or(false);
        if !releasing {
            return Ok(true);
        }
        let moved = self.waiting_again(webhook, limit)?;
        // In the same row of the key, so that what else it holds stays.
        let mut move_up = self.connection.prepare_cached(
            "UPDATE pending SET due_at = 0, step = 0 WHERE webhook_seq = ?1 AND due_at = ?2 AND event_seq = ?3",
        )?;
        let mut point = self
            .connection
            .prepare_cached("UPDATE delivery SET due_at = 0 WHERE event_seq = ?1 AND webhook_seq = ?2")?;
        for (due_at, event) in &moved {
            move_up.execute([webhook, *due_at, *event])?;
            point.execute([*event, webhook])?;
        }
        drop((move_up, point));
        if moved.len() == limit {
            return Ok(false);
        }
        self.connection.execute("UPDATE webhook SET releasing = 0 WHERE seq = ?1", [webhook])?;
        self.refresh_target(webhook)?;
        self.effects.first.push(webhook);
        Ok(true)
    }

    fn waiting_again(&self, webhook: i64, limit: usize) -> Result<Vec<(i64, i64)>> {
        self.connection
            .prepare_cached(
                "SELECT due_at, event_seq FROM pending \
                 WHERE webhook_seq = ?1 AND due_at > 0 ORDER BY due_at LIMIT ?2",
            )?
            .query_map(params![webhook, rows::limit(limit)], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// See [`waxwing_store::Store::cancel_deleted`].
    pub(crate) fn cancel_deleted(&mut self, limit: usize, now: Timestamp) -> Result<usize> {
        let webhook: Option<i64> = self
            .connection
            .query_row(
                "SELECT seq FROM webhook WHERE deleted_at IS NOT NULL AND swept = 0 LIMIT 1",
                [],
                |row| row.get(0),
            )
            .optional()?;
        let Some(webhook) = webhook else { return Ok(0) };
        let waiting: Vec<(i64, i64)> = self
            .connection
            .prepare_cached("SELECT due_at, event_seq FROM pending WHERE webhook_seq = ?1 LIMIT ?2")?
            .query_map(params![webhook, rows::limit(limit)], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_>>()?;
        for (due_at, event) in &waiting {
            self.connection
                .prepare_cached(
                    "DELETE FROM pending WHERE webhook_seq = ?1 AND due_at = ?2 AND event_seq = ?3",
                )?
                .execute([webhook, *due_at, *event])?;
            self.connection
                .prepare_cached(
                    "UPDATE delivery SET state = 4, due_at = NULL, completed_at = ?1 \
                     WHERE event_seq = ?2 AND webhook_seq = ?3",
                )?
                .execute([now.millis(), *event, webhook])?;
        }
        if waiting.len() < limit {
            self.connection.execute("UPDATE webhook SET swept = 1 WHERE seq = ?1", [webhook])?;
            let rest = self.cancel_deleted(limit - waiting.len(), now)?;
            return Ok(waiting.len() + rest);
        }
        Ok(waiting.len())
    }
}
