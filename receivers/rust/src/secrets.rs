//! Secrets and public keys, parsed once. Nothing prints them, and their memory is wiped.

use std::fmt;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use hmac::KeyInit;
use zeroize::Zeroizing;

use crate::{Error, Reason, signature::HmacSha256};

/// The shortest shared secret, in characters.
pub const MIN_SECRET_LEN: usize = 16;
/// The longest shared secret, in characters.
pub const MAX_SECRET_LEN: usize = 256;

/// What stands in front of a shared secret that is base64.
const SHARED: &str = "whsec_";
/// What stands in front of a public key.
const PUBLIC: &str = "whpk_";

/// Reads base64 as the sender does: padding may be missing, and the unused bits of the last
/// character do not matter.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What signatures are checked with: one or several secrets and public keys.
///
/// A request is genuine when one of them fits, so that old and new ones can stand beside each
/// other during a rotation.
#[derive(Clone)]
pub struct Secrets(Vec<Key>);

/// One of them, ready for use.
#[derive(Clone)]
pub(crate) enum Key {
    /// A shared secret, absorbed into the HMAC of either scheme.
    Shared { standard: HmacSha256, plain: HmacSha256 },
    /// The public half of a signing key.
    #[cfg(feature = "ed25519")]
    Public(ed25519_dalek::VerifyingKey),
}

impl Secrets {
    /// Parses shared secrets (`whsec_…`, or one that you chose) and public keys (`whpk_…`,
    /// with the feature `ed25519`).
    ///
    /// ```
    /// # fn main() -> Result<(), waxwing_receiver::Error> {
    /// use waxwing_receiver::Secrets;
    ///
    /// let secrets = Secrets::new(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])?;
    /// let unset: Vec<String> = Vec::new();
    /// assert_eq!(Secrets::new(unset).unwrap_err().to_string(), "no secret was given");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Reason::InvalidSecret`] when there is none, or one that cannot be used. It says which,
    /// and does not repeat it.
    pub fn new(secrets: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, Error> {
        let numbered = secrets.into_iter().enumerate();
        let keys: Vec<Key> = numbered
            .map(|(at, text)| {
                key(text.as_ref())
                    .map_err(|what| Error::new(Reason::InvalidSecret, format!("secret {} {what}", at + 1)))
            })
            .collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(Error::new(Reason::InvalidSecret, "no secret was given"));
        }
        Ok(Self(keys))
    }

    pub(crate) fn keys(&self) -> &[Key] {
        &self.0
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({}, not shown)", self.0.len())
    }
}

/// A key, or what is wrong with it.
fn key(text: &str) -> Result<Key, String> {
    check(text)?;
    if let Some(public) = text.strip_prefix(PUBLIC) {
        return public_key(public);
    }
    let decoded = text.strip_prefix(SHARED).and_then(|rest| LENIENT.decode(rest).ok());
    let decoded = Zeroizing::new(decoded.unwrap_or_else(|| text.as_bytes().to_vec()));
    Ok(Key::Shared { standard: keyed(&decoded)?, plain: keyed(text.as_bytes())? })
}

fn check(text: &str) -> Result<(), String> {
    let length = text.chars().count();
    if text.is_empty() {
        return Err("is empty: is its variable set?".to_owned());
    }
    if text.ends_with('\n') {
        return Err("ends with a newline: trim what you read from a file".to_owned());
    }
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err("has a character that is not printable ASCII".to_owned());
    }
    if !(MIN_SECRET_LEN..=MAX_SECRET_LEN).contains(&length) {
        return Err(format!("has {length} characters instead of {MIN_SECRET_LEN} to {MAX_SECRET_LEN}"));
    }
    Ok(())
}

fn keyed(key: &[u8]) -> Result<HmacSha256, String> {
    HmacSha256::new_from_slice(key).map_err(|_| "cannot be a key".to_owned())
}

#[cfg(feature = "ed25519")]
fn public_key(base64: &str) -> Result<Key, String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64).ok();
    let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
    let key = bytes.and_then(|bytes| ed25519_dalek::VerifyingKey::from_bytes(&bytes).ok());
    key.map(Key::Public).ok_or_else(|| format!("is no public key: {PUBLIC} and the base64 of 32 bytes"))
}

#[cfg(not(feature = "ed25519"))]
fn public_key(_base64: &str) -> Result<Key, String> {
    Err("is a public key: turn on the feature ed25519 of waxwing-receiver".to_owned())
}

#[cfg(test)]
mod tests {
    use sha2::Sha256;
    use zeroize::ZeroizeOnDrop;

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn refused(secrets: &[&str]) -> String {
        let error = Secrets::new(secrets).unwrap_err();
        assert_eq!(error.reason(), Reason::InvalidSecret);
        error.to_string()
    }

    #[test]
    fn an_unusable_secret_is_named_by_its_place_and_not_repeated() {
        assert_eq!(refused(&[]), "no secret was given");
        assert_eq!(refused(&[SECRET, ""]), "secret 2 is empty: is its variable set?");
        let newline = format!("{SECRET}\n");
        assert_eq!(refused(&[&newline]), "secret 1 ends with a newline: trim what you read from a file");
        assert_eq!(refused(&["too short"]), "secret 1 has 9 characters instead of 16 to 256");
        assert_eq!(refused(&[&"x".repeat(257)]), "secret 1 has 257 characters instead of 16 to 256");
        assert_eq!(refused(&["a-secret-of-żółw"]), "secret 1 has a character that is not printable ASCII");
        assert_eq!(
            refused(&["whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]),
            "secret 1 is no public key: whpk_ and the base64 of 32 bytes"
        );
    }

    #[test]
    fn printing_secrets_shows_how_many_there_are() {
        let secrets = Secrets::new([SECRET, "my-own-secret-of-old"]).unwrap();
        assert_eq!(format!("{secrets:?}"), "Secrets(2, not shown)");
    }

    #[test]
    fn what_is_kept_of_a_shared_secret_is_wiped_on_drop() {
        fn is_wiped<T: ZeroizeOnDrop>() {}
        // Hmac keeps nothing but two of these, with the key absorbed.
        is_wiped::<Sha256>();
    }
}
