//! Periods: what is put into partitions, and what becomes of old ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use waxwing_cluster::Database;
use waxwing_core::{
    AccountId, EventId, EventType, Outcome, Pattern, Timestamp, WebhookId, delivery::Verdict, envelope,
    seal::Sealed,
};
use waxwing_postgres::{PostgresOptions, PostgresStore};
use waxwing_store::{
    Actor, Attempt, Completion, NewAccount, NewEvent, NewWebhook, Node, PublishError, Published, Queue,
    Store, StoreError,
};

const DAY: Duration = Duration::from_hours(24);

fn day(days: u32) -> Timestamp {
    Timestamp::from_millis(1_774_519_200_000).after(DAY * days)
}

/// A database with one account and one webhook that gets everything.
struct World {
    store: Arc<PostgresStore>,
    node: Node,
    account: AccountId,
    webhook: i64,
    database: Database,
}

impl World {
    async fn new() -> Self {
        let database = Database::new().await;
        let (store, node) = open(&database, "one").await;
        let account = AccountId::parse("acme").unwrap();
        let new = NewAccount { id: account.clone(), name: None, created_at: day(0) };
        store.create_account(new, &Actor::server(Timestamp::EPOCH)).await.unwrap();
        let new = NewWebhook {
            id: WebhookId::generate(day(0), [1; 10]),
            account: account.clone(),
            url: "https://receiver.example/".into(),
            events: vec![Pattern::parse("*").unwrap()],
            description: None,
            secret: Sealed::from_bytes(vec![1]),
            credentials: waxwing_store::Credentials::default(),
            created_at: day(0),
            limit: 10,
        };
        store.create_webhook(new, &Actor::server(Timestamp::EPOCH)).await.unwrap();
        let webhook = store.directory().target_rows()[0];
        Self { store, node, account, webhook, database }
    }

    fn event(&self, id: &str, now: Timestamp) -> NewEvent {
        let (id, event_type) = (EventId::parse(id).unwrap(), EventType::parse("order.created").unwrap());
        NewEvent {
            body: envelope::envelope(&id, &event_type, now, r#"{"n":1}"#).into(),
            id,
            chosen: true,
            account: self.account.clone(),
            event_type,
            created_at: now,
            idempotency_key: None,
            only: None,
        }
    }

    async fn publish(&self, id: &str, now: Timestamp) -> Published {
        let events = vec![self.event(id, now)];
        self.store.publish(self.node, events).await.unwrap().remove(0)
    }

    /// Delivers what waits, but for the last `left`.
    async fn deliver(&self, left: usize, now: Timestamp) {
        let page = self.store.lane_page(self.node, self.webhook, Queue::First, 0, now, 10_000).await.unwrap();
        for due in page.due.iter().rev().skip(left) {
            let attempt = Attempt {
                started_at: now,
                duration: Duration::ZERO,
                outcome: Outcome::Succeeded { status: 200 },
                response_body: Bytes::new(),
            };
            let completion = Completion {
                replay: None,
                key: due.key,
                generation: due.generation,
                attempt,
                verdict: Verdict::Delivered,
                disable_after: DAY,
                drop_payload: false,
                repeated: false,
                now,
            };
            assert!(self.store.record(self.node, completion).await.unwrap().applied);
        }
    }

    async fn retain(&self, cutoff: Timestamp) {
        let mut from = Some(0);
        while let Some(period) = from {
            from = self.store.retain(cutoff, period, 100).await.unwrap();
        }
    }

    fn ask(&self, sql: &str) -> String {
        self.database.execute(sql).trim().to_owned()
    }

    fn periods(&self) -> usize {
        self.ask("SELECT count(*) FROM period").parse().unwrap()
    }
}

async fn open(database: &Database, name: &str) -> (Arc<PostgresStore>, Node) {
    let options = PostgresOptions { clock_may_be_set: false, ..PostgresOptions::new(&database.url) };
    let store = PostgresStore::open(&options, Arc::default()).await.unwrap();
    let node = store.register(name, day(0), DAY * 1_000).await.unwrap();
    (Arc::new(store), node)
}

#[tokio::test]
async fn a_period_begins_with_the_first_event_after_the_one_before_it() {
    let world = World::new().await;
    for (id, days) in [("a", 0), ("b", 0), ("c", 20), ("d", 20), ("e", 40)] {
        world.publish(id, day(days)).await;
    }
    assert_eq!(world.periods(), 3);
    let rows = world.ask("SELECT string_agg(id || (seq >> 40), ' ' ORDER BY seq) FROM event");
    assert_eq!(rows, "a1 b1 c2 d2 e3");
    let ahead = world.ask("SELECT to_regclass('event_p4') IS NOT NULL");
    assert_eq!(ahead, "t", "the next one's partitions are there before they are needed");
}

#[tokio::test]
async fn a_period_whose_deliveries_ended_is_dropped_whole() {
    let world = World::new().await;
    world.publish("a", day(0)).await;
    world.publish("b", day(20)).await;
    world.deliver(0, day(20)).await;
    world.retain(day(19)).await;
    assert_eq!(world.periods(), 2, "it ended after the cutoff");
    world.retain(day(21)).await;
    let tables = world.ask("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '_p1$'");
    assert_eq!(tables, "0");
    let events = world.ask("SELECT string_agg(id, ' ') FROM event");
    assert_eq!(events, "b");
}

#[tokio::test]
async fn a_period_with_little_left_is_emptied_but_for_that() {
    let world = World::new().await;
    for number in 0..50 {
        world.publish(&format!("e{number}"), day(0)).await;
    }
    world.deliver(3, day(0)).await;
    let before = world.ask("SELECT pg_relation_filenode('delivery_p1')");
    world.retain(day(20)).await;
    assert_eq!(world.ask("SELECT string_agg(id, ' ' ORDER BY seq) FROM event"), "e47 e48 e49");
    assert_eq!(world.ask("SELECT count(*) FROM delivery"), "3");
    assert_eq!(world.ask("SELECT count(*) FROM attempt"), "0");
    let after = world.ask("SELECT pg_relation_filenode('delivery_p1')");
    assert_ne!(before, after, "emptied, not deleted row by row");
    world.deliver(0, day(20)).await;
    world.retain(day(21)).await;
    assert_eq!(world.ask("SELECT count(*) FROM event"), "0");
}

#[tokio::test]
async fn a_period_with_much_left_stays_as_it_is() {
    let world = World::new().await;
    for number in 0..10 {
        world.publish(&format!("e{number}"), day(0)).await;
    }
    world.deliver(6, day(0)).await;
    world.retain(day(20)).await;
    assert_eq!(world.ask("SELECT count(*) FROM event"), "10");
}

#[tokio::test]
async fn a_clock_that_jumps_about_begins_a_bounded_number_of_periods_and_loses_nothing() {
    let world = World::new().await;
    for number in 0..150 {
        let days = if number % 2 == 0 { 0 } else { 1_000 };
        world.publish(&format!("e{number}"), day(days)).await;
    }
    assert!(world.periods() <= 64, "{}", world.periods());
    assert_eq!(world.ask("SELECT count(*) FROM event"), "150");
    let order = world.ask("SELECT string_agg(substr(id, 2), ' ' ORDER BY seq) FROM event");
    let expected: Vec<String> = (0..150).map(|number| number.to_string()).collect();
    assert_eq!(order, expected.join(" "));
}

#[tokio::test]
async fn an_id_published_on_two_nodes_while_a_period_begins_is_kept_once() {
    let world = World::new().await;
    let (other, node) = open(&world.database, "two").await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20_u32 {
        for (store, node) in [(&world.store, world.node), (&other, node)] {
            let (store, event) = (Arc::clone(store), world.event(&format!("e{number}"), day(number * 20)));
            tasks.spawn(async move {
                loop {
                    match store.publish(node, vec![event.clone()]).await {
                        // To begin twenty periods may take longer than a publish waits.
                        Err(PublishError::Store(StoreError::Busy)) => {}
                        answer => return answer,
                    }
                }
            });
        }
    }
    let mut first = 0;
    while let Some(published) = tasks.join_next().await {
        first += usize::from(!published.unwrap().unwrap()[0].repeated);
    }
    assert_eq!(first, 20);
    assert_eq!(world.ask("SELECT count(*), count(DISTINCT id) FROM event"), "20|20");
}

#[tokio::test]
async fn a_bite_of_retention_waits_for_nobody_who_reads_an_old_period() {
    let world = World::new().await;
    world.publish("a", day(0)).await;
    world.publish("b", day(20)).await;
    world.deliver(0, day(20)).await;
    let reader = world.database.hold("BEGIN; SELECT * FROM delivery_p1");
    world.retain(day(21)).await;
    assert_eq!(world.ask("SELECT count(*) FROM event"), "2", "not now");
    drop(reader);
    world.retain(day(21)).await;
    assert_eq!(world.ask("SELECT count(*) FROM event"), "1");
}
