//! More than the disk takes: what is refused is refused soon and in order, what is
//! accepted is delivered, everything else goes on, and the end of it is felt at once.
//!
//! How long anything takes is not asserted, for machines differ. A sync that takes half a
//! second makes the capacity small and known: batches of 250 events, four to a commit.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::task::JoinSet;
use waxwing_peers::{ApiClient, ApiResponse};

use crate::{
    harness::{Hook, Inbox, Server, World, inbox::header, server::expect, within},
    nodes,
    shim::{Faults, Knob},
};

const SYNC_MS: i64 = 500;
/// Weighs as much as a quarter of a commit.
const BATCH: usize = 250;
/// Eight a second is the most that the disk takes; this many a second come.
const RATE: u32 = 24;
const BATCHES: usize = 144;
/// `group::MAX_WAITING`, which a last batch may exceed, and outcomes beside it.
const WAITING: u64 = 8_192 + BATCH as u64 + 1_024;

/// A batch of which one event is for a webhook.
fn batch(id: &str) -> Value {
    let event = |kind: &str, id: String| json!({ "account_id": "acme", "type": kind, "id": id, "data": {} });
    let mut events = vec![event("wanted.event", id.to_owned())];
    events.extend((1..BATCH).map(|n| event("other.event", format!("{id}-{n}"))));
    json!({ "events": events })
}

/// Whether it was accepted; a refusal says what it is and when to come again.
fn accepted(answer: &ApiResponse) -> bool {
    match answer.status.as_u16() {
        202 => true,
        429 | 503 => {
            let problem = answer.json().unwrap();
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{problem}");
            let seconds: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
            assert!(seconds > 0 && problem["code"] == "busy", "{problem}");
            false
        }
        _ => panic!("{answer:?}"),
    }
}

/// What must answer whatever is refused, until the load has ended; how many rounds there were.
async fn goes_on(server: Arc<Server>, hook: Hook, ended: Arc<AtomicBool>) -> usize {
    let mut rounds = 0;
    while !ended.load(SeqCst) {
        for path in ["/healthz", "/readyz"] {
            assert_eq!(server.api.get(path).await.unwrap().status, 200, "{path}\n{}", server.log());
        }
        server.log_of(&hook, "limit=50").await;
        let page = server.api.get("/metrics").await.unwrap().body;
        let page = String::from_utf8(page.to_vec()).unwrap();
        let line = page.lines().find_map(|line| line.strip_prefix("waxwing_writes_waiting "));
        let waiting: u64 = line.unwrap().parse().unwrap();
        assert!(waiting <= WAITING, "{waiting} writes wait");
        rounds += 1;
    }
    rounds
}

/// Batches at a fixed rate, each on a connection of its own, whatever the answers are;
/// those that were accepted and those that were refused.
async fn overload(api: &ApiClient) -> (HashSet<String>, HashSet<String>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1) / RATE);
    let mut publishes = JoinSet::new();
    for n in 0..BATCHES {
        tick.tick().await;
        let (api, id) = (api.clone(), format!("load-{n}"));
        publishes.spawn(async move {
            let answer = api.post("/api/events/batch", Some(batch(&id))).await.unwrap();
            (id, accepted(&answer))
        });
    }
    let (kept, refused): (Vec<_>, Vec<_>) = publishes.join_all().await.into_iter().partition(|it| it.1);
    let ids = |all: Vec<(String, bool)>| all.into_iter().map(|it| it.0).collect();
    (ids(kept), ids(refused))
}

#[tokio::test(flavor = "multi_thread")]
async fn three_times_what_the_disk_takes_is_refused_in_part_and_the_rest_is_kept_and_delivered() {
    let world = World::new();
    let faults = Faults::new(&world);
    let mut inbox = Inbox::healthy(&world).await;
    let server = Arc::new(faults.serve(&world, &[("LOG", "warn,waxwing=info")]).await);
    let hook = server.webhook("acme", &inbox.url("/"), &["wanted.event"]).await;
    faults.set(Knob::SyncMs, SYNC_MS);
    let ended = Arc::<AtomicBool>::default();
    let going = tokio::spawn(goes_on(Arc::clone(&server), hook, Arc::clone(&ended)));
    let (kept, refused) = overload(&server.api).await;
    let meanwhile = inbox.waiting();
    let next = server.api.post("/api/events/batch", Some(batch("next"))).await.unwrap();
    assert!(accepted(&next), "the first after the load is taken: {next:?}");
    ended.store(true, SeqCst);
    let rounds = going.await.unwrap();
    println!(
        "{} kept, {} refused, {meanwhile} delivered meanwhile, {rounds} looks",
        kept.len(),
        refused.len()
    );
    assert!(!kept.is_empty() && !refused.is_empty() && meanwhile > 0 && rounds > 1);
    faults.set(Knob::SyncMs, 0);
    let mut missing: HashSet<&str> = kept.iter().map(String::as_str).chain(["next"]).collect();
    within(async {
        while !missing.is_empty() {
            let received = inbox.next().await;
            let id = header(&received, "webhook-id");
            assert!(!refused.contains(id), "{id} was refused, and is sent nevertheless");
            missing.remove(id);
        }
    })
    .await;
    for id in &refused {
        let answer = server.api.get(&format!("/api/events/{id}")).await.unwrap();
        assert_eq!(answer.status, 404, "{id} was refused, and is there: {answer:?}");
    }
    Arc::into_inner(server).unwrap().stop().await;
}

/// The sync of one commit takes longer than anything may wait.
#[tokio::test(flavor = "multi_thread")]
async fn while_a_disk_hangs_what_waits_is_refused_and_what_was_begun_is_kept() {
    let world = World::new();
    let faults = Faults::new(&world);
    let mut inbox = Inbox::healthy(&world).await;
    // Nothing else is written meanwhile.
    let server = faults.serve(&world, &[("LEASE", "1h")]).await;
    server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let order = Arc::<AtomicUsize>::default();
    let publish = |id: &'static str| {
        let (api, order) = (server.api.clone(), Arc::clone(&order));
        tokio::spawn(async move {
            let event = json!({ "account_id": "acme", "type": "a.b", "id": id, "data": {} });
            let answer = api.post("/api/events", Some(event)).await.unwrap();
            (accepted(&answer), order.fetch_add(1, SeqCst))
        })
    };
    faults.set(Knob::SyncMs, 8_000);
    let log = || std::fs::metadata(world.path("test.db-wal")).unwrap().len();
    let before = log();
    let begun = publish("begun");
    nodes::until("its commit has begun", &server, async || log() > before).await;
    let waits = publish("waits");
    assert_eq!(within(waits).await.unwrap(), (false, 0), "refused before the disk came back");
    faults.set(Knob::SyncMs, 0);
    assert_eq!(within(begun).await.unwrap(), (true, 1));
    assert_eq!(header(&inbox.next().await, "webhook-id"), "begun");
    let event = json!({ "account_id": "acme", "type": "a.b", "id": "next", "data": {} });
    expect(202, server.api.post("/api/events", Some(event)).await.unwrap());
    assert_eq!(header(&inbox.next().await, "webhook-id"), "next");
    server.stop().await;
}
