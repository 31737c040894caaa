//! What was counted over time, and the overview.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use waxwing_core::{AttemptError, Outcome, Timestamp, WebhookId, delivery::Verdict};
use waxwing_store::{Attempt, Completion, Queue};

use crate::harness::Server;

/// Makes the first attempt of all that waits for a webhook, which takes 100 ms.
async fn attempt(server: &Server, hook: &str, verdict: Verdict) {
    let store = &server.api.store;
    let target = store.directory().target_named(&WebhookId::parse(hook).unwrap()).unwrap();
    let page = store.lane_page(server.api.node, target.row, Queue::First, 0, Timestamp::MAX, 100).await;
    for due in page.unwrap().due {
        let now = server.api.clock.now();
        let outcome = match verdict {
            Verdict::Delivered => Outcome::Succeeded { status: 200 },
            _ => Outcome::Failed(AttemptError::Status { status: 500, retry_after: None }),
        };
        let duration = Duration::from_millis(100);
        let attempt = Attempt { started_at: now, duration, outcome, response_body: Bytes::new() };
        let done = Completion {
            key: due.key,
            generation: due.generation,
            replay: due.replay,
            attempt,
            verdict,
            disable_after: Duration::from_hours(24 * 365),
            drop_payload: false,
            repeated: false,
            now,
        };
        assert!(store.record(server.api.node, done).await.unwrap().applied);
    }
}

async fn metrics(server: &Server, hook: &str, query: &str) -> Value {
    let path = format!("/api/webhook/{hook}/metrics?{query}");
    server.get(&path).acting_for("acme").send().await.expect(200)
}

fn nothing(at: &str) -> Value {
    json!({
        "at": at, "events": 0, "attempts": 0, "succeeded": 0, "failed": 0, "delivered": 0, "exhausted": 0,
        "p50_ms": null, "p95_ms": null, "p99_ms": null,
    })
}

#[tokio::test]
async fn a_series_has_a_point_for_each_step_and_the_sum_of_all() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    server.publish("a.b").await;
    attempt(&server, &hook, Verdict::Delivered).await;
    server.clock.advance(Duration::from_mins(2));
    server.publish("a.b").await;
    attempt(&server, &hook, Verdict::Exhausted).await;
    let found =
        metrics(&server, &hook, "step=minute&since=2026-03-26T10:00:10Z&until=2026-03-26T10:02:30Z").await;
    let mut first = nothing("2026-03-26T10:00:00.000Z");
    for (member, value) in [("events", 1), ("attempts", 1), ("succeeded", 1), ("delivered", 1)] {
        first[member] = value.into();
    }
    let mut last = nothing("2026-03-26T10:02:00.000Z");
    for (member, value) in [("events", 1), ("attempts", 1), ("failed", 1), ("exhausted", 1)] {
        last[member] = value.into();
    }
    let mut totals = json!({
        "events": 2, "attempts": 2, "succeeded": 1, "failed": 1, "delivered": 1, "exhausted": 1,
    });
    for counts in [&mut first, &mut last, &mut totals] {
        for member in ["p50_ms", "p95_ms", "p99_ms"] {
            // 100 ms, 12.5 % off at most.
            counts[member] = 104.into();
        }
    }
    let expected = json!({
        "webhook_id": hook, "step": "minute", "since": "2026-03-26T10:00:00.000Z",
        "until": "2026-03-26T10:03:00.000Z", "totals": totals,
        "data": [first, nothing("2026-03-26T10:01:00.000Z"), last],
    });
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_step_is_chosen_by_the_time_that_is_asked_for() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    for (query, step, points) in [
        ("", "hour", 25),
        ("since=2026-03-26T04:00:00Z", "minute", 361),
        ("since=2026-03-26T03:00:00Z", "hour", 8),
        ("since=2026-02-24T00:00:00Z", "hour", 731),
        ("since=2026-02-20T00:00:00Z", "day", 35),
        ("since=2025-06-01T00:00:00Z&step=day", "day", 299),
        // Of these the minutes are no longer kept.
        ("since=2026-03-20T10:00:00Z&until=2026-03-20T11:00:00Z", "hour", 1),
        ("step=minute", "minute", 1441),
    ] {
        let found = metrics(&server, &hook, query).await;
        let points_found = found["data"].as_array().unwrap().len();
        assert_eq!((&found["step"], points_found), (&json!(step), points), "{query}");
    }
}

#[tokio::test]
async fn what_cannot_be_shown_is_refused_with_what_could() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    for (query, word) in [
        ("step=week", "minute, hour, day"),
        ("since=now", "RFC 3339"),
        ("since=2026-03-26T11:00:00Z", "before"),
        ("since=2026-03-26T09:00:00Z&until=2026-03-26T09:00:00Z", "before"),
        ("step=minute&since=2026-03-25T00:00:00Z", "1500 at most"),
        ("step=minute&since=2026-03-20T10:00:00Z&until=2026-03-20T11:00:00Z", "2 days"),
        ("step=hour&since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z", "40 days"),
        ("since=1970-01-01T00:00:00Z", "1500 at most"),
        ("limit=5", "not known here"),
    ] {
        let path = format!("/api/webhook/{hook}/metrics?{query}");
        let problem = server.get(&path).acting_for("acme").send().await.refused(400, "query_invalid");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{query}: {problem}");
    }
}

#[tokio::test]
async fn the_numbers_of_another_account_are_not_found() {
    let server = Server::with_acme().await;
    server.account("other").await;
    let hook = server.webhook("acme", &["*"]).await;
    let path = format!("/api/webhook/{hook}/metrics");
    server.get(&path).acting_for("other").send().await.refused(404, "not_found");
    server.get(&path).key(&server.account_key("other").await).send().await.refused(404, "not_found");
    server.get("/api/webhook/wh_1/metrics").acting_for("acme").send().await.refused(404, "not_found");
}

#[tokio::test]
async fn the_overview_shows_how_everything_fares() {
    let server = Server::with_acme().await;
    let (good, bad) = (server.webhook("acme", &["*"]).await, server.webhook("acme", &["*"]).await);
    let paused = server.webhook("acme", &["none"]).await;
    let pause = server.call("PUT", &format!("/api/webhook/{paused}")).acting_for("acme");
    pause.json(&json!({ "status": "inactive" })).send().await.expect(200);
    server.publish("a.b").await;
    attempt(&server, &good, Verdict::Delivered).await;
    let later = Verdict::RetryAt(server.api.clock.now().after(Duration::from_mins(5)));
    attempt(&server, &bad, later).await;
    server.api.store.roll_up(server.api.clock.now(), 100).await.unwrap();
    let found = server.get("/api/overview").operator().send().await.expect(200);
    assert_eq!(found["accounts"], 1);
    assert_eq!(found["webhooks"], json!({ "active": 2, "inactive": 1, "disabled": 0 }));
    assert_eq!(found["waiting"], json!({ "pending": 0, "retrying": 1, "held": 0 }));
    let hour = &found["last_hour"];
    let counted = ["events", "attempts", "succeeded", "failed", "p99_ms"].map(|member| hour[member].clone());
    assert_eq!(counted, [2, 2, 1, 1, 104].map(Value::from));
    let data = found["data"].as_array().unwrap();
    assert_eq!((data.len(), &found["step"]), (24, &json!("hour")));
    assert_eq!(data[0]["at"], "2026-03-25T11:00:00.000Z");
    assert_eq!((&data[23]["at"], &data[23]["attempts"]), (&json!("2026-03-26T10:00:00.000Z"), &json!(2)));
    let expected = json!([{
        "account_id": "acme", "webhook_id": bad, "url": "https://receiver.example/hook", "status": "active",
        "disabled_reason": null, "attempts": 1, "failed": 1,
        "last_error": found["worst"][0]["last_error"], "last_status_code": 500,
    }]);
    assert_eq!(found["worst"], expected);
    assert!(found["worst"][0]["last_error"].as_str().unwrap().contains("500"));
    assert_eq!(found["nodes"][0]["name"], "one");
    assert_eq!((found["nodes"].as_array().unwrap().len(), &found["nodes"][0]["running"]), (1, &json!(true)));
    server.clock.advance(Duration::from_hours(2));
    let found = server.get("/api/overview").operator().send().await.expect(200);
    assert_eq!((&found["worst"], &found["nodes"][0]["running"]), (&json!([]), &json!(false)));
    assert_eq!(found["last_hour"]["attempts"], 0);
}
