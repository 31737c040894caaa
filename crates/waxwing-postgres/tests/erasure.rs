//! Erasing with several nodes on one database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::task::JoinSet;
use waxwing_cluster::Database;
use waxwing_core::{
    AccountId, ErasureId, EventId, EventType, Outcome, Pattern, Timestamp, WebhookId, delivery::Verdict,
    envelope, seal::Sealed,
};
use waxwing_postgres::{PostgresOptions, PostgresStore};
use waxwing_store::{
    Actor, Attempt, Completion, Credentials, Due, NewAccount, NewEvent, NewWebhook, Node, Queue, Store,
};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_774_519_200_000).after(Duration::from_secs(seconds))
}

fn by(seconds: u64) -> Actor {
    Actor::server(at(seconds))
}

fn acme() -> AccountId {
    AccountId::parse("acme").unwrap()
}

/// A node of its own.
struct Server {
    store: Arc<PostgresStore>,
    node: Node,
}

async fn server(database: &Database, name: &str) -> Server {
    let options = PostgresOptions { clock_may_be_set: false, ..PostgresOptions::new(&database.url) };
    let store = PostgresStore::open(&options, Arc::default()).await.unwrap();
    let node = store.register(name, at(0), Duration::from_hours(1)).await.unwrap();
    Server { store: Arc::new(store), node }
}

impl Server {
    async fn account(&self) {
        let new = NewAccount { id: acme(), name: None, created_at: at(0) };
        self.store.create_account(new, &by(0)).await.unwrap();
    }

    /// A webhook that gets everything; its row.
    async fn webhook(&self, number: u8) -> i64 {
        let new = NewWebhook {
            id: WebhookId::generate(at(0), [number; 10]),
            account: acme(),
            url: "https://receiver.example/".into(),
            events: vec![Pattern::parse("*").unwrap()],
            description: None,
            secret: Sealed::from_bytes(vec![1]),
            credentials: Credentials::default(),
            created_at: at(0),
            limit: 10,
        };
        self.store.create_webhook(new, &by(0)).await.unwrap();
        *self.store.directory().target_rows().iter().max().unwrap()
    }

    async fn publish(&self, id: &str) -> EventId {
        let (id, event_type) = (EventId::parse(id).unwrap(), EventType::parse("order.created").unwrap());
        let event = NewEvent {
            body: envelope::envelope(&id, &event_type, at(1), "{}").into(),
            id: id.clone(),
            chosen: true,
            account: acme(),
            event_type,
            created_at: at(1),
            idempotency_key: None,
            only: None,
        };
        self.store.publish(self.node, vec![event]).await.unwrap();
        id
    }

    async fn waiting(&self, webhook: i64) -> Vec<Due> {
        self.store.lane_page(self.node, webhook, Queue::First, 0, at(1), 100).await.unwrap().due
    }
}

fn delivered(due: &Due) -> Completion {
    Completion {
        replay: None,
        key: due.key,
        generation: due.generation,
        attempt: Attempt {
            started_at: at(2),
            duration: Duration::ZERO,
            outcome: Outcome::Succeeded { status: 200 },
            response_body: Bytes::new(),
        },
        verdict: Verdict::Delivered,
        disable_after: Duration::from_hours(1),
        drop_payload: true,
        repeated: false,
        now: at(2),
    }
}

#[tokio::test]
async fn an_accounts_events_are_left_alone_until_every_node_knows_that_it_is_gone() {
    let database = Database::new().await;
    let one = server(&database, "one").await;
    one.account().await;
    let id = one.publish("order:1").await;
    let erasure = ErasureId::generate(at(5), [1; 10]);
    one.store.erase_account(erasure.clone(), &acme(), &by(5)).await.unwrap().unwrap();
    assert!(!one.store.erase_step(at(29), 10).await.unwrap());
    assert!(one.store.event(&id).await.unwrap().is_some());
    while one.store.erase_step(at(31), 10).await.unwrap() {}
    assert!(one.store.event(&id).await.unwrap().is_none());
    assert!(one.store.erasure(&erasure).await.unwrap().unwrap().completed_at.is_some());
    one.store.close().await;
}

#[tokio::test]
async fn every_nodes_engine_is_told_of_an_erased_event_that_waited() {
    let database = Database::new().await;
    let (one, two) = (server(&database, "one").await, server(&database, "two").await);
    one.account().await;
    let webhook = one.webhook(1).await;
    let id = one.publish("order:1").await;
    // What came before.
    while !two.store.feed().take().await.changed.contains(&webhook) {}
    let erasure = ErasureId::generate(at(5), [1; 10]);
    one.store.erase_event(erasure, &id, &by(5)).await.unwrap().unwrap();
    let told = async { while !two.store.feed().take().await.changed.contains(&webhook) {} };
    tokio::time::timeout(Duration::from_secs(10), told).await.expect("the other node is not told");
    assert!(one.waiting(webhook).await.is_empty());
    one.store.close().await;
    two.store.close().await;
}

#[tokio::test]
async fn last_deliveries_recorded_by_two_nodes_at_once_drop_the_payload() {
    let database = Database::new().await;
    let (one, two) = (server(&database, "one").await, server(&database, "two").await);
    one.account().await;
    let webhooks = [one.webhook(1).await, one.webhook(2).await];
    for round in 0..30 {
        let id = one.publish(&format!("order:{round}")).await;
        let mut records = JoinSet::new();
        for (server, webhook) in [&one, &two].into_iter().zip(webhooks) {
            let due = one.waiting(webhook).await.remove(0);
            // The node that owns it, by the commits of either.
            let (store, node) = (server.store.clone(), one.node);
            records.spawn(async move { store.record(node, delivered(&due)).await.unwrap() });
        }
        assert!(records.join_all().await.iter().all(|recorded| recorded.applied));
        assert!(one.store.event(&id).await.unwrap().unwrap().erased_at.is_some(), "round {round}");
    }
    one.store.close().await;
    two.store.close().await;
}

#[tokio::test]
async fn what_is_sent_again_while_its_last_delivery_is_recorded_has_its_payload_or_is_refused() {
    let database = Database::new().await;
    let one = server(&database, "one").await;
    one.account().await;
    let webhooks = [one.webhook(1).await, one.webhook(2).await];
    for round in 0..30 {
        let id = one.publish(&format!("order:{round}")).await;
        let [first, last] = webhooks;
        let due = one.waiting(first).await.remove(0);
        one.store.record(one.node, delivered(&due)).await.unwrap();
        let due = one.waiting(last).await.remove(0);
        let (store, node) = (one.store.clone(), one.node);
        let recording = tokio::spawn(async move { store.record(node, delivered(&due)).await.unwrap() });
        let webhook = WebhookId::generate(at(0), [1; 10]);
        let again = one.store.retry(one.node, &acme(), &webhook, &id, at(3)).await;
        recording.await.unwrap();
        let page = one.store.lane_page(one.node, first, Queue::Again, 0, at(9), 100).await.unwrap();
        let waits = page.due.iter().find(|due| due.event_id == id);
        assert_eq!(waits.is_some(), again.is_ok(), "round {round}: {again:?}");
        assert!(waits.is_none_or(|due| !due.body.is_empty()), "round {round}: nothing to send");
    }
    one.store.close().await;
}
