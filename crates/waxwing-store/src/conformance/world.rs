//! A small world for the suite: one account, one node, and builders for what the
//! tests put into the store.
//!
//! Time is always an argument, counted in seconds from a fixed morning; nothing
//! in here reads a clock or sleeps. Every id is made from a counter, so that a
//! test does the same on each run.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use waxwing_core::{
    AccountId, EventId, EventType, KeyId, Pattern, ReplayId, Role, Timestamp, WebhookId, envelope,
    seal::Sealed,
};

use crate::{
    Actor, Credentials, Key, NewAccount, NewEvent, NewKey, NewWebhook, Node, PublishError, Published, Store,
    Target, Wakeups, Webhook,
};

/// How long the lease of a node runs.
pub(super) const LEASE: Duration = Duration::from_mins(1);
/// A day.
pub(super) const DAY: Duration = Duration::from_hours(24);
/// How long a webhook may fail every attempt in these tests.
pub(super) const DISABLE_AFTER: Duration = Duration::from_hours(5 * 24);
/// The type of an event when a test does not care.
pub(super) const TYPE: &str = "order.created";

/// The moment `seconds` after the tests begin.
pub(super) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_774_519_200_000).after(Duration::from_secs(seconds))
}

/// The moment `days` after the tests begin.
pub(super) fn day(days: u32) -> Timestamp {
    at(0).after(DAY * days)
}

/// Who changes things at this moment, when a test does not care.
pub(super) fn by(now: Timestamp) -> Actor {
    Actor::server(now)
}

/// An event type.
pub(super) fn event_type(text: &str) -> EventType {
    EventType::parse(text).unwrap()
}

/// An account's id.
pub(super) fn account_id(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

/// An event's id.
pub(super) fn event_id(text: &str) -> EventId {
    EventId::parse(text).unwrap()
}

/// A sealed secret unlike that of any other `mark`.
pub(super) fn sealed(mark: u8) -> Sealed {
    Sealed::from_bytes(vec![mark, 0, 0xff, mark])
}

/// An event with this content; `data` is JSON text.
pub(super) fn event_with(
    id: &EventId,
    account: &AccountId,
    kind: &str,
    data: &str,
    now: Timestamp,
) -> NewEvent {
    let event_type = event_type(kind);
    NewEvent {
        id: id.clone(),
        chosen: true,
        account: account.clone(),
        body: envelope::envelope(id, &event_type, now, data).into(),
        event_type,
        created_at: now,
        idempotency_key: None,
        only: None,
    }
}

/// A webhook, by its id and its row.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    /// Its id.
    pub(super) id: WebhookId,
    /// Its row.
    pub(super) row: i64,
    /// Its owner.
    pub(super) account: AccountId,
}

/// The store under test with one account and one registered node.
pub(super) struct World {
    /// The store under test.
    pub(super) store: Arc<dyn Store>,
    /// A node registered at `at(0)` under the name `one`.
    pub(super) node: Node,
    /// An account made at `at(0)`.
    pub(super) account: AccountId,
    made: AtomicU64,
}

impl World {
    /// Puts the account and the node into an empty store.
    pub(super) async fn new(store: Arc<dyn Store>) -> Self {
        let node = store.register("one", at(0), LEASE).await.unwrap();
        let world = Self { store, node, account: account_id("acme"), made: AtomicU64::new(0) };
        world.account("acme", at(0)).await;
        world
    }

    /// A number that was not given out before.
    pub(super) fn number(&self) -> u64 {
        self.made.fetch_add(1, Ordering::Relaxed)
    }

    /// Ten bytes that were not given out before.
    fn bytes(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.number().to_be_bytes());
        bytes
    }

    /// Registers another node.
    pub(super) async fn node(&self, name: &str, now: Timestamp) -> Node {
        self.store.register(name, now, LEASE).await.unwrap()
    }

    /// Makes an account.
    pub(super) async fn account(&self, id: &str, now: Timestamp) -> AccountId {
        let account = NewAccount { id: account_id(id), name: Some(id.to_uppercase()), created_at: now };
        self.store.create_account(account, &by(now)).await.unwrap().id
    }

    /// A key to be kept, whose hash is `mark` 32 times.
    pub(super) fn key(&self, account: Option<&AccountId>, mark: u8, now: Timestamp) -> NewKey {
        let key = Key {
            id: KeyId::generate(now, self.bytes()),
            account: account.cloned(),
            role: if account.is_some() { Role::Account } else { Role::Operator },
            name: Some(format!("key {mark}")),
            created_at: now,
            expires_at: None,
            last_used_at: None,
            portal: false,
        };
        NewKey { key, hash: [mark; 32] }
    }

    /// A webhook to be made.
    pub(super) fn new_webhook(&self, account: &AccountId, events: &[&str], now: Timestamp) -> NewWebhook {
        NewWebhook {
            id: WebhookId::generate(now, self.bytes()),
            account: account.clone(),
            url: "https://receiver.example/hook".into(),
            events: events.iter().map(|text| Pattern::parse(text).unwrap()).collect(),
            description: None,
            secret: sealed(1),
            credentials: Credentials::default(),
            created_at: now,
            limit: 1_000,
        }
    }

    /// A webhook of the world's account that subscribes to everything.
    pub(super) async fn webhook(&self) -> Hook {
        self.webhook_of(&self.account, &["*"]).await
    }

    /// A webhook of `account` that subscribes to `events`.
    pub(super) async fn webhook_of(&self, account: &AccountId, events: &[&str]) -> Hook {
        let made =
            self.store.create_webhook(self.new_webhook(account, events, at(0)), &by(at(0))).await.unwrap();
        self.hook(&made)
    }

    /// A webhook's row, as the directory knows it.
    pub(super) fn hook(&self, webhook: &Webhook) -> Hook {
        let directory = self.store.directory();
        let account_row = directory.account(&webhook.account).expect("the directory knows the account");
        let targets = directory.targets_of(account_row);
        let target =
            targets.iter().find(|target| target.id == webhook.id).expect("the directory knows the webhook");
        Hook { id: webhook.id.clone(), row: target.row, account: webhook.account.clone() }
    }

    /// A webhook as the directory shows it; it must be there.
    pub(super) fn target(&self, hook: &Hook) -> Arc<Target> {
        self.store.directory().target(hook.row).expect("the directory knows the webhook")
    }

    /// An id for an event as the API generates it.
    pub(super) fn event_id(&self, now: Timestamp) -> EventId {
        EventId::generate(now, self.bytes())
    }

    /// An id for a replay.
    pub(super) fn replay_id(&self, now: Timestamp) -> ReplayId {
        ReplayId::generate(now, self.bytes())
    }

    /// A fresh event of the world's account.
    pub(super) fn event(&self, kind: &str, now: Timestamp) -> NewEvent {
        let data = format!(r#"{{"n":{}}}"#, self.number());
        event_with(&self.event_id(now), &self.account, kind, &data, now)
    }

    /// Publishes a batch by the world's node.
    pub(super) async fn offer(&self, events: Vec<NewEvent>) -> Result<Vec<Published>, PublishError> {
        self.store.publish(self.node, events).await
    }

    /// Publishes `count` fresh events in one batch and gives their ids in order.
    pub(super) async fn publish(&self, count: usize, now: Timestamp) -> Vec<EventId> {
        self.publish_by(self.node, count, now).await
    }

    /// Does so by another node.
    pub(super) async fn publish_by(&self, node: Node, count: usize, now: Timestamp) -> Vec<EventId> {
        let events = (0..count).map(|_| self.event(TYPE, now)).collect();
        let published = self.store.publish(node, events).await.unwrap();
        published.into_iter().map(|one| one.id).collect()
    }

    /// Publishes one fresh event of this type.
    pub(super) async fn publish_type(&self, kind: &str, now: Timestamp) -> EventId {
        self.offer(vec![self.event(kind, now)]).await.unwrap()[0].id.clone()
    }

    /// What the feed holds now; nothing is waited for.
    pub(super) fn wakeups(&self) -> Wakeups {
        use std::{
            future::Future,
            pin::pin,
            task::{Context, Poll, Waker},
        };
        match pin!(self.store.feed().take()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(taken) => taken,
            Poll::Pending => Wakeups::default(),
        }
    }
}
