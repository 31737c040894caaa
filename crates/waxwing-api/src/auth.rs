//! Who is asking: keys, and the account that a request is about.
//!
//! **Timing.** A key is hashed with SHA-256, and the hash looked up in a hash map. How long
//! that takes tells nothing about a key, without any comparison in constant time:
//!
//! - What is compared are hashes. Whoever asks chooses the text, not its hash: to learn from
//!   the time that the first bytes of a hash are right, one must have found a text with such
//!   a hash by trial, and is no nearer to a text with the whole hash. Knowing a key's whole
//!   hash would not help either; that is why the database may hold it.
//! - The bucket of the map is found by SipHash with a random key of this process.
//! - Hashing takes as long for a right key as for a wrong one of the same length; there is no
//!   part of a key that is looked at before the rest.
//!
//! A fast hash suffices because keys hold 256 random bits (see [`waxwing_core::key`]); those
//! from the configuration are refused when they surely hold few.

use std::{net::IpAddr, sync::Arc};

use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use sha2::{Digest, Sha256};
use waxwing_core::{
    AccountId, Role,
    key::{KeyKind, NoKey},
};
use waxwing_store::{Actor, By, Principal};

use crate::{
    Api,
    access::Source,
    problem::{Code, Problem, Result},
    server::RequestId,
};

/// An operator key names the account that it acts for in this header.
pub(crate) const ACCOUNT_HEADER: &str = "waxwing-account";

/// SHA-256 of a key. Keys that the server makes hold 256 random bits, so that a
/// fast hash is enough.
pub fn hash_key(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// The hash of the key that a request shows, valid or not.
pub(crate) struct KeyHash(pub(crate) [u8; 32]);

/// Whoever holds a valid key, whatever it may do.
pub(crate) struct Holder(pub(crate) Principal);

/// Whoever holds a valid key that may read.
pub(crate) struct Caller;

/// An operator; who it is, for the audit log.
pub(crate) struct Operator(pub(crate) Actor);

/// Whoever may publish events.
pub(crate) struct Publisher;

/// The account that is to be read.
pub(crate) struct Viewer(pub(crate) AccountId);

/// The account that is to be changed, and who changes it.
pub(crate) struct Account(pub(crate) AccountId, pub(crate) Actor);

impl FromRequestParts<Arc<Api>> for KeyHash {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Api>) -> Result<Self> {
        presented(parts).map(|key| Self(hash_key(key)))
    }
}

impl FromRequestParts<Arc<Api>> for Holder {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self> {
        principal(parts, api).map(Self)
    }
}

impl FromRequestParts<Arc<Api>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self> {
        match principal(parts, api)?.role {
            Role::Operator | Role::Account | Role::AccountReadOnly => Ok(Self),
            Role::Publisher => Err(publishes_only()),
        }
    }
}

impl FromRequestParts<Arc<Api>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self> {
        let principal = principal(parts, api)?;
        match principal.role {
            Role::Operator => Ok(Self(actor(parts, api, principal))),
            Role::Publisher => Err(publishes_only()),
            Role::Account | Role::AccountReadOnly => Err(for_operators()),
        }
    }
}

impl FromRequestParts<Arc<Api>> for Publisher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self> {
        match principal(parts, api)?.role {
            Role::Operator | Role::Publisher => Ok(Self),
            Role::Account | Role::AccountReadOnly => Err(for_operators()),
        }
    }
}

impl FromRequestParts<Arc<Api>> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self> {
        let principal = principal(parts, api)?;
        named_account(parts, api, &principal).map(Self)
    }
}

impl FromRequestParts<Arc<Api>> for Account {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self> {
        let principal = principal(parts, api)?;
        let account = named_account(parts, api, &principal)?;
        if principal.role == Role::AccountReadOnly {
            return Err(Problem::new(Code::ReadOnly, "This key may read and change nothing."));
        }
        Ok(Self(account, actor(parts, api, principal)))
    }
}

fn for_operators() -> Problem {
    Problem::new(Code::OperatorOnly, "This route is for operator keys; yours is an account key.")
}

fn publishes_only() -> Problem {
    Problem::new(Code::PublishOnly, "This key may publish events and nothing else.")
}

/// Its own account for an account's key; for an operator's the one that the header names.
fn named_account(parts: &Parts, api: &Api, principal: &Principal) -> Result<AccountId> {
    let named = parts.headers.get(ACCOUNT_HEADER);
    let named = named.map(|value| value.to_str().unwrap_or_default());
    if principal.role == Role::Publisher {
        return Err(publishes_only());
    }
    match (&principal.account, named) {
        (None, None) => Err(Problem::new(
            Code::AccountHeaderMissing,
            "With an operator key, name the account in the header Waxwing-Account.",
        )),
        (None, Some(text)) => AccountId::parse(text)
            .ok()
            .filter(|id| api.store.directory().account(id).is_some())
            .ok_or_else(|| Problem::not_found("account")),
        (Some(own), Some(text)) if own.as_str() != text => Err(Problem::not_found("account")),
        (Some(own), _) => Ok(own.clone()),
    }
}

/// Who asks, for the audit log.
fn actor(parts: &Parts, api: &Api, principal: Principal) -> Actor {
    Actor {
        by: By::Key(principal.key, principal.role),
        at: api.now(),
        source: source(parts),
        request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()),
    }
}

/// Who asks, if the key is valid and may be used now.
fn principal(parts: &Parts, api: &Api) -> Result<Principal> {
    let key = presented(parts)?;
    let (source, now) = (source(parts), api.now());
    let known = api.store.directory().principal(&hash_key(key));
    let refusal = match known {
        // Told to nobody but who holds the key.
        Some(Principal { expires_at: Some(end), .. }) if end <= now => {
            format!("This API key expired at {end}.")
        }
        None => unknown(key).to_owned(),
        Some(principal) => {
            api.access.admit(source, &principal, now)?;
            return Ok(principal);
        }
    };
    api.access.fail(source, now)?;
    Err(Problem::new(Code::Unauthorized, refusal))
}

/// The key that a request shows.
fn presented(parts: &Parts) -> Result<&str> {
    let refuse = |detail: &str| Problem::new(Code::Unauthorized, detail);
    let value = parts
        .headers
        .get(header::AUTHORIZATION)
        .ok_or_else(|| refuse("Send your API key in the header Authorization: Bearer <key>."))?;
    value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim())
        .ok_or_else(|| refuse("The header Authorization must read: Bearer <key>."))
}

fn source(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<Source>().map(|source| source.0)
}

fn unknown(key: &str) -> &'static str {
    match KeyKind::parse(key) {
        Err(NoKey::Damaged) => {
            "This is not a key that a server made: its checksum does not fit. Copy all of it."
        }
        Ok(_) | Err(NoKey::OtherFormat) => "This API key is not known here: it may have been revoked.",
    }
}
