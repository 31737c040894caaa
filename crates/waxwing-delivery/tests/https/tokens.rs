//! Access tokens by client credentials, from a real token endpoint.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use http::header;
use tokio::task::JoinSet;
use waxwing_core::credentials::{Authorization, ClientCredentials};
use waxwing_delivery::{Request, Sender, https::tokens::TokenSource};
use waxwing_peers::{Alpn, Misbehaviour, RawListener, Received, Receiver, Reply};

use crate::harness::{LIMIT, Names, StoppedClock, World, error, open_policy, policy, post, success, within};

fn asked(scope: Option<&str>, audience: Option<&str>) -> ClientCredentials {
    let url = "https://id.example/token";
    match Authorization::oauth2(url, "wax:wing", "s cret&", scope, audience).unwrap() {
        Authorization::OAuth2(asked) => asked,
        other => panic!("{other:?}"),
    }
}

fn source(url: &str) -> Arc<TokenSource> {
    let url = open_policy().check_url(url).unwrap();
    Arc::new(TokenSource::new(&asked(Some("a b"), None), url).unwrap())
}

/// Gives tokens `t1`, `t2`, … that live this long.
async fn endpoint(world: &World, expires_in: u64) -> Receiver {
    let given = AtomicU64::new(0);
    let handler = move |_: Received| {
        let token = format!("t{}", given.fetch_add(1, SeqCst) + 1);
        let body = format!(r#"{{"access_token":"{token}","token_type":"bearer","expires_in":{expires_in}}}"#);
        Reply::with_body(200, body)
    };
    world.receiver(Alpn::Both, handler).await
}

/// Takes requests with this token, which can be changed.
async fn demanding(world: &World, wanted: &Arc<AtomicU64>) -> Receiver {
    let wanted = Arc::clone(wanted);
    let handler = move |received: Received| {
        let token = format!("Bearer t{}", wanted.load(SeqCst));
        let fits = received.headers.get(header::AUTHORIZATION).is_some_and(|value| *value == *token);
        Reply::status(if fits { 200 } else { 401 })
    };
    world.receiver(Alpn::Both, handler).await
}

fn with(receiver: &Receiver, tokens: &Arc<TokenSource>) -> Request {
    Request { tokens: Some(Arc::clone(tokens)), ..post(&receiver.url("/hook")) }
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_used_again() {
    let world = World::new();
    let wanted = Arc::new(AtomicU64::new(1));
    let (endpoint, receiver) = (endpoint(&world, 3600).await, demanding(&world, &wanted).await);
    let (sender, tokens) = (Arc::new(world.sender()), source(&endpoint.url("/token")));
    let mut sending = JoinSet::new();
    for _ in 0..20 {
        let (sender, request) = (Arc::clone(&sender), with(&receiver, &tokens));
        sending.spawn(async move { sender.send(request).await });
    }
    while let Some(response) = within(sending.join_next()).await {
        assert_eq!(success(&response.unwrap()), 200);
    }
    assert_eq!(endpoint.counters().requests(), 1, "one request at a time, and its token for all");
}

#[tokio::test]
async fn the_question_is_that_of_the_standard() {
    let world = World::new();
    let (tell, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let handler = move |received: Received| {
        let _ = tell.send(received);
        Reply::with_body(200, r#"{"access_token":"t1","token_type":"Bearer"}"#)
    };
    let endpoint = world.receiver(Alpn::Http1, handler).await;
    let receiver = demanding(&world, &Arc::new(AtomicU64::new(1))).await;
    let url = open_policy().check_url(&endpoint.url("/token?tenant=7")).unwrap();
    let tokens = Arc::new(TokenSource::new(&asked(Some("a b"), Some("https://api.example/")), url).unwrap());
    assert_eq!(success(&within(world.sender().send(with(&receiver, &tokens))).await), 200);
    let asked = within(seen.recv()).await.unwrap();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/token?tenant=7"));
    let header = |name: &str| asked.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/x-www-form-urlencoded");
    // wax%3Awing:s+cret%26
    assert_eq!(header("authorization"), "Basic d2F4JTNBd2luZzpzK2NyZXQlMjY=");
    assert_eq!(header("user-agent"), "Waxwing/test");
    assert!(asked.headers.get("webhook-id").is_none());
    let body = "grant_type=client_credentials&scope=a+b&audience=https%3A%2F%2Fapi.example%2F";
    assert_eq!(asked.body, body);
}

#[tokio::test]
async fn a_token_is_asked_for_anew_before_it_expires() {
    let world = World::new();
    let wanted = Arc::new(AtomicU64::new(1));
    let (endpoint, receiver) = (endpoint(&world, 100).await, demanding(&world, &wanted).await);
    let (sender, tokens) = (world.sender(), source(&endpoint.url("/token")));
    let clock = StoppedClock::stop();
    assert_eq!(success(&within(sender.send(with(&receiver, &tokens))).await), 200);
    clock.advance(Duration::from_secs(89)).await;
    assert_eq!(success(&within(sender.send(with(&receiver, &tokens))).await), 200);
    wanted.store(2, SeqCst);
    clock.advance(Duration::from_secs(2)).await;
    assert_eq!(success(&within(sender.send(with(&receiver, &tokens))).await), 200);
    assert_eq!(endpoint.counters().requests(), 2);
    assert_eq!(receiver.counters().requests(), 3, "none was sent with an old token");
}

#[tokio::test]
async fn a_token_that_is_refused_is_asked_for_anew_once() {
    let world = World::new();
    let wanted = Arc::new(AtomicU64::new(1));
    let (endpoint, receiver) = (endpoint(&world, 3600).await, demanding(&world, &wanted).await);
    let (sender, tokens) = (world.sender(), source(&endpoint.url("/token")));
    assert_eq!(success(&within(sender.send(with(&receiver, &tokens))).await), 200);
    // Revoked before its time.
    wanted.store(2, SeqCst);
    assert_eq!(success(&within(sender.send(with(&receiver, &tokens))).await), 200);
    assert_eq!((endpoint.counters().requests(), receiver.counters().requests()), (2, 3));
    // No token is good enough: two questions at most, and the refused one is not kept.
    wanted.store(99, SeqCst);
    for asked in [3, 4] {
        let response = within(sender.send(with(&receiver, &tokens))).await;
        assert_eq!(error(&response), "answered 401 instead of 2xx");
        assert_eq!(endpoint.counters().requests(), asked);
    }
}

/// What a delivery fails with when the token endpoint answers so.
async fn told(reply: Reply) -> String {
    let world = World::new();
    let endpoint = world.answering(Alpn::Both, reply).await;
    let receiver = world.answering(Alpn::Both, Reply::status(200)).await;
    let response = within(world.sender().send(with(&receiver, &source(&endpoint.url("/"))))).await;
    assert_eq!(receiver.counters().connections(), 0, "nothing is sent without a token");
    let said = error(&response);
    said.strip_prefix("no access token: the token endpoint")
        .map_or_else(|| format!("? {said}"), str::to_owned)
}

#[tokio::test]
async fn what_a_token_endpoint_answers_is_told_when_it_is_no_token() {
    let body = |text: &str| Reply::with_body(200, text.to_owned());
    let long = format!(r#"{{"access_token":"{}","token_type":"bearer"}}"#, "a".repeat(17 << 10));
    let endless = format!(r#"{{"access_token":"t1","token_type":"bearer","x":"{}"}}"#, "a".repeat(65 << 10));
    let no_token = "'s answer is no JSON with an access_token";
    for (reply, said) in [
        (Reply::with_body(400, r#"{"error":"invalid_scope"}"#), " answered 400 (invalid_scope)"),
        (Reply::with_body(401, r#"{"error":"<script>"}"#), " answered 401"),
        (Reply::status(500), " answered 500"),
        (Reply::with_header(302, "location", "https://127.0.0.1/"), " answered 302"),
        (Reply::status(200), no_token),
        (body("<html>"), no_token),
        (body(r#"{"access_token":7,"token_type":"bearer"}"#), no_token),
        (body(&long), no_token),
        (body(&endless), no_token),
        (Reply::EndlessBody, no_token),
        (body(r#"{"access_token":"t1"}"#), " gave a token that is not of the type Bearer"),
        (body(r#"{"access_token":"t1","token_type":"mac"}"#), " gave a token that is not of the type Bearer"),
        (body(r#"{"access_token":"a\r\nb","token_type":"bearer"}"#), " gave a token that cannot be sent"),
    ] {
        let shown = format!("{reply:?}");
        assert_eq!(told(reply).await, said, "{}", &shown[..shown.len().min(200)]);
    }
}

#[tokio::test]
async fn a_token_endpoint_is_as_little_trusted_as_a_receiver() {
    let world = World::new();
    let receiver = world.answering(Alpn::Both, Reply::status(200)).await;
    let tripwire = RawListener::start(Misbehaviour::CloseAtOnce).await.unwrap();
    let sender = world.sender_with(|options| options.policy = policy(&["127.0.0.1/32"]));
    let sender = sender.resolving_by(Names::of(&[("id.example", &["127.0.0.2", "127.0.0.1"])]));
    let url = format!("https://id.example:{}/token", tripwire.addr.port());
    assert_eq!(
        error(&within(sender.send(with(&receiver, &source(&url)))).await),
        "no access token: not sent: the host name leads to 127.0.0.2, which is not a public address: loopback (RFC 1122)"
    );
    assert_eq!((tripwire.connections(), receiver.counters().connections()), (0, 0));
    let other = world.showing(world.ca.issue_for_another_name().unwrap()).await;
    let said = error(&within(world.sender().send(with(&receiver, &source(&other.url("/"))))).await);
    assert!(said.starts_with("no access token: TLS handshake failed: "), "{said}");
}

#[tokio::test]
async fn waiting_for_a_token_counts_in_the_time_of_the_request() {
    let world = World::new();
    let (endpoint, receiver) = (
        world.answering(Alpn::Both, Reply::Hang).await,
        world.answering(Alpn::Both, Reply::status(200)).await,
    );
    let (sender, tokens) = (Arc::new(world.sender()), source(&endpoint.url("/")));
    let clock = StoppedClock::stop();
    let mut sending = JoinSet::new();
    for _ in 0..2 {
        let (sender, request) = (Arc::clone(&sender), with(&receiver, &tokens));
        sending.spawn(async move { sender.send(request).await });
    }
    clock.advance(LIMIT + Duration::from_millis(1)).await;
    while let Some(response) = within(sending.join_next()).await {
        assert_eq!(error(&response.unwrap()), "no access token within 5000 ms");
    }
}

#[test]
fn nothing_prints_a_token_or_what_it_is_asked_for_with() {
    let tokens = source("https://id.example/token");
    assert_eq!(format!("{tokens:?}"), r#"TokenSource { url: "https://id.example/token", .. }"#);
}
