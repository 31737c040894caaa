//! Where deliveries may go, and by which way, as the operator says.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use serde_json::{Value, json};
use tokio::sync::mpsc;
use waxwing_peers::{Ca, ProxyKind, ProxyPeer, Received, Receiver, ReceiverOptions, Reply};

use crate::harness::{Inbox, World, inbox::header, server::expect, within};

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

/// A receiver that takes clients with a certificate of `ca` only; what it receives.
async fn demanding(world: &World, ca: &Ca) -> (Receiver, mpsc::UnboundedReceiver<Received>) {
    let (tell, received) = mpsc::unbounded_channel();
    let handler = move |request: Received| {
        let _ = tell.send(request);
        Reply::status(200)
    };
    let cert = world.ca.issue(&["127.0.0.1"]).unwrap();
    let options =
        ReceiverOptions { client_ca: Some(ca.pem().to_owned()), ..ReceiverOptions::local(cert, handler) };
    (Receiver::start(options).await.unwrap(), received)
}

/// Gives tokens `hunter2-1`, `hunter2-2`, …
async fn token_endpoint(world: &World) -> Receiver {
    let given = AtomicU64::new(0);
    let handler = move |_: Received| {
        let number = given.fetch_add(1, SeqCst) + 1;
        let body =
            json!({ "access_token": format!("hunter2-{number}"), "token_type": "Bearer", "expires_in": 600 });
        Reply::with_body(200, body.to_string())
    };
    let cert = world.ca.issue(&["127.0.0.1"]).unwrap();
    Receiver::start(ReceiverOptions::local(cert, handler)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_gets_the_certificate_the_token_and_the_headers_that_it_asks_for() {
    let (world, ca) = (World::new(), Ca::generate("Clients").unwrap());
    let (receiver, mut requests) = demanding(&world, &ca).await;
    let tokens = token_endpoint(&world).await;
    let client = ca.issue_client("waxwing").unwrap();
    let server = world.serve(&[("LOG", "trace")]).await;
    // Makes the account.
    server.webhook("acme", "https://hooks.example.com/", &["never"]).await;
    let hook = json!({
        "url": receiver.url("/hooks"),
        "events": ["deposit.*"],
        "headers": { "X-Api-Key": "hunter2-header" },
        "client_certificate": { "certificate": client.certificate, "key": client.key },
        "authorization": {
            "type": "oauth2", "token_url": tokens.url("/token"),
            "client_id": "waxwing", "client_secret": "hunter2-secret",
        },
    });
    let api = server.acting_for("acme");
    let made = expect(201, api.post("/api/webhook/create", Some(hook)).await.unwrap());
    for _ in 0..2 {
        server.publish("acme", "deposit.created", json!({})).await;
        let request = within(requests.recv()).await.unwrap();
        assert_eq!(header(&request, "authorization"), "Bearer hunter2-1");
        assert_eq!(header(&request, "x-api-key"), "hunter2-header");
        assert_eq!(header(&request, "content-type"), "application/json");
        assert!(header(&request, "webhook-signature").starts_with("v1,"));
        assert!(request.client_certificate.is_some());
    }
    assert_eq!(tokens.counters().requests(), 1);
    let basic = json!({ "authorization": { "type": "basic", "username": "me", "password": "hunter2" }, "headers": null });
    let path = format!("/api/webhook/{}", made["id"].as_str().unwrap());
    let changed: Value = expect(200, api.put(&path, Some(basic)).await.unwrap());
    assert_eq!(changed["client_certificate"], made["client_certificate"]);
    server.publish("acme", "deposit.created", json!({})).await;
    let request = within(requests.recv()).await.unwrap();
    assert_eq!(header(&request, "authorization"), "Basic bWU6aHVudGVyMg==");
    assert!(request.headers.get("x-api-key").is_none());
    let log = server.log();
    assert!(
        !log.contains("hunter2") && !log.contains("bWU6aHVudGVyMg") && !log.contains("PRIVATE KEY"),
        "{log}"
    );
    server.stop().await;
}
