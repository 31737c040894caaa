//! TLS as a client of the API: names and certificates are always verified.

use std::{fmt, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Which server, and who may vouch for it.
#[derive(Clone)]
pub(crate) struct Secure {
    name: ServerName<'static>,
    connector: TlsConnector,
}

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secure").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Secure {
    /// The server of this name or address, vouched for by a public authority, or by one of
    /// these.
    ///
    /// # Errors
    /// In words, when the name or a certificate cannot be used.
    pub(crate) fn new(host: &str, pem: Option<&[u8]>) -> Result<Self, String> {
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare)
            .map_err(|_| format!("{host:?} is neither a host name nor an address"))?;
        Ok(Self { name, connector: connector(pem)? })
    }

    /// The same, trusting these PEM certificates too.
    pub(crate) fn trusting(self, pem: &[u8]) -> Result<Self, String> {
        Ok(Self { connector: connector(Some(pem))?, ..self })
    }

    /// TLS on a connection.
    pub(crate) async fn connect(&self, tcp: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), tcp).await
    }
}

fn connector(pem: Option<&[u8]>) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = pem {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let added = certificate
                .map_err(|error| error.to_string())
                .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()));
            added.map_err(|error| format!("the CA file cannot be used: {error}"))?;
        }
        if roots.len() == before {
            return Err("the CA file has no BEGIN CERTIFICATE block".to_owned());
        }
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
