//! Certificates: which are good, and in which way the others are not.

use rustls::CertificateError;
use waxwing_peers::{Ca, Received, Receiver, ReceiverOptions, Reply, ServerCert};

use crate::harness::{authority, connect};

const HERE: [&str; 2] = ["localhost", "127.0.0.1"];

/// Why a client that trusts this authority and calls a server with this
/// certificate by this name goes away; nothing if it does not.
async fn objection(ca: &Ca, cert: ServerCert, name: &str) -> Option<CertificateError> {
    let receiver =
        Receiver::start(ReceiverOptions::local(cert, |_: Received| Reply::status(200))).await.unwrap();
    let error = connect(ca, receiver.addr, name, &[]).await.err()?;
    match error.get_ref().unwrap().downcast_ref().unwrap() {
        rustls::Error::InvalidCertificate(objection) => Some(objection.clone()),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_certificate_is_good_for_each_of_its_names() {
    let ca = authority();
    let cert = ca.issue(&["localhost", "hooks.example", "127.0.0.1", "::1"]).unwrap();
    for name in ["localhost", "hooks.example", "127.0.0.1", "::1"] {
        assert_eq!(objection(&ca, cert.clone(), name).await, None, "{name}");
    }
    let other = objection(&ca, cert, "other.example").await;
    assert!(matches!(other, Some(CertificateError::NotValidForNameContext { .. })), "{other:?}");
}

#[tokio::test]
async fn an_expired_certificate_has_nothing_else_wrong_with_it() {
    let ca = authority();
    let objection = objection(&ca, ca.issue_expired(&HERE).unwrap(), "localhost").await;
    assert!(matches!(objection, Some(CertificateError::ExpiredContext { .. })), "{objection:?}");
}

#[tokio::test]
async fn a_certificate_can_be_not_valid_yet() {
    let ca = authority();
    let objection = objection(&ca, ca.issue_not_yet_valid(&HERE).unwrap(), "localhost").await;
    assert!(matches!(objection, Some(CertificateError::NotValidYetContext { .. })), "{objection:?}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_good_for_that_one() {
    let ca = authority();
    let cert = ca.issue_for_another_name().unwrap();
    assert_eq!(objection(&ca, cert.clone(), "other.example").await, None);
    let here = objection(&ca, cert, "localhost").await;
    assert!(matches!(here, Some(CertificateError::NotValidForNameContext { .. })), "{here:?}");
}

#[tokio::test]
async fn nobody_vouches_for_a_self_signed_certificate() {
    let ca = authority();
    let cert = Ca::self_signed(&HERE).unwrap();
    assert_eq!(objection(&ca, cert, "localhost").await, Some(CertificateError::UnknownIssuer));
}

#[tokio::test]
async fn a_self_signed_authority_calls_itself_one() {
    let ca = authority();
    let objection = objection(&ca, Ca::self_signed_authority(&HERE).unwrap(), "localhost").await;
    let objection = objection.map(|objection| objection.to_string()).unwrap_or_default();
    assert!(objection.contains("CaUsedAsEndEntity"), "{objection}");
}

#[tokio::test]
async fn each_authority_is_trusted_by_itself_only() {
    let (ours, theirs) = (authority(), authority());
    assert_ne!(ours.pem(), theirs.pem());
    let cert = theirs.issue(&HERE).unwrap();
    assert_eq!(objection(&theirs, cert.clone(), "localhost").await, None);
    assert!(objection(&ours, cert, "localhost").await.is_some());
}

#[test]
fn what_is_no_name_is_told() {
    let told = authority().issue(&["fine.example", "größer"]).unwrap_err().to_string();
    assert!(told.starts_with("no certificate could be made for fine.example, größer: "), "{told}");
}

#[test]
fn nothing_prints_a_key() {
    let ca = authority();
    let cert = ca.issue(&HERE).unwrap();
    assert_eq!(format!("{ca:?} {cert:?}"), "Ca { .. } ServerCert { certificates: 1, .. }");
}
