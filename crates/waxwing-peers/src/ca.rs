//! A throw-away certificate authority.
//!
//! Lives in memory only: its key is made at start and never leaves the process,
//! so that trusting its PEM for a test or a demonstration harms nobody. Besides
//! good certificates it issues those that a client must refuse.

use std::fmt;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate could not be made, mostly because a name is no DNS name.
#[derive(Debug, thiserror::Error)]
#[error("no certificate could be made for {names}: {source}")]
pub struct CaError {
    names: String,
    source: rcgen::Error,
}

/// What a server shows and signs with.
pub struct ServerCert {
    /// The server's own certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its private key.
    pub key: PrivateKeyDer<'static>,
}

impl Clone for ServerCert {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

impl fmt::Debug for ServerCert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerCert").field("certificates", &self.chain.len()).finish_non_exhaustive()
    }
}

/// What a client presents, as PEM.
#[derive(Clone)]
pub struct ClientCert {
    /// Its own certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl fmt::Debug for ClientCert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCert").finish_non_exhaustive()
    }
}

/// A certificate authority that nobody trusts until its [`Ca::pem`] is given to them.
pub struct Ca {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl fmt::Debug for Ca {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ca").finish_non_exhaustive()
    }
}

impl Ca {
    /// A new authority with a key of its own.
    ///
    /// # Errors
    /// [`CaError`] when the system gives no randomness for the key.
    pub fn generate(name: &str) -> Result<Self, CaError> {
        Self::make(name).map_err(|source| CaError { names: name.to_owned(), source })
    }

    /// Its certificate, for a client's list of trusted roots.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for these host names or IP addresses, valid for longer than
    /// anybody runs this program.
    ///
    /// # Errors
    /// [`CaError`] when one of them is neither.
    pub fn issue<N: AsRef<str>>(&self, names: &[N]) -> Result<ServerCert, CaError> {
        self.issue_between(names, (1975, 2999))
    }

    /// A certificate whose time ended with the year 2000.
    ///
    /// # Errors
    /// As [`Ca::issue`].
    pub fn issue_expired<N: AsRef<str>>(&self, names: &[N]) -> Result<ServerCert, CaError> {
        self.issue_between(names, (1975, 2001))
    }

    /// A certificate whose time begins with the year 2900.
    ///
    /// # Errors
    /// As [`Ca::issue`].
    pub fn issue_not_yet_valid<N: AsRef<str>>(&self, names: &[N]) -> Result<ServerCert, CaError> {
        self.issue_between(names, (2900, 2999))
    }

    /// A certificate for a client of this name.
    ///
    /// # Errors
    /// As [`Ca::issue`].
    pub fn issue_client(&self, name: &str) -> Result<ClientCert, CaError> {
        let failed = |source| failed(&[name], source);
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = server_params(&[name], (1975, 2999)).map_err(failed)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(ClientCert { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    /// A good certificate, but for `other.example` only.
    ///
    /// # Errors
    /// As [`Ca::issue`].
    pub fn issue_for_another_name(&self) -> Result<ServerCert, CaError> {
        self.issue(&["other.example"])
    }

    /// A certificate that no authority vouches for.
    ///
    /// # Errors
    /// As [`Ca::issue`].
    pub fn self_signed<N: AsRef<str>>(names: &[N]) -> Result<ServerCert, CaError> {
        Self::self_signed_as(names, IsCa::NoCa)
    }

    /// The same, marked as an authority's: what `openssl req -x509` makes.
    ///
    /// # Errors
    /// As [`Ca::issue`].
    pub fn self_signed_authority<N: AsRef<str>>(names: &[N]) -> Result<ServerCert, CaError> {
        Self::self_signed_as(names, IsCa::Ca(BasicConstraints::Unconstrained))
    }

    fn self_signed_as<N: AsRef<str>>(names: &[N], is_ca: IsCa) -> Result<ServerCert, CaError> {
        let failed = |source| failed(names, source);
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = server_params(names, (1975, 2999)).map_err(failed)?;
        params.is_ca = is_ca;
        let certificate = params.self_signed(&key).map_err(failed)?;
        Ok(server_cert(&certificate, &key))
    }

    fn make(name: &str) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { pem, issuer: Issuer::new(params, key) })
    }

    fn issue_between<N: AsRef<str>>(&self, names: &[N], years: (i32, i32)) -> Result<ServerCert, CaError> {
        let failed = |source| failed(names, source);
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = server_params(names, years)
            .and_then(|params| params.signed_by(&key, &self.issuer))
            .map_err(failed)?;
        Ok(server_cert(&certificate, &key))
    }
}

fn server_params<N: AsRef<str>>(
    names: &[N],
    (from, until): (i32, i32),
) -> Result<CertificateParams, rcgen::Error> {
    let names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "Waxwing peer");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    Ok(params)
}

fn server_cert(certificate: &rcgen::Certificate, key: &KeyPair) -> ServerCert {
    ServerCert {
        chain: vec![certificate.der().clone()],
        key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
    }
}

fn failed<N: AsRef<str>>(names: &[N], source: rcgen::Error) -> CaError {
    let names = names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    CaError { names, source }
}
