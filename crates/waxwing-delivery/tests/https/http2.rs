//! What a server can say in HTTP/2 alone: GOAWAY and RST_STREAM.

use waxwing_delivery::Sender;
use waxwing_peers::{Alpn, ScriptedPeer, Step};

use crate::{
    frames::{
        ENHANCE_YOUR_CALM, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM, STATUS_200, STATUS_500, answer, data,
        goaway, headers, rst_stream, settings,
    },
    harness::{World, error, error_of, post_to, settle, success, within},
};

/// A server that reads a request and then does this, on every connection.
async fn doing(world: &World, then: Vec<Step>) -> ScriptedPeer {
    let steps = [vec![settings(), Step::Request], then].concat();
    world.scripted(Alpn::Http2, move |_| steps.clone()).await
}

async fn error_after(then: Vec<Step>) -> String {
    let world = World::new();
    let peer = doing(&world, then).await;
    error_of(&world, peer.addr).await
}

#[tokio::test]
async fn a_stream_that_the_server_resets_is_told_with_its_code() {
    let told = "no valid HTTP answer: the server ended the request with the HTTP/2 error INTERNAL_ERROR";
    assert_eq!(error_after(vec![rst_stream(1, INTERNAL_ERROR)]).await, told);
    assert_eq!(error_after(vec![headers(1, STATUS_200), rst_stream(1, INTERNAL_ERROR)]).await, told);
    let half = vec![headers(1, STATUS_200), data(1, b"half"), rst_stream(1, INTERNAL_ERROR)];
    assert_eq!(error_after(half).await, told);
}

#[tokio::test]
async fn a_connection_that_the_server_ends_in_anger_is_told_with_its_code() {
    assert_eq!(
        error_after(vec![goaway(0, ENHANCE_YOUR_CALM)]).await,
        "no valid HTTP answer: the server ended the request with the HTTP/2 error ENHANCE_YOUR_CALM"
    );
}

#[tokio::test]
async fn a_reset_stream_leaves_the_connection_to_the_next_request() {
    let world = World::new();
    let peer = doing(&world, vec![rst_stream(1, INTERNAL_ERROR), Step::Request, answer(3, STATUS_200)]).await;
    let sender = world.sender();
    error(&within(sender.send(post_to(peer.addr))).await);
    assert_eq!(success(&within(sender.send(post_to(peer.addr))).await), 200);
    assert_eq!(peer.progress().connections, 1);
}

#[tokio::test]
async fn a_server_that_stops_reading_after_its_answer_has_answered() {
    let world = World::new();
    let peer = doing(&world, vec![answer(1, STATUS_200), rst_stream(1, NO_ERROR)]).await;
    assert_eq!(success(&within(world.sender().send(post_to(peer.addr))).await), 200);
}

#[tokio::test]
async fn a_server_that_refuses_a_first_request_is_told() {
    for refusal in [rst_stream(1, REFUSED_STREAM), goaway(0, NO_ERROR)] {
        assert_eq!(
            error_after(vec![refusal]).await,
            "the server closed the connection before its answer was complete"
        );
    }
}

/// On a connection that was used before, a server may say of a request that it was
/// not processed, and mean: elsewhere.
async fn retires_with(refusal: Step) {
    let world = World::new();
    let script = move |connection| {
        let mut steps = vec![settings(), Step::Request, answer(1, STATUS_200), Step::Request];
        steps.push(if connection == 1 { refusal.clone() } else { answer(3, STATUS_500) });
        steps
    };
    let peer = world.scripted(Alpn::Http2, script).await;
    let sender = world.sender();
    for requests in [1, 3] {
        assert_eq!(success(&within(sender.send(post_to(peer.addr))).await), 200);
        assert_eq!(peer.progress().requests, requests);
    }
    assert_eq!(peer.progress().connections, 2);
    let response = within(sender.send(post_to(peer.addr))).await;
    assert_eq!(error(&response), "answered 500 instead of 2xx");
    assert_eq!(peer.progress().connections, 2, "the new connection is the one that is shared now");
}

#[tokio::test]
async fn a_request_that_was_not_processed_is_sent_on_a_new_connection() {
    retires_with(goaway(1, NO_ERROR)).await;
    retires_with(rst_stream(3, REFUSED_STREAM)).await;
}

#[tokio::test]
async fn a_request_under_way_is_finished_when_the_connection_is_retired() {
    let world = World::new();
    let peer = doing(&world, vec![goaway(1, NO_ERROR), Step::Pause, answer(1, STATUS_200)]).await;
    let sender = world.sender();
    let sending = tokio::spawn({
        let request = post_to(peer.addr);
        async move { sender.send(request).await }
    });
    within(peer.until(|progress| progress.pauses == 1)).await;
    settle().await;
    assert!(!sending.is_finished());
    peer.go_on();
    assert_eq!(success(&within(sending).await.unwrap()), 200);
}

#[tokio::test]
async fn frames_for_streams_that_do_not_exist_end_the_connection() {
    assert_eq!(
        error_after(vec![data(7, b"for nobody")]).await,
        "no valid HTTP answer: it breaks the rules of HTTP/2 (PROTOCOL_ERROR)"
    );
}
