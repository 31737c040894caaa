//! The event log.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::Server;

async fn ids(server: &Server, path: &str) -> Vec<String> {
    let list = server.list(path).await;
    list.iter().map(|one| one["event_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_delivery_is_shown_with_all_its_members() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let event = server.publish("a.b").await;
    let path = format!("/api/webhook/{hook}/events");
    let entry = server.list(&path).await.remove(0);
    let created_at = entry["created_at"].clone();
    let expected = json!({
        "event_id": event, "type": "a.b", "status": "pending", "attempt_count": 0, "last_attempt_at": null,
        "last_status_code": null, "last_error": null, "last_reason": null, "next_attempt_at": created_at, "created_at": created_at,
    });
    assert_eq!(entry, expected);
    let detail = server.get(&format!("{path}/{event}")).acting_for("acme").send().await.expect(200);
    assert_eq!((&detail["payload"]["id"], &detail["attempts"]), (&json!(event), &json!([])));
    assert_eq!(detail["status"], "pending");
}

#[tokio::test]
async fn the_log_is_newest_first_and_comes_in_pages_without_gaps() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let mut published = Vec::new();
    for _ in 0..11 {
        published.insert(0, server.publish("a.b").await);
    }
    let mut seen = Vec::new();
    let mut path = format!("/api/webhook/{hook}/events?limit=4");
    loop {
        let page = server.get(&path).acting_for("acme").send().await.expect(200);
        // What is published meanwhile does not shift the pages.
        server.publish("a.b").await;
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 4);
        seen.extend(data.iter().map(|one| one["event_id"].as_str().unwrap().to_owned()));
        let Value::String(cursor) = &page["next_cursor"] else { break };
        path = format!("/api/webhook/{hook}/events?limit=4&cursor={cursor}");
    }
    assert_eq!(seen, published);
}

#[tokio::test]
async fn filters_narrow_the_log_alone_and_together() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let old = server.publish("deposit").await;
    server.clock.advance(Duration::from_hours(1));
    let (new, other) = (server.publish("deposit").await, server.publish("payout").await);
    let path = |query: &str| format!("/api/webhook/{hook}/events?{query}");
    assert_eq!(ids(&server, &path("type=deposit")).await, [new.clone(), old.clone()]);
    assert_eq!(ids(&server, &path("since=2026-03-26T10:30:00Z")).await, [other.clone(), new.clone()]);
    assert_eq!(ids(&server, &path("until=2026-03-26T10:30:00.000Z")).await, [old]);
    assert_eq!(
        ids(&server, &path("type=deposit&since=2026-03-26T12:30:00%2B02:00")).await,
        std::slice::from_ref(&new)
    );
    assert_eq!(ids(&server, &path("status=pending")).await.len(), 3);
    assert_eq!(ids(&server, &path("status=delivered")).await.len(), 0);
    assert_eq!(ids(&server, &path(&format!("event_id={new}"))).await, [new]);
    assert_eq!(ids(&server, &path("event_id=evt_")).await.len(), 3);
    assert_eq!(ids(&server, &path("event_id=dep_")).await.len(), 0);
    let pause = server.call("PUT", &format!("/api/webhook/{hook}")).acting_for("acme");
    pause.json(&json!({ "status": "inactive" })).send().await.expect(200);
    assert_eq!(ids(&server, &path("status=held&type=payout")).await, [other]);
}

#[tokio::test]
async fn a_query_that_does_not_fit_is_refused_with_what_would() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let refusals = [
        ("limit=0", "query_invalid"),
        ("limit=251", "query_invalid"),
        ("limit=ten", "query_invalid"),
        ("limit=-1", "query_invalid"),
        ("limit=1&limit=2", "query_invalid"),
        ("status=done", "query_invalid"),
        ("type=a%20b", "query_invalid"),
        ("since=yesterday", "query_invalid"),
        ("until=2026-13-01T00:00:00Z", "query_invalid"),
        ("page=2", "query_invalid"),
        ("event_id=", "query_invalid"),
        ("event_id=a.b", "query_invalid"),
        ("cursor=", "cursor_invalid"),
        ("cursor=17", "cursor_invalid"),
        ("cursor=c1_-1", "cursor_invalid"),
        ("cursor=c1_ffffffffffffffffff", "cursor_invalid"),
    ];
    for (query, code) in refusals {
        let path = format!("/api/webhook/{hook}/events?{query}");
        server.get(&path).acting_for("acme").send().await.refused(400, code);
    }
}

#[tokio::test]
async fn what_never_was_is_not_found() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["a.b"]).await;
    let event = server.publish("x.y").await;
    for path in [
        format!("/api/webhook/{hook}/events/{event}"),
        format!("/api/webhook/{hook}/events/evt_1"),
        format!("/api/webhook/{hook}/events/no.id"),
        "/api/webhook/wh_1/events".to_owned(),
        "/api/webhook/list2".to_owned(),
    ] {
        server.get(&path).acting_for("acme").send().await.refused(404, "not_found");
    }
}
