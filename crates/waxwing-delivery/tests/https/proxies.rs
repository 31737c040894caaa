//! Deliveries that go out by the operator's proxy.

use std::{
    io::{Read, Write},
    time::Duration,
};

use bytes::Bytes;
use waxwing_delivery::{
    Sender,
    https::{HttpsSender, proxy::Proxy},
};
use waxwing_peers::{Alpn, Misbehaviour, ProxyKind, ProxyPeer, RawListener, Reply};

use crate::harness::{
    CONNECT_LIMIT, Names, StoppedClock, World, error, policy, post, post_to, success, within,
};

/// Both kinds, with the scheme that names them.
const KINDS: [(ProxyKind, &str); 2] = [(ProxyKind::Connect, "http"), (ProxyKind::Socks5, "socks5")];
/// What `me:open sesame` is for each of them.
const BASIC: &str = "Basic bWU6b3BlbiBzZXNhbWU=";
const LOGIN: &str = "me:open sesame";

fn proxied(world: &World, url: &str) -> HttpsSender {
    world.sender_with(|options| options.proxy = Some(Proxy::parse(url).unwrap()))
}

#[tokio::test]
async fn a_delivery_goes_through_the_proxy_with_the_receivers_own_tls() {
    for (kind, scheme) in KINDS {
        for alpn in [Alpn::Http1, Alpn::Http2] {
            let world = World::new();
            let receiver = world.answering(alpn, Reply::status(204)).await;
            let proxy = ProxyPeer::start(kind, None).await.unwrap();
            let sender = proxied(&world, &format!("{scheme}://{}", proxy.addr));
            for _ in 0..2 {
                assert_eq!(success(&within(sender.send(post_to(receiver.addr))).await), 204);
            }
            assert_eq!(proxy.asked(), [receiver.addr.to_string()], "one connection, kept");
            assert_eq!(receiver.counters().requests(), 2);
        }
    }
}

#[tokio::test]
async fn the_proxy_is_asked_for_the_checked_address_and_never_for_a_name() {
    for (kind, scheme) in KINDS {
        let world = World::new();
        let receiver = world.showing(world.ca.issue(&["hooks.example"]).unwrap()).await;
        let proxy = ProxyPeer::start(kind, None).await.unwrap();
        let names = Names::of(&[
            ("hooks.example", &["::ffff:127.0.0.1"]),
            ("inside.example", &["10.0.0.1"]),
            ("both.example", &["127.0.0.1", "10.0.0.1"]),
            ("proxy.example", &["127.0.0.1"]),
        ]);
        // The proxy's own name is not judged, and may lead inside.
        let sender = world.sender_with(|options| {
            options.policy = policy(&["127.0.0.1/32"]);
            let url = format!("{scheme}://proxy.example:{}", proxy.addr.port());
            options.proxy = Some(Proxy::parse(&url).unwrap());
        });
        let sender = sender.resolving_by(names);
        let port = receiver.addr.port();
        assert_eq!(success(&within(sender.send(post(&format!("https://hooks.example:{port}/")))).await), 200);
        for name in ["inside", "both"] {
            let said = error(&within(sender.send(post(&format!("https://{name}.example:{port}/")))).await);
            assert!(said.starts_with("not sent: the host name leads to 10.0.0.1"), "{said}");
        }
        assert_eq!(proxy.asked(), [format!("127.0.0.1:{port}")]);
    }
}

#[tokio::test]
async fn certificates_are_verified_through_the_proxy() {
    for (kind, scheme) in KINDS {
        let world = World::new();
        let receiver = world.showing(world.ca.issue_for_another_name().unwrap()).await;
        let proxy = ProxyPeer::start(kind, None).await.unwrap();
        let sender = proxied(&world, &format!("{scheme}://{}", proxy.addr));
        let said = error(&within(sender.send(post_to(receiver.addr))).await);
        assert!(said.starts_with("TLS handshake failed: the certificate is not for 127.0.0.1"), "{said}");
    }
}

#[tokio::test]
async fn a_login_is_presented_and_a_wrong_one_is_told() {
    for ((kind, scheme), login) in KINDS.into_iter().zip([BASIC, LOGIN]) {
        let world = World::new();
        let receiver = world.answering(Alpn::Both, Reply::status(200)).await;
        let proxy = ProxyPeer::start(kind, Some(login)).await.unwrap();
        let sender = proxied(&world, &format!("{scheme}://me:open%20sesame@{}", proxy.addr));
        assert_eq!(success(&within(sender.send(post_to(receiver.addr))).await), 200);
        for wrong in ["", "me:hunter2@", "you:open%20sesame@"] {
            let sender = proxied(&world, &format!("{scheme}://{wrong}{}", proxy.addr));
            assert_eq!(
                error(&within(sender.send(post_to(receiver.addr))).await),
                "the operator's egress proxy does not accept the user name and password that it was given"
            );
        }
        assert_eq!(proxy.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_receiver_that_cannot_be_reached_through_the_proxy_is_told() {
    let world = World::new();
    let nobody = RawListener::closed_port().await.unwrap();
    for ((kind, scheme), told) in KINDS.into_iter().zip([
        "the operator's egress proxy made no connection: it answered 502",
        "connection refused: nothing listens at this address and port",
    ]) {
        let proxy = ProxyPeer::start(kind, None).await.unwrap();
        let sender = proxied(&world, &format!("{scheme}://{}", proxy.addr));
        assert_eq!(error(&within(sender.send(post_to(nobody))).await), told);
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told_without_saying_where() {
    let world = World::new();
    let nobody = RawListener::closed_port().await.unwrap();
    let sender = proxied(&world, &format!("http://{nobody}"));
    assert_eq!(
        error(&within(sender.send(post("https://127.0.0.1/"))).await),
        "the operator's egress proxy could not be reached (connection refused)"
    );
    let sender = proxied(&world, "http://proxy.example:3128").resolving_by(Names::of(&[]));
    assert_eq!(
        error(&within(sender.send(post("https://127.0.0.1/"))).await),
        "the operator's egress proxy has a name that could not be resolved"
    );
}

#[tokio::test]
async fn a_proxy_that_hangs_is_given_the_time_of_connecting() {
    for (_, scheme) in KINDS {
        let world = World::new();
        let silent = RawListener::start(Misbehaviour::Silent).await.unwrap();
        let sender = proxied(&world, &format!("{scheme}://{}", silent.addr));
        let clock = StoppedClock::stop();
        let sending = tokio::spawn(async move { sender.send(post("https://127.0.0.1/")).await });
        silent.hellos(1).await;
        clock.advance(CONNECT_LIMIT + Duration::from_millis(1)).await;
        assert_eq!(
            error(&within(sending).await.unwrap()),
            "the operator's egress proxy made no connection within 3000 ms"
        );
    }
}

/// What a delivery fails with when its proxy does this.
async fn told(scheme: &str, misbehaviour: Misbehaviour) -> String {
    let world = World::new();
    let proxy = RawListener::start(misbehaviour).await.unwrap();
    let sender = proxied(&world, &format!("{scheme}://me:pw@{}", proxy.addr));
    let said = error(&within(sender.send(post("https://127.0.0.1/"))).await);
    said.strip_prefix("the operator's egress proxy ").map_or_else(|| format!("? {said}"), str::to_owned)
}

fn answer(bytes: &[u8]) -> Misbehaviour {
    Misbehaviour::Answer(Bytes::copy_from_slice(bytes))
}

#[tokio::test]
async fn what_a_proxy_answers_is_told_when_it_is_no_connection() {
    let nonsense = "gave an answer that is not one of its protocol";
    let too_long = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "a".repeat(9 << 10));
    for (bytes, said) in [
        (&b"HTTP/1.1 403 Forbidden\r\n\r\n"[..], "made no connection: it answered 403"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "made no connection: it answered 100"),
        (b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01 too early", nonsense),
        (b"SSH-2.0-OpenSSH_9.6\r\n", nonsense),
        (b"\x05\x00", nonsense),
        (b"\x16\x03\x03\x00\x02", nonsense),
        (too_long.as_bytes(), "gave an answer of more than 8 KiB"),
    ] {
        assert_eq!(told("http", answer(bytes)).await, said, "{:?}", Bytes::copy_from_slice(bytes));
    }
    for (bytes, said) in [
        (&b"HTTP/1.1 200 OK\r\n\r\n"[..], nonsense),
        (b"\x04\x00", nonsense),
        (b"\x05\x00\x00", nonsense),
        (b"\x05\xff", "does not accept the user name and password that it was given"),
        (b"\x05\x01", "does not accept the user name and password that it was given"),
    ] {
        assert_eq!(told("socks5", answer(bytes)).await, said, "{bytes:?}");
    }
    for scheme in ["http", "socks5"] {
        let closed = told(scheme, Misbehaviour::CloseAfterHello).await;
        assert_eq!(closed, "closed the connection before its answer was complete");
        let reset = told(scheme, Misbehaviour::ResetAfterHello).await;
        assert_eq!(reset, "broke the connection (connection reset)");
    }
}

/// A proxy that takes every client and answers its request to connect with `code`.
fn socks_answering(code: u8) -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        client.read_exact(&mut [0; 3]).unwrap();
        client.write_all(&[5, 0]).unwrap();
        client.read_exact(&mut [0; 10]).unwrap();
        client.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
    });
    addr
}

#[tokio::test]
async fn every_code_of_socks_is_put_into_words() {
    let world = World::new();
    for (code, told) in [
        (1, "the operator's egress proxy made no connection: it answered 1"),
        (2, "the operator's egress proxy does not allow this connection"),
        (3, "the server could not be reached: there is no way to this network"),
        (4, "the server could not be reached: there is no way to this host"),
        (5, "connection refused: nothing listens at this address and port"),
        (6, "the server could not be reached: it did not answer"),
        (7, "the operator's egress proxy made no connection: it answered 7"),
        (8, "the operator's egress proxy cannot connect to an address of this kind"),
        (255, "the operator's egress proxy made no connection: it answered 255"),
    ] {
        let sender = proxied(&world, &format!("socks5://{}", socks_answering(code)));
        assert_eq!(error(&within(sender.send(post("https://127.0.0.1/"))).await), told);
    }
}
