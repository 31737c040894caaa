//! A backup while events are published and delivered, restored elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::Instant};
use waxwing_core::Timestamp;
use waxwing_peers::{ApiClient, Reply};

use super::{back_up, fill, restore};
use crate::harness::{Hook, Inbox, Server, World, inbox::header, server::expect, within};

/// Publishers at once.
const PUBLISHERS: usize = 4;

/// What was acknowledged, in order, and how long each took.
type Acknowledged = Arc<Mutex<Vec<(String, Duration)>>>;

struct Load {
    acknowledged: Acknowledged,
    stop: Arc<AtomicBool>,
    publishers: Vec<JoinHandle<()>>,
}

impl Load {
    fn start(server: &Server) -> Self {
        let (acknowledged, stop) = (Acknowledged::default(), Arc::new(AtomicBool::new(false)));
        let start = |number| {
            tokio::spawn(publish(server.api.clone(), number, Arc::clone(&acknowledged), Arc::clone(&stop)))
        };
        let publishers = (0..PUBLISHERS).map(start).collect();
        Self { acknowledged, stop, publishers }
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Waits until so many are acknowledged.
    async fn until(&self, count: usize) {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        within(async {
            while self.count() < count {
                tick.tick().await;
            }
        })
        .await;
    }

    async fn stop(self) -> Vec<(String, Duration)> {
        self.stop.store(true, Relaxed);
        for publisher in self.publishers {
            within(publisher).await.unwrap();
        }
        Arc::try_unwrap(self.acknowledged).unwrap().into_inner().unwrap()
    }
}

async fn publish(api: ApiClient, publisher: usize, acknowledged: Acknowledged, stop: Arc<AtomicBool>) {
    for number in 0.. {
        if stop.load(Relaxed) {
            return;
        }
        let id = format!("load-{publisher}-{number}");
        let event = json!({ "account_id": "acme", "type": "a.b", "id": id, "data": { "n": number } });
        let began = Instant::now();
        expect(202, api.post("/api/events", Some(event)).await.unwrap());
        acknowledged.lock().unwrap().push((id, began.elapsed()));
    }
}

/// Every entry of a webhook's log, by event.
async fn whole_log(server: &Server, hook: &Hook) -> BTreeMap<String, Value> {
    let (mut log, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let path = format!("/api/webhook/{}/events?limit=250{cursor}", hook.id);
        let page = expect(200, server.acting_for(&hook.account).get(&path).await.unwrap());
        let entries = page["data"].as_array().unwrap().iter();
        log.extend(entries.map(|entry| (entry["event_id"].as_str().unwrap().to_owned(), entry.clone())));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return log,
        }
    }
}

fn slowest(latencies: &[(String, Duration)]) -> Duration {
    latencies.iter().map(|(_, took)| *took).max().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_holds_everything_acknowledged_before_it_began_and_the_rest_is_sent() {
    let (world, elsewhere) = (World::new(), World::new());
    let mut inbox = Inbox::healthy(&world).await;
    // Whatever it gets fails until the restored server sends it again.
    let later = Inbox::scripted(&world, [Reply::status(503)]).await;
    let server = world.serve(&[("RETRY_SCHEDULE", "1h")]).await;
    server.account("filling").await;
    fill(&server, "filling", 1_800).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let waiting = server.webhook("acme", &later.url("/"), &["a.b"]).await;
    let paused = server.webhook("acme", &inbox.url("/paused"), &["*"]).await;
    server.set_status(&paused, "inactive").await;
    let load = Load::start(&server);
    load.until(400).await;
    let before = load.acknowledged.lock().unwrap().clone();
    let printed = back_up(&world).await;
    let during = load.count();
    load.until(during + 100).await;
    let acknowledged = load.stop().await;
    println!(
        "{} MiB in {} s; {} events acknowledged meanwhile, the slowest in {:?}, {:?} before and {:?} after",
        printed["bytes"].as_u64().unwrap() >> 20,
        printed["seconds"],
        during - before.len(),
        slowest(&acknowledged[before.len()..during]),
        slowest(&before),
        slowest(&acknowledged[during..]),
    );
    assert!(during > before.len(), "publishing went on");
    assert!(printed["bytes"].as_u64().unwrap() > 100 << 20, "{printed}");
    server.kill().await;
    drop(later);

    let restored = restore(&world, &elsewhere).await;
    assert_eq!(restored["events"], printed["events"]);
    assert_eq!(restored["encryption_key"], "test.db.key", "the key was tried");
    while inbox.waiting() > 0 {
        inbox.next().await;
    }
    let server = elsewhere.serve(&[]).await;
    for hook in [&hook, &waiting, &paused] {
        let log = whole_log(&server, hook).await;
        let missing: Vec<_> = before.iter().filter(|(id, _)| !log.contains_key(id)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(log.len() <= acknowledged.len(), "nothing is in it that was never there");
    }
    // To the healthy one: made already, with its attempt in the log, or made now.
    let sent_again: BTreeSet<String> = before.iter().map(|(id, _)| id.clone()).collect();
    for id in &sent_again {
        let detail = server.until(&hook, id, "delivered").await;
        assert!(!detail["attempts"].as_array().unwrap().is_empty(), "{detail}");
        let detail = server.detail(&waiting, id).await;
        let (status, attempts) = (&detail["status"], detail["attempts"].as_array().unwrap().len());
        assert!(status == "pending" || (attempts > 0 && status != "delivered"), "{detail}");
        assert_eq!(server.detail(&paused, id).await["status"], "held");
    }
    server.set_status(&paused, "active").await;
    let mut left = sent_again;
    within(async {
        while !left.is_empty() {
            let received = inbox.next().await;
            if received.path == "/paused" {
                left.remove(header(&received, "webhook-id"));
            }
        }
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_in_time_with_what_the_server_acknowledges() {
    let world = World::new();
    let server = world.serve(&[]).await;
    server.account("acme").await;
    for round in 0..5_u64 {
        server.publish("acme", "a.b", json!({ "round": round })).await;
        let printed = back_up(&world).await;
        assert_eq!(printed["events"], round + 1, "{printed}");
        let as_of = Timestamp::parse(printed["as_of"].as_str().unwrap()).unwrap();
        let newest = Timestamp::parse(printed["newest_event_at"].as_str().unwrap()).unwrap();
        assert!(newest <= as_of, "{printed}");
        std::fs::remove_file(world.path("backup.db")).unwrap();
    }
    server.stop().await;
}
