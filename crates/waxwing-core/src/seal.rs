//! Webhook secrets at rest, sealed by XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha).
//!
//! A sealed secret is bound to the row that it belongs to: moved to another row
//! it does not open, so that whoever can write to the database cannot have one
//! account's secret sign for another. Nonces of 24 random bytes do not repeat.

use std::fmt;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_PAD_INDIFFERENT},
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

use crate::Secret;

/// The first byte of everything sealed in this way.
const VERSION: u8 = 1;
const NONCE_LEN: usize = 24;
const KEY_LEN: usize = 32;

/// The key that seals the secrets of an installation.
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; KEY_LEN]>);

/// A secret as the store keeps it: a version byte, the nonce, the ciphertext and
/// its tag; 57 to 297 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(Vec<u8>);

/// A text that is no sealing key. It does not repeat the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an encryption key: 32 bytes in base64, as `openssl rand -base64 32` prints them")]
pub struct InvalidSealingKey;

/// Why a sealed secret does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// Too short, or of a version that this program does not know.
    #[error("the sealed secret is damaged or was written by a newer version")]
    Malformed,
    /// Another key, another row or changed bytes; these look alike.
    #[error("the secret was sealed with another encryption key, or was altered")]
    WrongKey,
}

impl SealingKey {
    /// A key of these bytes.
    pub fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads 32 bytes in base64 (RFC 4648, 4), with or without padding. Space
    /// around them is ignored, because keys come from files.
    ///
    /// # Errors
    /// [`InvalidSealingKey`] for anything else.
    pub fn from_base64(text: &str) -> Result<Self, InvalidSealingKey> {
        let decoded = STANDARD_PAD_INDIFFERENT.decode(text.trim()).map(Zeroizing::new);
        let bytes = decoded.map_err(|_| InvalidSealingKey)?;
        bytes.as_slice().try_into().map(Self::from_bytes).map_err(|_| InvalidSealingKey)
    }

    /// The 44 characters that [`SealingKey::from_base64`] reads.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.0))
    }

    /// Seals `secret` for the row named `bound_to`. `nonce` must be
    /// unpredictable and never used before.
    pub fn seal(&self, nonce: [u8; NONCE_LEN], bound_to: &str, secret: &Secret) -> SealedSecret {
        let payload = Payload { msg: secret.expose().as_bytes(), aad: bound_to.as_bytes() };
        // Fails past 256 GiB only; a secret has 256 bytes at most.
        let ciphertext = self.cipher().encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        SealedSecret(sealed)
    }

    /// Opens what was sealed with this key for the row named `bound_to`.
    ///
    /// # Errors
    /// [`UnsealError`] when it was not.
    pub fn open(&self, bound_to: &str, sealed: &SealedSecret) -> Result<Secret, UnsealError> {
        let Some((&VERSION, rest)) = sealed.0.split_first() else {
            return Err(UnsealError::Malformed);
        };
        let (nonce, msg) = rest.split_first_chunk().ok_or(UnsealError::Malformed)?;
        let payload = Payload { msg, aad: bound_to.as_bytes() };
        let opened = self.cipher().decrypt(&XNonce::from(*nonce), payload);
        let bytes = opened.map(Zeroizing::new).map_err(|_| UnsealError::WrongKey)?;
        let text = str::from_utf8(&bytes).map_err(|_| UnsealError::Malformed)?;
        Secret::given(text).map_err(|_| UnsealError::Malformed)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

impl SealedSecret {
    /// What a store has kept; whether it opens is seen when it is opened.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What a store keeps.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> SealingKey {
        SealingKey::from_bytes([7; KEY_LEN])
    }

    fn secret() -> Secret {
        Secret::generate([9; 32])
    }

    #[test]
    fn a_secret_opens_for_its_own_row_and_key_only() {
        let sealed = key().seal([1; NONCE_LEN], "wh_1", &secret());
        assert_eq!(key().open("wh_1", &sealed), Ok(secret()));
        assert_eq!(key().open("wh_2", &sealed), Err(UnsealError::WrongKey));
        let other = SealingKey::from_bytes([8; KEY_LEN]);
        assert_eq!(other.open("wh_1", &sealed), Err(UnsealError::WrongKey));
    }

    #[test]
    fn what_was_never_sealed_does_not_open() {
        for bytes in [vec![], vec![1], vec![1; 24], vec![2; 80]] {
            let sealed = SealedSecret::from_bytes(bytes);
            assert_eq!(key().open("wh_1", &sealed), Err(UnsealError::Malformed));
        }
        let no_tag = SealedSecret::from_bytes(vec![1; 25]);
        assert_eq!(key().open("wh_1", &no_tag), Err(UnsealError::WrongKey));
    }

    #[test]
    fn keys_are_32_bytes_of_base64() {
        let text = key().to_base64();
        assert_eq!(text.len(), 44);
        for text in [text.as_str(), &format!(" {}\n", *text), text.trim_end_matches('=')] {
            assert_eq!(*SealingKey::from_base64(text).unwrap().0, [7; KEY_LEN]);
        }
        for text in ["", "AAAA", "not base64!", &STANDARD.encode([0; 31]), &STANDARD.encode([0; 33])] {
            assert_eq!(SealingKey::from_base64(text).unwrap_err(), InvalidSealingKey, "{text}");
        }
    }

    #[test]
    fn nothing_prints_a_key_or_what_it_sealed() {
        let sealed = key().seal([1; NONCE_LEN], "wh_1", &secret());
        assert_eq!(format!("{:?} {sealed:?}", key()), "SealingKey(…) SealedSecret(…)");
    }

    proptest! {
        #[test]
        fn every_secret_comes_back(text in "[ -~]{16,256}", key: [u8; 32], nonce: [u8; 24], row in ".*") {
            let (key, secret) = (SealingKey::from_bytes(key), Secret::given(&text).unwrap());
            let sealed = key.seal(nonce, &row, &secret);
            let stored = SealedSecret::from_bytes(sealed.as_bytes().to_vec());
            prop_assert_eq!(key.open(&row, &stored), Ok(secret));
        }

        #[test]
        fn one_changed_bit_is_noticed(at in 0..1000_usize, bit in 0..8_u8) {
            let mut bytes = key().seal([1; NONCE_LEN], "wh_1", &secret()).as_bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert!(key().open("wh_1", &SealedSecret::from_bytes(bytes)).is_err());
        }

        #[test]
        fn any_bytes_are_opened_or_refused(bytes: Vec<u8>) {
            prop_assert!(key().open("wh_1", &SealedSecret::from_bytes(bytes)).is_err());
        }
    }
}
