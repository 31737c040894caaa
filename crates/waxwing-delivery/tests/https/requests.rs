//! What arrives at a webhook's server.

use std::sync::{Arc, Mutex};

use http::{Method, Version};
use waxwing_delivery::Sender;
use waxwing_peers::{Alpn, Received, Receiver, Reply, ScriptedPeer, Step, tls_config};

use crate::{
    frames::ok,
    harness::{World, post, success, within},
};

/// A receiver, and what arrived there.
async fn recording(world: &World, alpn: Alpn) -> (Receiver, Arc<Mutex<Vec<Received>>>) {
    let arrived = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&arrived);
    let handler = move |received: Received| {
        keep.lock().unwrap().push(received);
        Reply::status(200)
    };
    (world.receiver(alpn, handler).await, arrived)
}

async fn arrives_by(alpn: Alpn) -> Received {
    let world = World::new();
    let (receiver, arrived) = recording(&world, alpn).await;
    let url = format!("https://localhost:{}/hooks/a%20b?token=x&y=%2F", receiver.addr.port());
    assert_eq!(success(&within(world.sender().send(post(&url))).await), 200);
    let request = arrived.lock().unwrap().pop().unwrap();
    assert_eq!(request.host, format!("localhost:{}", receiver.addr.port()));
    request
}

#[tokio::test]
async fn http2_is_taken_where_the_server_offers_both() {
    assert_eq!(arrives_by(Alpn::Both).await.version, Version::HTTP_2);
}

#[tokio::test]
async fn http1_is_taken_where_the_server_offers_nothing_else() {
    assert_eq!(arrives_by(Alpn::Http1).await.version, Version::HTTP_11);
}

#[tokio::test]
async fn a_server_without_alpn_is_spoken_to_in_http1() {
    let world = World::new();
    let mut tls = tls_config(world.cert(), Alpn::Http1).unwrap();
    tls.alpn_protocols.clear();
    let peer = ScriptedPeer::start(tls, |_| vec![Step::Request, ok()]).await.unwrap();
    assert_eq!(success(&within(world.sender().send(post(&peer.url("/")))).await), 200);
}

#[tokio::test]
async fn a_server_of_tls_1_2_alone_is_spoken_to() {
    let world = World::new();
    let cert = world.cert();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(cert.chain, cert.key)
        .unwrap();
    let peer = ScriptedPeer::start(tls, |_| vec![Step::Request, ok()]).await.unwrap();
    assert_eq!(success(&within(world.sender().send(post(&peer.url("/")))).await), 200);
}

#[tokio::test]
async fn the_request_arrives_as_it_was_made() {
    for alpn in [Alpn::Http1, Alpn::Http2] {
        let received = arrives_by(alpn).await;
        assert_eq!(received.method, Method::POST);
        assert_eq!(received.path, "/hooks/a%20b?token=x&y=%2F");
        assert_eq!(received.body, r#"{"id":"evt_1","type":"deposit.completed"}"#);
        let mut headers: Vec<(&str, &str)> =
            received.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        headers.retain(|(name, _)| *name != "host");
        headers.sort_unstable();
        let expected = [
            ("content-length", "41"),
            ("content-type", "application/json"),
            ("user-agent", "Waxwing/test"),
            ("webhook-id", "evt_1"),
        ];
        assert_eq!(headers, expected, "{alpn:?}");
    }
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let world = World::new();
    for alpn in [Alpn::Http1, Alpn::Http2] {
        let (receiver, arrived) = recording(&world, alpn).await;
        let mut request = post(&receiver.url("/"));
        request.body = (b'a'..=b'z').cycle().take(1_000_000).collect();
        assert_eq!(success(&within(world.sender().send(request.clone())).await), 200);
        assert!(arrived.lock().unwrap()[0].body == request.body, "{alpn:?}");
    }
}

#[tokio::test]
async fn a_name_is_asked_for_in_tls_and_an_address_is_not() {
    let world = World::new();
    let (receiver, arrived) = recording(&world, Alpn::Both).await;
    let sender = world.sender();
    let by_name = format!("https://LocalHost.:{}/", receiver.addr.port());
    for url in [by_name, receiver.url("/")] {
        assert_eq!(success(&within(sender.send(post(&url))).await), 200);
    }
    let names: Vec<Option<Arc<str>>> =
        arrived.lock().unwrap().iter().map(|received| received.server_name.clone()).collect();
    assert_eq!(names, [Some("localhost".into()), None]);
}
