//! A link that can be broken: a TCP proxy on the loopback that forwards, cuts, hangs,
//! or slows down everything between a server and its database.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// What the link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// Forwards at once.
    Whole,
    /// Ends every connection, and new ones as they come.
    Cut,
    /// Takes connections and bytes, and forwards nothing until it is whole again.
    Hung,
    /// Forwards each piece after a pause.
    Slow(Duration),
}

/// A proxy in front of one port. Dropping it cuts the link.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    link: watch::Sender<Link>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// One in front of a port of the loopback.
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (link, state) = watch::channel(Link::Whole);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let target = SocketAddr::from(([127, 0, 0, 1], port));
                connections.spawn(forward(tcp, target, state.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { port: own, link, task }
    }

    pub(crate) fn set(&self, link: Link) {
        self.link.send_replace(link);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection, in both directions, until either end or the link ends it.
async fn forward(tcp: TcpStream, target: SocketAddr, mut link: watch::Receiver<Link>) -> io::Result<()> {
    let state = *link.borrow_and_update();
    if state == Link::Cut {
        return tcp.set_zero_linger();
    }
    // Who closes it by force does not wait for what was not forwarded yet.
    tcp.set_zero_linger()?;
    let onward = TcpStream::connect(target).await?;
    onward.set_nodelay(true)?;
    tcp.set_nodelay(true)?;
    let (near, far) = (tcp.into_split(), onward.into_split());
    tokio::select! {
        done = pump(near.0, far.1, link.clone()) => done,
        done = pump(far.0, near.1, link.clone()) => done,
        _ = link.wait_for(|link| *link == Link::Cut) => Ok(()),
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut link: watch::Receiver<Link>,
) -> io::Result<()> {
    let mut piece = vec![0; 16 << 10];
    loop {
        let read = from.read(&mut piece).await?;
        let state = link.wait_for(|link| *link != Link::Hung).await.map_or(Link::Cut, |state| *state);
        match state {
            Link::Slow(pause) => tokio::time::sleep(pause).await,
            Link::Whole | Link::Hung => {}
            Link::Cut => return Ok(()),
        }
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&piece[..read]).await?;
    }
}
