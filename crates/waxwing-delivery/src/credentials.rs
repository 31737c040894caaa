//! What a webhook's receiver asks for besides the signature, opened and made ready to
//! be sent.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, header};
use waxwing_core::{
    AttemptError, TargetPolicy,
    credentials::{Authorization, ClientCertificate, CustomHeaders, MalformedCredential},
    seal::Sealed,
};
use waxwing_store::{Credentials, Keyring, Target};
use zeroize::Zeroizing;

use crate::https::{
    identity::ClientIdentity,
    tokens::{TokenSource, sensitive},
};

/// What goes with every request to a webhook.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// Headers of the account's own, and an authorization that does not change.
    pub(crate) headers: HeaderMap,
    /// A certificate to present.
    pub(crate) identity: Option<Arc<ClientIdentity>>,
    /// Where an access token comes from.
    pub(crate) tokens: Option<Arc<TokenSource>>,
}

impl Prepared {
    /// Opens what is kept of a webhook.
    pub(crate) fn new(
        target: &Target,
        policy: &TargetPolicy,
        keyring: &Keyring,
    ) -> Result<Self, AttemptError> {
        let Credentials { headers, authorization, client_certificate } = &target.credentials;
        let opener = Opener { target, keyring };
        let mut prepared = Self::default();
        if let Some(headers) = opener.open("headers", headers.as_ref(), CustomHeaders::from_bytes)? {
            prepared.set_headers(&headers)?;
        }
        if let Some(authorization) =
            opener.open("authorization", authorization.as_ref(), Authorization::from_bytes)?
        {
            prepared.set_authorization(authorization, policy)?;
        }
        let pair =
            opener.open("client_certificate", client_certificate.as_ref(), ClientCertificate::from_bytes)?;
        let identity = pair.map(|pair| ClientIdentity::new(&pair)).transpose();
        prepared.identity =
            identity.map_err(|error| AttemptError::Internal(error.to_string()))?.map(Arc::new);
        Ok(prepared)
    }

    fn set_headers(&mut self, headers: &CustomHeaders) -> Result<(), AttemptError> {
        for (name, value) in headers.expose() {
            let name = HeaderName::try_from(name)
                .map_err(|_| AttemptError::Internal("a header cannot be sent".into()))?;
            self.headers.insert(name, sensitive(value.to_owned())?);
        }
        Ok(())
    }

    fn set_authorization(
        &mut self,
        authorization: Authorization,
        policy: &TargetPolicy,
    ) -> Result<(), AttemptError> {
        let value = match authorization {
            Authorization::Bearer { token } => format!("Bearer {}", *token),
            Authorization::Basic { username, password } => {
                let login = Zeroizing::new(format!("{username}:{}", *password));
                format!("Basic {}", STANDARD.encode(&*login))
            }
            Authorization::OAuth2(asked) => {
                let url = policy.check_url(&asked.token_url);
                let url =
                    url.map_err(|error| AttemptError::Authorization(format!("not asked for: {error}")))?;
                self.tokens = Some(Arc::new(TokenSource::new(&asked, url)?));
                return Ok(());
            }
        };
        self.headers.insert(header::AUTHORIZATION, sensitive(value)?);
        Ok(())
    }
}

struct Opener<'a> {
    target: &'a Target,
    keyring: &'a Keyring,
}

impl Opener<'_> {
    fn open<T>(
        &self,
        name: &str,
        sealed: Option<&Sealed>,
        read: fn(&[u8]) -> Result<T, MalformedCredential>,
    ) -> Result<Option<T>, AttemptError> {
        let Some(sealed) = sealed else { return Ok(None) };
        let bytes = self.keyring.open(&Credentials::place(&self.target.id, name), sealed).ok();
        let value = bytes.and_then(|bytes| read(&bytes).ok());
        let closed = format!("its {name} cannot be unsealed with this encryption key; set it anew");
        value.map(Some).ok_or(AttemptError::Internal(closed))
    }
}
