//! Connections that the server closed while they were kept.
//!
//! The sender may know by then or not: the last bytes of a connection can cross
//! the next request on the wire. Either way the customer sees no failure.

use waxwing_delivery::Sender;
use waxwing_peers::{Alpn, ScriptedPeer, Step};

use crate::{
    frames::{NO_ERROR, STATUS_200, answer, goaway, ok, settings},
    harness::{World, error, post_to, settle, success, within},
};

/// How a server ends a kept connection.
const ENDS: [Step; 3] = [Step::Close, Step::Cut, Step::Reset];

/// Whether the sender gets the time to see it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Seen {
    Yes,
    No,
}

/// A server that answers the first request and keeps the connection until it is
/// told to end it; on later connections it does `later`.
async fn closing(world: &World, end: Step, later: Vec<Step>) -> ScriptedPeer {
    let first = vec![Step::Request, ok(), Step::Pause, end];
    world
        .scripted(Alpn::Http1, move |connection| if connection == 1 { first.clone() } else { later.clone() })
        .await
}

/// Has the first connection kept, then closed by the server.
async fn keep_and_close(sender: &impl Sender, peer: &ScriptedPeer, seen: Seen) {
    assert_eq!(success(&within(sender.send(post_to(peer.addr))).await), 200);
    within(peer.until(|progress| progress.pauses == 1)).await;
    peer.go_on();
    within(peer.until(|progress| progress.scripts == 1)).await;
    if seen == Seen::Yes {
        settle().await;
    }
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_replaced_without_an_error() {
    let world = World::new();
    for end in ENDS {
        for seen in [Seen::Yes, Seen::No] {
            let peer = closing(&world, end.clone(), vec![Step::Request, ok()]).await;
            let sender = world.sender();
            keep_and_close(&sender, &peer, seen).await;
            let response = within(sender.send(post_to(peer.addr))).await;
            assert_eq!(success(&response), 200, "{end:?}, seen: {seen:?}");
            assert_eq!((peer.progress().connections, peer.progress().requests), (2, 2));
        }
    }
}

#[tokio::test]
async fn it_is_replaced_within_the_bound_of_connections() {
    let world = World::new();
    for seen in [Seen::Yes, Seen::No] {
        let peer = closing(&world, Step::Cut, vec![Step::Request, ok()]).await;
        let sender = world.sender_with(|options| options.max_connections_per_host = 1);
        keep_and_close(&sender, &peer, seen).await;
        assert_eq!(success(&within(sender.send(post_to(peer.addr))).await), 200, "seen: {seen:?}");
    }
}

#[tokio::test]
async fn the_request_is_sent_once_more_and_not_for_ever() {
    let world = World::new();
    let peer = closing(&world, Step::Cut, vec![Step::Request, Step::Cut]).await;
    let sender = world.sender();
    keep_and_close(&sender, &peer, Seen::No).await;
    let response = within(sender.send(post_to(peer.addr))).await;
    assert_eq!(error(&response), "the server closed the connection before its answer was complete");
    assert_eq!((peer.progress().connections, peer.progress().requests), (2, 2));
}

#[tokio::test]
async fn a_connection_that_is_closed_on_its_first_request_is_a_failure() {
    let world = World::new();
    let peer = world.doing(vec![Step::Request, Step::Close]).await;
    let response = within(world.sender().send(post_to(peer.addr))).await;
    assert_eq!(error(&response), "the server closed the connection before its answer was complete");
    assert_eq!((peer.progress().connections, peer.progress().requests), (1, 1));
}

#[tokio::test]
async fn a_shared_connection_that_was_closed_is_replaced_without_an_error() {
    let world = World::new();
    for end in ENDS {
        for seen in [Seen::Yes, Seen::No] {
            let end_of_it = end.clone();
            let script = move |connection| {
                let mut steps = vec![settings(), Step::Request, answer(1, STATUS_200)];
                if connection == 1 {
                    steps.extend([Step::Pause, end_of_it.clone()]);
                }
                steps
            };
            let peer = world.scripted(Alpn::Http2, script).await;
            let sender = world.sender();
            keep_and_close(&sender, &peer, seen).await;
            let response = within(sender.send(post_to(peer.addr))).await;
            assert_eq!(success(&response), 200, "{end:?}, seen: {seen:?}");
            assert_eq!((peer.progress().connections, peer.progress().requests), (2, 2));
        }
    }
}

#[tokio::test]
async fn a_shared_connection_that_the_server_retires_is_replaced_without_an_error() {
    let world = World::new();
    for seen in [Seen::Yes, Seen::No] {
        let script = |connection| {
            let mut steps = vec![settings(), Step::Request, answer(1, STATUS_200)];
            if connection == 1 {
                steps.extend([Step::Pause, goaway(1, NO_ERROR)]);
            }
            steps
        };
        let peer = world.scripted(Alpn::Http2, script).await;
        let sender = world.sender();
        keep_and_close(&sender, &peer, seen).await;
        assert_eq!(success(&within(sender.send(post_to(peer.addr))).await), 200, "seen: {seen:?}");
        assert_eq!(peer.progress().connections, 2);
    }
}
