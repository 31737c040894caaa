//! Listeners that do not even speak TLS.

use std::{io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// What a raw listener does to a connection.
#[derive(Debug, Clone)]
pub enum Misbehaviour {
    /// Accepts and says nothing: a TLS handshake never completes.
    Silent,
    /// Accepts and closes at once.
    CloseAtOnce,
    /// Accepts and aborts the connection at once (RST).
    ResetAtOnce,
    /// Reads what the client says first, then closes.
    CloseAfterHello,
    /// Reads what the client says first, then aborts the connection (RST).
    ResetAfterHello,
    /// Reads what the client says first, answers with these bytes, then reads
    /// until the client gives up.
    Answer(Bytes),
    /// Reads what comes and answers as a plain HTTP server would.
    PlainHttp,
    /// Sends these bytes, then reads until the client gives up.
    Garbage(Bytes),
}

impl Misbehaviour {
    /// Answers the handshake with a fatal alert of this number (RFC 8446, 6).
    pub fn alert(number: u8) -> Self {
        Self::Answer(Bytes::copy_from_slice(&[21, 3, 3, 0, 2, 2, number]))
    }

    /// Answers the handshake as a server that knows TLS 1.1 at most.
    pub fn tls_1_1() -> Self {
        // ServerHello: version 3.2, 32 bytes of randomness, no session, the
        // cipher suite TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
        let mut hello = vec![22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
        hello.extend_from_slice(&[0x5a; 32]);
        hello.extend_from_slice(&[0, 0x00, 0x2f, 0]);
        Self::Answer(hello.into())
    }
}

/// What a raw listener has seen.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    connections: u64,
    hellos: u64,
}

/// A running raw listener. Dropping it closes everything.
#[derive(Debug)]
pub struct RawListener {
    /// Where it listens.
    pub addr: SocketAddr,
    seen: watch::Receiver<Seen>,
    task: JoinHandle<()>,
}

impl RawListener {
    /// Listens on a free port of `127.0.0.1`.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(misbehaviour: Misbehaviour) -> io::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), misbehaviour).await
    }

    /// Listens at this address.
    ///
    /// # Errors
    /// When it is taken, or not one of this machine.
    pub async fn start_at(addr: SocketAddr, misbehaviour: Misbehaviour) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let (tell, seen) = watch::channel(Seen::default());
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                tell.send_modify(|seen| seen.connections += 1);
                connections.spawn(misbehave(tcp, misbehaviour.clone(), tell.clone()));
            }
        });
        Ok(Self { addr, seen, task })
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
        let (tell, seen) = watch::channel(Seen::default());
        let task = tokio::spawn(async move {
            let _kept = (listener, queued, tell);
            std::future::pending::<()>().await;
        });
        Ok(Self { addr, seen, task })
    }

    /// An address of this machine where nothing listens.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn closed_port() -> io::Result<SocketAddr> {
        TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.seen.borrow().connections
    }

    /// Waits until clients have begun to speak on this many connections. A
    /// misbehaviour that does not read never hears them.
    pub async fn hellos(&self, count: u64) {
        let mut seen = self.seen.clone();
        // It fails only when the listener is gone, and `self` holds it.
        let _ = seen.wait_for(|seen| seen.hellos >= count).await;
    }
}

impl Drop for RawListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Does it; errors mean that the client went away first.
async fn misbehave(
    mut tcp: TcpStream,
    misbehaviour: Misbehaviour,
    tell: watch::Sender<Seen>,
) -> io::Result<()> {
    match &misbehaviour {
        Misbehaviour::CloseAtOnce => return Ok(()),
        Misbehaviour::ResetAtOnce => return tcp.set_zero_linger(),
        Misbehaviour::Garbage(bytes) => tcp.write_all(bytes).await?,
        Misbehaviour::Silent
        | Misbehaviour::CloseAfterHello
        | Misbehaviour::ResetAfterHello
        | Misbehaviour::Answer(_)
        | Misbehaviour::PlainHttp => {}
    }
    let mut read = [0; 4096];
    if tcp.read(&mut read).await? > 0 {
        tell.send_modify(|seen| seen.hellos += 1);
    }
    match misbehaviour {
        Misbehaviour::CloseAfterHello => return tcp.shutdown().await,
        Misbehaviour::ResetAfterHello => return tcp.set_zero_linger(),
        Misbehaviour::Answer(bytes) => tcp.write_all(&bytes).await?,
        Misbehaviour::PlainHttp => {
            tcp.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                .await?;
            return tcp.shutdown().await;
        }
        Misbehaviour::Silent
        | Misbehaviour::CloseAtOnce
        | Misbehaviour::ResetAtOnce
        | Misbehaviour::Garbage(_) => {}
    }
    while tcp.read(&mut read).await? > 0 {}
    Ok(())
}
