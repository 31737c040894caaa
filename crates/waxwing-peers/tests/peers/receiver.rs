//! The receiver: what it serves, what it tells, what it counts.

use std::{
    io::ErrorKind,
    sync::{Arc, Mutex},
};

use http::{Method, Version};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Notify};
use waxwing_peers::{
    Alpn, Ca, Handler, Received, Receiver, ReceiverOptions, Reply, receiver::MAX_REQUEST_BODY,
};

use crate::harness::{Client, authority, cert, connect, connect_http1, receiver, rest, within};

/// The protocol that a receiver of this kind takes from this offer.
async fn agreed(alpn: Alpn, offer: &[&str]) -> Result<Option<Vec<u8>>, ErrorKind> {
    let ca = authority();
    let receiver = receiver(&ca, alpn, |_: Received| Reply::status(200)).await;
    let tls = connect(&ca, receiver.addr, "localhost", offer).await.map_err(|error| error.kind())?;
    Ok(tls.get_ref().1.alpn_protocol().map(<[u8]>::to_vec))
}

#[tokio::test]
async fn the_protocol_is_agreed_upon_by_alpn() {
    let (http1, http2) = (Ok(Some(b"http/1.1".to_vec())), Ok(Some(b"h2".to_vec())));
    assert_eq!(agreed(Alpn::Both, &["h2", "http/1.1"]).await, http2);
    assert_eq!(agreed(Alpn::Both, &["http/1.1"]).await, http1);
    assert_eq!(agreed(Alpn::Http1, &["h2", "http/1.1"]).await, http1);
    assert_eq!(agreed(Alpn::Http2, &["http/1.1", "h2"]).await, http2);
    assert_eq!(agreed(Alpn::Http1, &[]).await, Ok(None));
    assert_eq!(agreed(Alpn::Http2, &["http/1.1"]).await, Err(ErrorKind::InvalidData));
}

#[tokio::test]
async fn a_request_is_handed_over_as_it_arrived() {
    for (protocol, version) in [("http/1.1", Version::HTTP_11), ("h2", Version::HTTP_2)] {
        let ca = authority();
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&arrived);
        let handler = move |received: Received| {
            keep.lock().unwrap().push(received);
            Reply::status(200)
        };
        let receiver = receiver(&ca, Alpn::Both, handler).await;
        let mut client = Client::new(&ca, receiver.addr, protocol).await;
        client.post("first").await;
        client.post("second").await;
        let arrived = arrived.lock().unwrap();
        for (received, body) in arrived.iter().zip(["first", "second"]) {
            assert_eq!(received.method, Method::POST);
            assert_eq!(received.path, "/hook?a=1");
            assert_eq!(received.host, "localhost");
            assert_eq!(received.headers["x-test"], "yes");
            assert_eq!(received.body, body);
            assert_eq!(received.version, version);
            assert_eq!(received.connection, 1);
            assert_eq!(received.server_name.as_deref(), Some("localhost"));
        }
        assert!(arrived[0].received_at <= arrived[1].received_at);
    }
}

#[tokio::test]
async fn connections_and_requests_are_counted() {
    let ca = authority();
    let receiver = receiver(&ca, Alpn::Both, |_: Received| Reply::status(200)).await;
    let counters = receiver.counters();
    assert_eq!((counters.connections(), counters.open(), counters.requests()), (0, 0, 0));
    let mut first = Client::new(&ca, receiver.addr, "http/1.1").await;
    let mut second = Client::new(&ca, receiver.addr, "h2").await;
    first.post("1").await;
    first.post("2").await;
    second.post("3").await;
    assert_eq!((counters.connections(), counters.open(), counters.requests()), (2, 2, 3));
    drop(first);
    within(async {
        while counters.open() == 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!((counters.connections(), counters.open(), counters.requests()), (2, 1, 3));
}

#[tokio::test]
async fn half_a_request_is_refused_and_not_counted() {
    let ca = authority();
    let receiver = receiver(&ca, Alpn::Http1, |_: Received| panic!("it is not whole")).await;
    let mut tls = connect_http1(&ca, receiver.addr).await;
    tls.write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf").await.unwrap();
    tls.shutdown().await.unwrap();
    assert!(rest(&mut tls).await.0.starts_with(b"HTTP/1.1 400 "));
    assert_eq!((receiver.counters().connections(), receiver.counters().requests()), (1, 0));
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_refused() {
    let ca = authority();
    let receiver = receiver(&ca, Alpn::Http2, |_: Received| panic!("it is too large")).await;
    let mut client = Client::new(&ca, receiver.addr, "h2").await;
    assert_eq!(client.post(&"x".repeat(MAX_REQUEST_BODY + 1)).await.0, 413);
}

#[tokio::test]
async fn a_client_without_tls_is_not_served() {
    let ca = authority();
    let receiver = receiver(&ca, Alpn::Both, |_: Received| panic!("nothing was encrypted")).await;
    let mut tcp = TcpStream::connect(receiver.addr).await.unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let (answer, _) = rest(&mut tcp).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert_eq!(receiver.counters().connections(), 1);
}

/// Says when a request is there, and answers when it is told to.
struct Told {
    here: Arc<Notify>,
    answer: Arc<Notify>,
}

#[async_trait::async_trait]
impl Handler for Told {
    async fn handle(&self, _: Received) -> Reply {
        self.here.notify_one();
        self.answer.notified().await;
        Reply::with_body(200, "late")
    }
}

#[tokio::test]
async fn stopping_lets_the_answer_under_way_end_and_takes_no_more() {
    for protocol in ["http/1.1", "h2"] {
        let ca = authority();
        let (here, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let handler = Told { here: Arc::clone(&here), answer: Arc::clone(&answer) };
        let receiver = receiver(&ca, Alpn::Both, handler).await;
        let addr = receiver.addr;
        let mut client = Client::new(&ca, addr, protocol).await;
        let asking = tokio::spawn(async move { client.post("hello").await });
        within(here.notified()).await;
        let stopping = tokio::spawn(receiver.stop());
        within(async {
            while TcpStream::connect(addr).await.is_ok() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert!(!stopping.is_finished());
        answer.notify_one();
        assert_eq!(within(asking).await.unwrap(), (200, "late".into()), "{protocol}");
        within(stopping).await.unwrap();
    }
}

#[tokio::test]
async fn dropping_closes_everything() {
    let ca = authority();
    let receiver = receiver(&ca, Alpn::Http1, |_: Received| Reply::Hang).await;
    let addr = receiver.addr;
    let mut tls = connect_http1(&ca, addr).await;
    tls.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    drop(receiver);
    assert_eq!(rest(&mut tls).await.0, b"");
    assert_eq!(TcpStream::connect(addr).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_taken_address_is_told() {
    let ca = authority();
    let first = receiver(&ca, Alpn::Both, |_: Received| Reply::status(200)).await;
    let mut options = ReceiverOptions::local(cert(&ca), |_: Received| Reply::status(200));
    options.bind = first.addr;
    let told = Receiver::start(options).await.unwrap_err().to_string();
    let start = format!("cannot listen on {}: ", first.addr);
    assert!(told.starts_with(&start) && told.ends_with("; choose another address or port"), "{told}");
}

#[tokio::test]
async fn a_key_that_does_not_fit_its_certificate_is_told() {
    let ca = authority();
    let mut mixed = cert(&ca);
    mixed.key = Ca::self_signed(&["localhost"]).unwrap().key;
    let options = ReceiverOptions::local(mixed, |_: Received| Reply::status(200));
    let told = Receiver::start(options).await.unwrap_err().to_string();
    assert!(told.starts_with("the receiver's certificate cannot be used: "), "{told}");
}
