//! TLS on the listener: which certificate it shows, and how that is replaced.
//!
//! TLS 1.2 and 1.3 with rustls' choice of ciphers; there is nothing to weaken. The
//! certificate can be replaced while connections last: new ones are shown the new one.
//! What cannot be used is refused, and the one before stays.

use std::{fmt, sync::Arc};

use parking_lot::RwLock;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use waxwing_core::Timestamp;
use x509_cert::{Certificate, der::Decode};

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The text is not what it should be.
    #[error("the certificate file is not PEM with certificates: {0}")]
    Certificate(String),
    /// As above.
    #[error("the key file is not PEM with one private key (PKCS #8, PKCS #1 or SEC 1, not encrypted): {0}")]
    Key(String),
    /// They do not belong together, or the key is of a kind that is not known.
    #[error("the key cannot be used with the certificate: {0}")]
    Pair(rustls::Error),
}

/// A certificate with its chain and its key.
#[derive(Debug, Clone)]
pub struct Identity {
    key: Arc<CertifiedKey>,
    /// When it ends.
    pub not_after: Timestamp,
}

impl Identity {
    /// Reads PEM: the server's own certificate first, then those between it and the
    /// authority; and its key.
    ///
    /// # Errors
    /// [`TlsError`] when they cannot be used. An expired certificate can be.
    pub fn read(certificate: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let invalid = |error: &dyn fmt::Display| TlsError::Certificate(error.to_string());
        let chain: Result<Vec<CertificateDer<'static>>, _> =
            CertificateDer::pem_slice_iter(certificate).collect();
        let chain = chain.map_err(|error| invalid(&error))?;
        let own = chain.first().ok_or_else(|| invalid(&"it has no BEGIN CERTIFICATE block"))?;
        let own = Certificate::from_der(own).map_err(|error| invalid(&error))?;
        let not_after = own.tbs_certificate.validity.not_after.to_unix_duration();
        let not_after = i64::try_from(not_after.as_millis()).unwrap_or(i64::MAX);
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| TlsError::Key(error.to_string()))?;
        let key = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(TlsError::Pair)?;
        Ok(Self { key: Arc::new(key), not_after: Timestamp::from_millis(not_after) })
    }
}

/// TLS as a listener speaks it.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    shown: Arc<Shown>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// What is shown to the next client.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read()))
    }
}

impl Tls {
    /// Shows this certificate, and offers HTTP/2 before HTTP/1.1.
    ///
    /// # Errors
    /// When the cryptography lacks what TLS needs.
    pub fn new(identity: Identity) -> Result<Self, rustls::Error> {
        let shown = Arc::new(Shown(RwLock::new(identity.key)));
        let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), shown })
    }

    /// Shows this one from now on.
    pub fn replace(&self, identity: Identity) {
        *self.shown.0.write() = identity.key;
    }

    pub(super) fn accept(&self, tcp: TcpStream) -> tokio_rustls::Accept<TcpStream> {
        self.acceptor.accept(tcp)
    }
}
