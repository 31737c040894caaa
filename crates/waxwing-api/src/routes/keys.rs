//! API keys of an account.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waxwing_core::{KeyId, Role};
use waxwing_store::{Key, NewKey};

use super::accounts::{NAME_LEN, account_id, bounded};
use crate::{
    Api,
    auth::{Operator, generate_account_key, hash_key},
    body,
    problem::{Problem, Result},
    shapes::List,
};

/// A new key.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateKey {
    #[schema(max_length = 256)]
    name: Option<String>,
}

/// A key, without the key itself but for its making.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyAnswer {
    id: String,
    /// Shown this once; the server keeps its hash only.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    name: Option<String>,
    created_at: String,
}

impl From<Key> for KeyAnswer {
    fn from(key: Key) -> Self {
        Self { id: key.id.to_string(), key: None, name: key.name, created_at: key.created_at.to_string() }
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
    let name = bounded("/name", new.name, NAME_LEN)?;
    let text = generate_account_key(&*api.entropy);
    let key = Key {
        id: KeyId::generate(by.at, api.random()),
        account: Some(account),
        role: Role::Account,
        name,
        created_at: by.at,
        expires_at: None,
        last_used_at: None,
    };
    if !api.store.create_key(NewKey { key: key.clone(), hash: hash_key(&text) }, &by).await? {
        return Err(Problem::not_found("account"));
    }
    Ok((StatusCode::CREATED, Json(KeyAnswer { key: Some(text), ..key.into() })))
}

/// List an account's keys
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
    Ok(Json(List::whole(keys.into_iter().map(KeyAnswer::from).collect())))
}

/// Revoke a key
#[utoipa::path(delete, path = "/api/accounts/{id}/keys/{key_id}", operation_id = "delete_key", tag = "Operator",
    params(("id" = String, Path), ("key_id" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
    Path((id, key)): Path<(String, String)>,
) -> Result<StatusCode> {
    let key = KeyId::parse(&key).map_err(|_| Problem::not_found("key"))?;
    if api.store.delete_key(Some(&account_id(&id)?), &key, &by).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("key"))
    }
}
