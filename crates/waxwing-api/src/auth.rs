//! Who is asking: keys, and the account that a request is about.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use sha2::{Digest, Sha256};
use waxwing_core::{AccountId, Entropy, clock::random};
use waxwing_store::Principal;

use crate::{
    Api,
    problem::{Code, Problem, Result},
};

/// An operator key names the account that it acts for in this header.
pub(crate) const ACCOUNT_HEADER: &str = "waxwing-account";

/// SHA-256 of a key. Keys that the server makes hold 256 random bits, so that a
/// fast hash is enough.
pub fn hash_key(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// A fresh operator key: `wxo_` and 64 hex digits.
pub fn generate_key(entropy: &dyn Entropy) -> String {
    with_prefix("wxo_", entropy)
}

/// A fresh account key: `wxa_` and 64 hex digits.
pub(crate) fn generate_account_key(entropy: &dyn Entropy) -> String {
    with_prefix("wxa_", entropy)
}

fn with_prefix(prefix: &str, entropy: &dyn Entropy) -> String {
    let bytes: [u8; 32] = random(entropy);
    bytes.iter().fold(prefix.to_owned(), |key, byte| key + &format!("{byte:02x}"))
}

/// Whoever holds a valid key.
pub(crate) struct Caller;

/// An operator.
pub(crate) struct Operator;

/// The account that an account route is about.
pub(crate) struct Account(pub(crate) AccountId);

impl FromRequestParts<Arc<Api>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self> {
        principal(&parts.headers, api).map(|_| Self)
    }
}

impl FromRequestParts<Arc<Api>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self> {
        match principal(&parts.headers, api)? {
            Principal::Operator => Ok(Self),
            Principal::Account(_) => Err(Problem::new(
                Code::OperatorOnly,
                "This route is for operator keys; yours is an account key.",
            )),
        }
    }
}

impl FromRequestParts<Arc<Api>> for Account {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self> {
        let principal = principal(&parts.headers, api)?;
        let named = parts.headers.get(ACCOUNT_HEADER);
        let named = named.map(|value| value.to_str().unwrap_or_default());
        match (principal, named) {
            (Principal::Operator, None) => Err(Problem::new(
                Code::AccountHeaderMissing,
                "With an operator key, name the account in the header Waxwing-Account.",
            )),
            (Principal::Operator, Some(text)) => AccountId::parse(text)
                .ok()
                .filter(|id| api.store.directory().account(id).is_some())
                .map(Self)
                .ok_or_else(|| Problem::not_found("account")),
            (Principal::Account(own), Some(text)) if own.as_str() != text => {
                Err(Problem::not_found("account"))
            }
            (Principal::Account(own), _) => Ok(Self(own)),
        }
    }
}

fn principal(headers: &HeaderMap, api: &Api) -> Result<Principal> {
    let refuse = |detail: &str| Problem::new(Code::Unauthorized, detail);
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or_else(|| refuse("Send your API key in the header Authorization: Bearer <key>."))?;
    let key = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim())
        .ok_or_else(|| refuse("The header Authorization must read: Bearer <key>."))?;
    let known = api.store.directory().principal(&hash_key(key));
    known
        .map(|(_, principal)| principal)
        .ok_or_else(|| refuse("This API key is not known here: it may have been revoked."))
}
