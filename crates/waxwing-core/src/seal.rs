//! Values at rest, sealed by XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha).
//!
//! A sealed value is bound to the place that it belongs to, a row or a column of it:
//! moved to another one it does not open, so that whoever can write to the database
//! cannot have one account's secret sign for another. Nonces of 24 random bytes do
//! not repeat. It says which key sealed it: data keys have numbers, and seal what
//! is kept; root keys, known by their [`SealingKey::id`], seal data keys only.

use std::fmt;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_PAD_INDIFFERENT},
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The first byte of what older versions sealed: with the root key itself, which is
/// not named, bound to the place only.
const UNNUMBERED: u8 = 1;
/// The first byte of what is sealed now, with the number of its key behind it.
const NUMBERED: u8 = 2;
/// Version and number.
const HEAD_LEN: usize = 5;
/// Bytes of a nonce.
pub const NONCE_LEN: usize = 24;
/// Bytes of a key.
pub const KEY_LEN: usize = 32;

/// A key that seals: a root key of the configuration, or a data key. Boxed, so that
/// no copies stay behind where it was moved from.
#[derive(Clone)]
pub struct SealingKey(Box<Zeroizing<[u8; KEY_LEN]>>);

/// A value as the store keeps it: a version byte, the number of its key, the nonce,
/// the ciphertext and its tag; 45 bytes longer than the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

/// Which key sealed a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedBy {
    /// A root key, as older versions did.
    Root,
    /// The key of this number: a data key, or for a data key the root key of this id.
    Number(u32),
}

/// A text that is no sealing key. It does not repeat the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an encryption key: 32 bytes in base64, as `openssl rand -base64 32` prints them")]
pub struct InvalidSealingKey;

/// Why a sealed value does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// Too short, or of a version that this program does not know.
    #[error("the sealed value is damaged or was written by a newer version")]
    Malformed,
    /// Another key, another place or changed bytes; these look alike.
    #[error("the value was sealed with another encryption key, or was altered")]
    WrongKey,
}

impl SealingKey {
    /// A key of the bytes that `fill` puts into it, which must be unpredictable.
    pub fn generate(fill: impl FnOnce(&mut [u8])) -> Self {
        let mut key = Self(Box::default());
        fill(&mut **key.0);
        key
    }

    /// A key of these bytes, if they are as many as a key has.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == KEY_LEN).then(|| Self::generate(|key| key.copy_from_slice(bytes)))
    }

    /// Reads 32 bytes in base64 (RFC 4648, 4), with or without padding. Space
    /// around them is ignored, because keys come from files.
    ///
    /// # Errors
    /// [`InvalidSealingKey`] for anything else.
    pub fn from_base64(text: &str) -> Result<Self, InvalidSealingKey> {
        let decoded = STANDARD_PAD_INDIFFERENT.decode(text.trim()).map(Zeroizing::new);
        let bytes = decoded.map_err(|_| InvalidSealingKey)?;
        Self::from_slice(&bytes).ok_or(InvalidSealingKey)
    }

    /// The 44 characters that [`SealingKey::from_base64`] reads.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.expose()))
    }

    /// The bytes, to be sealed by another key.
    pub fn expose(&self) -> &[u8] {
        &**self.0
    }

    /// What tells this key from others without giving it away: the beginning of an
    /// HMAC-SHA256 under it.
    pub fn id(&self) -> u32 {
        // Keys of every length are taken by HMAC.
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(self.expose()) else { return 0 };
        let tag = mac.chain_update(b"waxwing root key").finalize().into_bytes();
        tag.iter().take(4).fold(0, |id, byte| (id << 8) | u32::from(*byte))
    }

    /// Seals `value` for the place named `bound_to` with this key, whose number is
    /// `number`. `nonce` must be unpredictable and never used before.
    pub fn seal(&self, number: u32, nonce: [u8; NONCE_LEN], bound_to: &str, value: &[u8]) -> Sealed {
        let head = Sealed::head(number);
        let aad = [&head, bound_to.as_bytes()].concat();
        let payload = Payload { msg: value, aad: &aad };
        // Fails past 256 GiB only; values are bounded by far less.
        let ciphertext = self.cipher().encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        Sealed([&head, &nonce[..], &ciphertext].concat())
    }

    /// Opens what was sealed with this key for the place named `bound_to`.
    ///
    /// # Errors
    /// [`UnsealError`] when it was not.
    pub fn open(&self, bound_to: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        let (head, rest) = sealed.split()?;
        let (nonce, msg) = rest.split_first_chunk().ok_or(UnsealError::Malformed)?;
        let aad = [head, bound_to.as_bytes()].concat();
        let opened = self.cipher().decrypt(&XNonce::from(*nonce), Payload { msg, aad: &aad });
        opened.map(Zeroizing::new).map_err(|_| UnsealError::WrongKey)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&**self.0).into())
    }
}

impl Sealed {
    /// What a store has kept; whether it opens is seen when it is opened.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What a store keeps.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What every value begins with that the key of this number sealed.
    pub fn head(number: u32) -> [u8; HEAD_LEN] {
        let [a, b, c, d] = number.to_be_bytes();
        [NUMBERED, a, b, c, d]
    }

    /// Which key sealed it, as it says itself.
    ///
    /// # Errors
    /// [`UnsealError::Malformed`] when it says nothing that is known.
    pub fn by(&self) -> Result<SealedBy, UnsealError> {
        match self.split()?.0 {
            [] => Ok(SealedBy::Root),
            head => Ok(SealedBy::Number(
                head[1..].iter().fold(0, |number, byte| (number << 8) | u32::from(*byte)),
            )),
        }
    }

    /// What is bound to the value besides its place, and the nonce with what follows.
    fn split(&self) -> Result<(&[u8], &[u8]), UnsealError> {
        match self.0.first() {
            Some(&UNNUMBERED) => Ok((&[], &self.0[1..])),
            Some(&NUMBERED) => self.0.split_at_checked(HEAD_LEN).ok_or(UnsealError::Malformed),
            _ => Err(UnsealError::Malformed),
        }
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

#[cfg(test)]
mod tests;
