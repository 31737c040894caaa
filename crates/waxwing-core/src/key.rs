//! The text of an API key: a prefix that says what it is for, 256 random bits, and a
//! checksum.
//!
//! ```text
//! wxo_ 0f1e…64 hex digits…  8 hex digits
//! ```
//!
//! The prefix lets scanners of source code find a key that was left there, and tell how
//! bad that is; the checksum (the first four bytes of SHA-256 over everything before it)
//! keeps them from taking something else for one. Scanners look for [`PATTERN`].
//!
//! The format is for people and scanners. What the server accepts is decided by the hash
//! of the whole text alone: keys from the configuration, and keys from before there were
//! checksums, look as they like.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::Role;

/// A regular expression that finds keys.
pub const PATTERN: &str = "wx[aoprt]_[0-9a-f]{72}";

/// Hex digits of 256 random bits.
const DIGITS: usize = 64;
/// Hex digits of the checksum.
const CHECKSUM_DIGITS: usize = 8;

/// What a key is for, as its prefix tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// A key of this role.
    Key(Role),
    /// A short-lived key of an account, for the browser of one of its people.
    PortalToken,
}

/// Why a text is not a key that this program made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    /// It does not look like one.
    #[error("not a key of this format")]
    OtherFormat,
    /// It looks like one and is damaged.
    #[error("a key that was not copied right: its checksum does not fit")]
    Damaged,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Key(Role::Operator),
        Self::Key(Role::Publisher),
        Self::Key(Role::Account),
        Self::Key(Role::AccountReadOnly),
        Self::PortalToken,
    ];

    /// How its keys begin.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Key(Role::Operator) => "wxo_",
            Self::Key(Role::Publisher) => "wxp_",
            Self::Key(Role::Account) => "wxa_",
            Self::Key(Role::AccountReadOnly) => "wxr_",
            Self::PortalToken => "wxt_",
        }
    }

    /// The key of this kind that these bytes make.
    pub fn write(self, random: [u8; 32]) -> String {
        let mut text = String::with_capacity(self.prefix().len() + DIGITS + CHECKSUM_DIGITS);
        text.push_str(self.prefix());
        push_hex(&mut text, &random);
        let checksum = checksum(&text);
        text.push_str(&checksum);
        text
    }

    /// The kind of a key.
    ///
    /// # Errors
    /// [`NoKey`] says whether it is damaged, or something else.
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let kind = Self::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()));
        let kind = kind.ok_or(NoKey::OtherFormat)?;
        let digits = &text[kind.prefix().len()..];
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if digits.len() != DIGITS + CHECKSUM_DIGITS || !digits.bytes().all(hex) {
            return Err(NoKey::OtherFormat);
        }
        let (body, sum) = text.split_at(text.len() - CHECKSUM_DIGITS);
        if checksum(body) == sum { Ok(kind) } else { Err(NoKey::Damaged) }
    }
}

fn checksum(body: &str) -> String {
    let mut text = String::with_capacity(CHECKSUM_DIGITS);
    push_hex(&mut text, &Sha256::digest(body.as_bytes())[..CHECKSUM_DIGITS / 2]);
    text
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_prefix_digits_and_checksum() {
        let key = KeyKind::Key(Role::Operator).write([0xab; 32]);
        // printf 'wxo_abab…' | sha256sum
        assert_eq!(key, format!("wxo_{}{}", "ab".repeat(32), "fd9c04bf"));
    }

    #[test]
    fn prefixes_differ_and_stand_in_the_pattern() {
        let mut prefixes: Vec<_> = KeyKind::ALL.iter().map(|kind| kind.prefix()).collect();
        let letters = PATTERN.split(['[', ']']).nth(1).unwrap();
        for prefix in &prefixes {
            assert!(prefix.starts_with("wx") && letters.contains(&prefix[2..3]), "{prefix}");
        }
        prefixes.sort_unstable();
        prefixes.dedup();
        assert_eq!(prefixes.len(), KeyKind::ALL.len());
        assert!(PATTERN.ends_with(&format!("{{{}}}", DIGITS + CHECKSUM_DIGITS)));
    }

    #[test]
    fn other_texts_are_no_keys_and_not_called_damaged() {
        let of_before = format!("wxa_{}", "0".repeat(64));
        for text in ["", "wxo_", "wxo_operator", "hunter2", &of_before, &format!("wxz_{}", "0".repeat(72))] {
            assert_eq!(KeyKind::parse(text), Err(NoKey::OtherFormat), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_key_tells_its_kind(random: [u8; 32], kind in 0..KeyKind::ALL.len()) {
            let kind = KeyKind::ALL[kind];
            prop_assert_eq!(KeyKind::parse(&kind.write(random)), Ok(kind));
        }

        #[test]
        fn one_wrong_digit_is_noticed(random: [u8; 32], at in 4..76_usize, shift in 1..16_u32) {
            let key = KeyKind::PortalToken.write(random);
            let digit = key[at..=at].chars().next().and_then(|digit| digit.to_digit(16)).unwrap();
            let wrong = std::char::from_digit((digit + shift) % 16, 16).unwrap();
            let text = format!("{}{wrong}{}", &key[..at], &key[at + 1..]);
            prop_assert_eq!(KeyKind::parse(&text), Err(NoKey::Damaged));
        }

        #[test]
        fn any_text_is_parsed_without_harm(text in "(wx[oparzt]_)?.{0,80}") {
            let _ = KeyKind::parse(&text);
        }
    }
}
