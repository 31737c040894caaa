//! Checking where a request comes from, as a webhook's server should.
//!
//! Both schemes, on the headers as they arrived. A server needs only one of
//! them; checking both is what a test wants.

use std::time::Duration;

use http::HeaderMap;
use waxwing_core::{
    Secret, Timestamp,
    signature::{self, Verifier, verify_legacy, verify_standard},
};

/// How far a request's time may lie from now, as Standard Webhooks suggests.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// Why a request was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A header that is not there, or not text.
    #[error("the request has no {0} header")]
    Missing(&'static str),
    /// `X-Webhook-Signature` is not that of this body and secret.
    #[error(
        "X-Webhook-Signature does not match: another secret, or the body is not the bytes that were sent"
    )]
    Legacy,
    /// The Standard Webhooks headers are not right.
    #[error("Standard Webhooks: {0}")]
    Standard(#[from] signature::VerifyError),
}

/// Checks both signatures of a request, and that it is at most [`TOLERANCE`]
/// away from `now`.
///
/// # Errors
/// [`VerifyError`] for the first that is wrong.
pub fn verify(headers: &HeaderMap, body: &[u8], secret: &Secret, now: Timestamp) -> Result<(), VerifyError> {
    legacy(headers, body, secret)?;
    standard(headers, body, secret, now)
}

/// Checks `X-Webhook-Signature` alone. While a rotated secret's grace period
/// lasts it is made with the old one.
///
/// # Errors
/// [`VerifyError`] when it is missing or wrong.
pub fn legacy(headers: &HeaderMap, body: &[u8], secret: &Secret) -> Result<(), VerifyError> {
    let signature = text(headers, "x-webhook-signature")?;
    if verify_legacy(secret, body, signature) { Ok(()) } else { Err(VerifyError::Legacy) }
}

/// Checks `webhook-id`, `webhook-timestamp` and `webhook-signature` alone, with a
/// secret or a public key.
///
/// # Errors
/// [`VerifyError`] when one is missing, wrong or too old.
pub fn standard<'a>(
    headers: &HeaderMap,
    body: &[u8],
    verifier: impl Into<Verifier<'a>>,
    now: Timestamp,
) -> Result<(), VerifyError> {
    let id = text(headers, "webhook-id")?;
    let timestamp = text(headers, "webhook-timestamp")?;
    let signature = text(headers, "webhook-signature")?;
    Ok(verify_standard(verifier, id, timestamp, body, signature, now, TOLERANCE)?)
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, VerifyError> {
    headers.get(name).and_then(|value| value.to_str().ok()).ok_or(VerifyError::Missing(name))
}
