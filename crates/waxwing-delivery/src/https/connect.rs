//! A new connection: resolve, check, connect to the very address that was
//! checked, TLS, HTTP.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use waxwing_core::{AttemptError, TargetPolicy, TimeoutPhase, target::TargetUrl};
use waxwing_store::Metrics;

use super::{
    errors,
    exchange::Phase,
    identity::ClientIdentity,
    proxy::Proxy,
    resolve::{Lookup, Resolver, SystemLookup},
    tls,
};

/// Bytes of response headers that are read at most.
pub(super) const HEADER_BYTES: u32 = 64 << 10;

/// How often a server that speaks HTTP/2 is asked for a sign of life, and how long
/// it may take. All requests to a host share the connection, and a dead one would
/// fail each of them until the kernel gives up on it, a quarter of an hour later.
const PING_EVERY: Duration = Duration::from_secs(15);
const PING_WITHIN: Duration = Duration::from_secs(5);

/// What TLS and ALPN led to.
pub(super) enum Opened {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// Opens connections.
pub(super) struct Connector {
    tls: Arc<ClientConfig>,
    resolver: Resolver,
    policy: Arc<TargetPolicy>,
    proxy: Option<Proxy>,
    timeout: Duration,
    metrics: Arc<Metrics>,
}

impl Connector {
    pub(super) fn new(
        tls: Arc<ClientConfig>,
        policy: Arc<TargetPolicy>,
        proxy: Option<Proxy>,
        timeout: Duration,
        metrics: Arc<Metrics>,
    ) -> Self {
        let resolver = Resolver::new(Arc::new(SystemLookup));
        Self { tls, resolver, policy, proxy, timeout, metrics }
    }

    /// Looks names up in another way.
    pub(super) fn resolve_by(&mut self, lookup: Arc<dyn Lookup>) {
        self.resolver = Resolver::new(lookup);
    }

    /// The policy judges the URL once more, and every address that its name has now.
    pub(super) async fn open(
        &self,
        url: &TargetUrl,
        identity: Option<&ClientIdentity>,
        phase: &Phase,
    ) -> Result<Opened, AttemptError> {
        self.policy.check_url(url.as_str()).map_err(|error| AttemptError::ForbiddenUrl(error.to_string()))?;
        phase.set(TimeoutPhase::Resolve);
        let addresses = self.addresses(url).await?;
        phase.set(TimeoutPhase::Connect);
        let stream = self.connect(&addresses, url.port()).await?;
        phase.set(TimeoutPhase::Handshake);
        let stream = self.handshake(stream, url, identity).await?;
        self.metrics.connections.inc();
        phase.set(TimeoutPhase::Response);
        speak(stream).await
    }

    /// Any forbidden address in an answer refuses all of it: who controls the
    /// answer must not choose which of them is taken.
    async fn addresses(&self, url: &TargetUrl) -> Result<Arc<[IpAddr]>, AttemptError> {
        let addresses = match url.address() {
            Some(address) => Arc::from([address]),
            None => self.resolver.resolve(url.host()).await.map_err(AttemptError::Dns)?,
        };
        self.policy.check_answer(&addresses).map_err(AttemptError::ForbiddenAddress)?;
        Ok(addresses)
    }

    /// The addresses in turn; the last failure is the one that is told.
    async fn connect(&self, addresses: &[IpAddr], port: u16) -> Result<TcpStream, AttemptError> {
        let mut failure = AttemptError::Dns("it has no address".into());
        for address in addresses {
            let dialling = self.dial(SocketAddr::new(address.to_canonical(), port));
            match tokio::time::timeout(self.timeout, dialling).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failure = error,
                Err(_) => failure = self.late(),
            }
        }
        Err(failure)
    }

    /// A connection to one address, directly or by the operator's proxy.
    async fn dial(&self, target: SocketAddr) -> Result<TcpStream, AttemptError> {
        let direct = |error: io::Error| errors::connect(&error);
        let stream = match &self.proxy {
            None => TcpStream::connect(target).await.map_err(direct)?,
            Some(proxy) => {
                let mut stream = self.to_proxy(proxy).await?;
                proxy.ask_for(target, &mut stream).await?;
                stream
            }
        };
        // A request is one write; waiting for more only delays it.
        stream.set_nodelay(true).map_err(direct)?;
        Ok(stream)
    }

    /// Its addresses in turn. Who reads the failure need not know where it is.
    async fn to_proxy(&self, proxy: &Proxy) -> Result<TcpStream, AttemptError> {
        let addresses = match proxy.host().parse() {
            Ok(address) => Ok(Arc::from([address])),
            Err(_) => self.resolver.resolve(proxy.host()).await,
        };
        let addresses =
            addresses.map_err(|_| AttemptError::Proxy("has a name that could not be resolved".into()))?;
        let addresses: Vec<_> =
            addresses.iter().map(|address| SocketAddr::new(*address, proxy.port())).collect();
        let connecting = TcpStream::connect(&addresses[..]).await;
        connecting.map_err(|error| AttemptError::Proxy(format!("could not be reached ({})", error.kind())))
    }

    /// What it means that connecting took too long.
    fn late(&self) -> AttemptError {
        match &self.proxy {
            None => AttemptError::Timeout { phase: TimeoutPhase::Connect, limit: self.timeout },
            Some(_) => {
                AttemptError::Proxy(format!("made no connection within {} ms", self.timeout.as_millis()))
            }
        }
    }

    async fn handshake(
        &self,
        stream: TcpStream,
        url: &TargetUrl,
        identity: Option<&ClientIdentity>,
    ) -> Result<TlsStream<TcpStream>, AttemptError> {
        let name = match url.address() {
            Some(address) => ServerName::IpAddress(address.into()),
            None => ServerName::try_from(url.host().to_owned())
                .map_err(|_| AttemptError::Tls("the host is no name that a certificate can hold".into()))?,
        };
        let config = identity.map_or_else(|| Arc::clone(&self.tls), |identity| identity.config(&self.tls));
        TlsConnector::from(config)
            .connect(name, stream)
            .await
            .map_err(|error| AttemptError::Tls(tls::explain(&error)))
    }
}

async fn speak(stream: TlsStream<TcpStream>) -> Result<Opened, AttemptError> {
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let io = TokioIo::new(stream);
    if http2 {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(HEADER_BYTES)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_WITHIN)
            .keep_alive_while_idle(true)
            .handshake(io)
            .await
            .map_err(|error| errors::exchange(&error))?;
        // Ends with its last sender; what goes wrong is told to each request.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Opened::Http2(sender))
    } else {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEADER_BYTES as usize)
            .handshake(io)
            .await
            .map_err(|error| errors::exchange(&error))?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(Opened::Http1(sender))
    }
}
