//! Where deliveries may go, and by which way, as the operator says.

use serde_json::json;
use waxwing_peers::{ProxyKind, ProxyPeer};

use crate::harness::{Inbox, World, server::expect};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_denies_is_refused_and_not_sent_to_any_more() {
    let world = World::new();
    let inbox = Inbox::healthy(&world).await;
    let port = inbox.receiver.addr.port().to_string();
    let named = format!("https://localhost:{port}/");
    let server = world.serve(&[]).await;
    let by_name = server.webhook("acme", &named, &["*"]).await;
    server.stop().await;
    for (setting, value, error) in [
        ("DENIED_HOSTS", "LOCALHOST", "not sent: the operator allows no deliveries to this host"),
        ("DENIED_PORTS", port.as_str(), "not sent: the operator allows no deliveries to port"),
        ("ALLOWED_PORTS", "443", "not sent: the operator allows no deliveries to port"),
        ("DENIED_NETWORKS", "127.0.0.0/8,::1", "which is in a network that the operator denies"),
    ] {
        let server = world.serve(&[("RETRY_SCHEDULE", "1h"), (setting, value)]).await;
        let hook = json!({ "url": named, "events": ["*"] });
        let refused =
            expect(422, server.acting_for("acme").post("/api/webhook/create", Some(hook)).await.unwrap());
        assert_eq!(refused["code"], "url_denied", "{setting}: {refused}");
        assert_eq!(refused["errors"][0]["pointer"], "/url");
        let event = server.publish("acme", "deposit.created", json!({})).await;
        let detail = server.until(&by_name, &event, "retrying").await;
        assert!(detail["last_error"].as_str().unwrap().contains(error), "{setting}: {detail}");
        server.stop().await;
    }
    assert_eq!(inbox.receiver.counters().connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_that_browsers_block_are_refused_at_the_api() {
    let world = World::new();
    let server = world.serve(&[]).await;
    let hook = json!({ "url": "https://hooks.example.com:6000/", "events": ["*"] });
    server.webhook("acme", "https://hooks.example.com/", &["*"]).await;
    let refused =
        expect(422, server.acting_for("acme").post("/api/webhook/create", Some(hook)).await.unwrap());
    assert_eq!(refused["code"], "url_denied");
    assert!(
        refused["detail"].as_str().unwrap().contains("port 6000 is one that browsers block"),
        "{refused}"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_go_out_by_the_operators_proxy_whose_password_is_never_shown() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let proxy = ProxyPeer::start(ProxyKind::Socks5, Some("waxwing:hunter2-proxy")).await.unwrap();
    let url = format!("socks5://waxwing:hunter2-proxy@{}\n", proxy.addr);
    std::fs::write(world.path("proxy.url"), url).unwrap();
    let server = world.serve(&[("PROXY_FILE", "proxy.url"), ("LOG", "trace")]).await;
    let hook = server.webhook("acme", &inbox.url("/hooks"), &["*"]).await;
    let event = server.publish("acme", "deposit.created", json!({})).await;
    inbox.next().await;
    server.until(&hook, &event, "delivered").await;
    assert_eq!(proxy.asked(), [inbox.receiver.addr.to_string()]);
    let log = server.log();
    assert!(log.contains(&format!("socks5://{}", proxy.addr)), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
    server.stop().await;
}
