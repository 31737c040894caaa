//! Bounds in time: of the connection and of the whole exchange.
//!
//! The clock stands still until a test moves it, so that each wait ends in the
//! phase that the test is about.

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::task::JoinHandle;
use waxwing_delivery::{
    Request, Response, Sender,
    https::{HttpsSender, Lookup},
};
use waxwing_peers::{Alpn, Misbehaviour, RawListener, Received, Reply, Step};

use crate::{
    frames::{STATUS_200, answer, data, headers, ok, say, settings},
    harness::{CONNECT_LIMIT, StoppedClock, World, error, post, post_to, settle, success, within},
};

/// A moment before the bound of the exchange.
const NEARLY: Duration = Duration::from_millis(4_999);
/// Past the next tick of tokio's timers, which are rounded up to milliseconds.
const MOMENT: Duration = Duration::from_millis(2);

fn start(sender: HttpsSender, request: Request) -> JoinHandle<Response> {
    tokio::spawn(async move { sender.send(request).await })
}

/// The error after exactly the bound of the exchange, and not before.
async fn error_at_the_limit(clock: &StoppedClock, sending: JoinHandle<Response>) -> String {
    clock.advance(NEARLY).await;
    assert!(!sending.is_finished(), "it ended too early");
    clock.advance(MOMENT).await;
    error(&within(sending).await.unwrap())
}

/// A resolver that never answers.
struct Hanging;

#[async_trait::async_trait]
impl Lookup for Hanging {
    async fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn name_servers_that_do_not_answer() {
    let clock = StoppedClock::stop();
    let sender = World::new().sender().resolving_by(Arc::new(Hanging));
    let sending = start(sender, post("https://hooks.example/"));
    assert_eq!(error_at_the_limit(&clock, sending).await, "no answer from DNS within 5000 ms");
}

/// A full queue of connections is how this machine can be made not to answer one;
/// other kernels than Linux refuse it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_that_does_not_accept_the_connection() {
    let unanswering = RawListener::unanswering().await.unwrap();
    let clock = StoppedClock::stop();
    let sending = start(World::new().sender(), post_to(unanswering.addr));
    clock.advance(CONNECT_LIMIT + MOMENT).await;
    assert_eq!(error(&within(sending).await.unwrap()), "no connection within 3000 ms");
}

#[tokio::test]
async fn a_server_that_leaves_the_handshake_unanswered() {
    let silent = RawListener::start(Misbehaviour::Silent).await.unwrap();
    let clock = StoppedClock::stop();
    let sending = start(World::new().sender(), post_to(silent.addr));
    within(silent.hellos(1)).await;
    assert_eq!(error_at_the_limit(&clock, sending).await, "no TLS handshake within 5000 ms");
}

#[tokio::test]
async fn a_server_that_never_answers_the_request() {
    let world = World::new();
    for alpn in [Alpn::Http1, Alpn::Http2] {
        let receiver = world.answering(alpn, Reply::Hang).await;
        let clock = StoppedClock::stop();
        let sending = start(world.sender(), post_to(receiver.addr));
        settle().await;
        while receiver.counters().requests() < 1 {
            settle().await;
        }
        assert_eq!(error_at_the_limit(&clock, sending).await, "no response within 5000 ms", "{alpn:?}");
    }
}

#[tokio::test]
async fn a_server_that_stops_in_the_middle_of_the_body() {
    let world = World::new();
    let http1 = vec![Step::Request, say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it")];
    let http2 = vec![settings(), Step::Request, headers(1, STATUS_200), data(1, b"half of it")];
    for (alpn, steps) in [(Alpn::Http1, http1), (Alpn::Http2, http2)] {
        let peer = world.scripted(alpn, move |_| steps.clone()).await;
        let clock = StoppedClock::stop();
        let sending = start(world.sender(), post_to(peer.addr));
        within(peer.until(|progress| progress.scripts == 1)).await;
        assert_eq!(
            error_at_the_limit(&clock, sending).await,
            "no complete response body within 5000 ms",
            "{alpn:?}"
        );
    }
}

#[tokio::test]
async fn headers_that_come_byte_by_byte_do_not_hold_the_exchange_open() {
    let world = World::new();
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let peer = world.doing(vec![Step::Request, Step::Drip(head.into(), Duration::from_secs(1))]).await;
    let clock = StoppedClock::stop();
    let sending = start(world.sender(), post_to(peer.addr));
    within(peer.until(|progress| progress.requests == 1)).await;
    for _ in 0..5 {
        assert!(!sending.is_finished());
        clock.advance(Duration::from_secs(1)).await;
    }
    clock.advance(MOMENT).await;
    assert_eq!(error(&within(sending).await.unwrap()), "no response within 5000 ms");
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte_does_not_hold_the_exchange_open() {
    let world = World::new();
    for alpn in [Alpn::Http1, Alpn::Http2] {
        let receiver = world.answering(alpn, Reply::SlowBody(Duration::from_secs(1))).await;
        let clock = StoppedClock::stop();
        let sending = start(world.sender(), post_to(receiver.addr));
        while receiver.counters().requests() < 1 {
            settle().await;
        }
        for _ in 0..5 {
            assert!(!sending.is_finished());
            clock.advance(Duration::from_secs(1)).await;
        }
        clock.advance(MOMENT).await;
        assert_eq!(
            error(&within(sending).await.unwrap()),
            "no complete response body within 5000 ms",
            "{alpn:?}"
        );
    }
}

#[tokio::test]
async fn informational_answers_do_not_hold_the_exchange_open() {
    let world = World::new();
    let hint = "HTTP/1.1 103 Early Hints\r\n\r\n";
    let peer = world.doing(vec![Step::Request, say(hint), Step::Pause, say(hint), Step::Pause]).await;
    let clock = StoppedClock::stop();
    let sending = start(world.sender(), post_to(peer.addr));
    within(peer.until(|progress| progress.pauses == 1)).await;
    clock.advance(NEARLY).await;
    peer.go_on();
    within(peer.until(|progress| progress.pauses == 2)).await;
    assert!(!sending.is_finished());
    clock.advance(MOMENT).await;
    assert_eq!(error(&within(sending).await.unwrap()), "no response within 5000 ms");
}

#[tokio::test]
async fn the_time_of_each_phase_counts_towards_one_bound() {
    let world = World::new();
    let head = say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    let peer = world.doing(vec![Step::Request, Step::Pause, head, Step::Pause, say("ok")]).await;
    let clock = StoppedClock::stop();
    let sending = start(world.sender(), post_to(peer.addr));
    for pauses in 1..=2 {
        within(peer.until(|progress| progress.pauses == pauses)).await;
        clock.advance(NEARLY / 2).await;
        peer.go_on();
    }
    assert_eq!(success(&within(sending).await.unwrap()), 200);
}

#[tokio::test]
async fn after_a_timeout_the_next_request_gets_a_new_connection() {
    let world = World::new();
    let sender = Arc::new(world.sender_with(|options| options.max_connections_per_host = 1));
    let peer =
        world
            .scripted(Alpn::Http1, |connection| {
                if connection == 1 { vec![Step::Request] } else { vec![Step::Request, ok()] }
            })
            .await;
    let clock = StoppedClock::stop();
    let sending = tokio::spawn({
        let (sender, request) = (Arc::clone(&sender), post_to(peer.addr));
        async move { sender.send(request).await }
    });
    within(peer.until(|progress| progress.requests == 1)).await;
    assert_eq!(error_at_the_limit(&clock, sending).await, "no response within 5000 ms");
    assert_eq!(success(&within(sender.send(post_to(peer.addr))).await), 200);
}

#[tokio::test]
async fn a_timeout_over_http2_leaves_the_connection_to_the_others() {
    let world = World::new();
    let handler =
        |received: Received| if received.path == "/hang" { Reply::Hang } else { Reply::status(200) };
    let receiver = world.receiver(Alpn::Http2, handler).await;
    let sender = Arc::new(world.sender());
    let clock = StoppedClock::stop();
    let sending = tokio::spawn({
        let (sender, request) = (Arc::clone(&sender), post(&receiver.url("/hang")));
        async move { sender.send(request).await }
    });
    while receiver.counters().requests() < 1 {
        settle().await;
    }
    assert_eq!(error_at_the_limit(&clock, sending).await, "no response within 5000 ms");
    assert_eq!(success(&within(sender.send(post_to(receiver.addr))).await), 200);
    assert_eq!(receiver.counters().connections(), 1);
}

#[tokio::test]
async fn a_shared_connection_that_went_dead_is_given_up_within_seconds() {
    let world = World::new();
    // Answers one request, then neither answers nor closes: what is left when the
    // network in between has forgotten the connection.
    let script = |_| vec![settings(), Step::Request, answer(1, STATUS_200), Step::Pause];
    let peer = world.scripted(Alpn::Http2, script).await;
    let sender = world.sender();
    let clock = StoppedClock::stop();
    assert_eq!(success(&within(sender.send(post_to(peer.addr))).await), 200);
    clock.advance(Duration::from_secs(16)).await;
    clock.advance(Duration::from_secs(6)).await;
    assert_eq!(success(&within(sender.send(post_to(peer.addr))).await), 200);
    assert_eq!(peer.progress().connections, 2);
}
