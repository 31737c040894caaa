//! What becomes of each answer: statuses, waits, bodies.

use std::time::Duration;

use waxwing_core::{AttemptError, Outcome};
use waxwing_delivery::{Response, Sender};
use waxwing_peers::{Alpn, Reply, Step};
use waxwing_store::delivery::MAX_RESPONSE_BODY;

use crate::{
    frames::{ok, say},
    harness::{World, error, post_to, success, within},
};

/// What a request to a server that answers this leads to.
async fn answered(reply: Reply) -> Response {
    let world = World::new();
    let receiver = world.answering(Alpn::Both, reply).await;
    within(world.sender().send(post_to(receiver.addr))).await
}

/// What these bytes of HTTP/1.1 lead to.
async fn answered_with(bytes: impl Into<bytes::Bytes>) -> Response {
    let world = World::new();
    let peer = world.doing(vec![Step::Request, say(bytes)]).await;
    within(world.sender().send(post_to(peer.addr))).await
}

#[tokio::test]
async fn every_2xx_is_a_success() {
    for status in [200, 201, 202, 204, 206, 226, 299] {
        assert_eq!(answered(Reply::status(status)).await.outcome, Outcome::Succeeded { status });
    }
}

#[tokio::test]
async fn every_other_status_is_a_failure_with_its_number() {
    for status in [400, 401, 404, 405, 418, 429, 500, 502, 503, 599, 600, 999] {
        let response = answered(Reply::status(status)).await;
        assert_eq!(error(&response), format!("answered {status} instead of 2xx"));
        assert_eq!(response.outcome.status_code(), Some(status));
    }
}

#[tokio::test]
async fn gone_is_told_with_its_consequence() {
    let response = answered(Reply::status(410)).await;
    assert_eq!(error(&response), "answered 410 Gone: the webhook was disabled");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let world = World::new();
    let elsewhere = world.answering(Alpn::Both, Reply::status(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let reply = Reply::with_header(status, "location", &elsewhere.url("/"));
        let receiver = world.answering(Alpn::Both, reply).await;
        let response = within(world.sender().send(post_to(receiver.addr))).await;
        assert_eq!(
            error(&response),
            format!(
                "answered {status}: redirects are not followed, set the webhook's URL to the final address"
            )
        );
        assert_eq!(receiver.counters().requests(), 1);
    }
    assert_eq!(elsewhere.counters().connections(), 0);
}

#[tokio::test]
async fn informational_answers_come_before_the_one_that_counts() {
    let response = answered_with(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n\
         HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
    )
    .await;
    assert_eq!((success(&response), &response.body[..]), (201, &b"ok"[..]));
}

#[tokio::test]
async fn a_switch_of_protocols_that_nobody_asked_for_is_a_failure() {
    let response = answered_with("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n").await;
    assert_eq!(error(&response), "answered 101 instead of 2xx");
}

#[tokio::test]
async fn http_1_0_is_understood() {
    let response = answered_with("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    assert_eq!((success(&response), &response.body[..]), (200, &b"ok"[..]));
}

#[tokio::test]
async fn the_beginning_of_the_body_is_kept_whatever_the_status() {
    for status in [200, 500] {
        let response = answered(Reply::with_body(status, "out of stock")).await;
        assert_eq!(response.outcome.status_code(), Some(status));
        assert_eq!(response.body, "out of stock");
    }
}

#[tokio::test]
async fn of_a_long_body_the_first_kibibyte_is_kept() {
    let body: Vec<u8> = (0..=u8::MAX).cycle().take(200_000).collect();
    for length in [0, 1, MAX_RESPONSE_BODY - 1, MAX_RESPONSE_BODY, MAX_RESPONSE_BODY + 1, 60_000, 200_000] {
        let response = answered(Reply::with_body(200, body[..length].to_vec())).await;
        assert_eq!(success(&response), 200);
        assert!(response.body == body[..length.min(MAX_RESPONSE_BODY)], "{length}");
    }
}

#[tokio::test]
async fn a_chunked_body_is_put_together() {
    let response = answered_with(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nout\r\n9;x=y\r\n of stock\r\n0\r\nTrailer: x\r\n\r\n",
    )
    .await;
    assert_eq!((success(&response), &response.body[..]), (200, &b"out of stock"[..]));
}

#[tokio::test]
async fn an_endless_body_is_left_and_its_status_counts() {
    let world = World::new();
    for (status, outcome) in [
        ("200 OK", Outcome::Succeeded { status: 200 }),
        ("500 Oops", Outcome::Failed(AttemptError::Status { status: 500, retry_after: None })),
    ] {
        let head = say(format!("HTTP/1.1 {status}\r\n\r\n"));
        let steps = vec![Step::Request, head, Step::SendForever("x".repeat(1_000).into())];
        let peer = world.doing(steps).await;
        let sender = world.sender();
        for connections in 1..=2 {
            let response = within(sender.send(post_to(peer.addr))).await;
            assert_eq!(response.outcome, outcome);
            assert_eq!(response.body.len(), MAX_RESPONSE_BODY);
            // What is still to come cannot be skipped: the connection is not kept.
            within(peer.until(|progress| progress.ended == connections)).await;
            assert_eq!(peer.progress().connections, connections);
        }
    }
}

#[tokio::test]
async fn an_endless_body_over_http2_ends_its_stream_only() {
    let world = World::new();
    let receiver = world.answering(Alpn::Http2, Reply::EndlessBody).await;
    let sender = world.sender();
    for _ in 0..3 {
        let response = within(sender.send(post_to(receiver.addr))).await;
        assert_eq!((success(&response), response.body.len()), (200, MAX_RESPONSE_BODY));
    }
    assert_eq!(receiver.counters().connections(), 1);
}

#[tokio::test]
async fn bodies_that_nobody_reads_do_not_use_up_a_shared_connection() {
    // 3 MB that are left unread: many times the window of a connection.
    let world = World::new();
    let receiver = world.answering(Alpn::Http2, Reply::with_body(200, vec![b'x'; 100_000])).await;
    let sender = world.sender();
    for _ in 0..100 {
        success(&within(sender.send(post_to(receiver.addr))).await);
    }
    assert_eq!(receiver.counters().connections(), 1);
}

#[tokio::test]
async fn an_answer_may_come_before_the_request_is_read() {
    let world = World::new();
    let mut request = post_to(([127, 0, 0, 1], 1).into());
    request.body = vec![b'x'; 8 << 20].into();
    let early = say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let peer = world.doing(vec![early.clone(), Step::Pause]).await;
    request.url = crate::harness::target(&peer.url("/"));
    let response = within(world.sender().send(request)).await;
    assert_eq!(error(&response), "answered 413 instead of 2xx");
}

/// The wait that a server with this status and `Retry-After` asks for.
async fn wait(status: u16, value: &str) -> (String, Option<Duration>) {
    let response = answered(Reply::with_header(status, "retry-after", value)).await;
    let Outcome::Failed(AttemptError::Status { retry_after, .. }) = &response.outcome else {
        panic!("{:?}", response.outcome);
    };
    (error(&response), *retry_after)
}

#[tokio::test]
async fn retry_after_in_seconds_is_heard() {
    for status in [429, 503] {
        assert_eq!(
            wait(status, "120").await,
            (format!("answered {status} and asked to wait 120 s"), Some(Duration::from_mins(2)))
        );
    }
    assert_eq!(wait(503, "0").await.1, Some(Duration::ZERO));
}

#[tokio::test]
async fn retry_after_as_a_date_is_counted_from_now() {
    // The sender's clock says 08:49:37.
    for (date, seconds) in [
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
        ("Sunday, 06-Nov-94 08:50:37 GMT", 60),
        ("Sun Nov  6 08:50:37 1994", 60),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
    ] {
        assert_eq!(wait(503, date).await.1, Some(Duration::from_secs(seconds)), "{date}");
    }
}

#[tokio::test]
async fn retry_after_is_bounded_by_a_day() {
    for value in ["86401", "99999999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        assert_eq!(wait(429, value).await.1, Some(Duration::from_hours(24)), "{value}");
    }
}

#[tokio::test]
async fn retry_after_that_makes_no_sense_is_ignored() {
    for value in ["", "soon", "-5", "1.5", "5 s", "0x10", "Sun, 31 Feb 1994 08:49:37"] {
        assert_eq!(wait(429, value).await, ("answered 429 instead of 2xx".into(), None), "{value:?}");
    }
}

#[tokio::test]
async fn retry_after_is_ignored_where_it_has_no_meaning() {
    for status in [400, 404, 408, 500, 502, 504] {
        assert_eq!(wait(status, "120").await, (format!("answered {status} instead of 2xx"), None));
    }
    let moved = wait(302, "120").await;
    assert_eq!(moved.1, None);
    assert_eq!(success(&answered(Reply::with_header(200, "retry-after", "120")).await), 200);
}

#[tokio::test]
async fn of_several_retry_after_the_first_is_heard() {
    let response =
        answered_with("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nRetry-After: 70\r\nContent-Length: 0\r\n\r\n")
            .await;
    assert_eq!(error(&response), "answered 503 and asked to wait 7 s");
}

#[tokio::test]
async fn an_answer_without_a_body_keeps_the_connection() {
    let world = World::new();
    let no_content = say("HTTP/1.1 204 No Content\r\n\r\n");
    let steps = vec![Step::Request, no_content, Step::Request, ok()];
    let peer = world.doing(steps).await;
    let sender = world.sender();
    assert_eq!(success(&within(sender.send(post_to(peer.addr))).await), 204);
    assert_eq!(success(&within(sender.send(post_to(peer.addr))).await), 200);
    assert_eq!(peer.progress().connections, 1);
}
