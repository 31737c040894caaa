//! Publishing.

use serde_json::{Value, json};
use waxwing_api::Limits;

use crate::harness::{Answer, Server};

async fn publish(server: &Server, body: Value) -> Answer {
    server.post("/api/events").operator().json(&body).send().await
}

fn event(id: &str, data: Value) -> Value {
    json!({ "account_id": "acme", "type": "deposit.completed", "id": id, "data": data })
}

#[tokio::test]
async fn an_event_is_accepted_with_its_id_time_and_number_of_webhooks() {
    let server = Server::with_acme().await;
    server.webhook("acme", &["deposit.*"]).await;
    server.webhook("acme", &["*"]).await;
    server.webhook("acme", &["payout.*"]).await;
    let body = json!({ "account_id": "acme", "type": "deposit.completed", "data": { "amount": 1 } });
    let made = publish(&server, body).await.expect(202);
    assert!(made["id"].as_str().unwrap().starts_with("evt_"));
    assert_eq!((&made["account_id"], &made["type"]), (&json!("acme"), &json!("deposit.completed")));
    assert_eq!(made["webhooks"], 2);
    let path = format!("/api/events/{}", made["id"].as_str().unwrap());
    let shown = server.get(&path).operator().send().await.expect(200);
    assert_eq!((&shown["created_at"], &shown["webhooks"]), (&made["created_at"], &json!(2)));
    assert_eq!(shown["payload"]["data"], json!({ "amount": 1 }));
    assert_eq!(shown["deliveries"].as_array().unwrap().len(), 2);
    assert!(shown["deliveries"][0]["webhook_id"].as_str().unwrap().starts_with("wh_"));
}

#[tokio::test]
async fn data_is_kept_byte_for_byte() {
    let server = Server::with_acme().await;
    let id = server.webhook("acme", &["*"]).await;
    let data = r#"{ "z" : 0.10, "a":1000000000000000000000, "e":1E+2, "text":"\u00e4 ä \/", "nested":[ ] }"#;
    let body = format!(r#"{{"type":"a.b","data":{data},"account_id":"acme","id":"pay-1"}}"#);
    server.post("/api/events").operator().raw("application/json", body).send().await.expect(202);
    let path = format!("/api/webhook/{id}/events/pay-1");
    let detail = server.get(&path).acting_for("acme").send().await;
    detail.expect(200);
    let envelope = r#"{"id":"pay-1","type":"a.b","created_at":""#;
    assert!(detail.text.contains(envelope), "{}", detail.text);
    assert!(detail.text.contains(&format!(r#","data":{data}}}"#)), "{}", detail.text);
}

#[tokio::test]
async fn publishing_an_id_again_answers_as_the_first_time_and_delivers_nothing_twice() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let first = publish(&server, event("order:1", json!({ "n": 1 }))).await.expect(202);
    server.webhook("acme", &["*"]).await;
    let again = publish(&server, event("order:1", json!({ "n": 1 }))).await.expect(200);
    assert_eq!(again, first);
    assert_eq!(server.list(&format!("/api/webhook/{hook}/events")).await.len(), 1);
    publish(&server, event("order:1", json!({ "n": 2 }))).await.refused(409, "event_conflict");
    let other_type = json!({ "account_id": "acme", "type": "x", "id": "order:1", "data": { "n": 1 } });
    publish(&server, other_type).await.refused(409, "event_conflict");
}

#[tokio::test]
async fn an_idempotency_key_does_the_same_without_an_id() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let send = |key: &str, n: u32| {
        let body = json!({ "account_id": "acme", "type": "a.b", "data": { "n": n } });
        server.post("/api/events").operator().header("idempotency-key", key).json(&body)
    };
    let first = send("k 1", 1).send().await.expect(202);
    assert_eq!(send("k 1", 1).send().await.expect(200), first);
    send("k 1", 2).send().await.refused(409, "event_conflict");
    assert_ne!(send("k2", 1).send().await.expect(202)["id"], first["id"]);
    assert_eq!(server.list(&format!("/api/webhook/{hook}/events")).await.len(), 2);
    for bad in ["", &"x".repeat(256)] {
        send(bad, 1).send().await.refused(400, "header_invalid");
    }
}

#[tokio::test]
async fn a_batch_is_kept_as_a_whole_and_can_be_repeated() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let log = format!("/api/webhook/{hook}/events?limit=250");
    let batch =
        |events: Value| server.post("/api/events/batch").operator().json(&json!({ "events": events }));
    let two = json!([event("a", json!({})), event("b", json!({}))]);
    let kept = batch(two.clone()).send().await.expect(202);
    assert_eq!((&kept["data"][0]["id"], &kept["data"][1]["id"]), (&json!("a"), &json!("b")));
    assert_eq!(batch(two).send().await.expect(200), kept);
    let mixed = json!([event("b", json!({})), event("c", json!({}))]);
    batch(mixed).send().await.expect(202);
    assert_eq!(server.list(&log).await.len(), 3);
    let refusals = [
        (json!([event("d", json!({})), event("a", json!({ "n": 2 }))]), 409, "event_conflict", "/events/1"),
        (
            json!([event("d", json!({})), { "account_id": "x", "type": "t", "data": {} }]),
            422,
            "account_unknown",
            "/events/1/account_id",
        ),
        (json!([event("d", json!({})), event("bad.id", json!({}))]), 422, "body_invalid", "/events/1/id"),
        (
            json!([event("d", json!({})), { "account_id": "acme", "type": "t", "data": 7 }]),
            422,
            "body_invalid",
            "/events/1/data",
        ),
        (json!([]), 422, "body_invalid", "/events"),
    ];
    for (events, status, code, pointer) in refusals {
        let problem = batch(events).send().await.refused(status, code);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert_eq!(server.list(&log).await.len(), 3, "nothing of a refused batch is kept");
}

#[tokio::test]
async fn an_idempotency_key_covers_each_event_of_a_batch() {
    let server = Server::with_acme().await;
    let send = |n: u32| {
        let event = |n: u32| json!({ "account_id": "acme", "type": "a.b", "data": { "n": n } });
        let body = json!({ "events": [event(0), event(n)] });
        server.post("/api/events/batch").operator().header("idempotency-key", "k").json(&body)
    };
    let first = send(1).send().await.expect(202);
    assert_eq!(send(1).send().await.expect(200), first);
    send(2).send().await.refused(409, "event_conflict");
}

#[tokio::test]
async fn the_size_of_events_and_batches_is_bounded() {
    let limits = Limits { event_bytes: 1_000, batch_events: 3, ..Limits::default() };
    let server = Server::with(limits).await;
    server.account("acme").await;
    let sized = |size: usize| {
        let empty = r#"{"account_id":"acme","type":"t","data":{"x":""}}"#;
        format!(r#"{{"account_id":"acme","type":"t","data":{{"x":"{}"}}}}"#, "y".repeat(size - empty.len()))
    };
    let send = |path: &str, body: String| server.post(path).operator().raw("application/json", body);
    send("/api/events", sized(1_000)).send().await.expect(202);
    send("/api/events", sized(1_001)).send().await.refused(413, "too_large");
    let batch = |events: &[String]| format!(r#"{{"events":[{}]}}"#, events.join(","));
    send("/api/events/batch", batch(&[sized(1_000), sized(1_000), sized(1_000)])).send().await.expect(202);
    let large = send("/api/events/batch", batch(&[sized(100), sized(1_001)])).send().await;
    assert_eq!(large.refused(413, "too_large")["errors"][0]["pointer"], "/events/1");
    let many = vec![sized(100); 4];
    send("/api/events/batch", batch(&many)).send().await.refused(422, "body_invalid");
}

#[tokio::test]
async fn a_test_event_goes_to_its_webhook_alone_whatever_it_subscribes_to() {
    let server = Server::with_acme().await;
    let (one, two) = (server.webhook("acme", &["a.b"]).await, server.webhook("acme", &["*"]).await);
    let path = format!("/api/webhook/{one}/test");
    let made = server.post(&path).acting_for("acme").send().await.expect(202);
    assert_eq!((&made["type"], &made["webhooks"]), (&json!("webhook.test"), &json!(1)));
    assert_eq!(server.list(&format!("/api/webhook/{one}/events")).await.len(), 1);
    assert_eq!(server.list(&format!("/api/webhook/{two}/events")).await.len(), 0);
}

#[tokio::test]
async fn an_event_without_a_subscriber_is_kept() {
    let server = Server::with_acme().await;
    let id = server.publish("a.b").await;
    let shown = server.get(&format!("/api/events/{id}")).operator().send().await.expect(200);
    assert_eq!((&shown["webhooks"], &shown["deliveries"]), (&json!(0), &json!([])));
    for unknown in ["evt_nothing", "not an id", "%00", "a.b"] {
        let path = format!("/api/events/{}", unknown.replace(' ', "%20"));
        server.get(&path).operator().send().await.refused(404, "not_found");
    }
}
