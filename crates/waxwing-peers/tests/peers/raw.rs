//! Listeners that do not speak TLS: each does what its name says.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

use bytes::Bytes;
use tokio::{io::AsyncWriteExt, net::TcpStream};
use waxwing_peers::{Misbehaviour, RawListener};

use crate::harness::{assert_silent, rest, within};

/// What comes back after a few bytes, and how it ends.
async fn hello(misbehaviour: Misbehaviour) -> (Vec<u8>, io::Result<()>) {
    let listener = RawListener::start(misbehaviour).await.unwrap();
    let mut tcp = TcpStream::connect(listener.addr).await.unwrap();
    tcp.write_all(b"hello").await.unwrap();
    within(listener.hellos(1)).await;
    assert_eq!(listener.connections(), 1);
    tcp.shutdown().await.ok();
    rest(&mut tcp).await
}

#[tokio::test]
async fn silent_reads_and_says_nothing() {
    let listener = RawListener::start(Misbehaviour::Silent).await.unwrap();
    let mut tcp = TcpStream::connect(listener.addr).await.unwrap();
    tcp.write_all(b"hello").await.unwrap();
    within(listener.hellos(1)).await;
    assert_silent(&mut tcp).await;
}

#[tokio::test]
async fn close_at_once_does_not_wait_for_a_word() {
    let listener = RawListener::start(Misbehaviour::CloseAtOnce).await.unwrap();
    let mut tcp = TcpStream::connect(listener.addr).await.unwrap();
    let (read, end) = rest(&mut tcp).await;
    assert_eq!(read, b"");
    end.unwrap();
}

#[tokio::test]
async fn reset_at_once_does_not_wait_for_a_word() {
    let listener = RawListener::start(Misbehaviour::ResetAtOnce).await.unwrap();
    let mut tcp = TcpStream::connect(listener.addr).await.unwrap();
    assert_eq!(rest(&mut tcp).await.1.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn close_after_hello_hears_it_first() {
    let (read, end) = hello(Misbehaviour::CloseAfterHello).await;
    assert_eq!(read, b"");
    end.unwrap();
}

#[tokio::test]
async fn reset_after_hello_hears_it_first() {
    let (read, end) = hello(Misbehaviour::ResetAfterHello).await;
    assert_eq!((read, end.unwrap_err().kind()), (vec![], ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn answer_hears_the_client_first() {
    let (read, end) = hello(Misbehaviour::Answer(Bytes::from_static(b"goodbye"))).await;
    assert_eq!(read, b"goodbye");
    end.unwrap();
}

#[tokio::test]
async fn an_alert_is_a_record_of_its_own() {
    assert_eq!(hello(Misbehaviour::alert(70)).await.0, [21, 3, 3, 0, 2, 2, 70]);
}

#[tokio::test]
async fn the_hello_of_tls_1_1_has_the_length_that_it_says() {
    let (read, _) = hello(Misbehaviour::tls_1_1()).await;
    assert_eq!(read[..3], [22, 3, 2], "a handshake record");
    assert_eq!(usize::from(u16::from_be_bytes([read[3], read[4]])), read.len() - 5);
    assert_eq!(read[5], 2, "a ServerHello");
    assert_eq!(usize::from(u16::from_be_bytes([read[7], read[8]])), read.len() - 9);
}

#[tokio::test]
async fn plain_http_answers_in_http_and_closes() {
    let (read, end) = hello(Misbehaviour::PlainHttp).await;
    assert!(read.starts_with(b"HTTP/1.1 400 Bad Request\r\n"), "{read:?}");
    end.unwrap();
}

#[tokio::test]
async fn garbage_comes_before_the_client_says_anything() {
    let listener = RawListener::start(Misbehaviour::Garbage(Bytes::from_static(b"SSH-2.0"))).await.unwrap();
    let mut tcp = TcpStream::connect(listener.addr).await.unwrap();
    let mut read = [0; 7];
    within(tokio::io::AsyncReadExt::read_exact(&mut tcp, &mut read)).await.unwrap();
    assert_eq!(&read, b"SSH-2.0");
}

#[tokio::test]
async fn nothing_listens_at_a_closed_port() {
    let closed = RawListener::closed_port().await.unwrap();
    assert_eq!(TcpStream::connect(closed).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_unanswering_listener_leaves_connections_open() {
    let unanswering = RawListener::unanswering().await.unwrap();
    let connecting = TcpStream::connect(unanswering.addr);
    assert!(tokio::time::timeout(Duration::from_millis(50), connecting).await.is_err());
    assert_eq!(unanswering.connections(), 0);
}

#[tokio::test]
async fn dropping_a_listener_closes_it() {
    let listener = RawListener::start(Misbehaviour::Silent).await.unwrap();
    let addr = listener.addr;
    let mut tcp = TcpStream::connect(addr).await.unwrap();
    tcp.write_all(b"hello").await.unwrap();
    within(listener.hellos(1)).await;
    drop(listener);
    assert_eq!(rest(&mut tcp).await.0, b"");
    assert_eq!(TcpStream::connect(addr).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}
