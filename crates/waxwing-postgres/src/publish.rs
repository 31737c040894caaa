//! Keeping events with their deliveries, once each.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use tokio_postgres::{Client, Row};
use waxwing_core::{Timestamp, envelope};
use waxwing_store::{
    DeliveryKey, Due, NewEvent, Node, PublishError, Published, Queue, StoreError, Target, counts::Tick,
};

use crate::{
    changes,
    committer::{Effects, Publishing},
    nodes::Nodes,
    rows,
    sql::{Result, execute, get, params, query},
    store::Shared,
};

/// An event that was published before.
#[derive(Clone)]
struct Earlier {
    published: Published,
    body: Bytes,
}

/// What was published before, as far as this transaction asks.
#[derive(Default)]
pub(crate) struct Known {
    by_id: HashMap<String, Earlier>,
    by_key: HashMap<String, Earlier>,
}

/// An event that will be kept.
pub(crate) struct Accepted<'a> {
    node: Node,
    event: &'a NewEvent,
    account: i64,
    webhooks: Vec<Arc<Target>>,
}

const BY_ID: &str = "SELECT id, account, type, created_at, webhooks, body FROM events_by_id($1)";
const BY_KEY: &str = "SELECT id, account, type, created_at, webhooks, body, key FROM events_by_key($1)";

/// An account that is not known here may have been made on another node just now.
pub(crate) async fn refresh_accounts(shared: &Shared, jobs: &[Publishing]) -> Result<()> {
    let mut events = jobs.iter().flat_map(|(_, events)| events);
    if events.any(|event| shared.directory.account(&event.account).is_none()) {
        changes::refresh(shared).await?;
    }
    Ok(())
}

/// Each job's events, all or none of them: the answers in the order of the jobs, and
/// what is to be kept.
pub(crate) fn accept<'a>(
    shared: &Shared,
    nodes: &Nodes,
    jobs: &'a [Publishing],
    known: &mut Known,
) -> (Vec<Result<Vec<Published>, PublishError>>, Vec<Accepted<'a>>) {
    let mut accepted = Vec::new();
    let mut answers = Vec::with_capacity(jobs.len());
    for (node, events) in jobs {
        answers.push(if nodes.may_own(*node) {
            accept_all(shared, *node, events, known, &mut accepted)
        } else {
            Err(StoreError::LeaseLost.into())
        });
    }
    (answers, accepted)
}

/// When an event was published.
pub(crate) fn created_at(accepted: &Accepted<'_>) -> Timestamp {
    accepted.event.created_at
}

/// What was published before with the ids and keys of these events. An id that was
/// made for its event is new.
pub(crate) async fn known(client: &Client, jobs: &[Publishing]) -> Result<Known> {
    let (mut ids, mut keys) = (Vec::new(), Vec::new());
    for event in jobs.iter().flat_map(|(_, events)| events) {
        if event.chosen {
            ids.push(event.id.as_str());
        }
        keys.extend(event.idempotency_key.as_deref());
    }
    let mut known = Known::default();
    if !ids.is_empty() {
        for row in query(client, BY_ID, params![ids => TEXT_ARRAY]).await? {
            known.by_id.insert(get(&row, 0)?, earlier(&row)?);
        }
    }
    if !keys.is_empty() {
        for row in query(client, BY_KEY, params![keys => TEXT_ARRAY]).await? {
            known.by_key.insert(get(&row, 6)?, earlier(&row)?);
        }
    }
    Ok(known)
}

fn earlier(row: &Row) -> Result<Earlier> {
    let published = Published {
        id: rows::event_id(row, 0)?,
        account: rows::account_id(row, 1)?,
        event_type: rows::event_type(row, 2)?,
        created_at: rows::time(row, 3)?,
        webhooks: rows::count(row, 4)?,
        repeated: true,
    };
    Ok(Earlier { published, body: get::<Vec<u8>>(row, 5)?.into() })
}

fn accept_all<'a>(
    shared: &Shared,
    node: Node,
    events: &'a [NewEvent],
    known: &mut Known,
    accepted: &mut Vec<Accepted<'a>>,
) -> Result<Vec<Published>, PublishError> {
    let before = accepted.len();
    let mut answers = Vec::with_capacity(events.len());
    for (index, event) in events.iter().enumerate() {
        match accept_one(shared, node, index, event, known, accepted) {
            Ok(answer) => answers.push(answer),
            Err(error) => {
                for refused in accepted.drain(before..) {
                    known.forget(refused.event);
                }
                return Err(error);
            }
        }
    }
    Ok(answers)
}

fn accept_one<'a>(
    shared: &Shared,
    node: Node,
    index: usize,
    event: &'a NewEvent,
    known: &mut Known,
    accepted: &mut Vec<Accepted<'a>>,
) -> Result<Published, PublishError> {
    let Some(account) = shared.directory.account(&event.account) else {
        return Err(PublishError::UnknownAccount { index, account: event.account.clone() });
    };
    let webhooks = receivers(shared, account, event)?;
    if let Some(earlier) = known.find(event) {
        return compare(index, event, earlier);
    }
    let published = Published {
        id: event.id.clone(),
        account: event.account.clone(),
        event_type: event.event_type.clone(),
        created_at: event.created_at,
        webhooks: u32::try_from(webhooks.len()).unwrap_or(u32::MAX),
        repeated: false,
    };
    known.remember(event, &published);
    accepted.push(Accepted { node, event, account, webhooks });
    Ok(published)
}

fn receivers(shared: &Shared, account: i64, event: &NewEvent) -> Result<Vec<Arc<Target>>, PublishError> {
    let Some(only) = &event.only else {
        return Ok(shared.directory.subscribers(account, &event.event_type));
    };
    let mut targets = shared.directory.targets_of(account);
    targets.retain(|target| target.id == *only);
    if targets.is_empty() { Err(PublishError::UnknownWebhook) } else { Ok(targets) }
}

impl Known {
    fn find(&self, event: &NewEvent) -> Option<&Earlier> {
        let key = event.idempotency_key.as_ref();
        key.and_then(|key| self.by_key.get(key)).or_else(|| self.by_id.get(event.id.as_str()))
    }

    /// An event of this very transaction can be repeated in it.
    fn remember(&mut self, event: &NewEvent, published: &Published) {
        let published = Published { repeated: true, ..published.clone() };
        let earlier = Earlier { published, body: event.body.clone() };
        if let Some(key) = &event.idempotency_key {
            self.by_key.insert(key.clone(), earlier.clone());
        }
        self.by_id.insert(event.id.to_string(), earlier);
    }

    fn forget(&mut self, event: &NewEvent) {
        self.by_id.remove(event.id.as_str());
        if let Some(key) = &event.idempotency_key {
            self.by_key.remove(key);
        }
    }
}

/// The first answer for the same content; a conflict for anything else. The
/// envelopes differ in time, and in a generated id, so their data is compared.
fn compare(index: usize, event: &NewEvent, earlier: &Earlier) -> Result<Published, PublishError> {
    let Earlier { published, body } = earlier;
    // Of what was erased nothing but account and type can be compared.
    let erased = body.is_empty();
    let before = envelope::data_of(body, &published.id, &published.event_type, published.created_at);
    let now = envelope::data_of(&event.body, &event.id, &event.event_type, event.created_at);
    if (erased || before.is_some() && before == now)
        && published.account == event.account
        && published.event_type == event.event_type
    {
        Ok(published.clone())
    } else {
        Err(PublishError::Conflict { index, id: published.id.clone() })
    }
}

/// One statement, whatever the number of events and webhooks.
pub(crate) async fn insert(
    client: &Client,
    accepted: &[Accepted<'_>],
    rows: &[i64],
    effects: &mut Effects,
) -> Result<()> {
    if accepted.is_empty() {
        return Ok(());
    }
    let seqs = &rows[..accepted.len()];
    let (mut events, mut webhooks, mut owners) = (Vec::new(), Vec::new(), Vec::new());
    for (accepted, seq) in accepted.iter().zip(seqs) {
        effects.published += 1;
        for target in &accepted.webhooks {
            effects.deliveries += 1;
            events.push(*seq);
            webhooks.push(target.row);
            owners.push(accepted.node.id);
            effects.ticks.push(Tick::event(target.row, created_at(accepted)));
            if target.takes_deliveries() {
                effects.due.push(due(accepted.event, *seq, target.row));
            }
        }
    }
    let of = || accepted.iter().map(|accepted| accepted.event);
    let ids: Vec<&str> = of().map(|event| event.id.as_str()).collect();
    let accounts: Vec<i64> = accepted.iter().map(|accepted| accepted.account).collect();
    let types: Vec<&str> = of().map(|event| event.event_type.as_str()).collect();
    let times: Vec<i64> = of().map(|event| event.created_at.millis()).collect();
    let lists: Vec<String> = accepted.iter().map(|accepted| array_text(&accepted.webhooks)).collect();
    let keys: Vec<Option<&str>> = of().map(|event| event.idempotency_key.as_deref()).collect();
    let bodies: Vec<&[u8]> = of().map(|event| &event.body[..]).collect();
    execute(
        client,
        INSERT,
        params![
            seqs => INT8_ARRAY, ids => TEXT_ARRAY, accounts => INT8_ARRAY, types => TEXT_ARRAY,
            times => INT8_ARRAY, lists => TEXT_ARRAY, keys => TEXT_ARRAY, bodies => BYTEA_ARRAY,
            events => INT8_ARRAY, webhooks => INT8_ARRAY, owners => INT8_ARRAY,
        ],
    )
    .await?;
    Ok(())
}

const INSERT: &str = "SELECT keep_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// An array as PostgreSQL writes it: arrays of arrays must be rectangular.
fn array_text(webhooks: &[Arc<Target>]) -> String {
    let rows: Vec<String> = webhooks.iter().map(|target| target.row.to_string()).collect();
    format!("{{{}}}", rows.join(","))
}

fn due(event: &NewEvent, seq: i64, webhook: i64) -> Due {
    Due {
        replay: None,
        key: DeliveryKey { webhook, event: seq },
        queue: Queue::First,
        due_at: Timestamp::EPOCH,
        event_id: event.id.clone(),
        body: event.body.clone(),
        published_at: event.created_at,
        step: 0,
        generation: 0,
    }
}
