//! A server that is stopped for longer than its lease, as a suspended machine is. Of two
//! nodes on PostgreSQL the other takes over: `tests/postgres/link.rs`.

use std::{collections::HashMap, time::Duration};

use serde_json::json;
use waxwing_peers::Reply;

use crate::harness::{Inbox, World, inbox::header, stderr};

const LEASE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_slept_past_its_lease_goes_on_where_it_was_and_nobody_else_gets_the_file() {
    let world = World::new();
    let script = [Reply::Hang, Reply::status(200)];
    let mut inbox = Inbox::scripted(&world, script).await;
    let settings = [("IN_FLIGHT_PER_WEBHOOK", "1"), ("LEASE", "2s"), ("REQUEST_TIMEOUT", "1s")];
    let server = world.serve(&settings).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let mut events = Vec::new();
    for n in 0..20 {
        events.push(server.publish("acme", "a.b", json!({ "n": n })).await);
    }
    // Its first attempt hangs, the others wait in its memory.
    assert_eq!(header(&inbox.next().await, "webhook-id"), events[0]);
    server.signal("STOP");
    let (began, mut tick) = (tokio::time::Instant::now(), tokio::time::interval(LEASE / 10));
    while began.elapsed() <= LEASE {
        tick.tick().await;
    }
    let refused = world.serve_in_vain(&settings).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("in use by another waxwing"), "{}", stderr(&refused));
    assert_eq!(inbox.waiting(), 0, "it sleeps");
    server.signal("CONT");
    let mut arrived = HashMap::new();
    for received in inbox.take(20).await {
        *arrived.entry(header(&received, "webhook-id").to_owned()).or_insert(0) += 1;
    }
    assert!(events.iter().all(|event| arrived.get(event) == Some(&1)), "each once: {arrived:?}");
    let first = server.until(&hook, &events[0], "delivered").await;
    assert_eq!(first["attempt_count"], 2, "what was under way has failed: {first}");
    server.until(&hook, &events[19], "delivered").await;
    assert_eq!(inbox.waiting(), 0);
    assert_eq!(server.api.get("/readyz").await.unwrap().status, 200);
    server.stop().await;
}
