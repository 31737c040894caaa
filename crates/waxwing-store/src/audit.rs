//! The audit log: every change of configuration, keys and secrets, kept in the
//! transaction that makes it, and apart from retention.
//!
//! An entry says who, when, from where, and what was there before and after. Never a
//! secret: what goes in is built here from types that hold none.

use std::net::IpAddr;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use waxwing_core::{AccountId, DisabledReason, KeyId, Role, Timestamp, seal::Sealed};

use crate::{Account, CatalogEntry, DataKey, Erasure, Key, Webhook};

/// Who makes a change, when and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub by: By,
    /// When.
    pub at: Timestamp,
    /// The address that the request came from.
    pub source: Option<IpAddr>,
    /// The request's id, as its answer and the server's log give it.
    pub request_id: Option<String>,
}

/// Who makes a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Whoever held this key.
    Key(KeyId, Role),
    /// The server itself: at its start, or because a webhook failed for too long.
    Server,
}

impl Actor {
    /// The server itself.
    pub fn server(at: Timestamp) -> Self {
        Self { by: By::Server, at, source: None, request_id: None }
    }
}

/// The entries that an erasure of their account leaves as they are, since they tell of
/// erasures and hold counts only.
pub const OF_ERASURES: [&str; 4] = ["account.erase", "account.erased", "event.erase", "event.erased"];

/// An entry to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Who, when, from where.
    pub actor: Actor,
    /// What was done: `webhook.create`, `key.delete`, `secret.rotate`, …
    pub action: String,
    /// The account that it concerns, if it is one account's matter.
    pub account: Option<AccountId>,
    /// The id of what was changed.
    pub object: String,
    /// What was there, as JSON; `None` for what is new.
    pub before: Option<String>,
    /// What is there now, as JSON; `None` for what is gone.
    pub after: Option<String>,
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Those that concern this account.
    pub account: Option<AccountId>,
    /// Those about the thing with this id.
    pub object: Option<String>,
    /// Those of exactly this action.
    pub action: Option<String>,
    /// Those made at this moment or later.
    pub since: Option<Timestamp>,
    /// Those made before this moment.
    pub until: Option<Timestamp>,
}

impl AuditEntry {
    /// An account that was made (nothing before) or deleted (nothing after).
    pub fn of_account(actor: &Actor, before: Option<&Account>, after: Option<&Account>) -> Option<Self> {
        let id = &before.or(after)?.id;
        let show = |account: &Account| json!({ "name": account.name });
        let (before, after) = (before.map(show), after.map(show));
        Some(Self::new(actor, "account", Some(id), id.as_str(), before.as_ref(), after.as_ref()))
    }

    /// A key that was made or revoked.
    pub fn of_key(actor: &Actor, before: Option<&Key>, after: Option<&Key>) -> Option<Self> {
        let key = before.or(after)?;
        let show = |key: &Key| {
            json!({
                "name": key.name,
                "role": key.role.as_str(),
                "expires_at": key.expires_at.map(|at| at.to_string()),
                "portal": key.portal,
            })
        };
        let (before, after) = (before.map(show), after.map(show));
        Some(Self::new(actor, "key", key.account.as_ref(), key.id.as_str(), before.as_ref(), after.as_ref()))
    }

    /// A webhook that was made, changed or deleted.
    pub fn of_webhook(actor: &Actor, before: Option<&Webhook>, after: Option<&Webhook>) -> Option<Self> {
        let webhook = before.or(after)?;
        let show = |webhook: &Webhook| {
            json!({
                "url": webhook.url,
                "events": webhook.events.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "description": webhook.description,
                "status": webhook.status.as_str(),
                "disabled_reason": webhook.status.disabled_reason().map(DisabledReason::as_str),
                "headers": mark(webhook.credentials.headers.as_ref()),
                "authorization": mark(webhook.credentials.authorization.as_ref()),
                "client_certificate": mark(webhook.credentials.client_certificate.as_ref()),
            })
        };
        let (before, after) = (before.map(show), after.map(show));
        Some(Self::new(
            actor,
            "webhook",
            Some(&webhook.account),
            webhook.id.as_str(),
            before.as_ref(),
            after.as_ref(),
        ))
    }

    /// A data key that was made, sealed by another root key, or deleted.
    pub fn of_data_key(actor: &Actor, before: Option<&DataKey>, after: Option<&DataKey>) -> Self {
        let number = before.or(after).map_or(0, |key| key.number).to_string();
        let show = |key: &DataKey| json!({ "root_key": key.root_key() });
        let (before, after) = (before.map(show), after.map(show));
        Self::new(actor, "data_key", None, &number, before.as_ref(), after.as_ref())
    }

    /// An event type that was added, replaced or removed.
    pub fn of_event_type(
        actor: &Actor,
        before: Option<&CatalogEntry>,
        after: Option<&CatalogEntry>,
    ) -> Option<Self> {
        let entry = before.or(after)?;
        let json = |text: &Option<String>| -> Option<Value> { serde_json::from_str(text.as_deref()?).ok() };
        let show = |entry: &CatalogEntry| {
            json!({
                "description": entry.description,
                "example": json(&entry.example),
                "schema": json(&entry.schema),
            })
        };
        let (before, after) = (before.map(show), after.map(show));
        Some(Self::new(actor, "event_type", None, entry.event_type.as_str(), before.as_ref(), after.as_ref()))
    }

    /// An erasure that was asked for (`erase`) or is complete (`erased`): counts only.
    pub fn of_erasure(actor: &Actor, verb: &str, erasure: &Erasure) -> Self {
        let (what, object) = match &erasure.event {
            Some(event) => ("event", event.as_str()),
            None => ("account", erasure.account.as_str()),
        };
        let erased = &erasure.erased;
        let told = json!({
            "erasure": erasure.id.as_str(),
            "events": erased.events,
            "deliveries": erased.deliveries,
            "attempts": erased.attempts,
            "idempotency_keys": erased.idempotency_keys,
            "webhooks": erased.webhooks,
            "keys": erased.keys,
        });
        Self::of(actor, &format!("{what}.{verb}"), Some(&erasure.account), object, Some(&told))
    }

    /// Something done to a thing that is no change of a row: `after` tells what can be told.
    pub fn of(
        actor: &Actor,
        action: &str,
        account: Option<&AccountId>,
        object: &str,
        after: Option<&Value>,
    ) -> Self {
        Self {
            actor: actor.clone(),
            action: action.to_owned(),
            account: account.cloned(),
            object: object.to_owned(),
            before: None,
            after: after.map(Value::to_string),
        }
    }

    fn new(
        actor: &Actor,
        what: &str,
        account: Option<&AccountId>,
        object: &str,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> Self {
        let verb = match (before, after) {
            (None, _) => "create",
            (Some(_), None) => "delete",
            (Some(_), Some(_)) => "update",
        };
        let entry = Self::of(actor, &format!("{what}.{verb}"), account, object, after);
        Self { before: before.map(Value::to_string), ..entry }
    }
}

/// Tells one sealed value from another, as it lies there, and nothing of what is in it.
fn mark(sealed: Option<&Sealed>) -> Option<String> {
    let digest = Sha256::digest(sealed?.as_bytes());
    Some(digest.iter().take(4).fold(String::from("sealed:"), |text, byte| text + &format!("{byte:02x}")))
}
