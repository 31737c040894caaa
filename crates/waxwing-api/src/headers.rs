//! Headers that every answer has, so that a browser can do no harm with it.

use axum::response::Response;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use sha2::{Digest, Sha256};

/// For a year a browser comes back over TLS only.
const HSTS: &str = "max-age=31536000";

/// What an answer says unless its handler knows better.
const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Marks an answer that names who may frame it: browsers that do not know such a policy would
/// go by the other header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Framed;

/// Adds them to an answer, given over TLS or not.
pub(crate) fn add(response: &mut Response, tls: bool) {
    let framed = response.extensions().get::<Framed>().is_some();
    let headers: &mut HeaderMap = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(value);
    }
    if framed {
        headers.remove(header::X_FRAME_OPTIONS);
    }
    if tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
}

/// The policy of a page with this one style in it: no scripts, no other host, no frames.
pub(crate) fn page_policy(style: &str) -> String {
    let hash = STANDARD.encode(Sha256::digest(style));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}
