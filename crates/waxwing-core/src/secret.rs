//! A webhook's signing secret.
//!
//! Kept in memory that is wiped when it is dropped, and printed by nothing:
//! whoever needs the text asks for it by [`Secret::expose`]. How it is stored is
//! the matter of [`crate::seal`], how it signs of [`crate::signature`].

use std::fmt;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use zeroize::Zeroizing;

/// What a generated secret begins with.
pub const PREFIX: &str = "whsec_";
/// The shortest secret, in characters.
pub const MIN_LEN: usize = 16;
/// The longest secret, in characters.
pub const MAX_LEN: usize = 256;

/// Reads base64 as receivers' libraries do: with or without padding, and
/// whatever the last character's unused bits are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// [`MIN_LEN`] to [`MAX_LEN`] printable ASCII characters, space included.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// A text that is no secret. It does not repeat the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a secret: {MIN_LEN} to {MAX_LEN} printable ASCII characters")]
pub struct InvalidSecret;

impl Secret {
    /// `whsec_` and the base64 (RFC 4648, 4) of 32 unpredictable bytes.
    pub fn generate(random: [u8; 32]) -> Self {
        let random = Zeroizing::new(random);
        // Enough at once: text that grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(64));
        text.push_str(PREFIX);
        STANDARD.encode_string(*random, &mut text);
        Self(text)
    }

    /// Takes a secret that an account brings along.
    ///
    /// # Errors
    /// [`InvalidSecret`] when the text breaks the rule above.
    pub fn given(text: &str) -> Result<Self, InvalidSecret> {
        let printable = |byte: u8| matches!(byte, 0x20..=0x7e);
        if (MIN_LEN..=MAX_LEN).contains(&text.len()) && text.bytes().all(printable) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(InvalidSecret)
        }
    }

    /// A secret as it comes out of its seal.
    ///
    /// # Errors
    /// [`InvalidSecret`] when the bytes are no text that keeps the rule above.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidSecret> {
        str::from_utf8(bytes).map_err(|_| InvalidSecret).and_then(Self::given)
    }

    /// The secret itself, `whsec_` included.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The key of Standard Webhooks 1.0: the bytes that the base64 after
    /// `whsec_` stands for. A secret without this prefix, or with something else
    /// than base64 behind it, signs with all of its own bytes.
    pub fn signing_key_standard(&self) -> Zeroizing<Vec<u8>> {
        let decoded = self.0.strip_prefix(PREFIX).and_then(|rest| LENIENT.decode(rest).ok());
        Zeroizing::new(decoded.unwrap_or_else(|| self.0.as_bytes().to_vec()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> Vec<u8> {
        Secret::given(text).unwrap().signing_key_standard().to_vec()
    }

    #[test]
    fn a_generated_secret_is_whsec_and_base64_of_its_bytes() {
        let secret = Secret::generate([0xfb; 32]);
        assert_eq!(secret.expose(), "whsec_+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=");
        assert_eq!(*secret.signing_key_standard(), [0xfb; 32]);
    }

    #[test]
    fn padding_and_unused_bits_of_the_base64_do_not_matter() {
        let padded = key("whsec_AAECAwQFBgcICQ==");
        assert_eq!(padded, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(key("whsec_AAECAwQFBgcICQ"), padded);
        assert_eq!(key("whsec_AAECAwQFBgcICR"), padded);
    }

    #[test]
    fn what_is_not_whsec_and_base64_signs_with_its_own_bytes() {
        for text in ["my-own-secret-of-old", "whsec_not base64, is it", "WHSEC_AAECAwQFBgcICQ=="] {
            assert_eq!(key(text), text.as_bytes(), "{text}");
        }
    }

    #[test]
    fn takes_16_to_256_printable_ascii_characters() {
        for text in [" ".repeat(16), "~".repeat(256), "a b!\"#$%&'()*+,-./".to_owned()] {
            assert_eq!(Secret::given(&text).unwrap().expose(), text);
        }
        for text in ["a".repeat(15), "a".repeat(257), "ä".repeat(16), "a\n".repeat(10)] {
            assert_eq!(Secret::given(&text), Err(InvalidSecret), "{text:?}");
        }
    }

    #[test]
    fn nothing_prints_a_secret() {
        let secret = Secret::given("correct horse battery").unwrap();
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(…) Some(Secret(…))");
    }

    proptest! {
        #[test]
        fn a_generated_secret_is_one_that_could_be_given(random: [u8; 32]) {
            let secret = Secret::generate(random);
            let key = secret.signing_key_standard();
            prop_assert_eq!(key.as_slice(), random);
            prop_assert_eq!(Secret::given(secret.expose()), Ok(secret));
        }

        #[test]
        fn every_secret_has_a_key(text in "(whsec_)?[ -~]{16,200}") {
            prop_assert!(!key(&text).is_empty());
        }
    }
}
