//! Real sockets: who is let in.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use waxwing_store::Metrics;

use super::super::{Bounds, run};
use super::site;

struct Served {
    address: SocketAddr,
    metrics: Arc<Metrics>,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

async fn serve(connections: usize, connections_of_peer: usize) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let metrics = Arc::new(Metrics::default());
    let bounds = Bounds { connections, connections_of_peer };
    let running = tokio::spawn(run(listener, site(None), bounds, Arc::clone(&metrics), stopped));
    Served { address, metrics, stop, running }
}

/// Asks; the answer's first bytes, or nothing when the server closes.
async fn hello(client: &mut TcpStream) -> Vec<u8> {
    let mut start = vec![0; 12];
    if client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.is_err() {
        return Vec::new();
    }
    let Ok(read) = client.read(&mut start).await else { return Vec::new() };
    start.truncate(read);
    start
}

#[tokio::test]
async fn past_the_bound_a_connection_waits_until_another_one_ends() {
    let served = serve(2, 2).await;
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = TcpStream::connect(served.address).await.unwrap();
        assert_eq!(hello(&mut client).await, b"HTTP/1.1 200");
        clients.push(client);
    }
    let mut third = TcpStream::connect(served.address).await.unwrap();
    third.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    // The first two are still answered, the third is not even let in.
    let mut rest = [0; 1_024];
    for client in &mut clients {
        let _ = client.read(&mut rest).await.unwrap();
        assert_eq!(hello(client).await, b"HTTP/1.1 200");
    }
    assert_eq!(served.metrics.api_connections.get(), 2);
    clients.pop();
    let mut start = [0; 12];
    third.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
}

#[tokio::test]
async fn an_address_with_its_share_is_refused_and_the_server_goes_on() {
    let served = serve(3, 1).await;
    let mut first = TcpStream::connect(served.address).await.unwrap();
    assert_eq!(hello(&mut first).await, b"HTTP/1.1 200");
    for refused in 1..=10 {
        let mut other = TcpStream::connect(served.address).await.unwrap();
        assert_eq!(hello(&mut other).await, b"");
        assert_eq!(served.metrics.api_connections_refused.get(), refused);
    }
    drop(first);
    // Its end is seen some moments later.
    loop {
        let mut again = TcpStream::connect(served.address).await.unwrap();
        if hello(&mut again).await == b"HTTP/1.1 200" {
            break;
        }
    }
}

#[tokio::test]
async fn a_server_that_stops_lets_nobody_in_and_ends_when_all_have_left() {
    let served = serve(3, 3).await;
    let mut idle = TcpStream::connect(served.address).await.unwrap();
    assert_eq!(hello(&mut idle).await, b"HTTP/1.1 200");
    served.stop.send_replace(true);
    served.running.await.unwrap();
    assert_eq!(served.metrics.api_connections.get(), 0);
    assert!(TcpStream::connect(served.address).await.is_err());
}
