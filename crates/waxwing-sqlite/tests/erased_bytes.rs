//! What was erased is not in the files any more: neither in the database's pages, free
//! ones included, nor in its write-ahead log. This holds for payloads, names, URLs and
//! secrets. Of what receivers said SQLite may leave copies in the unused part of pages
//! that live on (docs/operating/personal-data.md says so).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use tempfile::TempDir;
use waxwing_core::{
    AccountId, AttemptError, ErasureId, EventId, EventType, Outcome, Pattern, Timestamp, WebhookId,
    delivery::Verdict, envelope, seal::Sealed,
};
use waxwing_sqlite::SqliteStore;
use waxwing_store::{
    Actor, Attempt, Completion, Credentials, NewAccount, NewEvent, NewWebhook, Node, Queue, Store,
    WebhookChange,
};

/// Stands in everything that one account has, and in nothing else.
const MARK: &str = "Jane-Doe-4711";
const TYPE: &str = "order.created";

struct World {
    store: Arc<SqliteStore>,
    node: Node,
    folder: TempDir,
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_774_519_200_000 + seconds * 1_000)
}

fn by(seconds: i64) -> Actor {
    Actor::server(at(seconds))
}

fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("waxwing.db"), Arc::default()).unwrap());
        let node = store.register("one", at(0), Duration::from_hours(1)).await.unwrap();
        Self { store, node, folder }
    }

    /// An account with a webhook, whose name, URL and description hold `mark`.
    async fn account(&self, id: &str, mark: &str, number: u8) {
        let new = NewAccount { id: account(id), name: Some(format!("name {mark}")), created_at: at(0) };
        self.store.create_account(new, &by(0)).await.unwrap();
        let sealed = |what: &str| Sealed::from_bytes(format!("sealed {what} {mark}").into_bytes());
        let webhook = NewWebhook {
            id: WebhookId::generate(at(0), [number; 10]),
            account: account(id),
            url: format!("https://receiver.example/{mark}"),
            events: vec![Pattern::parse("*").unwrap()],
            description: Some(format!("of {mark}")),
            secret: sealed("secret"),
            credentials: Credentials {
                headers: Some(sealed("headers")),
                authorization: Some(sealed("authorization")),
                client_certificate: Some(sealed("certificate")),
            },
            created_at: at(0),
            limit: 10,
        };
        let made = self.store.create_webhook(webhook, &by(0)).await.unwrap();
        let change =
            WebhookChange { url: Some(format!("https://new.example/{mark}")), ..WebhookChange::default() };
        self.store.update_webhook(&made.account, &made.id, change, &by(1)).await.unwrap().unwrap();
    }

    /// An event of `size` bytes that are all marks.
    async fn publish(&self, of: &str, id: &str, mark: &str, size: usize) {
        let (id, event_type) = (EventId::parse(id).unwrap(), EventType::parse(TYPE).unwrap());
        let data = format!(r#"{{"who":"{}"}}"#, mark.repeat(size / mark.len()));
        let event = NewEvent {
            body: envelope::envelope(&id, &event_type, at(2), &data).into(),
            idempotency_key: Some(format!("key-{id}")),
            id,
            chosen: true,
            account: account(of),
            event_type,
            created_at: at(2),
            only: None,
        };
        self.store.publish(self.node, vec![event]).await.unwrap();
    }

    /// Fails every first attempt; the receivers answer at length.
    async fn attempt_all(&self) {
        for row in self.store.directory().target_rows() {
            let page = self.store.lane_page(self.node, row, Queue::First, 0, at(3), 5_000).await.unwrap();
            for due in page.due {
                let attempt = Attempt {
                    started_at: at(3),
                    duration: Duration::from_millis(5),
                    outcome: Outcome::Failed(AttemptError::Protocol("no answer".into())),
                    response_body: Bytes::from("said the receiver ".repeat(40)),
                };
                let completion = Completion {
                    replay: None,
                    key: due.key,
                    generation: due.generation,
                    attempt,
                    verdict: Verdict::RetryAt(at(9_000)),
                    disable_after: Duration::from_hours(100),
                    drop_payload: false,
                    repeated: false,
                    now: at(4),
                };
                self.store.record(self.node, completion).await.unwrap();
            }
        }
    }

    async fn complete(&self, id: &ErasureId) {
        for _ in 0..10_000 {
            self.store.erase_step(at(500), 7).await.unwrap();
            if self.store.erasure(id).await.unwrap().unwrap().completed_at.is_some() {
                return;
            }
        }
        panic!("the erasure does not end");
    }

    /// How often the mark stands in each file.
    fn marks(&self) -> Vec<(PathBuf, usize)> {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path());
        let count = |path: PathBuf| {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(MARK.len()).filter(|window| *window == MARK.as_bytes()).count();
            (path, found)
        };
        files.map(count).filter(|(_, found)| *found > 0).collect()
    }
}

fn erasure_id() -> ErasureId {
    ErasureId::generate(at(5), [1; 10])
}

/// Two accounts whose rows lie between each other, with bodies from some bytes to more
/// than two pages.
async fn filled() -> World {
    let w = World::new().await;
    w.account("jane", MARK, 1).await;
    w.account("other", "somebody", 2).await;
    for n in 0..120 {
        let size = if n % 10 == 0 { 20_000 } else { 100 + n * 7 };
        w.publish("jane", &format!("jane:{n}"), MARK, size).await;
        w.publish("other", &format!("other:{n}"), "somebody", size).await;
    }
    w.attempt_all().await;
    assert!(w.marks().iter().any(|(path, _)| path.ends_with("waxwing.db-wal")), "it is on disk");
    w
}

#[tokio::test]
async fn an_erased_account_is_in_no_file() {
    let w = filled().await;
    let begun = w.store.erase_account(erasure_id(), &account("jane"), &by(5)).await.unwrap().unwrap();
    w.complete(&begun.id).await;
    assert_eq!(w.marks(), []);
    let kept = w.store.event(&EventId::parse("other:7").unwrap()).await.unwrap().unwrap();
    assert!(!kept.body.is_empty());
    w.store.close().await;
    assert_eq!(w.marks(), []);
}

#[tokio::test]
async fn an_erased_payload_is_in_no_file() {
    let w = World::new().await;
    w.account("acme", "somebody", 1).await;
    for (n, size) in [100, 20_000, 3_000].into_iter().enumerate() {
        w.publish("acme", &format!("before:{n}"), "somebody", size).await;
        w.publish("acme", &format!("event:{n}"), MARK, size).await;
        w.publish("acme", &format!("after:{n}"), "somebody", size).await;
    }
    w.attempt_all().await;
    for n in 0..3_u8 {
        let event = EventId::parse(&format!("event:{n}")).unwrap();
        let id = ErasureId::generate(at(5), [n; 10]);
        w.store.erase_event(id.clone(), &event, &by(5)).await.unwrap().unwrap();
        w.complete(&id).await;
    }
    assert_eq!(w.marks(), []);
    assert!(!w.store.event(&EventId::parse("after:1").unwrap()).await.unwrap().unwrap().body.is_empty());
}

#[tokio::test]
async fn rows_of_erased_events_are_not_used_again() {
    let w = filled().await;
    w.publish("jane", "the-last", MARK, 100).await;
    let begun = w.store.erase_account(erasure_id(), &account("jane"), &by(5)).await.unwrap().unwrap();
    w.complete(&begun.id).await;
    // Retention deletes older ones afterwards.
    let mut from = 0;
    w.store.delete_account(&account("other"), &by(6)).await.unwrap();
    while w.store.cancel_deleted(100, at(7)).await.unwrap() > 0 {}
    while let Some(next) = w.store.retain(at(40 * 86_400), from, 100).await.unwrap() {
        from = next;
    }
    let World { store, folder, .. } = w;
    drop(store);
    let store = SqliteStore::open(&folder.path().join("waxwing.db"), Arc::default()).unwrap();
    let node = store.register("one", at(9_000), Duration::from_hours(1)).await.unwrap();
    let w = World { store: Arc::new(store), node, folder };
    w.account("third", "somebody", 3).await;
    w.publish("third", "fresh", "somebody", 100).await;
    let row = *w.store.directory().target_rows().first().unwrap();
    let page = w.store.lane_page(w.node, row, Queue::First, 0, at(9_000), 10).await.unwrap();
    assert_eq!(page.due[0].key.event, 242, "after the 241 that there were");
}
