//! Every way in which a receiver can answer, and misbehave.

use std::{io::ErrorKind, time::Duration};

use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::Instant,
};
use waxwing_peers::{Alpn, Received, Receiver, Reply};

use crate::harness::{Client, Tls, assert_silent, authority, connect_http1, post, receiver, rest, within};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A connection with a request that is answered in this way.
async fn asked(reply: Reply) -> (Receiver, Tls) {
    let ca = authority();
    let receiver = receiver(&ca, Alpn::Http1, move |_: Received| reply.clone()).await;
    let mut tls = connect_http1(&ca, receiver.addr).await;
    tls.write_all(GET).await.unwrap();
    (receiver, tls)
}

#[tokio::test]
async fn a_proper_answer_has_its_status_headers_and_body() {
    let ca = authority();
    let body = Reply::with_body(202, "thank you");
    let header = Reply::with_header(503, "retry-after", "7");
    let handler =
        move |received: Received| if received.body == "body" { body.clone() } else { header.clone() };
    let receiver = receiver(&ca, Alpn::Both, handler).await;
    for protocol in ["http/1.1", "h2"] {
        let mut client = Client::new(&ca, receiver.addr, protocol).await;
        assert_eq!(client.post("body").await, (202, Bytes::from("thank you")));
        let answer = client.send(post("header")).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (503, &"7".parse().unwrap())
        );
    }
}

#[test]
fn what_is_no_status_or_no_header_is_replaced_or_left_out() {
    let Reply::Status { status, headers, body } = Reply::with_header(20, "not a name", "x") else {
        panic!("it is a status");
    };
    assert_eq!((status.as_u16(), headers.len(), body.len()), (500, 0, 0));
}

#[tokio::test]
async fn hang_says_nothing_and_stays() {
    let (receiver, mut tls) = asked(Reply::Hang).await;
    within(async {
        while receiver.counters().requests() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_silent(&mut tls).await;
    assert_eq!(receiver.counters().open(), 1);
}

#[tokio::test]
async fn delay_answers_after_its_time() {
    let wait = Duration::from_millis(30);
    let begin = Instant::now();
    let (_receiver, mut tls) = asked(Reply::Delay(wait, Box::new(Reply::status(204)))).await;
    let mut start = [0; 12];
    within(tls.read_exact(&mut start)).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 204");
    assert!(begin.elapsed() >= wait);
}

#[tokio::test]
async fn reset_aborts_the_connection() {
    let (_receiver, mut tls) = asked(Reply::Reset).await;
    let (read, end) = rest(&mut tls).await;
    assert_eq!((read, end.unwrap_err().kind()), (vec![], ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn close_ends_tls_without_an_answer() {
    let (_receiver, mut tls) = asked(Reply::CloseWithoutAnswer).await;
    let (read, end) = rest(&mut tls).await;
    assert_eq!(read, b"");
    end.unwrap();
}

#[tokio::test]
async fn garbage_is_sent_as_it_is() {
    let (_receiver, mut tls) = asked(Reply::Garbage(Bytes::from_static(b"\0no http"))).await;
    let (read, end) = rest(&mut tls).await;
    assert_eq!(read, b"\0no http");
    end.unwrap();
}

#[tokio::test]
async fn breaking_replies_break_http2_too() {
    for reply in
        [Reply::Reset, Reply::CloseWithoutAnswer, Reply::Garbage(Bytes::from_static(b"no frame at all"))]
    {
        let ca = authority();
        let broken = reply.clone();
        let receiver = receiver(&ca, Alpn::Http2, move |_: Received| broken.clone()).await;
        let mut client = Client::new(&ca, receiver.addr, "h2").await;
        assert!(client.send(post("")).await.is_err(), "{reply:?}");
    }
}

#[tokio::test]
async fn the_endless_body_goes_on() {
    let ca = authority();
    let receiver = receiver(&ca, Alpn::Both, |_: Received| Reply::EndlessBody).await;
    for protocol in ["http/1.1", "h2"] {
        let mut client = Client::new(&ca, receiver.addr, protocol).await;
        let mut body = client.send(post("")).await.unwrap().into_body();
        let mut read = 0;
        while read < 3 << 20 {
            let frame = within(body.frame()).await.expect("it has no end").unwrap();
            read += frame.into_data().unwrap().len();
        }
    }
}

#[tokio::test]
async fn the_slow_body_comes_byte_by_byte() {
    let ca = authority();
    let receiver = receiver(&ca, Alpn::Both, |_: Received| Reply::SlowBody(Duration::from_millis(1))).await;
    for protocol in ["http/1.1", "h2"] {
        let mut client = Client::new(&ca, receiver.addr, protocol).await;
        let mut body = client.send(post("")).await.unwrap().into_body();
        for _ in 0..5 {
            let frame = within(body.frame()).await.expect("it has no end").unwrap();
            assert_eq!(frame.into_data().unwrap(), ".");
        }
    }
}

#[tokio::test]
async fn huge_headers_are_a_megabyte() {
    let (_receiver, mut tls) = asked(Reply::HugeHeaders).await;
    let (mut read, mut piece) = (Vec::new(), vec![0; 64 << 10]);
    while !read.windows(4).rev().take(piece.len() + 4).any(|window| window == b"\r\n\r\n") {
        let count = within(tls.read(&mut piece)).await.unwrap();
        assert!(count > 0, "the head ends first");
        read.extend_from_slice(&piece[..count]);
    }
    assert!(read.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert!(read.len() > 1 << 20);
}
