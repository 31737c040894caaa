//! A webhook's key pair for signatures that anybody can check: Ed25519 (RFC 8032).
//!
//! The signing key is kept in memory that is wiped when it is dropped, and printed
//! by nothing. Its public half may be known to all: who has it can tell that a
//! request is genuine, but cannot make one. Texts are those of Standard Webhooks;
//! how requests are signed is the matter of [`crate::signature`].

use std::fmt;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_PAD_INDIFFERENT, URL_SAFE_NO_PAD},
};
use ed25519_dalek::{Signature, ed25519::signature::MultipartSigner};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What the text of a signing key begins with.
pub const SIGNING_PREFIX: &str = "whsk_";
/// What the text of a public key begins with.
pub const PUBLIC_PREFIX: &str = "whpk_";
/// The bytes of a signature.
pub(crate) const SIGNATURE_LEN: usize = 64;
/// The bytes of a seed (RFC 8032 calls it the private key) and of a public key.
const KEY_LEN: usize = 32;

/// Makes signatures. Boxed, so that no copies stay behind where it was moved from.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Box<ed25519_dalek::SigningKey>);

/// Checks signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

/// A text that is no signing key. It does not repeat the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a signing key: {SIGNING_PREFIX} and the base64 of 32 bytes, or of these and their public key")]
pub struct InvalidSigningKey;

/// A text that is no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a public key: {PUBLIC_PREFIX} and the base64 of the 32 bytes of an Ed25519 key")]
pub struct InvalidPublicKey;

impl SigningKey {
    /// A key of the seed that `fill` makes, which must be unpredictable.
    pub fn generate(fill: impl FnOnce(&mut [u8])) -> Self {
        let mut seed = Zeroizing::new([0; KEY_LEN]);
        fill(&mut *seed);
        Self::from_seed(&seed)
    }

    /// The key of this seed.
    pub fn from_seed(seed: &[u8; KEY_LEN]) -> Self {
        Self(Box::new(ed25519_dalek::SigningKey::from_bytes(seed)))
    }

    /// Reads `whsk_` and base64, padded or not: of the seed, or of seed and public
    /// key one after the other, as some programs write it.
    ///
    /// # Errors
    /// [`InvalidSigningKey`] for anything else, also when the two halves do not
    /// belong together.
    pub fn parse(text: &str) -> Result<Self, InvalidSigningKey> {
        let encoded = text.strip_prefix(SIGNING_PREFIX).ok_or(InvalidSigningKey)?;
        let decoded = STANDARD_PAD_INDIFFERENT.decode(encoded).map(Zeroizing::new);
        let bytes = decoded.map_err(|_| InvalidSigningKey)?;
        let (seed, public) = bytes.split_first_chunk().ok_or(InvalidSigningKey)?;
        let key = Self::from_seed(seed);
        let belongs = public.is_empty() || public == key.0.verifying_key().as_bytes();
        if belongs { Ok(key) } else { Err(InvalidSigningKey) }
    }

    /// The seed, to be sealed.
    pub fn expose_seed(&self) -> Zeroizing<[u8; KEY_LEN]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// What checks its signatures.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs these parts as if they were one.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> [u8; SIGNATURE_LEN] {
        self.0.multipart_sign(parts).to_bytes()
    }
}

impl PublicKey {
    /// Reads `whpk_` and base64, padded or not.
    ///
    /// # Errors
    /// [`InvalidPublicKey`] for anything else, and for the few keys with which
    /// almost any signature would hold.
    pub fn parse(text: &str) -> Result<Self, InvalidPublicKey> {
        let encoded = text.strip_prefix(PUBLIC_PREFIX).ok_or(InvalidPublicKey)?;
        let bytes = STANDARD_PAD_INDIFFERENT.decode(encoded).map_err(|_| InvalidPublicKey)?;
        let bytes = bytes.as_slice().try_into().map_err(|_| InvalidPublicKey)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| InvalidPublicKey)?;
        if key.is_weak() { Err(InvalidPublicKey) } else { Ok(Self(key)) }
    }

    /// The member `x` of this key as a JWK (RFC 8037, 2): its bytes in unpadded
    /// base64 for URLs.
    pub fn to_base64_url(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_bytes())
    }

    /// Its name: the SHA-256 thumbprint of its JWK (RFC 7638), so that everybody
    /// who has the key can tell it.
    pub fn thumbprint(&self) -> String {
        let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, self.to_base64_url());
        URL_SAFE_NO_PAD.encode(Sha256::digest(jwk))
    }

    /// Whether this is the one signature of the message that the key's owner makes.
    /// Signatures that were altered and would still hold by lenient rules do not.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC_PREFIX}{}", STANDARD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

#[cfg(test)]
mod tests;
