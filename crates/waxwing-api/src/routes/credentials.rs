//! What a webhook's receiver asks for besides the signature: taken, sealed, and shown
//! without what is secret.

use std::collections::BTreeMap;

use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use waxwing_core::{
    WebhookId,
    credentials::{Authorization, ClientCertificate, CredentialError, CustomHeaders, MalformedCredential},
    seal::{Sealed, UnsealError},
};
use waxwing_store::Credentials;
use zeroize::Zeroizing;

use crate::{
    Api,
    problem::{Code, Problem, Result},
};

const HEADERS: &str = "headers";
const AUTHORIZATION: &str = "authorization";
const CLIENT_CERTIFICATE: &str = "client_certificate";

/// Headers by their names.
pub(crate) type Headers = BTreeMap<String, String>;

/// How requests to a webhook say who they are.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum AuthorizationInput {
    /// A token that does not change.
    Bearer {
        #[schema(min_length = 1, max_length = 4096)]
        token: String,
    },
    /// A user name and a password.
    Basic {
        #[schema(min_length = 1, max_length = 256)]
        username: String,
        #[schema(min_length = 1, max_length = 1024)]
        password: String,
    },
    /// A token that is asked for at a token endpoint, by client credentials (RFC 6749, 4.4).
    OAuth2 {
        #[schema(max_length = 2048)]
        token_url: String,
        #[schema(min_length = 1, max_length = 256)]
        client_id: String,
        #[schema(min_length = 1, max_length = 1024)]
        client_secret: String,
        #[schema(min_length = 1, max_length = 1024)]
        scope: Option<String>,
        #[schema(min_length = 1, max_length = 1024)]
        audience: Option<String>,
    },
}

/// A certificate that requests to a webhook are made with (mTLS), as PEM.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateInput {
    /// The chain, the client's own certificate first.
    #[schema(max_length = 32768)]
    certificate: String,
    #[schema(max_length = 32768)]
    key: String,
}

/// What can be told of an authorization.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuthorizationAnswer {
    /// bearer, basic or oauth2.
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<String>,
}

/// What can be told of a client certificate.
#[derive(Serialize, ToSchema)]
pub(crate) struct CertificateAnswer {
    /// The SHA-256 of the client's own certificate, in hex.
    sha256: String,
}

/// What can be told of all of them.
pub(crate) struct Shown {
    pub(crate) header_names: Vec<String>,
    pub(crate) authorization: Option<AuthorizationAnswer>,
    pub(crate) client_certificate: Option<CertificateAnswer>,
}

/// Seals for one webhook.
pub(crate) struct Sealer<'a> {
    pub(crate) api: &'a Api,
    pub(crate) webhook: &'a WebhookId,
}

impl Sealer<'_> {
    /// No headers at all are as good as none given.
    pub(crate) fn headers(&self, given: Option<Headers>) -> Result<Option<Sealed>> {
        let given = given.unwrap_or_default();
        let headers = CustomHeaders::new(given.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let headers = headers.map_err(|error| misfit(HEADERS, &error))?;
        if headers.is_empty() { Ok(None) } else { self.seal(HEADERS, &headers.to_bytes()).map(Some) }
    }

    pub(crate) fn authorization(&self, given: Option<AuthorizationInput>) -> Result<Option<Sealed>> {
        let read = match given {
            None => return Ok(None),
            Some(AuthorizationInput::Bearer { token }) => Authorization::bearer(&token),
            Some(AuthorizationInput::Basic { username, password }) => {
                Authorization::basic(&username, &password)
            }
            Some(AuthorizationInput::OAuth2 { token_url, client_id, client_secret, scope, audience }) => {
                let judged = self.api.policy.check_url(&token_url);
                judged.map_err(|error| Problem::of_url("/authorization/token_url", &error))?;
                let (scope, audience) = (scope.as_deref(), audience.as_deref());
                Authorization::oauth2(&token_url, &client_id, &client_secret, scope, audience)
            }
        };
        let authorization = read.map_err(|error| misfit(AUTHORIZATION, &error))?;
        self.seal(AUTHORIZATION, &authorization.to_bytes()).map(Some)
    }

    pub(crate) fn client_certificate(&self, given: Option<CertificateInput>) -> Result<Option<Sealed>> {
        let Some(CertificateInput { certificate, key }) = given else { return Ok(None) };
        let key = Zeroizing::new(key);
        let pair =
            ClientCertificate::new(&certificate, &key).map_err(|error| misfit(CLIENT_CERTIFICATE, &error))?;
        check_pair(&pair)?;
        self.seal(CLIENT_CERTIFICATE, &pair.to_bytes()).map(Some)
    }

    fn seal(&self, name: &str, value: &[u8]) -> Result<Sealed> {
        let place = Credentials::place(self.webhook, name);
        Ok(self.api.keyring.seal(self.api.random(), &place, value)?)
    }
}

/// Whether TLS can make use of it.
fn check_pair(pair: &ClientCertificate) -> Result<()> {
    let refuse = |member: &str, detail: String| {
        Err(Problem::at(Code::BodyInvalid, &format!("/{CLIENT_CERTIFICATE}/{member}"), detail))
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pair.certificate().as_bytes()).collect();
    let chain = match chain {
        Ok(chain) if !chain.is_empty() => chain,
        _ => return refuse("certificate", "It holds no certificate in PEM that can be read.".into()),
    };
    let Ok(key) = PrivateKeyDer::from_pem_slice(pair.expose_key().as_bytes()) else {
        return refuse(
            "key",
            "It holds no private key in PEM that can be read; it must not be encrypted.".into(),
        );
    };
    match CertifiedKey::from_der(chain, key, &ring::default_provider()) {
        Ok(_) => Ok(()),
        Err(error) => refuse("key", format!("It cannot be used with the certificate: {error}.")),
    }
}

/// Where something does not fit: `/headers/X-Name`, `/authorization/token`.
fn misfit(of: &str, error: &CredentialError) -> Problem {
    let member = error.member.replace('~', "~0").replace('/', "~1");
    Problem::at(Code::BodyInvalid, &format!("/{of}/{member}"), format!("{} {error}.", error.member))
}

/// Opens what is kept of a webhook, and tells of it what is not secret.
pub(crate) fn show(api: &Api, webhook: &WebhookId, kept: &Credentials) -> Result<Shown> {
    let Credentials { headers, authorization, client_certificate } = kept;
    let open = |name: &str, sealed: &Option<Sealed>| {
        let sealed = sealed.as_ref()?;
        Some(api.keyring.open(&Credentials::place(webhook, name), sealed))
    };
    let headers = read(open(HEADERS, headers), CustomHeaders::from_bytes)?;
    let authorization = read(open(AUTHORIZATION, authorization), Authorization::from_bytes)?;
    let certificate = read(open(CLIENT_CERTIFICATE, client_certificate), ClientCertificate::from_bytes)?;
    Ok(Shown {
        header_names: headers.map_or_else(Vec::new, |headers| headers.names().map(str::to_owned).collect()),
        authorization: authorization.map(AuthorizationAnswer::from),
        client_certificate: certificate.map(|pair| CertificateAnswer { sha256: fingerprint(&pair) }),
    })
}

type Opened = Option<std::result::Result<Zeroizing<Vec<u8>>, UnsealError>>;

fn read<T>(opened: Opened, read: fn(&[u8]) -> Result<T, MalformedCredential>) -> Result<Option<T>> {
    let Some(bytes) = opened.transpose()? else { return Ok(None) };
    read(&bytes).map(Some).map_err(|_| UnsealError::Malformed.into())
}

fn fingerprint(pair: &ClientCertificate) -> String {
    let first = CertificateDer::from_pem_slice(pair.certificate().as_bytes());
    let digest = first.map(|certificate| Sha256::digest(&certificate));
    let hex = |text: String, byte: &u8| text + &format!("{byte:02x}");
    digest.map_or_else(|_| String::new(), |digest| digest.iter().fold(String::new(), hex))
}

impl From<Authorization> for AuthorizationAnswer {
    fn from(authorization: Authorization) -> Self {
        let kind = authorization.kind();
        let none = Self {
            r#type: kind,
            username: None,
            token_url: None,
            client_id: None,
            scope: None,
            audience: None,
        };
        match authorization {
            Authorization::Bearer { .. } => none,
            Authorization::Basic { username, .. } => Self { username: Some(username), ..none },
            Authorization::OAuth2(asked) => Self {
                token_url: Some(asked.token_url),
                client_id: Some(asked.client_id),
                scope: asked.scope,
                audience: asked.audience,
                ..none
            },
        }
    }
}
