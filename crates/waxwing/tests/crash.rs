//! SIGKILL at random moments under load, ten times in a row.
//!
//! What was acknowledged is delivered in the end, and what was recorded as
//! delivered is never sent again; what was counted is what the log says. The moments follow from a seed, which is
//! printed; `CRASH_SEED` sets another one, `CRASH_ROUNDS` more rounds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by panicking"
)]

#[path = "harness/mod.rs"]
mod harness;
#[path = "harness/sqlite.rs"]
mod place;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use harness::{DEADLINE, Hook, Random, Server, World, setting};
use serde_json::json;
use tokio::{sync::Notify, task::JoinSet, time::Instant};
use waxwing_peers::{ApiClient, Received, Receiver, ReceiverOptions, Reply};

const PUBLISHERS: usize = 16;
const WEBHOOKS: usize = 4;
/// Acknowledgements after which a round's server is killed, at most.
const MOST_ACKNOWLEDGED: usize = 1_500;
/// Pages of each webhook's log that are looked at before a kill.
const PAGES: usize = 4;

/// What the receiver saw, and what the server promised.
#[derive(Default)]
struct Book {
    arrived: Mutex<HashMap<String, Vec<Instant>>>,
    acknowledged: Mutex<HashSet<String>>,
    count: AtomicUsize,
    changed: Notify,
}

impl Book {
    /// Every seventh request fails, so that retries are under way as well.
    fn receive(&self, received: &Received) -> Reply {
        let id = received.headers["webhook-id"].to_str().unwrap().to_owned();
        self.arrived.lock().unwrap().entry(id).or_default().push(received.received_at);
        self.changed.notify_one();
        Reply::status(if self.count.fetch_add(1, SeqCst).is_multiple_of(7) { 500 } else { 200 })
    }

    fn acknowledge(&self, id: String) {
        self.acknowledged.lock().unwrap().insert(id);
        self.changed.notify_one();
    }

    fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    fn missing(&self) -> Vec<String> {
        let arrived = self.arrived.lock().unwrap();
        self.acknowledged.lock().unwrap().iter().filter(|id| !arrived.contains_key(*id)).cloned().collect()
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let met = tokio::time::timeout(DEADLINE, async {
            while !holds(self) {
                self.changed.notified().await;
            }
        });
        assert!(
            met.await.is_ok(),
            "{what}: {} acknowledged, missing {:?}",
            self.acknowledged(),
            self.missing().len()
        );
    }
}

/// Publishes until the server is gone.
fn publish(server: &Server, hooks: &[Hook], book: &Arc<Book>, round: usize) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for publisher in 0..PUBLISHERS {
        let client = ApiClient::new(&server.url(), harness::KEY).unwrap();
        let account = hooks[publisher % hooks.len()].account.clone();
        let book = Arc::clone(book);
        tasks.spawn(async move {
            for n in 0.. {
                let id = format!("r{round}-p{publisher}-{n}");
                let event =
                    json!({ "account_id": account, "type": "load.test", "id": id, "data": { "n": n } });
                match client.post("/api/events", Some(event)).await {
                    Ok(answer) if answer.status == 202 => book.acknowledge(id),
                    Ok(answer) if matches!(answer.status.as_u16(), 429 | 503) => {}
                    Ok(answer) => panic!("{answer:?}"),
                    Err(_) => return,
                }
            }
        });
    }
    tasks
}

/// Ids that the log shows as delivered, and when it said so.
async fn delivered(server: &Server, hooks: &[Hook]) -> (HashSet<String>, Instant) {
    let mut ids = HashSet::new();
    for hook in hooks {
        let client = server.acting_for(&hook.account);
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let path = format!("/api/webhook/{}/events?status=delivered&limit=250{cursor}", hook.id);
            let page = harness::server::expect(200, client.get(&path).await.unwrap());
            let entries = page["data"].as_array().unwrap();
            ids.extend(entries.iter().map(|entry| entry["event_id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
    }
    (ids, Instant::now())
}

/// Waits until nothing waits any more.
async fn settled(server: &Server, hooks: &[Hook]) {
    for hook in hooks {
        for state in ["pending", "retrying"] {
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            let mut waiting = Vec::new();
            let none = tokio::time::timeout(DEADLINE, async {
                loop {
                    waiting = server.log_of(hook, &format!("status={state}&limit=3")).await;
                    if waiting.is_empty() {
                        return;
                    }
                    tick.tick().await;
                }
            });
            assert!(none.await.is_ok(), "deliveries stay {state}: {waiting:#?}\n{}", server.log());
        }
    }
}

/// Events, attempts, deliveries that ended well and badly: as a webhook's log says, and as
/// they were counted.
async fn logged_and_counted(server: &Server, hook: &Hook) -> ([u64; 4], [u64; 4]) {
    let client = server.acting_for(&hook.account);
    let (mut logged, mut cursor) = ([0; 4], String::new());
    loop {
        let path = format!("/api/webhook/{}/events?limit=250{cursor}", hook.id);
        let page = harness::server::expect(200, client.get(&path).await.unwrap());
        for entry in page["data"].as_array().unwrap() {
            let of = |status: &str| u64::from(entry["status"] == status);
            let attempts = entry["attempt_count"].as_u64().unwrap();
            let entry = [1, attempts, of("delivered"), of("failed")];
            logged.iter_mut().zip(entry).for_each(|(sum, number)| *sum += number);
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let path = format!("/api/webhook/{}/metrics", hook.id);
    let totals = harness::server::expect(200, client.get(&path).await.unwrap())["totals"].clone();
    assert_eq!(totals["succeeded"], totals["delivered"]);
    let number = |member: &str| totals[member].as_u64().unwrap();
    (logged, ["events", "attempts", "delivered", "exhausted"].map(number))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_nothing_delivered_is_sent_again() {
    let seed = setting("CRASH_SEED", 20_261_123);
    let rounds = usize::try_from(setting("CRASH_ROUNDS", 10)).unwrap();
    println!("CRASH_SEED={seed}");
    let mut random = Random(seed);
    let world = World::new();
    let book = Arc::new(Book::default());
    let handler = {
        let book = Arc::clone(&book);
        move |received: Received| book.receive(&received)
    };
    let cert = world.ca.issue(&["127.0.0.1"]).unwrap();
    let receiver = Receiver::start(ReceiverOptions::local(cert, handler)).await.unwrap();
    let settings =
        [("RETRY_SCHEDULE", "20ms,50ms,100ms,200ms,500ms,1s,1s,1s,1s"), ("LOG", "warn,waxwing=info")];
    let mut server = world.serve(&settings).await;
    let mut hooks = Vec::new();
    for n in 0..WEBHOOKS {
        hooks.push(server.webhook(&format!("account-{n}"), &receiver.url("/"), &["*"]).await);
    }
    let mut promises = Vec::new();
    for round in 0..rounds {
        let before = book.acknowledged();
        let mut load = publish(&server, &hooks, &book, round);
        let wanted = before + 1 + random.below(MOST_ACKNOWLEDGED);
        book.until("publishing", |book| book.acknowledged() >= wanted).await;
        promises.push(delivered(&server, &hooks).await);
        // Somewhere in the commits that follow.
        let further = book.acknowledged() + random.below(50);
        book.until("publishing", |book| book.acknowledged() >= further).await;
        server.kill().await;
        while let Some(ended) = load.join_next().await {
            ended.unwrap();
        }
        server = world.serve(&settings).await;
    }
    book.until("delivering what was acknowledged", |book| book.missing().is_empty()).await;
    settled(&server, &hooks).await;
    for hook in &hooks {
        let (logged, counted) = logged_and_counted(&server, hook).await;
        assert_eq!(counted, logged, "{}", hook.account);
        assert!(counted[1] > counted[0], "some attempts were retries");
    }
    server.stop().await;
    let arrived = book.arrived.lock().unwrap();
    for (round, (ids, when)) in promises.iter().enumerate() {
        for id in ids {
            let late = arrived[id].iter().filter(|at| *at > when).count();
            assert_eq!(late, 0, "{id} was sent {late} times after round {round} had shown it as delivered");
        }
    }
    let checked: usize = promises.iter().map(|(ids, _)| ids.len()).sum();
    assert!(checked > 0, "no round saw anything delivered");
    println!(
        "{} acknowledged, {} arrived, {checked} checked against late requests",
        book.acknowledged(),
        arrived.len()
    );
}
