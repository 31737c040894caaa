//! Headers of an account's own on every request to a webhook.

use std::fmt;

use zeroize::Zeroizing;

use super::{CredentialError, MalformedCredential, joined, parts, printable};

/// Headers of one webhook at most.
const MAX_HEADERS: usize = 20;
const MAX_NAME_LEN: usize = 128;
const MAX_VALUE_LEN: usize = 1_024;

/// Names that belong to HTTP, to the delivery, or to what lies in between. Cookies are
/// among them because nothing here keeps any.
const RESERVED: [&str; 18] = [
    "authorization",
    "connection",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-http-method-override",
    "x-real-ip",
    "x-webhook-signature",
];
/// Beginnings of such names.
const RESERVED_PREFIXES: [&str; 6] = ["content-", "proxy-", "sec-", "webhook-", "x-forwarded-", "x-waxwing-"];

/// Names and values; up to 20, each name once.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomHeaders(Vec<(String, Zeroizing<String>)>);

impl CustomHeaders {
    /// Checks headers. Names become lowercase.
    ///
    /// # Errors
    /// [`CredentialError`] names the first header that cannot be sent.
    pub fn new<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, CredentialError> {
        let mut kept: Vec<(String, Zeroizing<String>)> = Vec::new();
        for (name, value) in headers {
            let refuse =
                |detail: &str| CredentialError { member: name.to_owned(), detail: detail.to_owned() };
            if kept.len() == MAX_HEADERS {
                return Err(refuse(&format!("is one header too many: at most {MAX_HEADERS}")));
            }
            if !is_token(name) {
                let detail = format!("has a name that is none: 1 to {MAX_NAME_LEN} letters, digits or -_.~");
                return Err(refuse(&detail));
            }
            let lower = name.to_ascii_lowercase();
            if is_reserved(&lower) {
                return Err(refuse("belongs to the protocol or to the delivery and cannot be set"));
            }
            if kept.iter().any(|(other, _)| *other == lower) {
                return Err(refuse("stands twice; case makes no difference"));
            }
            kept.push((lower, printable(name, value, MAX_VALUE_LEN)?));
        }
        Ok(Self(kept))
    }

    /// The names, lowercase, in the order given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Names and values.
    pub fn expose(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For the store.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        joined(self.expose().flat_map(|(name, value)| [name, value]))
    }

    /// From the store.
    ///
    /// # Errors
    /// [`MalformedCredential`] when these are no bytes of headers.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MalformedCredential> {
        let parts = parts(bytes)?;
        let (pairs, rest) = parts.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(MalformedCredential);
        }
        Self::new(pairs.iter().map(|[name, value]| (*name, *value))).map_err(|_| MalformedCredential)
    }
}

impl fmt::Debug for CustomHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CustomHeaders").field(&self.names().collect::<Vec<_>>()).finish()
    }
}

/// RFC 9110, 5.6.2.
fn is_token(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=MAX_NAME_LEN).contains(&name.len()) && name.bytes().all(known)
}

fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
