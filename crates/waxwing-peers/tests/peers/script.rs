//! The TLS server that follows a script, step by step.

use std::{io::ErrorKind, time::Duration};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use waxwing_peers::{Alpn, Ca, Progress, ScriptedPeer, Step, tls_config};

use crate::harness::{Client, Tls, assert_silent, authority, cert, connect_http1, post, rest, within};

async fn start(ca: &Ca, alpn: Alpn, steps: Vec<Step>) -> ScriptedPeer {
    ScriptedPeer::start(tls_config(cert(ca), alpn).unwrap(), move |_| steps.clone()).await.unwrap()
}

/// A peer with this script, and a connection to it.
async fn connected(steps: Vec<Step>) -> (ScriptedPeer, Tls) {
    let ca = authority();
    let peer = start(&ca, Alpn::Http1, steps).await;
    let tls = connect_http1(&ca, peer.addr).await;
    (peer, tls)
}

fn send(bytes: &'static str) -> Step {
    Step::Send(Bytes::from_static(bytes.as_bytes()))
}

async fn read(tls: &mut Tls, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    within(tls.read_exact(&mut bytes)).await.unwrap();
    bytes
}

#[tokio::test]
async fn a_request_ends_with_its_body_and_not_before() {
    let (peer, mut tls) = connected(vec![Step::Request, send("1"), Step::Request, send("2")]).await;
    for piece in ["POST / HTTP/1.1\r\nconTENT-length:  1", "0\r\n\r", "\n", "01234", "5678"] {
        tls.write_all(piece.as_bytes()).await.unwrap();
        assert_silent(&mut tls).await;
        assert_eq!(peer.progress().requests, 0);
    }
    // The last byte, and a second request in the same breath.
    tls.write_all(b"9GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(read(&mut tls, 2).await, b"12");
    assert_eq!(peer.progress().requests, 2);
}

#[tokio::test]
async fn requests_of_http2_are_read_as_well() {
    let ca = authority();
    let settings = Step::Send(Bytes::from_static(&[0, 0, 0, 4, 0, 0, 0, 0, 0]));
    let answer = |stream| Step::Send(vec![0, 0, 1, 1, 5, 0, 0, 0, stream, 0x89].into());
    let peer =
        start(&ca, Alpn::Http2, vec![settings, Step::Request, answer(1), Step::Request, answer(3)]).await;
    let mut client = Client::new(&ca, peer.addr, "h2").await;
    assert_eq!(client.post("a body").await, (204, Bytes::new()));
    let without_body = client.send(post("")).await.unwrap();
    assert_eq!(without_body.status().as_u16(), 204);
    assert_eq!((peer.progress().connections, peer.progress().requests), (1, 2));
}

#[tokio::test]
async fn pauses_last_until_told() {
    let (peer, mut tls) = connected(vec![Step::Pause, send("1"), Step::Pause, send("2")]).await;
    within(peer.until(|progress| progress.pauses == 1)).await;
    assert_silent(&mut tls).await;
    peer.go_on();
    assert_eq!(read(&mut tls, 1).await, b"1");
    within(peer.until(|progress| progress.pauses == 2)).await;
    assert_silent(&mut tls).await;
    assert_eq!(peer.progress().scripts, 0);
    peer.go_on();
    assert_eq!(read(&mut tls, 1).await, b"2");
    within(peer.until(|progress| progress.scripts == 1)).await;
}

#[tokio::test]
async fn close_ends_tls_and_cut_does_not() {
    let (_peer, mut tls) = connected(vec![send("bye"), Step::Close]).await;
    let (bytes, end) = rest(&mut tls).await;
    assert_eq!(bytes, b"bye");
    end.unwrap();
    let (_peer, mut tls) = connected(vec![send("bye"), Step::Cut]).await;
    let (bytes, end) = rest(&mut tls).await;
    assert_eq!((&bytes[..], end.unwrap_err().kind()), (&b"bye"[..], ErrorKind::UnexpectedEof));
}

#[tokio::test]
async fn reset_aborts_the_connection() {
    let (peer, mut tls) = connected(vec![Step::Request, Step::Reset]).await;
    tls.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let (bytes, end) = rest(&mut tls).await;
    assert_eq!((bytes, end.unwrap_err().kind()), (vec![], ErrorKind::ConnectionReset));
    within(peer.until(|progress| progress.ended == 1)).await;
}

#[tokio::test]
async fn drip_waits_before_each_byte() {
    let wait = Duration::from_millis(5);
    let begin = tokio::time::Instant::now();
    let (_peer, mut tls) = connected(vec![Step::Drip(Bytes::from_static(b"abc"), wait)]).await;
    for expected in b"abc" {
        assert_eq!(read(&mut tls, 1).await, [*expected]);
    }
    assert!(begin.elapsed() >= 3 * wait);
}

#[tokio::test]
async fn send_forever_goes_on_until_the_client_goes() {
    let (peer, mut tls) = connected(vec![Step::SendForever(Bytes::from_static(b"0123456789"))]).await;
    for _ in 0..1_000 {
        assert_eq!(read(&mut tls, 1_000).await, b"0123456789".repeat(100));
    }
    drop(tls);
    within(peer.until(|progress| progress.ended == 1)).await;
    assert_eq!(peer.progress().scripts, 0);
}

#[tokio::test]
async fn after_the_script_the_connection_stays_until_the_client_closes_it() {
    let (peer, mut tls) = connected(vec![]).await;
    within(peer.until(|progress| progress.scripts == 1)).await;
    tls.write_all(&b"x".repeat(100_000)).await.unwrap();
    assert_silent(&mut tls).await;
    assert_eq!(peer.progress().ended, 0);
    drop(tls);
    within(peer.until(|progress| progress.ended == 1)).await;
}

#[tokio::test]
async fn each_connection_has_its_own_script_and_progress_is_the_sum() {
    let ca = authority();
    let tls = tls_config(cert(&ca), Alpn::Http1).unwrap();
    let script = |connection: u64| vec![Step::Send(connection.to_string().into()), Step::Close];
    let peer = ScriptedPeer::start(tls, script).await.unwrap();
    for connection in 1..=3_u64 {
        let mut tls = connect_http1(&ca, peer.addr).await;
        assert_eq!(rest(&mut tls).await.0, connection.to_string().as_bytes());
    }
    within(peer.until(|progress| progress.ended == 3)).await;
    let sum = Progress { connections: 3, handshakes: 3, requests: 0, pauses: 0, scripts: 3, ended: 3 };
    assert_eq!(peer.progress(), sum);
}

#[tokio::test]
async fn a_client_that_does_not_like_the_certificate_is_a_connection_without_a_handshake() {
    let peer = start(&authority(), Alpn::Http1, vec![]).await;
    assert!(crate::harness::connect(&authority(), peer.addr, "localhost", &[]).await.is_err());
    within(peer.until(|progress| progress.ended == 1)).await;
    assert_eq!((peer.progress().connections, peer.progress().handshakes), (1, 0));
}
