//! Clients that share no code with what they test: rustls and hyper, put together
//! by hand.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use waxwing_peers::{Alpn, Ca, Handler, Receiver, ReceiverOptions, ServerCert};

pub(crate) type Tls = TlsStream<TcpStream>;

/// No wait is longer; a test that gets here fails.
const DEADLINE: Duration = Duration::from_secs(30);

/// The future's result, or a failed test.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work).await.expect("nothing happened within the deadline")
}

pub(crate) fn authority() -> Ca {
    Ca::generate("Waxwing tests").unwrap()
}

pub(crate) fn cert(ca: &Ca) -> ServerCert {
    ca.issue(&["localhost", "127.0.0.1"]).unwrap()
}

pub(crate) async fn receiver(ca: &Ca, alpn: Alpn, handler: impl Handler) -> Receiver {
    Receiver::start(ReceiverOptions { alpn, ..ReceiverOptions::local(cert(ca), handler) }).await.unwrap()
}

/// Connects as `name`, trusting this authority alone and offering these protocols.
pub(crate) async fn connect(ca: &Ca, addr: SocketAddr, name: &str, offer: &[&str]) -> io::Result<Tls> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = offer.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let tcp = TcpStream::connect(addr).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    within(TlsConnector::from(Arc::new(config)).connect(name, tcp)).await
}

/// A connection to a server of this machine, over HTTP/1.1.
pub(crate) async fn connect_http1(ca: &Ca, addr: SocketAddr) -> Tls {
    connect(ca, addr, "localhost", &["http/1.1"]).await.unwrap()
}

/// A client of one connection.
pub(crate) enum Client {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Client {
    pub(crate) async fn new(ca: &Ca, addr: SocketAddr, protocol: &str) -> Self {
        let io = TokioIo::new(connect(ca, addr, "localhost", &[protocol]).await.unwrap());
        if protocol == "h2" {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
            tokio::spawn(connection);
            Self::Http2(sender)
        } else {
            let (sender, connection) = http1::handshake(io).await.unwrap();
            tokio::spawn(connection);
            Self::Http1(sender)
        }
    }

    pub(crate) async fn send(
        &mut self,
        request: http::Request<Full<Bytes>>,
    ) -> hyper::Result<http::Response<Incoming>> {
        match self {
            Self::Http1(sender) => {
                within(sender.ready()).await?;
                within(sender.send_request(request)).await
            }
            Self::Http2(sender) => within(sender.send_request(request)).await,
        }
    }

    /// Posts a body: the status and body of the answer.
    pub(crate) async fn post(&mut self, body: &str) -> (u16, Bytes) {
        let answer = self.send(post(body)).await.unwrap();
        let status = answer.status().as_u16();
        (status, within(answer.into_body().collect()).await.unwrap().to_bytes())
    }
}

/// A request that fits both protocols.
pub(crate) fn post(body: &str) -> http::Request<Full<Bytes>> {
    http::Request::post("https://localhost/hook?a=1")
        .header("host", "localhost")
        .header("x-test", "yes")
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap()
}

/// What is left to read, and how it ended.
pub(crate) async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> (Vec<u8>, io::Result<()>) {
    let mut read = Vec::new();
    let end = within(stream.read_to_end(&mut read)).await;
    (read, end.map(drop))
}

/// Fails if there is something to read, although nothing should come.
pub(crate) async fn assert_silent(stream: &mut (impl AsyncRead + Unpin)) {
    let mut byte = [0];
    let settled = async {
        for _ in 0..256 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        read = stream.read(&mut byte) => panic!("{read:?} {byte:?}"),
        () = settled => {}
    }
}
