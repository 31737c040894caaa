//! Signatures of Standard Webhooks 1.0, over `<id>.<timestamp>.<body>`.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{HmacSha256, Signer, TAG_LEN, Tag, keyed, mac};
use crate::{
    Secret, Timestamp,
    signing_key::{PublicKey, SIGNATURE_LEN, SigningKey},
};

/// The version of a signature made with a shared secret.
const V1: &str = "v1,";
/// The version of a signature made with a signing key.
const V1A: &str = "v1a,";

/// What signatures are verified with; those that others verify are skipped.
#[derive(Debug, Clone, Copy)]
pub enum Verifier<'a> {
    /// The secret that sender and receiver share, for `v1`.
    Secret(&'a Secret),
    /// The public half of a signing key, for `v1a`.
    PublicKey(&'a PublicKey),
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
    /// No signature in the header that a secret verifies.
    #[error("webhook-signature contains no `v1,` signature")]
    NoSignature,
    /// No signature in the header that a public key verifies.
    #[error("webhook-signature contains no `v1a,` signature: the webhook has no signing key")]
    NoPublicSignature,
    /// None of the signatures was made with this secret.
    #[error("no signature matches: another secret, or the body is not the bytes that were sent")]
    NoMatch,
    /// None of the signatures was made with the other half of this public key.
    #[error("no signature matches: another public key, or the body is not the bytes that were sent")]
    NoPublicMatch,
}

impl<'a> From<&'a Secret> for Verifier<'a> {
    fn from(secret: &'a Secret) -> Self {
        Self::Secret(secret)
    }
}

impl<'a> From<&'a PublicKey> for Verifier<'a> {
    fn from(key: &'a PublicKey) -> Self {
        Self::PublicKey(key)
    }
}

impl Signer {
    /// One signature of `webhook-signature`: `v1,` and base64.
    pub fn standard(&self, id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
        let tag = standard_mac(&self.standard, id, timestamp_seconds, body);
        text(V1, tag.as_bytes())
    }
}

impl SigningKey {
    /// One signature of `webhook-signature`: `v1a,` and base64.
    pub fn standard(&self, id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
        let signature = self.sign(&[head(id, timestamp_seconds).as_bytes(), body]);
        text(V1A, &signature)
    }
}

/// `webhook-signature` of every secret and signing key that is valid: one signature
/// of each, separated by spaces.
pub fn standard_header(
    signers: &[&Signer],
    keys: &[&SigningKey],
    id: &str,
    timestamp_seconds: i64,
    body: &[u8],
) -> String {
    let signed = signers.iter().map(|signer| signer.standard(id, timestamp_seconds, body));
    let signed_by_keys = keys.iter().map(|key| key.standard(id, timestamp_seconds, body));
    signed.chain(signed_by_keys).collect::<Vec<_>>().join(" ")
}

/// Whether the three headers of a Standard Webhooks request are right for `body`:
/// signed with what `verifier` stands for, and at most `tolerance` before or after
/// `now`. Signatures of other versions are skipped, as the specification asks.
///
/// # Errors
/// [`VerifyError`] tells what is wrong.
pub fn verify_standard<'a>(
    verifier: impl Into<Verifier<'a>>,
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
    match verifier.into() {
        Verifier::Secret(secret) => {
            let keyed = keyed(&secret.signing_key_standard());
            let expected = standard_mac(&keyed, id, seconds, body);
            let matches = |tag: [u8; TAG_LEN]| Tag::new(tag.into()) == expected;
            any(header, V1, matches, VerifyError::NoSignature, VerifyError::NoMatch)
        }
        Verifier::PublicKey(key) => {
            let message = [head(id, seconds).as_bytes(), body].concat();
            let matches = |signature: [u8; SIGNATURE_LEN]| key.verifies(&message, &signature);
            any(header, V1A, matches, VerifyError::NoPublicSignature, VerifyError::NoPublicMatch)
        }
    }
}

/// Whether one of the header's signatures of this version is right.
fn any<const LEN: usize>(
    header: &str,
    version: &str,
    matches: impl Fn([u8; LEN]) -> bool,
    none: VerifyError,
    wrong: VerifyError,
) -> Result<(), VerifyError> {
    let mut claimed = header.split(' ').filter_map(|part| part.strip_prefix(version)).peekable();
    if claimed.peek().is_none() {
        return Err(none);
    }
    let decoded = claimed.filter_map(|text| STANDARD.decode(text).ok()?.try_into().ok());
    if decoded.into_iter().any(matches) { Ok(()) } else { Err(wrong) }
}

/// Digits as a sender prints them: no sign, no leading zero, so that a time has
/// one spelling.
fn unix_seconds(text: &str) -> Option<i64> {
    text.parse().ok().filter(|seconds: &i64| *seconds >= 0 && seconds.to_string() == text)
}

fn standard_mac(keyed: &HmacSha256, id: &str, timestamp_seconds: i64, body: &[u8]) -> Tag {
    mac(keyed, &[head(id, timestamp_seconds).as_bytes(), body])
}

/// What is signed in front of the body.
fn head(id: &str, timestamp_seconds: i64) -> String {
    format!("{id}.{timestamp_seconds}.")
}

fn text(version: &str, signature: &[u8]) -> String {
    let mut text = String::with_capacity(version.len() + signature.len().div_ceil(3) * 4);
    text.push_str(version);
    STANDARD.encode_string(signature, &mut text);
    text
}
