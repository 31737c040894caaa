//! Receivers that ask for a client certificate.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio::sync::mpsc;
use waxwing_core::credentials::ClientCertificate;
use waxwing_delivery::{Request, Sender, https::identity::ClientIdentity};
use waxwing_peers::{Alpn, Ca, ClientCert, Received, Receiver, ReceiverOptions, Reply};

use crate::harness::{World, error, post_to, success, within};

/// Takes clients of `ca` only, and tells which certificates it saw.
async fn demanding(world: &World, alpn: Alpn, ca: &Ca) -> (Receiver, mpsc::UnboundedReceiver<Vec<u8>>) {
    let (tell, seen) = mpsc::unbounded_channel();
    let handler = move |received: Received| {
        let _ = tell.send(received.client_certificate.unwrap_or_default().to_vec());
        Reply::status(200)
    };
    let options = ReceiverOptions::local(world.cert(), handler);
    let options = ReceiverOptions { alpn, client_ca: Some(ca.pem().to_owned()), ..options };
    (Receiver::start(options).await.unwrap(), seen)
}

fn identity(client: &ClientCert) -> Arc<ClientIdentity> {
    let pair = ClientCertificate::new(&client.certificate, &client.key).unwrap();
    Arc::new(ClientIdentity::new(&pair).unwrap())
}

fn der(client: &ClientCert) -> Vec<u8> {
    CertificateDer::from_pem_slice(client.certificate.as_bytes()).unwrap().to_vec()
}

fn as_client(receiver: &Receiver, identity: Option<&Arc<ClientIdentity>>) -> Request {
    Request { identity: identity.cloned(), ..post_to(receiver.addr) }
}

#[tokio::test]
async fn a_client_certificate_is_presented_to_who_asks_for_it() {
    for alpn in [Alpn::Http1, Alpn::Http2] {
        let (world, ca) = (World::new(), Ca::generate("Clients").unwrap());
        let (receiver, mut seen) = demanding(&world, alpn, &ca).await;
        let client = ca.issue_client("waxwing").unwrap();
        let (sender, identity) = (world.sender(), identity(&client));
        for _ in 0..2 {
            assert_eq!(success(&within(sender.send(as_client(&receiver, Some(&identity)))).await), 200);
            assert_eq!(within(seen.recv()).await.unwrap(), der(&client));
        }
        assert_eq!(receiver.counters().connections(), 1, "kept like any other");
    }
}

#[tokio::test]
async fn a_connection_is_shared_with_no_other_identity_and_with_none() {
    for alpn in [Alpn::Http1, Alpn::Http2] {
        let (world, ca) = (World::new(), Ca::generate("Clients").unwrap());
        let (receiver, mut seen) = demanding(&world, alpn, &ca).await;
        let clients = [ca.issue_client("one").unwrap(), ca.issue_client("two").unwrap()];
        let (sender, identities) = (world.sender(), [identity(&clients[0]), identity(&clients[1])]);
        for round in 0..3 {
            for (client, identity) in clients.iter().zip(&identities) {
                let response = within(sender.send(as_client(&receiver, Some(identity)))).await;
                assert_eq!(success(&response), 200, "{round}");
                assert_eq!(within(seen.recv()).await.unwrap(), der(client));
            }
            // Neither a kept connection nor a resumed session of theirs.
            let said = error(&within(sender.send(as_client(&receiver, None))).await);
            assert!(said.contains("client certificate"), "{said}");
        }
        assert!(seen.try_recv().is_err(), "nothing came without a certificate");
    }
}

#[tokio::test]
async fn a_receiver_that_does_not_ask_gets_no_certificate() {
    let (world, ca) = (World::new(), Ca::generate("Clients").unwrap());
    let (tell, mut seen) = mpsc::unbounded_channel();
    let handler = move |received: Received| {
        let _ = tell.send(received.client_certificate);
        Reply::status(200)
    };
    let receiver = world.receiver(Alpn::Both, handler).await;
    let identity = identity(&ca.issue_client("waxwing").unwrap());
    assert_eq!(success(&within(world.sender().send(as_client(&receiver, Some(&identity)))).await), 200);
    assert_eq!(within(seen.recv()).await.unwrap(), None);
}

#[tokio::test]
async fn a_certificate_that_the_receiver_does_not_accept_is_told() {
    let (world, ca) = (World::new(), Ca::generate("Clients").unwrap());
    let (receiver, _seen) = demanding(&world, Alpn::Both, &ca).await;
    let stranger = Ca::generate("Strangers").unwrap().issue_client("waxwing").unwrap();
    let request = as_client(&receiver, Some(&identity(&stranger)));
    let said = error(&within(world.sender().send(request)).await);
    assert!(said.starts_with("TLS handshake failed: "), "{said}");
    assert_eq!(receiver.counters().requests(), 0);
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let ca = Ca::generate("Clients").unwrap();
    let (one, two) = (ca.issue_client("one").unwrap(), ca.issue_client("two").unwrap());
    for (certificate, key) in [(&one.certificate, &two.key), (&one.key, &one.certificate)] {
        let pair = ClientCertificate::new(certificate, key).unwrap();
        assert!(ClientIdentity::new(&pair).is_err());
    }
}
