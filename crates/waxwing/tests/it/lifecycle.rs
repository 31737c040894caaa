//! Start, end, keys, and what happens in between to what was accepted.

use serde_json::json;
use waxwing_peers::{ApiClient, Reply};

use crate::harness::{Inbox, World, inbox::header, stderr, within};

fn printed_key(log: &str) -> Option<&str> {
    log.lines().find_map(|line| line.split_once("shown this once:")).map(|(_, key)| key.trim())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_key_is_printed_at_the_first_start_only() {
    let world = World::new();
    let mut first = world.serve(&[("OPERATOR_KEY", "")]).await;
    let url = first.url();
    let log = first.log();
    let key = printed_key(&log).unwrap_or_else(|| panic!("no key in {log}"));
    let answer = ApiClient::new(&url, key).unwrap().get("/api/accounts").await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    first.signal("TERM");
    first.ended().await;
    let second = world.serve(&[("OPERATOR_KEY", "")]).await;
    assert_eq!(printed_key(&second.log()), None);
    let answer = ApiClient::new(&second.url(), key).unwrap().get("/api/accounts").await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(!second.log().contains(key));
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_told_in_plain_words() {
    let world = World::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = world.serve_in_vain(&[("LISTEN", &address)]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("another program listens there"), "{}", stderr(&refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_at_the_end_is_delivered_after_the_next_start() {
    let world = World::new();
    let mut inbox = Inbox::scripted(&world, [Reply::status(500), Reply::status(200)]).await;
    let server = world.serve(&[("RETRY_SCHEDULE", "1s")]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event = server.publish("acme", "deposit.created", json!({})).await;
    inbox.next().await;
    server.until(&hook, &event, "retrying").await;
    server.stop().await;
    let server = world.serve(&[("RETRY_SCHEDULE", "1s")]).await;
    assert_eq!(header(&inbox.next().await, "webhook-id"), event);
    server.until(&hook, &event, "delivered").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_end_lets_attempts_under_way_finish() {
    let world = World::new();
    let slow = Reply::Delay(std::time::Duration::from_millis(700), Box::new(Reply::status(200)));
    let mut inbox = Inbox::scripted(&world, [slow]).await;
    let mut server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event = server.publish("acme", "deposit.created", json!({})).await;
    inbox.next().await;
    server.signal("TERM");
    assert!(server.ended().await.success(), "{}", server.log());
    let server = world.serve(&[]).await;
    let detail = server.detail(&hook, &event).await;
    assert_eq!((&detail["status"], &detail["attempt_count"]), (&json!("delivered"), &json!(1)));
    assert_eq!(inbox.waiting(), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_bounded_by_the_shutdown_timeout_and_hands_back_what_hangs() {
    let world = World::new();
    let mut inbox = Inbox::scripted(&world, [Reply::Hang, Reply::status(200)]).await;
    let mut server = world.serve(&[("SHUTDOWN_TIMEOUT", "300ms"), ("REQUEST_TIMEOUT", "60s")]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event = server.publish("acme", "deposit.created", json!({})).await;
    inbox.next().await;
    let began = tokio::time::Instant::now();
    server.signal("INT");
    assert!(server.ended().await.success(), "{}", server.log());
    assert!(began.elapsed() < std::time::Duration::from_secs(10));
    let server = world.serve(&[]).await;
    assert_eq!(header(&inbox.next().await, "webhook-id"), event);
    server.until(&hook, &event, "delivered").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_the_server_at_once() {
    let world = World::new();
    let mut inbox = Inbox::scripted(&world, [Reply::Hang]).await;
    let mut server = world.serve(&[("SHUTDOWN_TIMEOUT", "1h"), ("REQUEST_TIMEOUT", "5m")]).await;
    server.webhook("acme", &inbox.url("/"), &["*"]).await;
    server.publish("acme", "deposit.created", json!({})).await;
    inbox.next().await;
    server.signal("TERM");
    // Signals of the same kind that come together count once: the first must
    // have been seen.
    within(async {
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(10));
        while !server.log().contains("shutting down") {
            tick.tick().await;
        }
    })
    .await;
    server.signal("TERM");
    assert_eq!(server.ended().await.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_metrics_and_the_api_description_need_no_key() {
    let world = World::new();
    let server = world.serve(&[]).await;
    let anonymous = ApiClient::new(&server.url(), "").unwrap();
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"] {
        assert_eq!(anonymous.get(path).await.unwrap().status, 200, "{path}");
    }
    assert_eq!(anonymous.get("/api/accounts").await.unwrap().status, 401);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_can_have_an_address_of_their_own() {
    let world = World::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let server = world.serve(&[("METRICS_LISTEN", &free)]).await;
    let answer = ApiClient::new(&format!("http://{free}"), "").unwrap().get("/metrics").await.unwrap();
    assert_eq!(answer.status, 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_secrets_nor_payloads_are_logged() {
    let world = World::new();
    let mut inbox =
        Inbox::scripted(&world, [Reply::with_body(500, "response-text"), Reply::status(200)]).await;
    let server = world.serve(&[("LOG", "trace")]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event = server.publish("acme", "deposit.created", json!({ "iban": "payload-text" })).await;
    inbox.take(2).await;
    server.until(&hook, &event, "delivered").await;
    let log = server.log();
    assert!(log.contains(&event), "attempts are logged at debug");
    for hidden in ["payload-text", &hook.secret, crate::harness::KEY] {
        assert!(!log.contains(hidden), "{hidden} is in the log");
    }
    server.stop().await;
}
