//! API keys of an account, and what the making of every key shares.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waxwing_core::{AccountId, KeyId, KeyKind, Role, Timestamp};
use waxwing_store::{Actor, Key, NewKey};

use super::accounts::{NAME_LEN, account_id, bounded};
use crate::{
    Api,
    auth::{Operator, hash_key},
    body,
    problem::{Code, Problem, Result},
    shapes::List,
};

/// The longest life of a key that has an end: ten years.
const MAX_LIFE_SECONDS: u64 = 3_650 * 86_400;

/// A new key.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateKey {
    #[schema(max_length = 256)]
    name: Option<String>,
    /// `account` when left out.
    #[serde(default)]
    #[schema(value_type = Option<AccountRole>)]
    role: AccountRole,
    /// From when on it is not accepted any more (RFC 3339); never when left out.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// The same, counted from now; not together with `expires_at`.
    #[schema(minimum = 1, maximum = 315_360_000)]
    expires_in_seconds: Option<u64>,
}

/// What an account's key may do.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountRole {
    #[default]
    Account,
    AccountReadOnly,
}

impl From<AccountRole> for Role {
    fn from(role: AccountRole) -> Self {
        match role {
            AccountRole::Account => Self::Account,
            AccountRole::AccountReadOnly => Self::AccountReadOnly,
        }
    }
}

/// A key, without the key itself but for its making.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyAnswer {
    id: String,
    /// Shown this once; the server keeps its hash only.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    name: Option<String>,
    /// operator, publisher, account or account_read_only.
    role: &'static str,
    created_at: String,
    /// From when on it is not accepted any more; null for never.
    expires_at: Option<String>,
    /// When it was last used, give or take a minute; null for never.
    last_used_at: Option<String>,
}

impl From<Key> for KeyAnswer {
    fn from(key: Key) -> Self {
        Self {
            id: key.id.to_string(),
            key: None,
            name: key.name,
            role: key.role.as_str(),
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
            last_used_at: key.last_used_at.map(|at| at.to_string()),
        }
    }
}

impl KeyAnswer {
    /// The answer to its making: with the key itself.
    pub(super) fn shown(key: Key, text: String) -> Self {
        Self { key: Some(text), ..key.into() }
    }
}

/// What a request says of a key to be made.
pub(super) struct Wanted {
    pub(super) kind: KeyKind,
    pub(super) account: Option<AccountId>,
    pub(super) role: Role,
    pub(super) name: Option<String>,
    pub(super) expires_at: Option<Timestamp>,
}

/// Makes a key and keeps its hash: what is listed of it, and the key itself.
pub(super) async fn make(api: &Api, wanted: Wanted, by: &Actor) -> Result<(Key, String)> {
    let text = wanted.kind.write(api.random());
    let key = Key {
        id: KeyId::generate(by.at, api.random()),
        account: wanted.account,
        role: wanted.role,
        name: bounded("/name", wanted.name, NAME_LEN)?,
        created_at: by.at,
        expires_at: wanted.expires_at,
        last_used_at: None,
        portal: wanted.kind == KeyKind::PortalToken,
    };
    let new = NewKey { key: key.clone(), hash: hash_key(&text) };
    if api.store.create_key(new, by).await? { Ok((key, text)) } else { Err(Problem::not_found("account")) }
}

/// The end of a key's life, however the request says it.
pub(super) fn end(now: Timestamp, at: Option<&str>, seconds: Option<u64>) -> Result<Option<Timestamp>> {
    let refuse = |pointer: &str, detail: &str| Problem::at(Code::BodyInvalid, pointer, detail);
    match (at, seconds) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(refuse("/expires_in_seconds", "Give either expires_at or expires_in_seconds."))
        }
        (None, Some(seconds)) if (1..=MAX_LIFE_SECONDS).contains(&seconds) => {
            Ok(Some(now.after(Duration::from_secs(seconds))))
        }
        (None, Some(_)) => {
            Err(refuse("/expires_in_seconds", &format!("It must be 1 to {MAX_LIFE_SECONDS}.")))
        }
        (Some(text), None) => match Timestamp::parse(text) {
            Ok(end) if end > now => Ok(Some(end)),
            Ok(_) => Err(refuse("/expires_at", "It must lie ahead.")),
            Err(error) => Err(refuse("/expires_at", &format!("It is {error}."))),
        },
    }
}

/// Make a key for an account
#[utoipa::path(post, path = "/api/accounts/{id}/keys", operation_id = "create_key", tag = "Operator", params(("id" = String, Path)),
    request_body = Option<CreateKey>, responses((status = 201, body = KeyAnswer)))]
pub(crate) async fn create(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<KeyAnswer>)> {
    let account = account_id(&id)?;
    let new: CreateKey = body::parse_optional(&headers, body).await?;
    let role = new.role.into();
    let wanted = Wanted {
        kind: KeyKind::Key(role),
        account: Some(account),
        role,
        name: new.name,
        expires_at: end(by.at, new.expires_at.as_deref(), new.expires_in_seconds)?,
    };
    let (key, text) = make(&api, wanted, &by).await?;
    Ok((StatusCode::CREATED, Json(KeyAnswer::shown(key, text))))
}

/// List an account's keys, portal tokens left aside
#[utoipa::path(get, path = "/api/accounts/{id}/keys", operation_id = "list_keys", tag = "Operator", params(("id" = String, Path)),
    responses((status = 200, body = List<KeyAnswer>)))]
pub(crate) async fn list(
    _: Operator,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<Json<List<KeyAnswer>>> {
    let account = account_id(&id)?;
    api.store.account(&account).await?.ok_or_else(|| Problem::not_found("account"))?;
    let keys = api.store.keys(Some(&account)).await?;
    let keys = keys.into_iter().filter(|key| !key.portal);
    Ok(Json(List::whole(keys.map(KeyAnswer::from).collect())))
}

/// Revoke a key or a portal token
#[utoipa::path(delete, path = "/api/accounts/{id}/keys/{key_id}", operation_id = "delete_key", tag = "Operator",
    params(("id" = String, Path), ("key_id" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
    Path((id, key)): Path<(String, String)>,
) -> Result<StatusCode> {
    api.store.delete_key(Some(&account_id(&id)?), &key_id(&key)?, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The key that a path names: what cannot be an id does not exist.
pub(super) fn key_id(text: &str) -> Result<KeyId> {
    KeyId::parse(text).map_err(|_| Problem::not_found("key"))
}
