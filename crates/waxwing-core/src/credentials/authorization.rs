//! The `Authorization` of requests to a webhook.

use std::fmt;

use zeroize::Zeroizing;

use super::{CredentialError, MalformedCredential, joined, parts, printable};

const MAX_TOKEN_LEN: usize = 4_096;
const MAX_NAME_LEN: usize = 256;
const MAX_SECRET_LEN: usize = 1_024;
const MAX_SCOPE_LEN: usize = 1_024;
/// The longest URL of a token endpoint; the target policy says the same.
const MAX_URL_LEN: usize = 2_048;

/// How deliveries say who they are.
#[derive(Clone, PartialEq, Eq)]
pub enum Authorization {
    /// A token that does not change (RFC 6750).
    Bearer {
        /// The token.
        token: Zeroizing<String>,
    },
    /// A user name and a password (RFC 7617).
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: Zeroizing<String>,
    },
    /// A token that is asked for at a token endpoint (RFC 6749, 4.4).
    OAuth2(ClientCredentials),
}

/// What a token is asked for with.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCredentials {
    /// The token endpoint, not judged by the target policy yet.
    pub token_url: String,
    /// Whom the endpoint knows this webhook's sender as.
    pub client_id: String,
    /// What proves it.
    pub client_secret: Zeroizing<String>,
    /// What the token is to be good for.
    pub scope: Option<String>,
    /// Whom the token is to be for.
    pub audience: Option<String>,
}

impl Authorization {
    /// # Errors
    /// [`CredentialError`] when it is no token.
    pub fn bearer(token: &str) -> Result<Self, CredentialError> {
        let token = printable("token", token, MAX_TOKEN_LEN)?;
        if token.contains(' ') {
            let detail = "must have no space: it is what comes after \"Bearer \"".to_owned();
            return Err(CredentialError { member: "token".to_owned(), detail });
        }
        Ok(Self::Bearer { token })
    }

    /// # Errors
    /// [`CredentialError`] when one of both cannot be sent.
    pub fn basic(username: &str, password: &str) -> Result<Self, CredentialError> {
        let username = printable("username", username, MAX_NAME_LEN)?.to_string();
        if username.contains(':') {
            let detail = "must have no colon: it would be taken for the password's beginning".to_owned();
            return Err(CredentialError { member: "username".to_owned(), detail });
        }
        Ok(Self::Basic { username, password: printable("password", password, MAX_SECRET_LEN)? })
    }

    /// # Errors
    /// [`CredentialError`] when some part cannot be sent.
    pub fn oauth2(
        token_url: &str,
        client_id: &str,
        client_secret: &str,
        scope: Option<&str>,
        audience: Option<&str>,
    ) -> Result<Self, CredentialError> {
        if token_url.contains('\0') || token_url.len() > MAX_URL_LEN {
            let detail = format!("must be a URL of at most {MAX_URL_LEN} characters");
            return Err(CredentialError { member: "token_url".to_owned(), detail });
        }
        Ok(Self::OAuth2(ClientCredentials {
            token_url: token_url.to_owned(),
            client_id: printable("client_id", client_id, MAX_NAME_LEN)?.to_string(),
            client_secret: printable("client_secret", client_secret, MAX_SECRET_LEN)?,
            scope: optional("scope", scope)?,
            audience: optional("audience", audience)?,
        }))
    }

    /// The word that the API uses.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bearer { .. } => "bearer",
            Self::Basic { .. } => "basic",
            Self::OAuth2(_) => "oauth2",
        }
    }

    /// For the store.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let kind = self.kind();
        match self {
            Self::Bearer { token } => joined([kind, token]),
            Self::Basic { username, password } => joined([kind, username, password]),
            Self::OAuth2(ClientCredentials { token_url, client_id, client_secret, scope, audience }) => {
                let [scope, audience] = [scope, audience].map(|text| text.as_deref().unwrap_or_default());
                joined([kind, token_url, client_id, client_secret, scope, audience])
            }
        }
    }

    /// From the store.
    ///
    /// # Errors
    /// [`MalformedCredential`] when these are no bytes of an authorization.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MalformedCredential> {
        let read = match parts(bytes)?[..] {
            ["bearer", token] => Self::bearer(token),
            ["basic", username, password] => Self::basic(username, password),
            ["oauth2", url, id, secret, scope, audience] => {
                let [scope, audience] = [scope, audience].map(|text| (!text.is_empty()).then_some(text));
                Self::oauth2(url, id, secret, scope, audience)
            }
            _ => return Err(MalformedCredential),
        };
        read.map_err(|_| MalformedCredential)
    }
}

fn optional(member: &str, text: Option<&str>) -> Result<Option<String>, CredentialError> {
    text.map(|text| Ok(printable(member, text, MAX_SCOPE_LEN)?.to_string())).transpose()
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorization({}, …)", self.kind())
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials").field("token_url", &self.token_url).finish_non_exhaustive()
    }
}
