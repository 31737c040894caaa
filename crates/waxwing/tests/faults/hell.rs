//! Receivers from hell, through the real server: what the log says of each.
//!
//! The sender's own tests (`waxwing-delivery/tests/https`) know more of them; here each
//! kind goes all the way, from a publish to the words that a customer reads.

use std::{any::Any, sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::json;
use waxwing_peers::{
    Alpn, Ca, Misbehaviour, RawListener, Received, Receiver, ReceiverOptions, Reply, ScriptedPeer,
    ServerCert, Step, tls_config,
};

use crate::{
    cutting::{Cut, Cutting},
    frames::{INTERNAL_ERROR, STATUS_200, goaway, headers, rst_stream, settings},
    harness::{Server, World},
};

const HERE: [&str; 2] = ["localhost", "127.0.0.1"];
const SETTINGS: [(&str, &str); 2] = [("REQUEST_TIMEOUT", "1s"), ("RETRY_SCHEDULE", "1h")];
const ENDED: &str = "the server closed the connection before its answer was complete";

/// A receiver, where it listens, and words of what the log says of it; none when its
/// answer counts as a success.
pub(crate) struct Fiend {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) error: Option<&'static str>,
    /// The receiver itself, which ends with this.
    _alive: Box<dyn Any + Send>,
}

async fn raw(misbehaviour: Misbehaviour, error: &'static str) -> Fiend {
    let name = format!("{misbehaviour:?}");
    let listener = RawListener::start(misbehaviour).await.unwrap();
    let url = format!("https://{}/", listener.addr);
    Fiend { name, url, error: Some(error), _alive: Box::new(listener) }
}

async fn replying(world: &World, reply: Reply, error: Option<&'static str>) -> Fiend {
    let name = format!("{reply:?}").chars().take(40).collect();
    let cert = world.ca.issue(&HERE).unwrap();
    let options = ReceiverOptions::local(cert, move |_: Received| reply.clone());
    let receiver = Receiver::start(options).await.unwrap();
    Fiend { name, url: receiver.url("/"), error, _alive: Box::new(receiver) }
}

async fn showing(name: &str, cert: ServerCert, error: &'static str) -> Fiend {
    let receiver =
        Receiver::start(ReceiverOptions::local(cert, |_: Received| Reply::status(200))).await.unwrap();
    Fiend { name: name.to_owned(), url: receiver.url("/"), error: Some(error), _alive: Box::new(receiver) }
}

async fn scripted(world: &World, name: &str, alpn: Alpn, steps: Vec<Step>, error: &'static str) -> Fiend {
    let tls = tls_config(world.ca.issue(&HERE).unwrap(), alpn).unwrap();
    let peer = ScriptedPeer::start(tls, move |_| steps.clone()).await.unwrap();
    Fiend { name: name.to_owned(), url: peer.url("/"), error: Some(error), _alive: Box::new(peer) }
}

/// Those that are done with a request at once.
pub(crate) async fn quick(world: &World) -> Vec<Fiend> {
    let cut = "TLS handshake failed: the server closed the connection in the middle of it";
    // Before or in the handshake, as the network has it.
    let closed = "the server closed the connection";
    let no_tls = "the server does not speak TLS on this port";
    let storm = |frame: Step| [vec![settings(), Step::Request], vec![frame; 200]].concat();
    let said = |text: &str| Step::Send(Bytes::copy_from_slice(text.as_bytes()));
    let half = said("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it");
    let many = said(&format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-Many: 1\r\n".repeat(1_000)));
    vec![
        raw(Misbehaviour::CloseAtOnce, closed).await,
        raw(Misbehaviour::ResetAtOnce, closed).await,
        raw(Misbehaviour::CloseAfterHello, cut).await,
        raw(Misbehaviour::ResetAfterHello, closed).await,
        raw(Misbehaviour::PlainHttp, no_tls).await,
        raw(Misbehaviour::Garbage(Bytes::from_static(b"SSH-2.0-OpenSSH_9.6\r\n")), no_tls).await,
        raw(Misbehaviour::alert(40), "the server refused it (HandshakeFailure)").await,
        replying(world, Reply::Reset, Some(ENDED)).await,
        replying(world, Reply::CloseWithoutAnswer, Some(ENDED)).await,
        replying(world, Reply::HugeHeaders, Some("its headers are too many or too large")).await,
        scripted(world, "reset before the request", Alpn::Http1, vec![Step::Reset], ENDED).await,
        scripted(world, "reset in the body", Alpn::Http1, vec![Step::Request, half, Step::Reset], ENDED)
            .await,
        scripted(
            world,
            "a thousand headers",
            Alpn::Http1,
            vec![Step::Request, many],
            "too many or too large",
        )
        .await,
        scripted(
            world,
            "no HTTP",
            Alpn::Http1,
            vec![Step::Request, said("hello?\r\n\r\n"), Step::Close],
            "no valid HTTP answer",
        )
        .await,
        scripted(
            world,
            "GOAWAY storm",
            Alpn::Http2,
            storm(goaway(0, INTERNAL_ERROR)),
            "HTTP/2 error INTERNAL_ERROR",
        )
        .await,
        scripted(
            world,
            "RST storm",
            Alpn::Http2,
            storm(rst_stream(1, INTERNAL_ERROR)),
            "HTTP/2 error INTERNAL_ERROR",
        )
        .await,
    ]
}

/// Those that would never be done.
async fn endless(world: &World) -> Vec<Fiend> {
    let in_time = "within 1000 ms";
    let pause = Duration::from_millis(100);
    let head = Bytes::from_static(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let drip = vec![Step::Request, Step::Drip(head, pause)];
    let frames = vec![settings(), Step::Request, headers(1, STATUS_200)];
    vec![
        raw(Misbehaviour::Silent, in_time).await,
        raw(Misbehaviour::Answer(Bytes::from_static(&[22, 3, 3, 0, 122, 2])), in_time).await,
        replying(world, Reply::Hang, Some(in_time)).await,
        replying(world, Reply::SlowBody(pause), Some(in_time)).await,
        replying(world, Reply::EndlessBody, None).await,
        scripted(world, "a head byte by byte", Alpn::Http1, drip, in_time).await,
        scripted(world, "a stream that never ends", Alpn::Http2, frames, in_time).await,
    ]
}

/// Those that are not who they say.
async fn impostors(world: &World) -> Vec<Fiend> {
    let other = Ca::generate("another authority").unwrap();
    let unknown = "the certificate is self-signed or issued by an unknown authority";
    let nobody: [&str; 0] = [];
    let mut options =
        ReceiverOptions::local(world.ca.issue(&HERE).unwrap(), |_: Received| Reply::status(200));
    options.client_ca = Some(world.ca.pem().to_owned());
    let mutual = Receiver::start(options).await.unwrap();
    vec![
        showing("unknown authority", other.issue(&HERE).unwrap(), unknown).await,
        showing("self-signed", Ca::self_signed(&HERE).unwrap(), unknown).await,
        showing("an authority's own", Ca::self_signed_authority(&HERE).unwrap(), "an authority's own").await,
        showing("expired", world.ca.issue_expired(&HERE).unwrap(), "the certificate expired at 2001-01-01")
            .await,
        showing("not yet", world.ca.issue_not_yet_valid(&HERE).unwrap(), "is not valid before 2900-01-01")
            .await,
        showing("another name", world.ca.issue_for_another_name().unwrap(), "but for other.example").await,
        showing("no name", world.ca.issue(&nobody).unwrap(), "but for no name at all").await,
        Fiend {
            name: "asks for a client certificate".to_owned(),
            url: mutual.url("/"),
            // Asks for one, or closed the connection, if that overtakes its alert.
            error: Some("the server "),
            _alive: Box::new(mutual),
        },
    ]
}

/// What the log says of one event to each, all at the same time.
async fn told(server: &Server, fiends: Vec<Fiend>) {
    let mut published = Vec::new();
    for (number, fiend) in fiends.iter().enumerate() {
        let account = format!("account-{number}");
        let hook = server.webhook(&account, &fiend.url, &["*"]).await;
        published.push((hook, server.publish(&account, "a.b", json!({})).await));
    }
    for (fiend, (hook, event)) in fiends.iter().zip(&published) {
        let state = if fiend.error.is_some() { "retrying" } else { "delivered" };
        let detail = server.until(hook, event, state).await;
        let error = detail["last_error"].as_str().unwrap_or_default();
        assert!(error.contains(fiend.error.unwrap_or_default()), "{}: {error}", fiend.name);
        assert_eq!(detail["attempt_count"], 1, "{}", fiend.name);
    }
    assert_eq!(server.api.get("/readyz").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_receiver_does_at_once_is_told_in_the_log() {
    let world = World::new();
    let server = world.serve(&SETTINGS).await;
    told(&server, quick(&world).await).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_would_never_end_is_told_in_the_log_within_its_time() {
    let world = World::new();
    let server = world.serve(&SETTINGS).await;
    told(&server, endless(&world).await).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_certificate_is_told_in_the_log() {
    let world = World::new();
    let server = world.serve(&SETTINGS).await;
    told(&server, impostors(&world).await).await;
    server.stop().await;
}

/// At every so many bytes of what a good receiver sends: each flight of the handshake, the
/// head and the body of the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_stops_or_resets_after_any_number_of_bytes_is_told_in_the_log() {
    let world = World::new();
    let cert = world.ca.issue(&HERE).unwrap();
    let body = "x".repeat(300);
    let options = ReceiverOptions::local(cert, move |_: Received| Reply::with_body(200, body.clone()));
    let receiver = Arc::new(Receiver::start(options).await.unwrap());
    let server = world.serve(&SETTINGS).await;
    let (mut whole, mut cut) = (0, 0);
    for (end, words) in [(Cut::Stop, "within 1000 ms"), (Cut::Reset, "the server closed the connection")] {
        let mut waiting = Vec::new();
        for bytes in (0..2_000).step_by(100) {
            let cutting = Cutting::start(receiver.addr, bytes, end).await;
            let account = format!("{end:?}-{bytes}");
            let hook = server.webhook(&account, &format!("https://{}/", cutting.addr), &["*"]).await;
            let event = server.publish(&account, "a.b", json!({})).await;
            waiting.push((cutting, hook, event));
        }
        for (cutting, hook, event) in &waiting {
            let detail = crate::crowd::attempted(&server, hook, event).await;
            let error = detail["last_error"].as_str().unwrap_or_default();
            match detail["status"].as_str().unwrap() {
                "delivered" => whole += 1,
                "retrying" if error.contains(words) => cut += 1,
                other => panic!("{end:?} after {} bytes: {other}, {error}", cutting.bytes),
            }
        }
    }
    assert!(cut >= 20 && whole >= 2, "{cut} cut and {whole} whole; does an answer take more bytes now?");
    server.stop().await;
}
