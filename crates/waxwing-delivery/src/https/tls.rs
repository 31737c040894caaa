//! TLS as a client: which roots are trusted, and refusals in plain words.

use std::{io::ErrorKind, sync::Arc};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, OtherError, PeerIncompatible, RootCertStore,
    pki_types::{CertificateDer, UnixTime, pem::PemObject},
};
use waxwing_core::Timestamp;

use super::SenderError;

/// TLS 1.2 and 1.3, the public roots and those of `extra_ca_pem`, HTTP/2 offered
/// before HTTP/1.1.
pub(super) fn config(extra_ca_pem: Option<&[u8]>) -> Result<Arc<ClientConfig>, SenderError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = extra_ca_pem {
        add(&mut roots, pem)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn add(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), SenderError> {
    let refuse = |reason: String| SenderError::ExtraCa(reason);
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| refuse(error.to_string()))?;
        roots.add(certificate).map_err(|error| refuse(error.to_string()))?;
        added += 1;
    }
    if added == 0 { Err(refuse("it has no BEGIN CERTIFICATE block".into())) } else { Ok(()) }
}

/// What TLS says of an error of a connection, if it was TLS that failed.
pub(super) fn cause(error: &std::io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// Why a handshake failed, in words that the owner of the server can act on.
pub(super) fn explain(error: &std::io::Error) -> String {
    match cause(error) {
        Some(Error::InvalidCertificate(certificate)) => certificate_words(certificate),
        Some(Error::InvalidMessage(_)) => {
            "the server does not speak TLS on this port; perhaps it expects plain HTTP".into()
        }
        Some(Error::AlertReceived(alert)) => alert_words(*alert),
        Some(Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        )) => OLD_TLS.into(),
        Some(other) => other.to_string(),
        None => match error.kind() {
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::NotConnected => "the server closed the connection in the middle of it".into(),
            kind => format!("the connection broke in the middle of it ({kind})"),
        },
    }
}

/// The same for an error that was turned into text on its way: in TLS 1.3 a server says
/// what it thinks of the client's certificate after the handshake.
pub(super) fn explain_text(text: &str) -> Option<String> {
    let name = text.strip_prefix("received fatal alert: ")?;
    let known = [
        AlertDescription::CertificateRequired,
        AlertDescription::BadCertificate,
        AlertDescription::UnsupportedCertificate,
        AlertDescription::CertificateRevoked,
        AlertDescription::CertificateExpired,
        AlertDescription::CertificateUnknown,
        AlertDescription::UnknownCA,
        AlertDescription::AccessDenied,
    ];
    known.into_iter().find(|alert| format!("{alert:?}") == name).map(alert_words)
}

const OLD_TLS: &str = "the server offers neither TLS 1.2 nor TLS 1.3";

fn alert_words(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::ProtocolVersion => OLD_TLS.into(),
        AlertDescription::UnrecognisedName => "the server does not know this host name".into(),
        AlertDescription::CertificateRequired => {
            "the server asks for a client certificate; set the webhook's client_certificate to one that it accepts"
                .into()
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => {
            format!("the server does not accept the webhook's client certificate ({alert:?})")
        }
        AlertDescription::NoApplicationProtocol => "the server offers neither HTTP/1.1 nor HTTP/2".into(),
        AlertDescription::HandshakeFailure => {
            "the server refused it (HandshakeFailure); perhaps it does not know this host name, asks for a client certificate, or offers old ciphers only".into()
        }
        other => format!("the server refused it ({other:?})"),
    }
}

fn certificate_words(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired => "the certificate has expired; renew it".into(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the certificate expired at {}; renew it", moment(*not_after))
        }
        CertificateError::NotValidYet => {
            "the certificate is not valid yet; check the server's clock and certificate".into()
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the certificate is not valid before {}", moment(*not_before))
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            format!("the certificate is not for {}, but for {}", expected.to_str(), names(presented))
        }
        CertificateError::NotValidForName => "the certificate is for another name".into(),
        CertificateError::UnknownIssuer => {
            "the certificate is self-signed or issued by an unknown authority; send the full chain of a public one".into()
        }
        CertificateError::Revoked => "the certificate was revoked".into(),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "the certificate is signed in a way that is not accepted; use ECDSA, Ed25519, or RSA of 2048 bits or more, with SHA-256 or better".into()
        }
        CertificateError::Other(OtherError(other)) if other.to_string() == "CaUsedAsEndEntity" => {
            "the certificate is self-signed, or an authority's own; use one that a public authority issued for the server".into()
        }
        CertificateError::Other(OtherError(other)) => format!("the certificate was not accepted: {other}"),
        other => format!("the certificate was not accepted: {other}"),
    }
}

fn moment(time: UnixTime) -> Timestamp {
    let millis = time.as_secs().saturating_mul(1000);
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Names that are told when a certificate is for others.
const NAMES: usize = 3;

/// The names of a certificate. They come as `DnsName("example.com")`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, rest)| rest.trim_end_matches(')'));
        inner.trim_matches('"').to_owned()
    };
    let told: Vec<String> = presented.iter().take(NAMES).map(bare).collect();
    match presented.len().saturating_sub(NAMES) {
        _ if told.is_empty() => "no name at all".into(),
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}
