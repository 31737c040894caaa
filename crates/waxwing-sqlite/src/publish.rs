//! Keeping events with their deliveries, once each.

use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use waxwing_core::{Timestamp, envelope};
use waxwing_store::{
    DeliveryKey, Due, NewEvent, Node, PublishError, Published, Queue, StoreError, Target, counts::Tick,
};

use crate::{rows, writer::Writer};

/// The inner result says what the publisher did wrong; the outer one that the
/// transaction cannot go on.
type Outcome<T> = rusqlite::Result<Result<T, PublishError>>;

/// An event that was published before.
struct Earlier {
    published: Published,
    body: Vec<u8>,
}

impl Writer {
    /// All of `events`, or none.
    pub(crate) fn publish(&mut self, node: Node, events: Vec<NewEvent>) -> Outcome<Vec<Published>> {
        if !self.may_own(node) {
            return Ok(Err(StoreError::LeaseLost.into()));
        }
        // One event writes nothing before it is sure; several need a way back.
        let several = events.len() > 1;
        if several {
            self.connection.prepare_cached("SAVEPOINT batch")?.execute([])?;
        }
        let before = self.effects.mark();
        let counted = (self.effects.published, self.effects.deliveries);
        let mut published = Vec::with_capacity(events.len());
        for (index, event) in events.into_iter().enumerate() {
            match self.publish_one(node, index, event)? {
                Ok(answer) => published.push(answer),
                Err(error) => {
                    if several {
                        self.connection.prepare_cached("ROLLBACK TO batch")?.execute([])?;
                        self.connection.prepare_cached("RELEASE batch")?.execute([])?;
                    }
                    self.effects.cut(before);
                    (self.effects.published, self.effects.deliveries) = counted;
                    return Ok(Err(error));
                }
            }
        }
        if several {
            self.connection.prepare_cached("RELEASE batch")?.execute([])?;
        }
        Ok(Ok(published))
    }

    fn publish_one(&mut self, node: Node, index: usize, event: NewEvent) -> Outcome<Published> {
        let Some(account) = self.directory.account(&event.account) else {
            return Ok(Err(PublishError::UnknownAccount { index, account: event.account }));
        };
        let webhooks = match self.receivers(account, &event) {
            Ok(webhooks) => webhooks,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(key) = &event.idempotency_key
            && let Some(earlier) = self.earlier_by_key(key)?
        {
            return Ok(compare(index, &event, earlier));
        }
        let row = self.next_event;
        let count = u32::try_from(webhooks.len()).unwrap_or(u32::MAX);
        let inserted = self
            .connection
            .prepare_cached(
                "INSERT INTO event (seq, id, account_seq, type, created_at, webhooks, idempotency, body) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING",
            )?
            .execute(params![
                row,
                event.id.as_str(),
                account,
                event.event_type.as_str(),
                event.created_at.millis(),
                count,
                event.idempotency_key,
                &event.body[..],
            ])?;
        if inserted == 0 {
            let earlier = self.earlier_by_id(event.id.as_str())?;
            return Ok(compare(index, &event, earlier));
        }
        self.next_event += 1;
        if let Some(key) = &event.idempotency_key {
            self.connection
                .prepare_cached("INSERT INTO idempotency (key, event_seq) VALUES (?1, ?2)")?
                .execute(params![key, row])?;
        }
        self.insert_deliveries(node, row, &event, &webhooks)?;
        self.effects.published += 1;
        self.effects.deliveries += u64::from(count);
        self.unlisted += webhooks.len();
        Ok(Ok(Published {
            id: event.id,
            account: event.account,
            event_type: event.event_type,
            created_at: event.created_at,
            webhooks: count,
            repeated: false,
        }))
    }

    fn receivers(&self, account: i64, event: &NewEvent) -> Result<Vec<Arc<Target>>, PublishError> {
        match &event.only {
            None => Ok(self.directory.subscribers(account, &event.event_type)),
            Some(id) => {
                let mut targets = self.directory.targets_of(account);
                targets.retain(|target| target.id == *id);
                if targets.is_empty() { Err(PublishError::UnknownWebhook) } else { Ok(targets) }
            }
        }
    }

    fn insert_deliveries(
        &mut self,
        node: Node,
        event_row: i64,
        event: &NewEvent,
        webhooks: &[Arc<Target>],
    ) -> rusqlite::Result<()> {
        let mut delivery = self.connection.prepare_cached(
            "INSERT INTO delivery (event_seq, webhook_seq, state, due_at) VALUES (?1, ?2, 0, 0)",
        )?;
        let mut pending = self.connection.prepare_cached(
            "INSERT INTO pending (webhook_seq, due_at, event_seq, owner) VALUES (?1, 0, ?2, ?3)",
        )?;
        for target in webhooks {
            delivery.execute(params![event_row, target.row])?;
            pending.execute(params![target.row, event_row, node.id])?;
            self.effects.ticks.push(Tick::event(target.row, event.created_at));
            if target.takes_deliveries() {
                self.effects.due.push(Due {
                    key: DeliveryKey { webhook: target.row, event: event_row },
                    queue: Queue::First,
                    due_at: Timestamp::EPOCH,
                    event_id: event.id.clone(),
                    body: event.body.clone(),
                    published_at: event.created_at,
                    step: 0,
                    generation: 0,
                    replay: None,
                });
            }
        }
        Ok(())
    }

    fn earlier_by_key(&self, key: &str) -> rusqlite::Result<Option<Earlier>> {
        let id: Option<String> = self
            .connection
            .prepare_cached(
                "SELECT e.id FROM idempotency i JOIN event e ON e.seq = i.event_seq WHERE i.key = ?1",
            )?
            .query_row([key], |row| row.get(0))
            .optional()?;
        id.map(|id| self.earlier_by_id(&id)).transpose()
    }

    fn earlier_by_id(&self, id: &str) -> rusqlite::Result<Earlier> {
        self.connection
            .prepare_cached(
                "SELECT e.id, a.id, e.type, e.created_at, e.webhooks, e.body \
                 FROM event e JOIN account a ON a.seq = e.account_seq WHERE e.id = ?1",
            )?
            .query_row([id], |row| {
                Ok(Earlier {
                    published: Published {
                        id: rows::event_id(row.get_ref(0)?.as_str()?)?,
                        account: rows::account_id(row.get_ref(1)?.as_str()?)?,
                        event_type: rows::event_type(row.get_ref(2)?.as_str()?)?,
                        created_at: rows::time(row.get(3)?),
                        webhooks: row.get(4)?,
                        repeated: true,
                    },
                    body: row.get(5)?,
                })
            })
    }
}

/// The first answer for the same content; a conflict for anything else. The
/// envelopes differ in time, and in a generated id, so their data is compared.
fn compare(index: usize, event: &NewEvent, earlier: Earlier) -> Result<Published, PublishError> {
    let Earlier { published, body } = earlier;
    // Of what was erased nothing but account and type can be compared.
    let erased = body.is_empty();
    let before = envelope::data_of(&body, &published.id, &published.event_type, published.created_at);
    let now = envelope::data_of(&event.body, &event.id, &event.event_type, event.created_at);
    if (erased || before.is_some() && before == now)
        && published.account == event.account
        && published.event_type == event.event_type
    {
        Ok(published)
    } else {
        Err(PublishError::Conflict { index, id: published.id })
    }
}
