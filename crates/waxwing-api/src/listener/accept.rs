//! Letting connections in, as many as there may be.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, timeout_at},
};
use waxwing_store::Metrics;

use super::{
    Bounds, FIRST_REQUEST, Peer, Site,
    shares::{Share, Shares},
};

/// The pause after the system could not give a connection: it lacks something that comes
/// back when others end.
const PAUSE: Duration = Duration::from_millis(500);
/// How often it is said at most that there are too many connections.
const SAY_EVERY: Duration = Duration::from_mins(1);

/// Answers what comes at an address until `stopped` turns true, then finishes what is
/// under way.
pub(crate) async fn run(
    listener: TcpListener,
    site: Site,
    bounds: Bounds,
    metrics: Arc<Metrics>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut door = Door::new(bounds, metrics);
    let told = stopped.clone();
    let accepting = async {
        loop {
            let slot = door.slot().await;
            let (tcp, address) = accept(&listener).await;
            let Some(place) = door.place(slot, address) else { continue };
            let (site, told) = (site.clone(), told.clone());
            tokio::spawn(async move {
                serve(tcp, address, &site, told).await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        // A sender that is gone wants an end, too.
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    drop(listener);
    door.empty().await;
}

async fn serve(tcp: TcpStream, address: SocketAddr, site: &Site, mut stopped: watch::Receiver<bool>) {
    let accepted = Instant::now();
    let peer = Peer(address.ip().to_canonical());
    let _ = tcp.set_nodelay(true); // slower without, not wrong
    let Some(tls) = &site.tls else { return site.serve(tcp, peer, accepted, stopped).await };
    let handshake = tokio::select! {
        handshake = timeout_at(accepted + FIRST_REQUEST, tls.accept(tcp)) => handshake,
        _ = stopped.wait_for(|stopped| *stopped) => return,
    };
    match handshake {
        Ok(Ok(io)) => site.serve(io, peer, accepted, stopped).await,
        Ok(Err(error)) => tracing::debug!(address = %peer.0, %error, "closed: no TLS came about"),
        Err(_) => tracing::debug!(address = %peer.0, "closed: TLS took too long"),
    }
}

/// The next connection, whatever happens before.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // It was gone before it was looked at.
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted; trying again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Who may come in.
struct Door {
    slots: Arc<Semaphore>,
    shares: Arc<Shares>,
    bounds: Bounds,
    metrics: Arc<Metrics>,
    said: Option<Instant>,
}

/// What a connection takes up while it lives.
struct Place {
    metrics: Arc<Metrics>,
    _slot: OwnedSemaphorePermit,
    _share: Share,
}

impl Door {
    fn new(bounds: Bounds, metrics: Arc<Metrics>) -> Self {
        let slots = Arc::new(Semaphore::new(bounds.connections));
        Self { slots, shares: Arc::default(), bounds, metrics, said: None }
    }

    /// Room for one connection, as soon as there is some.
    async fn slot(&mut self) -> Option<OwnedSemaphorePermit> {
        if self.slots.available_permits() == 0 && self.said.is_none_or(|at| at.elapsed() >= SAY_EVERY) {
            self.said = Some(Instant::now());
            tracing::warn!(
                max_connections = self.bounds.connections,
                "as many connections as there may be; others wait until one ends"
            );
        }
        Arc::clone(&self.slots).acquire_owned().await.ok() // it is never closed
    }

    /// A place for a connection from here, unless this address has its share.
    fn place(&self, slot: Option<OwnedSemaphorePermit>, address: SocketAddr) -> Option<Place> {
        let share = self.shares.take(address.ip(), self.bounds.connections_of_peer);
        let Some(share) = share else {
            self.metrics.api_connections_refused.inc();
            tracing::debug!(address = %address.ip(), "closed: this address has its share of connections");
            return None;
        };
        self.metrics.api_connections.inc();
        Some(Place { metrics: Arc::clone(&self.metrics), _slot: slot?, _share: share })
    }

    /// Waits until everybody has left.
    async fn empty(&self) {
        let all = u32::try_from(self.bounds.connections).unwrap_or(u32::MAX);
        let _ = self.slots.acquire_many(all).await; // it is never closed
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.metrics.api_connections.dec();
    }
}
