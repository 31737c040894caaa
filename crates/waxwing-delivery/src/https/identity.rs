//! A client certificate that a webhook's receiver asks for (mTLS).
//!
//! A connection made with one belongs to whoever presented it: it is never used for
//! another identity, or without one, and neither are TLS sessions begun with it.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use rustls::{
    ClientConfig,
    client::Resumption,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};
use waxwing_core::credentials::ClientCertificate;

/// Identities made so far.
static MADE: AtomicU64 = AtomicU64::new(0);

/// A client certificate with its key, for one sender.
pub struct ClientIdentity {
    number: u64,
    resolver: Arc<SingleCertAndKey>,
    config: OnceLock<Arc<ClientConfig>>,
}

/// A certificate and key that TLS has no use for.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// One of them is no PEM that can be read.
    #[error("the client certificate or its key cannot be read")]
    Unreadable,
    /// The key is of a kind that is not known, or not the certificate's.
    #[error("the client certificate cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

impl ClientIdentity {
    /// Reads a certificate chain and its key.
    ///
    /// # Errors
    /// [`IdentityError`] when TLS has no use for them.
    pub fn new(pair: &ClientCertificate) -> Result<Self, IdentityError> {
        let chain = CertificateDer::pem_slice_iter(pair.certificate().as_bytes()).collect::<Result<_, _>>();
        let chain = chain.map_err(|_| IdentityError::Unreadable)?;
        let key = PrivateKeyDer::from_pem_slice(pair.expose_key().as_bytes());
        let key = key.map_err(|_| IdentityError::Unreadable)?;
        let certified = CertifiedKey::from_der(chain, key, &ring::default_provider())?;
        Ok(Self {
            number: MADE.fetch_add(1, Relaxed),
            resolver: Arc::new(SingleCertAndKey::from(certified)),
            config: OnceLock::new(),
        })
    }

    /// What tells it from all others in this process.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// `base`, presenting this certificate, with TLS sessions of its own.
    pub(super) fn config(&self, base: &ClientConfig) -> Arc<ClientConfig> {
        let config = self.config.get_or_init(|| {
            let mut config = base.clone();
            config.client_auth_cert_resolver = Arc::clone(&self.resolver) as _;
            config.resumption = Resumption::default();
            Arc::new(config)
        });
        Arc::clone(config)
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientIdentity({})", self.number)
    }
}
