//! A TLS server that follows a script, byte by byte.
//!
//! For what a proper HTTP server cannot be made to do: stop in the middle of a
//! header, send frames that make no sense, close a connection at the worst moment.
//! It completes the handshake, reads requests, and otherwise knows no HTTP.

mod requests;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use requests::Requests;

/// One thing to do on a connection. After the last one the connection stays
/// open, and what comes is read and dropped, until the client closes it.
#[derive(Debug, Clone)]
pub enum Step {
    /// Reads one request to its end: HTTP/1.1 with `Content-Length`, or HTTP/2.
    Request,
    /// Sends these bytes.
    Send(Bytes),
    /// Sends these bytes again and again until the client goes away.
    SendForever(Bytes),
    /// Sends these bytes one at a time, with this wait before each.
    Drip(Bytes, Duration),
    /// Waits for [`ScriptedPeer::go_on`].
    Pause,
    /// Ends TLS and the connection properly.
    Close,
    /// Ends the connection without a word in TLS.
    Cut,
    /// Aborts the connection (RST).
    Reset,
}

/// How far a scripted peer has come, over all of its connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// TCP connections accepted.
    pub connections: u64,
    /// TLS handshakes completed.
    pub handshakes: u64,
    /// [`Step::Request`]s done.
    pub requests: u64,
    /// [`Step::Pause`]s reached.
    pub pauses: u64,
    /// Scripts of which every step was done.
    pub scripts: u64,
    /// Connections that ended, by whichever side.
    pub ended: u64,
}

/// A running scripted peer. Dropping it closes everything.
#[derive(Debug)]
pub struct ScriptedPeer {
    /// Where it listens.
    pub addr: SocketAddr,
    progress: watch::Receiver<Progress>,
    gate: Arc<Semaphore>,
    task: JoinHandle<()>,
}

impl ScriptedPeer {
    /// Listens on a free port of `127.0.0.1`. `script` is asked for the steps of
    /// each connection, counted from 1.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(
        tls: ServerConfig,
        script: impl Fn(u64) -> Vec<Step> + Send + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let addr = listener.local_addr()?;
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let (tell, progress) = watch::channel(Progress::default());
        let gate = Arc::new(Semaphore::new(0));
        let player = Player { acceptor, tell, gate: Arc::clone(&gate) };
        let task = tokio::spawn(async move {
            let (mut connections, mut count) = (JoinSet::new(), 0);
            while let Ok((tcp, _)) = listener.accept().await {
                count += 1;
                player.tell.send_modify(|progress| progress.connections += 1);
                connections.spawn(player.clone().serve(tcp, script(count)));
            }
        });
        Ok(Self { addr, progress, gate, task })
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// Waits until it has come this far.
    pub async fn until(&self, far_enough: impl Fn(&Progress) -> bool) {
        let mut progress = self.progress.clone();
        // It fails only when the peer is gone, and `self` holds it.
        let _ = progress.wait_for(far_enough).await;
    }

    /// Ends one [`Step::Pause`], reached already or not.
    pub fn go_on(&self) {
        self.gate.add_permits(1);
    }

    /// `https://<addr><path>`
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.addr)
    }
}

impl Drop for ScriptedPeer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What each connection needs.
#[derive(Clone)]
struct Player {
    acceptor: TlsAcceptor,
    tell: watch::Sender<Progress>,
    gate: Arc<Semaphore>,
}

impl Player {
    async fn serve(self, tcp: TcpStream, steps: Vec<Step>) {
        let _ = tcp.set_nodelay(true); // slower without, not wrong
        // Errors mean that the client went away first.
        if let Ok(tls) = self.acceptor.accept(tcp).await {
            self.tell.send_modify(|progress| progress.handshakes += 1);
            let _ = self.play(tls, steps).await;
        }
        self.tell.send_modify(|progress| progress.ended += 1);
    }

    async fn play(&self, mut tls: TlsStream<TcpStream>, steps: Vec<Step>) -> io::Result<()> {
        let mut requests = Requests::new(tls.get_ref().1.alpn_protocol() == Some(b"h2"));
        for step in steps {
            match step {
                Step::Request => {
                    requests.next(&mut tls).await?;
                    self.tell.send_modify(|progress| progress.requests += 1);
                }
                Step::Send(bytes) => send(&mut tls, &bytes).await?,
                Step::SendForever(bytes) => loop {
                    send(&mut tls, &bytes).await?;
                },
                Step::Drip(bytes, wait) => {
                    for byte in bytes {
                        tokio::time::sleep(wait).await;
                        send(&mut tls, &[byte]).await?;
                    }
                }
                Step::Pause => {
                    self.tell.send_modify(|progress| progress.pauses += 1);
                    // The gate is never closed.
                    self.gate.acquire().await.map_err(io::Error::other)?.forget();
                }
                Step::Close => tls.shutdown().await?,
                Step::Cut => tls.get_mut().0.shutdown().await?,
                Step::Reset => {
                    tls.get_ref().0.set_zero_linger()?;
                    self.tell.send_modify(|progress| progress.scripts += 1);
                    return Ok(());
                }
            }
        }
        self.tell.send_modify(|progress| progress.scripts += 1);
        let mut dropped = [0; 4096];
        while tls.read(&mut dropped).await? > 0 {}
        Ok(())
    }
}

async fn send(tls: &mut TlsStream<TcpStream>, bytes: &[u8]) -> io::Result<()> {
    tls.write_all(bytes).await?;
    tls.flush().await
}
