//! TLS as a client: which roots are trusted, and refusals in plain words.

use std::sync::Arc;

use rustls::{
    CertificateError, ClientConfig, Error, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

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

/// Why a handshake failed, in words that the owner of the server can act on.
pub(super) fn explain(error: &std::io::Error) -> String {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match tls {
        Some(Error::InvalidCertificate(certificate)) => certificate_words(certificate),
        Some(Error::InvalidMessage(_)) => {
            "the server does not speak TLS on this port; perhaps it expects plain HTTP".into()
        }
        Some(Error::AlertReceived(alert)) => format!("the server refused it ({alert:?})"),
        Some(Error::PeerIncompatible(_)) => "the server offers neither TLS 1.2 nor TLS 1.3".into(),
        Some(other) => other.to_string(),
        None if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the server closed the connection in the middle of it".into()
        }
        None => format!("the connection broke in the middle of it ({})", error.kind()),
    }
}

fn certificate_words(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate has expired; renew it".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet; check the server's clock and certificate".into()
        }
        CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            format!("the certificate is for another name ({})", presented.join(", "))
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate is for another name".into()
        }
        CertificateError::UnknownIssuer => {
            "the certificate is self-signed or issued by an unknown authority; send the full chain of a public one".into()
        }
        CertificateError::Revoked => "the certificate was revoked".into(),
        other => format!("the certificate was not accepted: {other:?}"),
    }
}
