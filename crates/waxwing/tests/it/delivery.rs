//! From a publish to the receiver: what is sent, retried, held, given up.

use http::HeaderMap;
use serde_json::{Value, json};
use waxwing_core::{Secret, Timestamp};
use waxwing_peers::{RawListener, Reply};

use crate::harness::{Inbox, World, inbox::header, server::expect};

/// Within a day of any clock.
fn at(received: &waxwing_peers::Received) -> Timestamp {
    Timestamp::from_millis(header(received, "webhook-timestamp").parse::<i64>().unwrap() * 1000)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_signed_twice_and_carries_the_data_byte_for_byte() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/hooks?x=1"), &["deposit.*"]).await;
    let data = r#"{"z":1.10,"a":12345678901234567890,"ü":"é","n":{"b":1,"a":2}}"#;
    let body = format!(r#"{{"account_id":"acme","type":"deposit.created","id":"order:1","data":{data}}}"#);
    let published =
        expect(202, server.api.post_raw("/api/events", HeaderMap::new(), body.into()).await.unwrap());
    assert_eq!(published["webhooks"], 1);
    let received = inbox.next().await;
    assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", "/hooks?x=1"));
    let created_at = published["created_at"].as_str().unwrap();
    let envelope =
        format!(r#"{{"id":"order:1","type":"deposit.created","created_at":"{created_at}","data":{data}}}"#);
    assert_eq!(std::str::from_utf8(&received.body).unwrap(), envelope);
    assert_eq!(header(&received, "content-type"), "application/json");
    assert_eq!(header(&received, "user-agent"), format!("Waxwing/{}", env!("CARGO_PKG_VERSION")));
    assert_eq!(header(&received, "webhook-id"), "order:1");
    let secret = Secret::given(&hook.secret).unwrap();
    assert!(waxwing_peers::verify(&received.headers, &received.body, &secret, at(&received)).is_ok());
    assert!(header(&received, "webhook-signature").starts_with("v1,"));
    assert_eq!(header(&received, "x-webhook-signature").len(), 64);
    let detail = server.until(&hook, "order:1", "delivered").await;
    assert_eq!((detail["attempt_count"].clone(), detail["last_status_code"].clone()), (json!(1), json!(200)));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_delivery_is_sent_again_with_the_same_id_and_body() {
    let world = World::new();
    let script = [Reply::with_body(500, "not now"), Reply::status(503), Reply::status(204)];
    let mut inbox = Inbox::scripted(&world, script).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event = server.publish("acme", "deposit.created", json!({ "amount": "1.00" })).await;
    let attempts = inbox.take(3).await;
    assert!(attempts.iter().all(|attempt| header(attempt, "webhook-id") == event));
    assert!(attempts.iter().all(|attempt| attempt.body == attempts[0].body));
    let detail = server.until(&hook, &event, "delivered").await;
    let codes: Vec<&Value> =
        detail["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["status_code"]).collect();
    assert_eq!(codes, [500, 503, 204]);
    assert_eq!(detail["attempts"][0]["response_body"], "not now");
    assert_eq!(detail["attempts"][0]["number"], 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exhausted_delivery_fails_and_a_replay_sends_it_again() {
    let world = World::new();
    let server = world.serve(&[]).await;
    let nothing = RawListener::closed_port().await.unwrap();
    let hook = server.webhook("acme", &format!("https://{nothing}/"), &["*"]).await;
    let event = server.publish("acme", "payout.updated", json!({})).await;
    let detail = server.until(&hook, &event, "failed").await;
    assert_eq!(detail["attempt_count"], 4);
    assert!(detail["last_error"].as_str().unwrap().contains("refused"), "{detail}");
    let mut inbox = Inbox::at(&world, nothing, [Reply::status(200)]).await;
    let path = format!("/api/webhook/{}/replay", hook.id);
    let replayed = expect(202, server.acting_for("acme").post(&path, Some(json!({}))).await.unwrap());
    assert_eq!(replayed["replayed"], 1);
    assert_eq!(header(&inbox.next().await, "webhook-id"), event);
    server.until(&hook, &event, "delivered").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_webhook_holds_its_deliveries_and_releases_them_in_order() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[("IN_FLIGHT_PER_WEBHOOK", "1")]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    server.set_status(&hook, "inactive").await;
    let mut events = Vec::new();
    for n in 0..20 {
        events.push(server.publish("acme", "deposit.created", json!({ "n": n })).await);
    }
    let log = server.log_of(&hook, "limit=100").await;
    assert!(log.len() == 20 && log.iter().all(|entry| entry["status"] == "held"), "{log:?}");
    server.set_status(&hook, "active").await;
    let arrived = inbox.take(20).await;
    let arrived: Vec<&str> = arrived.iter().map(|received| header(received, "webhook-id")).collect();
    assert_eq!(arrived, events);
    server.until(&hook, &events[19], "delivered").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_fails_the_delivery_at_once_and_disables_the_webhook() {
    let world = World::new();
    let mut inbox = Inbox::scripted(&world, [Reply::status(410), Reply::status(200)]).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let first = server.publish("acme", "deposit.created", json!({})).await;
    inbox.next().await;
    let detail = server.until(&hook, &first, "failed").await;
    assert_eq!(detail["attempt_count"], 1);
    // On PostgreSQL that is a transaction of its own, right after the attempt's.
    let webhook = server.until_webhook(&hook, "disabled").await;
    assert_eq!((&webhook["status"], &webhook["disabled_reason"]), (&json!("disabled"), &json!("gone")));
    let second = server.publish("acme", "deposit.created", json!({})).await;
    server.until(&hook, &second, "held").await;
    server.set_status(&hook, "active").await;
    assert_eq!(header(&inbox.next().await, "webhook-id"), second);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_fails_for_too_long_is_disabled() {
    let world = World::new();
    let inbox = Inbox::scripted(&world, [Reply::status(500)]).await;
    let server = world
        .serve(&[("DISABLE_AFTER", "1s"), ("RETRY_SCHEDULE", "300ms,300ms,300ms,300ms,300ms,300ms,1h")])
        .await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event = server.publish("acme", "deposit.created", json!({})).await;
    server.until(&hook, &event, "held").await;
    let webhook = server.get(&hook).await;
    assert_eq!((&webhook["status"], &webhook["disabled_reason"]), (&json!("disabled"), &json!("failing")));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_webhook_cancels_what_waits_and_keeps_its_log() {
    let world = World::new();
    let mut inbox = Inbox::scripted(&world, [Reply::status(500)]).await;
    let server = world.serve(&[("RETRY_SCHEDULE", "1h")]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event = server.publish("acme", "deposit.created", json!({})).await;
    inbox.next().await;
    server.until(&hook, &event, "retrying").await;
    let client = server.acting_for("acme");
    let deleted = client.delete(&format!("/api/webhook/{}", hook.id), None).await.unwrap();
    assert_eq!(deleted.status, 204);
    assert_eq!(server.detail(&hook, &event).await["status"], "canceled");
    assert_eq!(client.get(&format!("/api/webhook/{}", hook.id)).await.unwrap().status, 404);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_is_delivered_once_and_other_content_is_refused() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event =
        json!({ "account_id": "acme", "type": "deposit.created", "id": "order:7", "data": { "n": 1 } });
    let first = expect(202, server.api.post("/api/events", Some(event.clone())).await.unwrap());
    let again = expect(200, server.api.post("/api/events", Some(event.clone())).await.unwrap());
    assert_eq!(first, again);
    let mut other = event;
    other["data"]["n"] = json!(2);
    expect(409, server.api.post("/api/events", Some(other)).await.unwrap());
    inbox.next().await;
    let last = server.publish("acme", "deposit.created", json!({})).await;
    assert_eq!(header(&inbox.next().await, "webhook-id"), last);
    assert_eq!(server.log_of(&hook, "").await.len(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_webhook_leaves_the_others_alone() {
    let world = World::new();
    let hanging = Inbox::scripted(&world, [Reply::Hang]).await;
    let mut healthy = Inbox::healthy(&world).await;
    let server =
        world.serve(&[("IN_FLIGHT", "8"), ("IN_FLIGHT_PER_WEBHOOK", "4"), ("REQUEST_TIMEOUT", "60s")]).await;
    let slow = server.webhook("slow", &hanging.url("/"), &["*"]).await;
    server.webhook("fast", &healthy.url("/"), &["*"]).await;
    for _ in 0..50 {
        server.publish("slow", "deposit.created", json!({})).await;
    }
    for _ in 0..20 {
        server.publish("fast", "deposit.created", json!({})).await;
        healthy.next().await;
    }
    let waiting = server.log_of(&slow, "status=pending&limit=100").await;
    assert_eq!(waiting.len(), 50, "they arrive while the others hang");
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_public_address_is_never_connected_to() {
    let world = World::new();
    let inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[("RETRY_SCHEDULE", "1h")]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    server.stop().await;
    // The operator changed its mind since the webhook was made.
    let server = world.serve(&[("RETRY_SCHEDULE", "1h"), ("ALLOWED_NETWORKS", "")]).await;
    let literal = json!({ "url": inbox.url("/"), "events": ["*"] });
    let refused =
        expect(422, server.acting_for("acme").post("/api/webhook/create", Some(literal)).await.unwrap());
    assert_eq!(refused["code"], "url_not_public");
    let event = server.publish("acme", "deposit.created", json!({})).await;
    let detail = server.until(&hook, &event, "retrying").await;
    assert!(detail["last_error"].as_str().unwrap().contains("not a public address"), "{detail}");
    assert_eq!(inbox.receiver.counters().connections(), 0);
    server.stop().await;
}
