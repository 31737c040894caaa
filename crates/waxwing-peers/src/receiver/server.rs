//! Starting, counting and stopping a receiver.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use super::{Handler, connection};
use crate::ServerCert;

/// How long [`Receiver::stop`] waits for answers under way.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// Which protocols a receiver offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alpn {
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only.
    Http2,
    /// Both; the client chooses.
    #[default]
    Both,
}

/// How to run a receiver.
pub struct ReceiverOptions {
    /// Where to listen; port 0 takes a free one.
    pub bind: SocketAddr,
    /// What it shows.
    pub cert: ServerCert,
    /// Which protocols it offers.
    pub alpn: Alpn,
    /// PEM of the authority whose certificates clients must present; `None` asks for none.
    pub client_ca: Option<String>,
    /// What it answers.
    pub handler: Arc<dyn Handler>,
}

impl ReceiverOptions {
    /// On a free port of `127.0.0.1`, HTTP/1.1 and HTTP/2.
    pub fn local(cert: ServerCert, handler: impl Handler) -> Self {
        let bind = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { bind, cert, alpn: Alpn::Both, client_ca: None, handler: Arc::new(handler) }
    }
}

/// Why a receiver did not start.
#[derive(Debug, thiserror::Error)]
pub enum ReceiverError {
    /// The address is taken, or not one of this machine.
    #[error("cannot listen on {address}: {source}; choose another address or port")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The key does not fit the certificate.
    #[error("the receiver's certificate cannot be used: {0}")]
    Certificate(#[from] rustls::Error),
}

/// What a receiver counts.
#[derive(Debug, Default)]
pub struct Counters {
    connections: AtomicU64,
    open: AtomicU64,
    requests: AtomicU64,
}

impl Counters {
    /// TCP connections accepted.
    pub fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }

    /// TCP connections that are open now.
    pub fn open(&self) -> u64 {
        self.open.load(Relaxed)
    }

    /// Requests that arrived in full.
    pub fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    pub(super) fn count_request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    /// Counts a connection: its number, and what counts it as open while it lives.
    pub(super) fn count_connection(self: &Arc<Self>) -> (u64, Open) {
        self.open.fetch_add(1, Relaxed);
        (self.connections.fetch_add(1, Relaxed) + 1, Open(Arc::clone(self)))
    }
}

/// An open connection.
pub(super) struct Open(Arc<Counters>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// A running receiver. Dropping it closes everything at once.
#[derive(Debug)]
pub struct Receiver {
    /// Where it listens.
    pub addr: SocketAddr,
    counters: Arc<Counters>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Receiver {
    /// Starts listening.
    ///
    /// # Errors
    /// [`ReceiverError`] when the address or the certificate cannot be used.
    pub async fn start(options: ReceiverOptions) -> Result<Self, ReceiverError> {
        let address = options.bind;
        let bind_error = |source| ReceiverError::Bind { address, source };
        let acceptor = TlsAcceptor::from(Arc::new(server_config(
            options.cert,
            options.alpn,
            options.client_ca.as_deref(),
        )?));
        let listener = TcpListener::bind(address).await.map_err(bind_error)?;
        let addr = listener.local_addr().map_err(bind_error)?;
        let counters = Arc::new(Counters::default());
        let (stop, stopped) = watch::channel(false);
        let accepting =
            tokio::spawn(accept(listener, acceptor, options.handler, Arc::clone(&counters), stopped));
        Ok(Self { addr, counters, stop, accepting })
    }

    /// `https://<addr><path>`
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.addr)
    }

    /// What was counted so far; goes on counting.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Stops listening, lets answers under way end within two seconds, then
    /// closes every connection.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let _ = (&mut self.accepting).await; // it neither fails nor panics
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    handler: Arc<dyn Handler>,
    counters: Arc<Counters>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let Ok((tcp, _)) = accepted else {
                    // Out of file descriptors: some will come back.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let (number, open) = counters.count_connection();
                let peer = connection::Peer {
                    number,
                    _open: open,
                    handler: Arc::clone(&handler),
                    counters: Arc::clone(&counters),
                    stopped: stopped.clone(),
                };
                connections.spawn(connection::serve(tcp, acceptor.clone(), peer));
            }
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(STOP_WITHIN, ended).await; // those left are aborted with the set
}

/// TLS as a server that shows this certificate and offers these protocols.
///
/// # Errors
/// When the key does not fit the certificate.
pub fn tls_config(cert: ServerCert, alpn: Alpn) -> Result<ServerConfig, rustls::Error> {
    server_config(cert, alpn, None)
}

fn server_config(
    cert: ServerCert,
    alpn: Alpn,
    client_ca: Option<&str>,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions()?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(pem) => builder.with_client_cert_verifier(client_verifier(pem, provider)?),
    };
    let mut config = builder.with_single_cert(cert.chain, cert.key)?;
    config.alpn_protocols = match alpn {
        Alpn::Http1 => vec![b"http/1.1".to_vec()],
        Alpn::Http2 => vec![b"h2".to_vec()],
        Alpn::Both => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    Ok(config)
}

fn client_verifier(
    pem: &str,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, rustls::Error> {
    let unusable = |error: &dyn std::fmt::Display| rustls::Error::General(error.to_string());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| unusable(&error))?)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier.map_err(|error| unusable(&error))
}
