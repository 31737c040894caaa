//! Sending again.

use serde_json::{Value, json};

use crate::harness::{Answer, Server};

async fn replay(server: &Server, hook: &str, body: &Value) -> Answer {
    server.post(&format!("/api/webhook/{hook}/replay")).acting_for("acme").json(body).send().await
}

async fn pause(server: &Server, hook: &str) {
    let call = server.call("PUT", &format!("/api/webhook/{hook}")).acting_for("acme");
    call.json(&json!({ "status": "inactive" })).send().await.expect(200);
}

#[tokio::test]
async fn a_retry_answers_with_the_delivery_as_it_stands_now() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let event = server.publish("a.b").await;
    let path = format!("/api/webhook/{hook}/events/{event}/retry");
    let entry = server.post(&path).acting_for("acme").send().await.expect(202);
    assert_eq!((&entry["event_id"], &entry["status"]), (&json!(event), &json!("pending")));
    assert!(entry["next_attempt_at"].is_string());
    let unknown = format!("/api/webhook/{hook}/events/evt_1/retry");
    server.post(&unknown).acting_for("acme").send().await.refused(404, "not_found");
    pause(&server, &hook).await;
    server.post(&path).acting_for("acme").send().await.refused(409, "webhook_not_active");
}

#[tokio::test]
async fn a_replay_sends_what_its_filter_lets_through() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let mut events = Vec::new();
    for kind in ["deposit", "payout", "deposit"] {
        events.push(server.publish(kind).await);
    }
    let replays = [
        (json!({}), 0),
        (json!({ "status": "pending" }), 3),
        (json!({ "status": "pending", "type": "deposit" }), 2),
        (json!({ "event_ids": [events[0], events[1], "evt_unknown"] }), 2),
        (json!({ "event_ids": [events[0]], "status": "delivered" }), 0),
        (json!({ "status": "pending", "since": "2026-03-27T00:00:00Z" }), 0),
        (json!({ "status": "pending", "until": "2026-03-27T00:00:00Z" }), 3),
    ];
    for (body, count) in replays {
        assert_eq!(replay(&server, &hook, &body).await.expect(202)["replayed"], count, "{body}");
    }
    let empty = server.post(&format!("/api/webhook/{hook}/replay")).acting_for("acme");
    assert_eq!(empty.send().await.expect(202)["replayed"], 0, "without a body: what failed");
}

#[tokio::test]
async fn a_replay_of_thousands_reaches_all_of_them() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let event = json!({ "account_id": "acme", "type": "a.b", "data": {} });
    let batch = json!({ "events": vec![event; 1_000] });
    for _ in 0..2 {
        server.post("/api/events/batch").operator().json(&batch).send().await.expect(202);
    }
    let all = json!({ "status": "pending" });
    assert_eq!(replay(&server, &hook, &all).await.expect(202)["replayed"], 2_000);
}

#[tokio::test]
async fn a_replay_that_does_not_fit_is_refused() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    server.publish("a.b").await;
    let refusals = [
        (json!({ "status": "done" }), "/status"),
        (json!({ "type": "a b" }), "/type"),
        (json!({ "since": "today" }), "/since"),
        (json!({ "until": 7 }), "/until"),
        (json!({ "event_ids": ["ok", "not.ok"] }), "/event_ids/1"),
        (json!({ "all": true }), "/all"),
    ];
    for (body, pointer) in refusals {
        let problem = replay(&server, &hook, &body).await.refused(422, "body_invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    pause(&server, &hook).await;
    replay(&server, &hook, &json!({ "status": "held" })).await.refused(409, "webhook_not_active");
    replay(&server, "wh_1", &json!({})).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_replay_is_counted_before_followed_while_it_runs_and_stopped() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    for _ in 0..3 {
        server.publish("a.b").await;
    }
    let pending = json!({ "status": "pending" });
    let counted = replay(&server, &hook, &json!({ "status": "pending", "dry_run": true })).await.expect(200);
    assert_eq!(counted, json!({ "matching": 3, "at_least": false }));
    assert!(server.list(&format!("/api/webhook/{hook}/replays")).await.is_empty(), "nothing was sent");
    let id = replay(&server, &hook, &pending).await.expect(202)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/webhook/{hook}/replays/{id}");
    let running = server.get(&path).acting_for("acme").send().await.expect(200);
    assert_eq!((&running["status"], &running["waiting"]), (&json!("running"), &json!(3)));
    let stopped = server.call("DELETE", &path).acting_for("acme").send().await.expect(200);
    assert_eq!((&stopped["status"], &stopped["withdrawn"]), (&json!("stopped"), &json!(3)));
    assert_eq!(server.list(&format!("/api/webhook/{hook}/replays")).await, [stopped]);
    for missing in ["rpl_1", "rpl_01kmmsca81e40r2081040g2081"] {
        let path = format!("/api/webhook/{hook}/replays/{missing}");
        server.get(&path).acting_for("acme").send().await.refused(404, "not_found");
        server.call("DELETE", &path).acting_for("acme").send().await.refused(404, "not_found");
    }
    replay(&server, "wh_1", &json!({ "dry_run": true })).await.refused(404, "not_found");
}
