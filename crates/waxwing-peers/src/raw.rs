//! Listeners that do not even speak TLS.

use std::{io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// What a raw listener does to a connection.
#[derive(Debug, Clone)]
pub enum Misbehaviour {
    /// Accepts and says nothing: a TLS handshake never completes.
    Silent,
    /// Accepts and closes at once.
    CloseAtOnce,
    /// Reads what comes and answers as a plain HTTP server would.
    PlainHttp,
    /// Sends these bytes, then reads until the client gives up.
    Garbage(Bytes),
}

/// A running raw listener. Dropping it closes everything.
#[derive(Debug)]
pub struct RawListener {
    /// Where it listens.
    pub addr: SocketAddr,
    task: JoinHandle<()>,
}

impl RawListener {
    /// Listens on a free port of `127.0.0.1`.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(misbehaviour: Misbehaviour) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let addr = listener.local_addr()?;
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                connections.spawn(misbehave(tcp, misbehaviour.clone()));
            }
        });
        Ok(Self { addr, task })
    }

    /// A listener whose queue is full and that never accepts: TCP connections
    /// to it are never answered (on Linux).
    ///
    /// # Errors
    /// When no port is free.
    pub async fn unanswering() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let listener = socket.listen(1)?;
        let addr = listener.local_addr()?;
        let mut queued = Vec::new();
        // As many as the kernel takes; how many that is differs between kernels.
        while let Ok(Ok(tcp)) =
            tokio::time::timeout(Duration::from_millis(50), TcpStream::connect(addr)).await
        {
            queued.push(tcp);
        }
        let task = tokio::spawn(async move {
            let _kept = (listener, queued);
            std::future::pending::<()>().await;
        });
        Ok(Self { addr, task })
    }

    /// An address of this machine where nothing listens.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn closed_port() -> io::Result<SocketAddr> {
        TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()
    }
}

impl Drop for RawListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Does it; errors mean that the client went away first.
async fn misbehave(mut tcp: TcpStream, misbehaviour: Misbehaviour) -> io::Result<()> {
    let mut read = [0; 4096];
    match misbehaviour {
        Misbehaviour::CloseAtOnce => return Ok(()),
        Misbehaviour::Silent => {}
        Misbehaviour::PlainHttp => {
            let _ = tcp.read(&mut read).await?;
            tcp.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                .await?;
            return tcp.shutdown().await;
        }
        Misbehaviour::Garbage(bytes) => tcp.write_all(&bytes).await?,
    }
    while tcp.read(&mut read).await? > 0 {}
    Ok(())
}
