//! What a receiver asks for besides the signature: headers, an authorization, a
//! client certificate.
//!
//! Values are checked here and printed by nothing. For the store each becomes bytes
//! that are sealed as a whole: its texts with NUL between them, which none contains.

mod authorization;
mod headers;

use std::fmt;

use zeroize::Zeroizing;

pub use authorization::{Authorization, ClientCredentials};
pub use headers::CustomHeaders;

/// The longest certificate chain and the longest key, in bytes of PEM.
const MAX_PEM_LEN: usize = 32 << 10;
/// What stands between the texts of one value.
const BETWEEN: char = '\0';

/// Something in a credential does not fit. It does not repeat secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct CredentialError {
    /// Where: a member's name, or a header's.
    pub member: String,
    /// What does not fit, and what would.
    pub detail: String,
}

/// Bytes of the store are no such value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what is kept is no such credential; a newer version may have written it")]
pub struct MalformedCredential;

/// A certificate with which deliveries prove who sends them (mTLS), as PEM. Whether
/// both parts can be used is seen by who speaks TLS.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    certificate: String,
    key: Zeroizing<String>,
}

impl ClientCertificate {
    /// A chain, the client's own certificate first, and its private key.
    ///
    /// # Errors
    /// [`CredentialError`] when one of them is too long or no PEM.
    pub fn new(certificate: &str, key: &str) -> Result<Self, CredentialError> {
        for (member, text) in [("certificate", certificate), ("key", key)] {
            let is_pem = text.contains("-----BEGIN ") && !text.contains(BETWEEN);
            if text.len() > MAX_PEM_LEN || !is_pem {
                let detail = format!("must be PEM of at most {} KiB", MAX_PEM_LEN >> 10);
                return Err(CredentialError { member: member.to_owned(), detail });
            }
        }
        Ok(Self { certificate: certificate.to_owned(), key: Zeroizing::new(key.to_owned()) })
    }

    /// The chain.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The private key.
    pub fn expose_key(&self) -> &str {
        &self.key
    }

    /// For the store.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        joined([self.certificate.as_str(), &self.key])
    }

    /// From the store.
    ///
    /// # Errors
    /// [`MalformedCredential`] when these are no bytes of a certificate.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MalformedCredential> {
        let [certificate, key] = parts(bytes)?[..] else { return Err(MalformedCredential) };
        Self::new(certificate, key).map_err(|_| MalformedCredential)
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate(…)")
    }
}

fn joined<'a>(texts: impl IntoIterator<Item = &'a str>) -> Zeroizing<Vec<u8>> {
    let texts: Vec<&str> = texts.into_iter().collect();
    // Enough at once: bytes that grow leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(texts.iter().map(|text| text.len() + 1).sum()));
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            bytes.push(b'\0');
        }
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

fn parts(bytes: &[u8]) -> Result<Vec<&str>, MalformedCredential> {
    let text = std::str::from_utf8(bytes).map_err(|_| MalformedCredential)?;
    Ok(text.split(BETWEEN).collect())
}

/// Printable ASCII without space at its ends, up to a length.
fn printable(member: &str, text: &str, longest: usize) -> Result<Zeroizing<String>, CredentialError> {
    let fits = (1..=longest).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
        && text.trim().len() == text.len();
    if fits {
        return Ok(Zeroizing::new(text.to_owned()));
    }
    let detail = format!("must have 1 to {longest} printable ASCII characters, no space at its ends");
    Err(CredentialError { member: member.to_owned(), detail })
}

#[cfg(test)]
mod tests;
