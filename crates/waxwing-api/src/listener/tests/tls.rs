//! TLS on a listener: which protocol comes of it, and how the certificate is replaced.

use std::{net::SocketAddr, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::Instant,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use waxwing_store::Metrics;

use super::super::{Bounds, DRAIN, FIRST_REQUEST, Identity, Tls, TlsError, run};
use super::site;

/// A certificate that vouches for itself, with its key, as PEM; and for a client to trust.
fn made(name: &str) -> (String, String, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem(), made.cert.der().clone())
}

async fn serve(tls: &Tls) -> (SocketAddr, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let site = site(Some(tls.clone()));
    tokio::spawn(run(listener, site, Bounds::default(), Arc::new(Metrics::default()), stopped));
    (address, stop)
}

async fn connect(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    alpn: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    let tcp = TcpStream::connect(address).await?;
    let name = ServerName::try_from("waxwing.test").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

async fn hello(client: &mut TlsStream<TcpStream>) {
    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut start = [0; 12];
    client.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    let mut rest = String::new();
    while !rest.ends_with("hello") {
        rest.push(char::from(client.read_u8().await.unwrap()));
    }
}

#[tokio::test]
async fn both_protocols_are_offered_and_the_client_chooses() {
    let (pem, key, trusted) = made("waxwing.test");
    let tls = Tls::new(Identity::read(pem.as_bytes(), key.as_bytes()).unwrap()).unwrap();
    let (address, _stop) = serve(&tls).await;
    let mut one = connect(address, &trusted, &[b"http/1.1"]).await.unwrap();
    assert_eq!(one.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    hello(&mut one).await;
    let two = connect(address, &trusted, &[b"http/1.1", b"h2"]).await.unwrap();
    assert_eq!(two.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (client, connection) = h2::client::handshake(two).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("https://a/").body(()).unwrap();
    let (response, _) = client.ready().await.unwrap().send_request(request, true).unwrap();
    assert_eq!(response.await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_connections_and_old_ones_go_on() {
    let (pem, key, old) = made("waxwing.test");
    let tls = Tls::new(Identity::read(pem.as_bytes(), key.as_bytes()).unwrap()).unwrap();
    let (address, _stop) = serve(&tls).await;
    let mut kept = connect(address, &old, &[]).await.unwrap();
    hello(&mut kept).await;
    let (pem, key, new) = made("waxwing.test");
    tls.replace(Identity::read(pem.as_bytes(), key.as_bytes()).unwrap());
    hello(&mut connect(address, &new, &[]).await.unwrap()).await;
    assert!(connect(address, &old, &[]).await.is_err());
    hello(&mut kept).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_begins_no_tls_is_let_go() {
    let (pem, key, _) = made("waxwing.test");
    let tls = Tls::new(Identity::read(pem.as_bytes(), key.as_bytes()).unwrap()).unwrap();
    let (address, _stop) = serve(&tls).await;
    let began = Instant::now();
    let mut silent = TcpStream::connect(address).await.unwrap();
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert!((FIRST_REQUEST..=FIRST_REQUEST + DRAIN).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[test]
fn a_pair_that_does_not_belong_together_is_refused() {
    let ((one, its_key, _), (_, other_key, _)) = (made("one.test"), made("other.test"));
    let read = |certificate: &str, key: &str| Identity::read(certificate.as_bytes(), key.as_bytes());
    assert!(read(&one, &its_key).is_ok());
    assert!(matches!(read(&one, &other_key), Err(TlsError::Pair(_))));
    assert!(matches!(read(&its_key, &its_key), Err(TlsError::Certificate(_))));
    assert!(matches!(read("", &its_key), Err(TlsError::Certificate(_))));
    assert!(matches!(read(&one, &one), Err(TlsError::Key(_))));
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(read(garbage, &its_key), Err(TlsError::Certificate(_))));
}

#[test]
fn the_end_of_a_certificate_is_read() {
    let key = rcgen::KeyPair::generate().unwrap();
    for (year, expected) in [(2031, "2031-01-01T00:00:00.000Z"), (2999, "2999-01-01T00:00:00.000Z")] {
        let mut params = rcgen::CertificateParams::new(["waxwing.test".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let certificate = params.self_signed(&key).unwrap().pem();
        let identity = Identity::read(certificate.as_bytes(), key.serialize_pem().as_bytes()).unwrap();
        assert_eq!(identity.not_after.to_string(), expected);
    }
}
