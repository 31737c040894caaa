//! A way to a good receiver that lets so many bytes of its answer through, and no more.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// What happens after the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nothing, until the client goes.
    Stop,
    /// The connection is aborted (RST).
    Reset,
}

/// Dropping it closes everything.
pub(crate) struct Cutting {
    pub(crate) addr: SocketAddr,
    pub(crate) bytes: usize,
    task: JoinHandle<()>,
}

impl Cutting {
    pub(crate) async fn start(to: SocketAddr, bytes: usize, end: Cut) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                connections.spawn(forward(tcp, to, bytes, end));
            }
        });
        Self { addr, bytes, task }
    }
}

impl Drop for Cutting {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Errors mean that either end went away first.
async fn forward(tcp: TcpStream, to: SocketAddr, bytes: usize, end: Cut) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = tcp.into_split();
    let (from_receiver, mut to_receiver) = TcpStream::connect(to).await?.into_split();
    let back = async {
        let mut first = from_receiver.take(u64::try_from(bytes).unwrap());
        tokio::io::copy(&mut first, &mut to_client).await?;
        if end == Cut::Reset {
            return std::io::Result::Ok(());
        }
        std::future::pending().await
    };
    let forth = async {
        tokio::io::copy(&mut from_client, &mut to_receiver).await?;
        std::io::Result::Ok(())
    };
    tokio::select! {
        done = back => done?,
        done = forth => return done,
    }
    to_client.flush().await?;
    from_client.reunite(to_client).map_err(std::io::Error::other)?.set_zero_linger()
}
