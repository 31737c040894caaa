//! Which connections are kept, for how long, and how many there are.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Barrier, task::JoinSet};
use waxwing_delivery::{Sender, https::HttpsSender};
use waxwing_peers::{Alpn, Handler, Received, Receiver, Reply, Step};

use crate::{
    frames::{ok, say},
    harness::{IDLE, StoppedClock, World, post, post_to, settle, success, within},
};

/// A second before a connection has not been used for too long.
const NEARLY_IDLE: Duration = Duration::from_secs(49);

async fn send(sender: &HttpsSender, receiver: &Receiver) {
    assert_eq!(success(&within(sender.send(post_to(receiver.addr))).await), 200);
}

#[tokio::test]
async fn a_hundred_requests_one_after_the_other_use_one_connection() {
    let world = World::new();
    for alpn in [Alpn::Http1, Alpn::Http2] {
        let receiver = world.answering(alpn, Reply::with_body(200, "thank you")).await;
        let sender = world.sender();
        for _ in 0..100 {
            send(&sender, &receiver).await;
        }
        let counters = receiver.counters();
        assert_eq!((counters.requests(), counters.connections()), (100, 1), "{alpn:?}");
    }
    assert_eq!(world.metrics.connections.get(), 2);
}

#[tokio::test]
async fn answers_that_are_no_success_keep_the_connection_too() {
    let world = World::new();
    let receiver = world.answering(Alpn::Http1, Reply::with_body(500, "x".repeat(60_000))).await;
    let sender = world.sender();
    for _ in 0..3 {
        assert_eq!(within(sender.send(post_to(receiver.addr))).await.outcome.status_code(), Some(500));
    }
    assert_eq!(receiver.counters().connections(), 1);
}

/// Answers once this many requests are under way at the same time.
struct Together(Barrier);

#[async_trait::async_trait]
impl Handler for Together {
    async fn handle(&self, _: Received) -> Reply {
        self.0.wait().await;
        Reply::status(200)
    }
}

async fn burst(sender: HttpsSender, receiver: &Receiver, count: usize) {
    let sender = Arc::new(sender);
    let mut requests = JoinSet::new();
    for _ in 0..count {
        let (sender, request) = (Arc::clone(&sender), post_to(receiver.addr));
        requests.spawn(async move { success(&sender.send(request).await) });
    }
    assert_eq!(within(requests.join_all()).await, vec![200; count]);
}

#[tokio::test]
async fn a_burst_over_http1_stays_within_the_bound_and_is_served() {
    let world = World::new();
    let receiver = world.receiver(Alpn::Http1, Together(Barrier::new(4))).await;
    burst(world.sender_with(|options| options.max_connections_per_host = 4), &receiver, 80).await;
    assert_eq!(receiver.counters().requests(), 80);
    assert_eq!(receiver.counters().connections(), 4);
}

#[tokio::test]
async fn a_burst_over_a_single_connection_is_served_one_by_one() {
    let world = World::new();
    let receiver = world.answering(Alpn::Http1, Reply::status(200)).await;
    burst(world.sender_with(|options| options.max_connections_per_host = 1), &receiver, 40).await;
    assert_eq!(receiver.counters().requests(), 40);
    assert_eq!(receiver.counters().connections(), 1);
}

#[tokio::test]
async fn a_burst_over_http2_shares_a_connection() {
    let world = World::new();
    let receiver = world.receiver(Alpn::Http2, Together(Barrier::new(20))).await;
    burst(world.sender_with(|options| options.max_connections_per_host = 1), &receiver, 80).await;
    assert_eq!(receiver.counters().requests(), 80);
    assert_eq!(receiver.counters().connections(), 1);
}

#[tokio::test]
async fn more_requests_than_http2_allows_at_once_wait_for_their_turn() {
    let world = World::new();
    let receiver = world.receiver(Alpn::Http2, Together(Barrier::new(100))).await;
    burst(world.sender_with(|options| options.max_connections_per_host = 1), &receiver, 600).await;
    assert_eq!(receiver.counters().connections(), 1);
}

#[tokio::test]
async fn a_connection_that_was_not_used_for_long_is_not_used_again() {
    let clock = StoppedClock::stop();
    let world = World::new();
    for alpn in [Alpn::Http1, Alpn::Http2] {
        let receiver = world.answering(alpn, Reply::status(200)).await;
        let sender = world.sender();
        for (pause, connections) in [(Duration::ZERO, 1), (NEARLY_IDLE, 1), (NEARLY_IDLE, 1), (IDLE, 2)] {
            clock.advance(pause).await;
            send(&sender, &receiver).await;
            assert_eq!(receiver.counters().connections(), connections, "{alpn:?} after {pause:?}");
        }
    }
}

#[tokio::test]
async fn unused_connections_are_closed_while_others_are_used() {
    let clock = StoppedClock::stop();
    let world = World::new();
    let steps = vec![Step::Request, ok()];
    let unused = world.doing(steps).await;
    let used = world.answering(Alpn::Http2, Reply::status(200)).await;
    let sender = world.sender();
    assert_eq!(success(&within(sender.send(post_to(unused.addr))).await), 200);
    clock.advance(IDLE).await;
    assert_eq!(unused.progress().ended, 0);
    send(&sender, &used).await;
    within(unused.until(|progress| progress.ended == 1)).await;
}

#[tokio::test]
async fn an_http2_connection_that_is_not_used_is_closed_as_well() {
    let clock = StoppedClock::stop();
    let world = World::new();
    let unused = world.answering(Alpn::Http2, Reply::status(200)).await;
    let used = world.answering(Alpn::Http1, Reply::status(200)).await;
    let sender = world.sender();
    send(&sender, &unused).await;
    assert_eq!(unused.counters().open(), 1);
    clock.advance(IDLE).await;
    send(&sender, &used).await;
    settle().await;
    assert_eq!(unused.counters().open(), 0);
}

#[tokio::test]
async fn a_server_that_says_close_gets_a_new_connection_each_time() {
    let world = World::new();
    let goodbye = say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    let peer = world.doing(vec![Step::Request, goodbye, Step::Close]).await;
    let sender = world.sender();
    for connections in 1..=3 {
        assert_eq!(success(&within(sender.send(post_to(peer.addr))).await), 200);
        assert_eq!(peer.progress().connections, connections);
    }
}

#[tokio::test]
async fn ports_of_one_host_have_connections_of_their_own() {
    let world = World::new();
    let sender = world.sender();
    let [first, second] = [
        world.answering(Alpn::Both, Reply::status(200)).await,
        world.answering(Alpn::Both, Reply::status(201)).await,
    ];
    for _ in 0..2 {
        for (receiver, status) in [(&first, 200), (&second, 201)] {
            let response = within(sender.send(post(&receiver.url("/")))).await;
            assert_eq!(success(&response), status);
            assert_eq!(receiver.counters().connections(), 1);
        }
    }
}

#[tokio::test]
async fn a_request_that_is_given_up_leaves_the_pool_usable() {
    let world = World::new();
    let sender = Arc::new(world.sender_with(|options| options.max_connections_per_host = 1));
    // The first connection never answers; the second does.
    let peer = world
        .scripted(Alpn::Http1, |connection| {
            if connection == 1 { vec![Step::Request] } else { vec![Step::Request, ok(), Step::Request, ok()] }
        })
        .await;
    let hanging = tokio::spawn({
        let (sender, request) = (Arc::clone(&sender), post_to(peer.addr));
        async move { sender.send(request).await }
    });
    within(peer.until(|progress| progress.requests == 1)).await;
    hanging.abort();
    assert!(hanging.await.unwrap_err().is_cancelled());
    // Nobody else can have its answer, and its place is free.
    within(peer.until(|progress| progress.ended == 1)).await;
    for _ in 0..2 {
        assert_eq!(success(&within(sender.send(post_to(peer.addr))).await), 200);
    }
    assert_eq!(peer.progress().connections, 2);
}

#[tokio::test]
async fn a_request_that_is_given_up_over_http2_ends_its_stream_only() {
    let world = World::new();
    let sender = Arc::new(world.sender());
    let handler =
        |received: Received| if received.path == "/hang" { Reply::Hang } else { Reply::status(200) };
    let receiver = world.receiver(Alpn::Http2, handler).await;
    let hanging = tokio::spawn({
        let (sender, request) = (Arc::clone(&sender), post(&receiver.url("/hang")));
        async move { sender.send(request).await }
    });
    let counters = receiver.counters();
    within(async {
        while counters.requests() < 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    hanging.abort();
    assert!(hanging.await.unwrap_err().is_cancelled());
    send(&sender, &receiver).await;
    assert_eq!((counters.requests(), counters.connections()), (2, 1));
}

#[tokio::test]
async fn a_handshake_that_is_given_up_frees_its_place() {
    let world = World::new();
    let sender = Arc::new(world.sender_with(|options| options.max_connections_per_host = 1));
    let silent = waxwing_peers::RawListener::start(waxwing_peers::Misbehaviour::Silent).await.unwrap();
    for attempts in 1..=2 {
        let hanging = tokio::spawn({
            let (sender, request) = (Arc::clone(&sender), post_to(silent.addr));
            async move { sender.send(request).await }
        });
        within(silent.hellos(attempts)).await;
        hanging.abort();
        assert!(hanging.await.unwrap_err().is_cancelled());
    }
}
