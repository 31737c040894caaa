//! A backup while things are deleted.

use std::time::Duration;

use serde_json::{Value, json};

use super::{back_up, restore};
use crate::harness::{Inbox, Server, World, server::expect, within};

/// Takes an erasure up three times a second.
const QUICK: [(&str, &str); 2] = [("LEASE", "2s"), ("REQUEST_TIMEOUT", "500ms")];

/// Waits until a receipt is as wanted.
async fn until(server: &Server, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut tick = tokio::time::interval(Duration::from_millis(2));
    within(async {
        loop {
            tick.tick().await;
            let now = expect(200, server.api.get(&format!("/api/erasures/{id}")).await.unwrap());
            if wanted(&now) {
                return now;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_in_the_middle_of_an_erasure_is_consistent_and_the_erasure_goes_on_after_a_restore() {
    let (world, elsewhere) = (World::new(), World::new());
    let inbox = Inbox::healthy(&world).await;
    let server = world.serve(&QUICK).await;
    let hook = server.webhook("jane", &inbox.url("/"), &["*"]).await;
    server.set_status(&hook, "inactive").await;
    for _ in 0..10 {
        let event = |n: usize| json!({ "account_id": "jane", "type": "a.b", "data": { "n": n, "who": "Jane".repeat(20) } });
        let events: Vec<Value> = (0..1_000).map(event).collect();
        expect(202, server.api.post("/api/events/batch", Some(json!({ "events": events }))).await.unwrap());
    }
    let begun = expect(202, server.api.post("/api/accounts/jane/erase", None).await.unwrap());
    let id = begun["id"].as_str().unwrap();
    until(&server, id, |now| now["events"].as_u64() > Some(0)).await;
    let printed = back_up(&world).await;
    let left = printed["events"].as_u64().unwrap();
    assert!((1..10_000).contains(&left), "it was taken in the middle: {printed}");
    assert_eq!(printed["deliveries"], left, "an event goes with its deliveries");
    // The server's own erasure ends although a backup was in the way for a while.
    until(&server, id, |now| !now["completed_at"].is_null()).await;
    server.stop().await;

    restore(&world, &elsewhere).await;
    let server = elsewhere.serve(&QUICK).await;
    let completed = until(&server, id, |now| !now["completed_at"].is_null()).await;
    let counts = ["events", "deliveries", "webhooks"].map(|member| completed[member].as_u64().unwrap());
    assert_eq!(counts, [10_000, 10_000, 1], "nothing was counted twice, and nothing was left");
    server.stop().await;
}
