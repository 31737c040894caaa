//! Erasing personal data, on the built program and down to the bytes of its files.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Inbox, Server, World, server::expect, within};

/// Stands in each payload of the account that is erased, and in nothing else.
const MARK: &str = "Jane-Doe-4711";
/// Takes an erasure up three times a second.
const QUICK: [(&str, &str); 2] = [("LEASE", "2s"), ("REQUEST_TIMEOUT", "500ms")];

async fn receipt(server: &Server, id: &str) -> Value {
    expect(200, server.api.get(&format!("/api/erasures/{id}")).await.unwrap())
}

/// Waits until a receipt is as wanted.
async fn until(server: &Server, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut tick = tokio::time::interval(Duration::from_millis(2));
    within(async {
        loop {
            tick.tick().await;
            let now = receipt(server, id).await;
            if wanted(&now) {
                return now;
            }
        }
    })
    .await
}

/// Publishes so many events, the largest batch at a time.
async fn publish(server: &Server, account: &str, mark: &str, count: usize) {
    for batch in 0..count / 1_000 {
        let event = |n: usize| json!({ "account_id": account, "type": "a.b", "data": { "n": n, "who": mark.repeat(8) } });
        let events: Vec<Value> = (0..1_000).map(|n| event(batch * 1_000 + n)).collect();
        expect(202, server.api.post("/api/events/batch", Some(json!({ "events": events }))).await.unwrap());
    }
}

/// How often the mark stands in the files of the database.
fn marks(world: &World, mark: &str) -> usize {
    let count = |name: &str| {
        let bytes = std::fs::read(world.path(name)).unwrap_or_default();
        bytes.windows(mark.len()).filter(|window| *window == mark.as_bytes()).count()
    };
    count("test.db") + count("test.db-wal")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_erased_to_the_last_byte_although_the_server_is_killed_in_the_middle() {
    let world = World::new();
    let inbox = Inbox::healthy(&world).await;
    let server = world.serve(&QUICK).await;
    for account in ["jane", "other"] {
        let hook = server.webhook(account, &inbox.url(&format!("/{account}")), &["*"]).await;
        server.set_status(&hook, "inactive").await;
    }
    publish(&server, "jane", MARK, 10_000).await;
    publish(&server, "other", "somebody-else", 1_000).await;
    assert!(marks(&world, MARK) > 0);
    let begun = expect(202, server.api.post("/api/accounts/jane/erase", None).await.unwrap());
    let id = begun["id"].as_str().unwrap();
    until(&server, id, |now| now["events"].as_u64() > Some(0)).await;
    server.kill().await;
    let server = world.serve(&QUICK).await;
    let found = receipt(&server, id).await;
    assert!(found["completed_at"].is_null(), "the kill came in the middle: {found}");
    let completed = until(&server, id, |now| !now["completed_at"].is_null()).await;
    let counts = ["events", "deliveries", "webhooks"].map(|member| completed[member].as_u64().unwrap());
    assert_eq!(counts, [10_000, 10_000, 1], "nothing is counted twice");
    let log = expect(200, server.api.get("/api/audit?account_id=jane&limit=250").await.unwrap()).to_string();
    assert!(log.contains("account.erased") && !log.contains("/jane"), "{log}");
    server.stop().await;
    assert_eq!(marks(&world, MARK), 0);
    assert!(marks(&world, "somebody-else") >= 1_000, "others keep everything");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_payload_is_not_sent_and_is_in_no_file() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&QUICK).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    server.set_status(&hook, "inactive").await;
    let gone = server.publish("acme", "a.b", json!({ "who": MARK.repeat(2_000) })).await;
    let kept = server.publish("acme", "a.b", json!({ "n": 1 })).await;
    let begun = expect(202, server.api.post(&format!("/api/events/{gone}/erase"), None).await.unwrap());
    until(&server, begun["id"].as_str().unwrap(), |now| !now["completed_at"].is_null()).await;
    server.set_status(&hook, "active").await;
    server.until(&hook, &kept, "delivered").await;
    let detail = server.detail(&hook, &gone).await;
    assert_eq!((&detail["status"], &detail["payload"]), (&json!("canceled"), &Value::Null));
    assert!(inbox.next().await.body.windows(kept.len()).any(|window| window == kept.as_bytes()));
    server.stop().await;
    assert_eq!((inbox.waiting(), marks(&world, MARK)), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_is_dropped_once_it_was_delivered_where_that_is_set() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[("KEEP_PAYLOADS", "delivered")]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event = server.publish("acme", "a.b", json!({ "who": MARK })).await;
    let detail = server.until(&hook, &event, "delivered").await;
    assert!(detail["payload"].is_null() && detail["payload_erased_at"].is_string(), "{detail}");
    let sent = inbox.next().await;
    assert!(sent.body.windows(MARK.len()).any(|window| window == MARK.as_bytes()));
    let retry = format!("/api/webhook/{}/events/{event}/retry", hook.id);
    let refused = expect(409, server.acting_for("acme").post(&retry, None).await.unwrap());
    assert_eq!(refused["code"], "payload_erased");
    server.stop().await;
}
