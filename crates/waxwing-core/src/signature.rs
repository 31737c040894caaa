//! How a request proves where it comes from.
//!
//! `X-Webhook-Signature` signs the raw body with the secret's own text by
//! HMAC-SHA256 (RFC 2104); `webhook-signature` is Standard Webhooks 1.0, which also
//! signs id and time, with the secret (`v1`) and, where a webhook has one, with its
//! signing key (`v1a`). A [`Signer`] has both keys of a secret absorbed, because
//! every attempt needs both. What a secret signed is compared in constant time.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac, digest::CtOutput};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::Secret;

mod standard;

pub use standard::{Verifier, VerifyError, standard_header, verify_standard};

type HmacSha256 = Hmac<Sha256>;
/// A result whose `==` takes the same time wherever two of them differ.
type Tag = CtOutput<HmacSha256>;

/// The bytes of a SHA-256 block and of its result (FIPS 180-4).
const BLOCK_LEN: usize = 64;
const TAG_LEN: usize = 32;

/// Signs the requests of one webhook.
#[derive(Clone)]
pub struct Signer {
    legacy: HmacSha256,
    standard: HmacSha256,
}

impl Signer {
    /// A signer with the keys of `secret`.
    pub fn new(secret: &Secret) -> Self {
        Self { legacy: keyed(secret.expose().as_bytes()), standard: keyed(&secret.signing_key_standard()) }
    }

    /// `X-Webhook-Signature`: 64 lowercase hex digits over the raw body.
    pub fn legacy(&self, body: &[u8]) -> String {
        hex(mac(&self.legacy, &[body]).as_bytes())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}

/// Whether `header` is the `X-Webhook-Signature` of `body`: exactly 64 lowercase
/// hex digits.
pub fn verify_legacy(secret: &Secret, body: &[u8], header: &str) -> bool {
    let expected = mac(&keyed(secret.expose().as_bytes()), &[body]);
    unhex(header).is_some_and(|claimed| Tag::new(claimed.into()) == expected)
}

/// HMAC-SHA256 with `key` absorbed. A key longer than a block is hashed first
/// (RFC 2104, 2).
fn keyed(key: &[u8]) -> HmacSha256 {
    let mut block = Zeroizing::new([0; BLOCK_LEN]);
    if let Some(start) = block.get_mut(..key.len()) {
        start.copy_from_slice(key);
    } else {
        block[..TAG_LEN].copy_from_slice(&Sha256::digest(key));
    }
    HmacSha256::new((&*block).into())
}

fn mac(keyed: &HmacSha256, parts: &[&[u8]]) -> Tag {
    let mut mac = keyed.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(text: &str) -> Option<[u8; TAG_LEN]> {
    let digit = |character: u8| match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests;
