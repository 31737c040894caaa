//! How a request proves where it comes from: HMAC-SHA256 (RFC 2104) in two forms.
//!
//! `X-Webhook-Signature` signs the raw body with the secret's own text;
//! `webhook-signature` is Standard Webhooks 1.0, which also signs id and time.
//! A [`Signer`] has both keys absorbed, because every attempt needs both.
//! Signatures are compared in constant time.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac, digest::CtOutput};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{Secret, Timestamp};

type HmacSha256 = Hmac<Sha256>;
/// A result whose `==` takes the same time wherever two of them differ.
type Tag = CtOutput<HmacSha256>;

/// The version of a Standard Webhooks signature made with a shared secret.
const V1: &str = "v1,";
/// The bytes of a SHA-256 block and of its result (FIPS 180-4).
const BLOCK_LEN: usize = 64;
const TAG_LEN: usize = 32;

/// Signs the requests of one webhook.
#[derive(Clone)]
pub struct Signer {
    legacy: HmacSha256,
    standard: HmacSha256,
}

/// Why a Standard Webhooks signature was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// An id that is empty or holds the dot that parts are signed between.
    #[error("webhook-id is empty or contains a dot")]
    MalformedId,
    /// Something else than Unix seconds.
    #[error("webhook-timestamp is not a whole number of Unix seconds")]
    MalformedTimestamp,
    /// Signed longer ago than the tolerance: perhaps a replayed request.
    #[error("webhook-timestamp is too old: a replayed request, or this machine's clock is ahead")]
    TooOld,
    /// Signed further in the future than the tolerance.
    #[error("webhook-timestamp is in the future: this machine's clock is behind")]
    TooNew,
    /// No signature of version 1 in the header.
    #[error("webhook-signature contains no `v1,` signature")]
    NoSignature,
    /// None of the signatures is right.
    #[error("no signature matches: another secret, or the body is not the bytes that were sent")]
    NoMatch,
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

    /// One signature of `webhook-signature`: `v1,` and base64 over
    /// `<id>.<timestamp>.<body>`.
    pub fn standard(&self, id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
        let tag = standard_mac(&self.standard, id, timestamp_seconds, body);
        let mut text = String::with_capacity(V1.len() + TAG_LEN.div_ceil(3) * 4);
        text.push_str(V1);
        STANDARD.encode_string(tag.as_bytes(), &mut text);
        text
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}

/// `webhook-signature` while several secrets are valid: one signature of each,
/// separated by spaces.
pub fn standard_header(signers: &[&Signer], id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
    let sign = |signer: &&Signer| signer.standard(id, timestamp_seconds, body);
    signers.iter().map(sign).collect::<Vec<_>>().join(" ")
}

/// Whether `header` is the `X-Webhook-Signature` of `body`: exactly 64 lowercase
/// hex digits.
pub fn verify_legacy(secret: &Secret, body: &[u8], header: &str) -> bool {
    let expected = mac(&keyed(secret.expose().as_bytes()), &[body]);
    unhex(header).is_some_and(|claimed| Tag::new(claimed.into()) == expected)
}

/// Whether the three headers of a Standard Webhooks request are right for `body`:
/// signed with `secret`, and at most `tolerance` before or after `now`.
/// Signatures of other versions are skipped, as the specification asks.
///
/// # Errors
/// [`VerifyError`] tells what is wrong.
pub fn verify_standard(
    secret: &Secret,
    id: &str,
    timestamp: &str,
    body: &[u8],
    header: &str,
    now: Timestamp,
    tolerance: Duration,
) -> Result<(), VerifyError> {
    if id.is_empty() || id.contains('.') {
        return Err(VerifyError::MalformedId);
    }
    let seconds = unix_seconds(timestamp).ok_or(VerifyError::MalformedTimestamp)?;
    let signed_at = Timestamp::from_millis(seconds.saturating_mul(1000));
    if now.since(signed_at) > tolerance {
        return Err(VerifyError::TooOld);
    }
    if signed_at.since(now) > tolerance {
        return Err(VerifyError::TooNew);
    }
    let keyed = keyed(&secret.signing_key_standard());
    let expected = standard_mac(&keyed, id, seconds, body);
    let mut claimed = header.split(' ').filter_map(|part| part.strip_prefix(V1)).peekable();
    if claimed.peek().is_none() {
        return Err(VerifyError::NoSignature);
    }
    if claimed.any(|text| unbase64(text).is_some_and(|tag| Tag::new(tag.into()) == expected)) {
        Ok(())
    } else {
        Err(VerifyError::NoMatch)
    }
}

/// Digits as a sender prints them: no sign, no leading zero, so that a time has
/// one spelling.
fn unix_seconds(text: &str) -> Option<i64> {
    text.parse().ok().filter(|seconds: &i64| *seconds >= 0 && seconds.to_string() == text)
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

fn standard_mac(keyed: &HmacSha256, id: &str, timestamp_seconds: i64, body: &[u8]) -> Tag {
    let head = format!("{id}.{timestamp_seconds}.");
    mac(keyed, &[head.as_bytes(), body])
}

fn unbase64(text: &str) -> Option<[u8; TAG_LEN]> {
    STANDARD.decode(text).ok()?.try_into().ok()
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
