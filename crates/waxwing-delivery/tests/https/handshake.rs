//! TLS handshakes that fail, and what the customer reads about them.

use std::sync::Arc;

use bytes::Bytes;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use waxwing_delivery::Sender;
use waxwing_peers::{Alpn, Ca, Misbehaviour, RawListener, ScriptedPeer, ServerCert, Step, tls_config};

use crate::{
    frames::ok,
    harness::{World, error, error_of, post, success, within},
};

const HERE: [&str; 2] = ["localhost", "127.0.0.1"];

/// The error that a server with this certificate leads to.
async fn refused(world: &World, cert: ServerCert) -> String {
    let receiver = world.showing(cert).await;
    let told = error_of(world, receiver.addr).await;
    assert_eq!(receiver.counters().requests(), 0, "nothing is sent to a server that is not who it says");
    told.strip_prefix("TLS handshake failed: ").unwrap_or_else(|| panic!("{told}")).to_owned()
}

/// The error that a server leads to that does this instead of a handshake.
async fn misbehaving(misbehaviour: Misbehaviour) -> String {
    let listener = RawListener::start(misbehaviour).await.unwrap();
    let told = error_of(&World::new(), listener.addr).await;
    told.strip_prefix("TLS handshake failed: ").unwrap_or_else(|| panic!("{told}")).to_owned()
}

#[tokio::test]
async fn an_authority_that_nobody_knows_is_not_trusted() {
    let other = Ca::generate("another authority").unwrap();
    assert_eq!(
        refused(&World::new(), other.issue(&HERE).unwrap()).await,
        "the certificate is self-signed or issued by an unknown authority; send the full chain of a public one"
    );
}

#[tokio::test]
async fn a_certificate_that_signed_itself_is_not_trusted() {
    assert_eq!(
        refused(&World::new(), Ca::self_signed(&HERE).unwrap()).await,
        "the certificate is self-signed or issued by an unknown authority; send the full chain of a public one"
    );
}

#[tokio::test]
async fn an_authority_s_own_certificate_is_no_server_s() {
    assert_eq!(
        refused(&World::new(), Ca::self_signed_authority(&HERE).unwrap()).await,
        "the certificate is self-signed, or an authority's own; use one that a public authority issued for the server"
    );
}

#[tokio::test]
async fn an_expired_certificate_is_told_with_its_date() {
    let world = World::new();
    assert_eq!(
        refused(&world, world.ca.issue_expired(&HERE).unwrap()).await,
        "the certificate expired at 2001-01-01T00:00:00.000Z; renew it"
    );
}

#[tokio::test]
async fn a_certificate_from_the_future_is_told_with_its_date() {
    let world = World::new();
    assert_eq!(
        refused(&world, world.ca.issue_not_yet_valid(&HERE).unwrap()).await,
        "the certificate is not valid before 2900-01-01T00:00:00.000Z"
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_told_with_both_names() {
    let world = World::new();
    let receiver = world.showing(world.ca.issue_for_another_name().unwrap()).await;
    for host in HERE {
        let url = format!("https://{host}:{}/", receiver.addr.port());
        let response = within(world.sender().send(post(&url))).await;
        assert_eq!(
            error(&response),
            format!("TLS handshake failed: the certificate is not for {host}, but for other.example")
        );
    }
}

#[tokio::test]
async fn a_certificate_for_the_name_is_not_one_for_its_address_and_the_other_way_round() {
    let world = World::new();
    for (holds, asked) in [("localhost", "127.0.0.1"), ("127.0.0.1", "localhost")] {
        let receiver = world.showing(world.ca.issue(&[holds]).unwrap()).await;
        let sender = world.sender();
        let url = |host: &str| format!("https://{host}:{}/", receiver.addr.port());
        assert_eq!(success(&within(sender.send(post(&url(holds)))).await), 200);
        assert_eq!(
            error(&within(sender.send(post(&url(asked)))).await),
            format!("TLS handshake failed: the certificate is not for {asked}, but for {holds}")
        );
    }
}

#[tokio::test]
async fn of_many_names_the_first_are_told() {
    let world = World::new();
    let names: Vec<String> = (1..=100).map(|n| format!("shop{n}.example")).collect();
    assert_eq!(
        refused(&world, world.ca.issue(&names).unwrap()).await,
        "the certificate is not for 127.0.0.1, but for shop1.example, shop2.example, shop3.example and 97 more"
    );
}

#[tokio::test]
async fn a_certificate_without_a_name_is_told() {
    let world = World::new();
    let none: [&str; 0] = [];
    assert_eq!(
        refused(&world, world.ca.issue(&none).unwrap()).await,
        "the certificate is not for 127.0.0.1, but for no name at all"
    );
}

#[tokio::test]
async fn plain_http_on_the_port_is_told() {
    assert_eq!(
        misbehaving(Misbehaviour::PlainHttp).await,
        "the server does not speak TLS on this port; perhaps it expects plain HTTP"
    );
    // Some speak first: SSH, SMTP.
    assert_eq!(
        misbehaving(Misbehaviour::Garbage(Bytes::from_static(b"SSH-2.0-OpenSSH_9.6\r\n"))).await,
        "the server does not speak TLS on this port; perhaps it expects plain HTTP"
    );
}

#[tokio::test]
async fn a_handshake_that_is_cut_off_is_told() {
    for misbehaviour in [
        Misbehaviour::CloseAtOnce,
        Misbehaviour::ResetAtOnce,
        Misbehaviour::CloseAfterHello,
        Misbehaviour::ResetAfterHello,
    ] {
        let name = format!("{misbehaviour:?}");
        assert_eq!(
            misbehaving(misbehaviour).await,
            "the server closed the connection in the middle of it",
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_server_with_old_versions_of_tls_alone_is_told() {
    // Such servers either answer with the version that they know, or refuse.
    for misbehaviour in [Misbehaviour::tls_1_1(), Misbehaviour::alert(70)] {
        assert_eq!(misbehaving(misbehaviour).await, "the server offers neither TLS 1.2 nor TLS 1.3");
    }
}

#[tokio::test]
async fn what_a_server_refuses_a_handshake_with_is_told() {
    for (alert, told) in [
        (
            40,
            "the server refused it (HandshakeFailure); perhaps it does not know this host name, asks for a client certificate, or offers old ciphers only",
        ),
        (80, "the server refused it (InternalError)"),
        (112, "the server does not know this host name"),
        (
            116,
            "the server asks for a client certificate; set the webhook's client_certificate to one that it accepts",
        ),
        (120, "the server offers neither HTTP/1.1 nor HTTP/2"),
    ] {
        assert_eq!(misbehaving(Misbehaviour::alert(alert)).await, told, "alert {alert}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_client_certificate_is_told() {
    let world = World::new();
    let peer = ScriptedPeer::start(mutual(&world), |_| vec![Step::Request, ok()]).await.unwrap();
    assert_eq!(
        error_of(&world, peer.addr).await,
        "TLS handshake failed: the server asks for a client certificate; set the webhook's client_certificate to one that it accepts"
    );
    assert_eq!(peer.progress().handshakes, 0);
}

/// A server that lets nobody in without a certificate of the authority.
fn mutual(world: &World) -> ServerConfig {
    let cert = world.cert();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(world.ca.pem().as_bytes()).unwrap()).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(cert.chain, cert.key)
        .unwrap()
}

#[tokio::test]
async fn a_server_that_speaks_another_protocol_is_told() {
    let world = World::new();
    let mut tls = tls_config(world.cert(), Alpn::Http1).unwrap();
    tls.alpn_protocols = vec![b"imap".to_vec()];
    let peer = ScriptedPeer::start(tls, |_| vec![]).await.unwrap();
    assert_eq!(
        error_of(&world, peer.addr).await,
        "TLS handshake failed: the server offers neither HTTP/1.1 nor HTTP/2"
    );
}
