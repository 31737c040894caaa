//! Many receivers from hell: at once, and one after the other.
//!
//! `HELL_RECEIVERS` and `HELL_REQUESTS` say how many; what came of 10,000 and of 100,000
//! is written down in docs/internals/proof.md.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use waxwing_peers::{Misbehaviour, RawListener};

use crate::{
    harness::{Hook, Inbox, Server, World, setting},
    hell, nodes,
    process::{memory, open_files},
};

/// A number of the environment, as a count.
fn count(name: &str, default: u64) -> usize {
    usize::try_from(setting(name, default)).unwrap()
}

/// A delivery once an attempt of it is recorded.
pub(crate) async fn attempted(server: &Server, hook: &Hook, event: &str) -> Value {
    let mut detail = Value::Null;
    nodes::until("an attempt is recorded", server, async || {
        detail = server.detail(hook, event).await;
        detail["attempt_count"] != 0
    })
    .await;
    detail
}

/// Attempts that were made since the start.
async fn attempts(server: &Server) -> usize {
    let text = server.api.get("/metrics").await.unwrap().body;
    let text = String::from_utf8(text.to_vec()).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("waxwing_attempts_total{"));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum()
}

async fn publish(server: &Server, account: &str, events: usize) {
    let event = json!({ "account_id": account, "type": "a.b", "data": {} });
    let mut left = events;
    while left > 0 {
        let batch = left.min(500);
        let batch_of = json!({ "events": vec![event.clone(); batch] });
        let answer = server.api.post("/api/events/batch", Some(batch_of)).await.unwrap();
        assert_eq!(answer.status, 202, "{answer:?}");
        left -= batch;
    }
}

/// Waits without the deadline of single events.
async fn patiently(what: &str, patience: Duration, mut holds: impl AsyncFnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    let met = tokio::time::timeout(patience, async {
        while !holds().await {
            tick.tick().await;
        }
    });
    assert!(met.await.is_ok(), "not within {patience:?}: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_receivers_that_hang_at_once_cost_a_bounded_amount_and_nobody_else_a_delay() {
    let receivers = count("HELL_RECEIVERS", 500);
    let patience = Duration::from_secs(30 + receivers as u64 / 50);
    let timeout = format!("{}s", 4 + receivers / 250);
    let world = World::new();
    let silent = RawListener::start(Misbehaviour::Silent).await.unwrap();
    let mut inbox = Inbox::healthy(&world).await;
    let slots = (receivers + 100).to_string();
    let settings = [
        ("IN_FLIGHT", slots.as_str()),
        ("IN_FLIGHT_PER_WEBHOOK", &slots),
        ("REQUEST_TIMEOUT", &timeout),
        ("RETRY_SCHEDULE", "1h"),
    ];
    let server = world.serve(&settings).await;
    server.webhook("good", &inbox.url("/"), &["*"]).await;
    server.publish("good", "a.b", json!({})).await;
    inbox.next().await;
    let hook = server.webhook("hell", &format!("https://{}/", silent.addr), &["*"]).await;
    let before = (memory(&server, "VmRSS:"), open_files(&server));
    publish(&server, "hell", receivers).await;
    let all = u64::try_from(receivers).unwrap();
    patiently("all hang", patience, async || silent.connections() >= all).await;
    let hanging = (memory(&server, "VmRSS:"), open_files(&server));
    assert!(hanging.1 >= receivers, "{hanging:?}: they hang at once");
    let began = Instant::now();
    server.publish("good", "a.b", json!({})).await;
    inbox.next().await;
    let late = began.elapsed();
    assert!(attempts(&server).await < receivers / 2, "it arrives while most of them hang");
    patiently("all have failed", patience, async || attempts(&server).await == receivers + 2).await;
    // An attempt is counted before it is recorded.
    patiently("the log says so", patience, async || server.log_of(&hook, "status=pending").await.is_empty())
        .await;
    patiently("their connections are closed", patience, async || open_files(&server) <= before.1 + 10).await;
    for entry in server.log_of(&hook, "limit=250").await {
        let error = entry["last_error"].as_str().unwrap_or_default();
        assert!(error.contains("within"), "{entry}");
    }
    println!(
        "{receivers} hang: {} KiB each, a good one waited {late:?}; KiB and files before {before:?}, then {hanging:?}",
        (hanging.0 - before.0) / receivers as u64
    );
    assert!(hanging.0 < before.0 + 100 * receivers as u64 + 50_000, "{before:?}, {hanging:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_to_receivers_from_hell_leak_neither_memory_nor_files() {
    let requests = count("HELL_REQUESTS", 2_000);
    let patience = Duration::from_secs(60 + requests as u64 / 100);
    let world = World::new();
    let settings = [("RETRY_SCHEDULE", "1h"), ("REQUEST_TIMEOUT", "5s"), ("LOG", "warn,waxwing=info")];
    let server = world.serve(&settings).await;
    let fiends = hell::quick(&world).await;
    for (number, fiend) in fiends.iter().enumerate() {
        server.webhook(&format!("account-{number}"), &fiend.url, &["*"]).await;
    }
    // What fills caches and pools comes first.
    let mut made = 0;
    let mut figures = Vec::new();
    for part in [requests / 2, requests / 2] {
        let events = part.div_ceil(fiends.len());
        for number in 0..fiends.len() {
            publish(&server, &format!("account-{number}"), events).await;
        }
        made += events * fiends.len();
        patiently("all have failed", patience, async || attempts(&server).await >= made).await;
        patiently("all are over", patience, async || open_files(&server) <= 60).await;
        figures.push((memory(&server, "VmRSS:"), open_files(&server)));
    }
    println!(
        "{made} requests: KiB and files after the first half {:?}, after all {:?}",
        figures[0], figures[1]
    );
    let grown = figures[1].0.saturating_sub(figures[0].0);
    // The database's cache of 64 MiB fills meanwhile.
    let bound = 5_000 + (requests as u64).min(65_000);
    assert!(grown < bound, "{figures:?}: it grows");
    assert!(figures[1].1 <= figures[0].1 + 10, "{figures:?}: files stay open");
    server.stop().await;
}
