//! Everything is there after a move, and what waited goes out.

use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};
use waxwing_cluster::Database;
use waxwing_core::{PublicKey, Secret, Timestamp, signature::Verifier};
use waxwing_peers::{Received, Reply};

use super::{rows, run_move, serve_moved, summary};
use crate::harness::{Hook, Inbox, Server, World, inbox::header, server::expect, within};

/// The bodies of answers, by path.
async fn answers(server: &Server, hooks: &[&Hook]) -> Vec<(String, Value)> {
    let mut answers = Vec::new();
    let (keys, log) = ("/api/accounts/acme/keys", "/api/audit?limit=250");
    for path in ["/api/accounts", keys, "/api/accounts/acme", log, "/api/erasures"] {
        answers.push((path.to_owned(), expect(200, server.api.get(path).await.unwrap())));
    }
    let acme = server.acting_for("acme");
    let mut paths = vec!["/api/webhook/list".to_owned(), "/api/event-types".to_owned()];
    for hook in hooks {
        paths.push(format!("/api/webhook/{}/events?limit=100", hook.id));
        for status in ["pending", "retrying", "held", "delivered", "failed", "canceled"] {
            paths.push(format!("/api/webhook/{}/events?status={status}", hook.id));
        }
        for entry in server.log_of(hook, "limit=100").await {
            let event = entry["event_id"].as_str().unwrap();
            paths.push(format!("/api/webhook/{}/events/{event}", hook.id));
            let path = format!("/api/events/{event}");
            answers.push((path.clone(), expect(200, server.api.get(&path).await.unwrap())));
        }
    }
    for path in paths {
        answers.push((path.clone(), expect(200, acme.get(&path).await.unwrap())));
    }
    answers
}

/// Publishes an event with an `Idempotency-Key`; the answer.
async fn publish_once(server: &Server, key: &'static str) -> (u16, Value) {
    let mut headers = HeaderMap::new();
    headers.insert("idempotency-key", HeaderValue::from_static(key));
    let event = json!({ "account_id": "acme", "type": "deposit.keyed", "data": { "n": 1 } });
    let body = event.to_string().into();
    let answer = server.api.request(Method::POST, "/api/events", headers, body).await.unwrap();
    (answer.status.as_u16(), answer.json().unwrap())
}

/// Publishes an event with an id of the platform's own; the answer.
async fn publish_as(server: &Server, id: &str) -> (u16, Value) {
    let event = json!({ "account_id": "acme", "type": "deposit.named", "id": id, "data": {} });
    let answer = server.api.post("/api/events", Some(event)).await.unwrap();
    (answer.status.as_u16(), answer.json().unwrap())
}

fn verifies<'a>(verifier: impl Into<Verifier<'a>>, received: &Received) -> bool {
    let at = Timestamp::from_millis(header(received, "webhook-timestamp").parse::<i64>().unwrap() * 1000);
    waxwing_peers::verify::standard(&received.headers, &received.body, verifier, at).is_ok()
}

/// Configuration of every kind, and an account that was deleted.
async fn configure(server: &Server) {
    server.account("gone").await;
    assert_eq!(server.api.delete("/api/accounts/gone", None).await.unwrap().status, 204);
    let path = "/api/accounts/acme/keys";
    expect(201, server.api.post(path, Some(json!({ "name": "of acme" }))).await.unwrap());
    let entry = json!({ "description": "Money came in", "example": { "amount": 250.00 } });
    server.api.put("/api/event-types/deposit.created", Some(entry)).await.unwrap();
}

/// Erases an event's payload; the receipt once nothing is left.
async fn erase(server: &Server, event: &str) -> Value {
    let path = format!("/api/events/{event}/erase");
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(50));
    within(async {
        loop {
            tick.tick().await;
            let answer = server.api.post(&path, None).await.unwrap();
            if answer.status == 200 {
                return answer.json().unwrap();
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::too_many_lines, reason = "one story")]
async fn the_log_reads_the_same_and_what_waited_goes_out() {
    let (world, database) = (World::new(), Database::new().await);
    let mut good = Inbox::healthy(&world).await;
    let bad = Inbox::scripted(&world, [Reply::status(500)]).await;
    let mut slow = Inbox::scripted(&world, [Reply::Hang, Reply::status(200)]).await;

    // Delivered, failed, canceled, held.
    let server = world.serve(&[("RETRY_SCHEDULE", "500ms")]).await;
    let delivered = server.webhook("acme", &good.url("/"), &["deposit.*"]).await;
    let failing = server.webhook("acme", &bad.url("/"), &["payout.*"]).await;
    let deleted = server.webhook("acme", &good.url("/deleted"), &["refund.*"]).await;
    let paused = server.webhook("acme", &good.url("/paused"), &["*"]).await;
    configure(&server).await;
    for hook in [&deleted, &paused] {
        server.set_status(hook, "inactive").await;
    }
    let rotate = format!("/api/webhook/{}/rotate-secret", paused.id);
    let rotated = expect(200, server.acting_for("acme").post(&rotate, Some(json!({}))).await.unwrap());
    let signing = format!("/api/webhook/{}/signing-key", paused.id);
    let [first, second] = [
        expect(201, server.acting_for("acme").post(&signing, None).await.unwrap()),
        expect(200, server.acting_for("acme").post(&signing, None).await.unwrap()),
    ];
    let mut held = Vec::new();
    for kind in ["deposit.created", "payout.created", "refund.created"] {
        held.push(server.publish("acme", kind, json!({ "n": 0.10, "text": "ü \\u0000" })).await);
    }
    server.until(&delivered, &held[0], "delivered").await;
    server.until(&failing, &held[1], "failed").await;
    let path = format!("/api/webhook/{}", deleted.id);
    assert_eq!(server.acting_for("acme").delete(&path, None).await.unwrap().status, 204);
    server.until(&deleted, &held[2], "canceled").await;
    let keyed = publish_once(&server, "key-1").await;
    let named = publish_as(&server, "order-17:paid").await;
    for (status, answer) in [&keyed, &named] {
        assert_eq!(*status, 202);
        held.push(answer["id"].as_str().unwrap().to_owned());
    }
    server.until(&delivered, &held[3], "delivered").await;
    server.until(&delivered, &held[4], "delivered").await;
    good.take(3).await;
    server.stop().await;

    // Retrying, and pending while its first attempt was under way.
    let server = world.serve(&[("RETRY_SCHEDULE", "1h")]).await;
    held.push(server.publish("acme", "payout.updated", json!({})).await);
    server.until(&failing, &held[5], "retrying").await;
    let hooks = [&delivered, &failing, &deleted, &paused];
    let erased = erase(&server, &held[1]).await;
    let waiting = server.webhook("other", &slow.url("/"), &["*"]).await;
    let pending = server.publish("other", "deposit.created", json!({})).await;
    slow.next().await;
    let before = answers(&server, &hooks).await;
    server.kill().await;

    let source = ["test.db", "test.db-wal"].map(|name| std::fs::read(world.path(name)).unwrap());
    let moved = summary(&run_move(&world, &database).await);
    assert_eq!(moved["status"], "moved");
    let counts = ["account", "webhook", "event", "idempotency", "delivery", "attempt"];
    assert_eq!(counts.map(|table| rows(&moved, table)), [3, 5, 7, 1, 13, 6], "{moved:#}");
    let after = ["test.db", "test.db-wal"].map(|name| std::fs::read(world.path(name)).unwrap());
    assert!(source == after, "the source was changed");

    // One at a time, so that what arrives shows the order of what was begun.
    let one_by_one = [("RETRY_SCHEDULE", "1h"), ("IN_FLIGHT_PER_WEBHOOK", "1")];
    let server = serve_moved(&world, &database, &one_by_one).await;
    assert_eq!(answers(&server, &hooks).await, before);
    assert_eq!(header(&slow.next().await, "webhook-id"), pending);
    server.until(&waiting, &pending, "delivered").await;

    // What was erased stays so, and has its receipt.
    assert_eq!(erase(&server, erased["event_id"].as_str().unwrap()).await, erased);

    // Published again: the first answers, and nothing is delivered twice.
    assert_eq!(publish_once(&server, "key-1").await, (200, keyed.1));
    assert_eq!(publish_as(&server, "order-17:paid").await, (200, named.1));

    // Released in publish order, signed with both secrets and both keys; a new event comes last.
    server.set_status(&paused, "active").await;
    held.remove(1);
    for id in &held {
        let received = good.next().await;
        assert_eq!((header(&received, "webhook-id"), received.path.as_str()), (id.as_str(), "/paused"));
        for secret in [paused.secret.as_str(), rotated["secret"].as_str().unwrap()] {
            assert!(verifies(&Secret::given(secret).unwrap(), &received));
        }
        for key in [&first, &second] {
            let key = PublicKey::parse(key["public_key"].as_str().unwrap()).unwrap();
            assert!(verifies(&key, &received));
        }
    }
    let fresh = server.publish("acme", "other.created", json!({})).await;
    assert_eq!(header(&good.next().await, "webhook-id"), fresh);
    let newest = &server.log_of(&paused, "limit=1").await[0];
    assert_eq!(newest["event_id"], fresh.as_str());
    server.webhook("new", &good.url("/"), &["*"]).await;
    server.stop().await;

    let again = summary(&run_move(&world, &database).await);
    assert_eq!(again["status"], "finished_before");
}
