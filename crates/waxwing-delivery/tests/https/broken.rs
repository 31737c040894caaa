//! Connections that break, and answers that are no HTTP.

use waxwing_delivery::Sender;
use waxwing_peers::{Alpn, Misbehaviour, RawListener, Reply, Step};

use crate::{
    frames::{STATUS_200, data, headers, ok, say, settings},
    harness::{World, error, error_of, post_to, success, within},
};

const RESET: &str = "the server closed the connection before its answer was complete";
/// How a server ends a connection.
const ENDS: [Step; 3] = [Step::Close, Step::Cut, Step::Reset];

/// The error that a server leads to that does this on every HTTP/1.1 connection.
async fn error_after(steps: Vec<Step>) -> String {
    let world = World::new();
    let peer = world.doing(steps).await;
    let told = error_of(&world, peer.addr).await;
    assert_eq!(peer.progress().connections, 1, "a fresh connection is not tried again");
    told
}

/// The error that these bytes as an answer lead to.
async fn error_of_answer(bytes: &'static str) -> String {
    error_after(vec![Step::Request, say(bytes), Step::Close]).await
}

#[tokio::test]
async fn a_connection_that_ends_after_the_handshake() {
    for end in ENDS {
        assert_eq!(error_after(vec![end.clone()]).await, RESET, "{end:?}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_after_the_request() {
    for end in ENDS {
        assert_eq!(error_after(vec![Step::Request, end.clone()]).await, RESET, "{end:?}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_in_the_middle_of_the_headers() {
    for end in ENDS {
        let steps = vec![Step::Request, say("HTTP/1.1 200 OK\r\nContent-Le"), end.clone()];
        assert_eq!(error_after(steps).await, RESET, "{end:?}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_in_the_middle_of_a_body_of_known_length() {
    for end in ENDS {
        let half = say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it");
        assert_eq!(error_after(vec![Step::Request, half, end.clone()]).await, RESET, "{end:?}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_in_the_middle_of_a_chunked_body() {
    for end in ENDS {
        let half = say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf");
        assert_eq!(error_after(vec![Step::Request, half, end.clone()]).await, RESET, "{end:?}");
    }
}

#[tokio::test]
async fn a_body_without_a_length_must_end_with_tls() {
    let half = say("HTTP/1.1 200 OK\r\n\r\nthank you");
    for end in [Step::Cut, Step::Reset] {
        assert_eq!(error_after(vec![Step::Request, half.clone(), end.clone()]).await, RESET, "{end:?}");
    }
    let world = World::new();
    let peer = world.doing(vec![Step::Request, half, Step::Close]).await;
    let response = within(world.sender().send(post_to(peer.addr))).await;
    assert_eq!((success(&response), &response.body[..]), (200, &b"thank you"[..]));
}

#[tokio::test]
async fn a_connection_over_http2_that_breaks() {
    let world = World::new();
    let beginnings = [
        vec![settings()],
        vec![settings(), Step::Request],
        vec![settings(), Step::Request, headers(1, STATUS_200)],
        vec![settings(), Step::Request, headers(1, STATUS_200), data(1, b"half of it")],
    ];
    for beginning in beginnings {
        for end in ENDS {
            let mut steps = beginning.clone();
            steps.push(end);
            let peer = world.scripted(Alpn::Http2, move |_| steps.clone()).await;
            assert_eq!(error_of(&world, peer.addr).await, RESET);
        }
    }
}

#[tokio::test]
async fn something_else_than_http() {
    for (bytes, why) in [
        ("hello, who is there?\r\n\r\n", "invalid HTTP version parsed"),
        ("220 mail.example ESMTP\r\n", "invalid HTTP version parsed"),
        ("HTTP/1.1 twohundred OK\r\n\r\n", "invalid HTTP status-code parsed"),
        ("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", "invalid HTTP header parsed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "invalid content-length parsed"),
    ] {
        assert_eq!(error_of_answer(bytes).await, format!("no valid HTTP answer: {why}"), "{bytes:?}");
    }
}

#[tokio::test]
async fn two_lengths_that_disagree() {
    let bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx";
    assert_eq!(error_of_answer(bytes).await, "no valid HTTP answer: invalid content-length parsed");
}

#[tokio::test]
async fn a_chunked_body_with_a_broken_length() {
    let bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n";
    assert_eq!(
        error_of_answer(bytes).await,
        "no valid HTTP answer: Invalid chunk size line: missing size digit"
    );
}

#[tokio::test]
async fn something_else_than_http2() {
    let world = World::new();
    let peer = world.scripted(Alpn::Http2, |_| vec![say("HTTP/1.1 200 OK\r\n\r\n"), Step::Close]).await;
    assert_eq!(
        error_of(&world, peer.addr).await,
        "no valid HTTP answer: it breaks the rules of HTTP/2 (FRAME_SIZE_ERROR)"
    );
}

const TOO_LARGE: &str =
    "no valid HTTP answer: its headers are too many or too large (at most 100, of 64 KiB in all)";

#[tokio::test]
async fn headers_larger_than_anybody_needs() {
    let world = World::new();
    let large = Reply::with_header(200, "x-large", &"x".repeat(200_000));
    for alpn in [Alpn::Http1, Alpn::Http2] {
        for reply in [large.clone(), Reply::HugeHeaders] {
            let receiver = world.answering(alpn, reply).await;
            assert_eq!(error_of(&world, receiver.addr).await, TOO_LARGE, "{alpn:?}");
        }
    }
}

#[tokio::test]
async fn headers_without_end() {
    let head = say("HTTP/1.1 200 OK\r\nX: ");
    let endless = vec![Step::Request, head, Step::SendForever("x".repeat(4096).into())];
    assert_eq!(error_after(endless).await, TOO_LARGE);
}

#[tokio::test]
async fn more_headers_than_anybody_sends() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-Many: 1\r\n".repeat(1_000));
    assert_eq!(error_after(vec![Step::Request, say(many)]).await, TOO_LARGE);
}

#[tokio::test]
async fn large_headers_that_fit_are_read() {
    let world = World::new();
    for alpn in [Alpn::Http1, Alpn::Http2] {
        let receiver = world.answering(alpn, Reply::with_header(200, "x-large", &"x".repeat(60_000))).await;
        assert_eq!(success(&within(world.sender().send(post_to(receiver.addr))).await), 200, "{alpn:?}");
    }
}

#[tokio::test]
async fn nothing_that_breaks_spoils_the_next_request() {
    let world = World::new();
    let sender = world.sender_with(|options| options.max_connections_per_host = 1);
    let peer = world
        .scripted(Alpn::Http1, |connection| match connection {
            1 => vec![Step::Reset],
            2 => vec![Step::Request, Step::Reset],
            3 => vec![Step::Request, say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), Step::Cut],
            4 => vec![Step::Request, say("nonsense\r\n\r\n"), Step::Close],
            _ => vec![Step::Request, ok()],
        })
        .await;
    for _ in 1..=4 {
        error(&within(sender.send(post_to(peer.addr))).await);
    }
    assert_eq!(success(&within(sender.send(post_to(peer.addr))).await), 200);
    let dead = RawListener::start(Misbehaviour::ResetAtOnce).await.unwrap();
    error(&within(sender.send(post_to(dead.addr))).await);
}
