//! Clients that mean no good, against one connection with a clock that jumps ahead, and
//! against the door with real ones.

mod door;
mod http1;
mod http2;
mod tls;

use std::{net::Ipv4Addr, time::Duration};

use axum::{Extension, Router, routing::get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    sync::watch,
    task::JoinHandle,
    time::Instant,
};

use super::{Peer, Site, Tls};

/// Bytes that fit between the two ends of a connection.
const PIPE: usize = 4 << 10;
/// Bytes of the answer of `/large`: more than any client here takes.
const LARGE: usize = 1 << 20;
const PEER: Peer = Peer(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)));

fn site(tls: Option<Tls>) -> Site {
    let router = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/peer", get(|Extension(peer): Extension<Peer>| async move { peer.0.to_string() }))
        .route("/large", get(|| async { "x".repeat(LARGE) }))
        .route("/slow", get(|| async { tokio::time::sleep(Duration::from_mins(10)).await }))
        .route("/never", get(std::future::pending::<()>));
    Site::new(router, tls)
}

/// The client's end of a connection to [`site`], what ends with the server's end, and what
/// stops the server.
fn connect() -> (DuplexStream, JoinHandle<()>, watch::Sender<bool>) {
    let (client, server) = duplex(PIPE);
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(async move { site(None).serve(server, PEER, Instant::now(), stopped).await });
    (client, serving, stop)
}

/// Everything until the server closes.
async fn rest(client: &mut DuplexStream) -> String {
    let mut bytes = Vec::new();
    let _ = client.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

/// What comes back for these bytes, up to and including `end`.
async fn ask(client: &mut DuplexStream, bytes: &str, end: &str) -> String {
    client.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with(end) {
        let byte = client.read_u8().await.unwrap();
        answer.push(char::from(byte));
    }
    answer
}
