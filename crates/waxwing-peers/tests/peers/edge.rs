//! The edge: what it hands on, exchanges, lets go wrong and remembers.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinHandle};
use waxwing_peers::{Ca, Edge, Fault, RawListener};

use crate::harness::{Client, authority, cert, post, within};

/// A plain server that answers 202 with its name, and what it was told.
async fn upstream(name: &'static str) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let answer = move |request: http::Request<Incoming>| async move {
        let test = request.headers()["x-test"].to_str().unwrap();
        let body = format!("{name} {} {} {test}", request.method(), request.uri());
        let answer = Response::builder().status(202).header("x-upstream", name);
        answer.body(Full::new(Bytes::from(body)))
    };
    let serving = tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(tcp), service_fn(answer)));
        }
    });
    (addr, serving)
}

async fn edge(ca: &Ca) -> Edge {
    Edge::start(cert(ca)).await.unwrap()
}

fn address(edge: &Edge) -> SocketAddr {
    edge.url("").trim_start_matches("https://").parse().unwrap()
}

#[tokio::test]
async fn a_request_goes_through_and_its_answer_comes_back() {
    for protocol in ["http/1.1", "h2"] {
        let ca = authority();
        let (edge, (blue, _serving)) = (edge(&ca).await, upstream("blue").await);
        edge.switch_to(blue);
        let mut client = Client::new(&ca, address(&edge), protocol).await;
        assert_eq!(client.post("hello").await, (202, "blue POST /hook?a=1 yes".into()));
        let answer = client.send(post("again")).await.unwrap();
        assert_eq!(answer.headers()["x-upstream"], "blue");
        let passages = edge.passages();
        assert_eq!((passages.len(), &passages[0].request.body[..]), (2, &b"hello"[..]));
        assert_eq!(
            (passages[0].upstream, passages[0].upstream_status(), passages[0].status.as_u16()),
            (Some(blue), Some(202), 202)
        );
    }
}

#[tokio::test]
async fn the_server_behind_is_exchanged_between_two_requests() {
    let ca = authority();
    let edge = edge(&ca).await;
    let mut client = Client::new(&ca, address(&edge), "h2").await;
    assert_eq!(client.post("").await.0, 503, "no server yet");
    let ((blue, _one), (green, _two)) = (upstream("blue").await, upstream("green").await);
    for (addr, name) in [(blue, "blue"), (green, "green")] {
        edge.switch_to(addr);
        assert!(client.post("").await.1.starts_with(name.as_bytes()));
    }
    edge.switch_to(RawListener::closed_port().await.unwrap());
    let (status, why) = client.post("").await;
    assert!(status == 502 && why.starts_with(b"cannot reach"), "{status} {why:?}");
    let upstreams = edge.passages().iter().filter_map(|passage| passage.upstream).collect::<Vec<_>>();
    assert_eq!(upstreams[..2], [blue, green]);
}

#[tokio::test]
async fn a_fault_strikes_the_next_request_of_its_id_once() {
    let ca = authority();
    let (edge, (blue, _serving)) = (edge(&ca).await, upstream("blue").await);
    edge.switch_to(blue);
    let mut client = Client::new(&ca, address(&edge), "h2").await;
    edge.fail_once("a", Fault::Down);
    edge.fail_once("b", Fault::AnswerLost);
    for (id, status) in [("b", 500), ("b", 202), ("a", 500), ("a", 202), ("c", 202)] {
        let mut request = post("");
        request.headers_mut().insert("webhook-id", id.parse().unwrap());
        assert_eq!(client.send(request).await.unwrap().status(), status, "{id}");
    }
    within(edge.until(|passages| passages.len() == 5)).await;
    let seen = edge.passages();
    let seen = seen.iter().map(|seen| (seen.id(), seen.upstream_status()));
    let asked = Some(202);
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [("b", asked), ("b", asked), ("a", None), ("a", asked), ("c", asked)]
    );
}
