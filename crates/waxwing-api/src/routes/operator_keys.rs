//! The operator's own keys: those that may do everything, and those that may publish.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use waxwing_core::{KeyKind, Role};

use super::keys::{KeyAnswer, Wanted, end, key_id, make};
use crate::{Api, auth::Operator, body, problem::Result, shapes::List};

/// A new key of the operator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateOperatorKey {
    #[schema(max_length = 256)]
    name: Option<String>,
    role: OperatorRole,
    /// From when on it is not accepted any more (RFC 3339); never when left out.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// The same, counted from now; not together with `expires_at`.
    #[schema(minimum = 1, maximum = 315_360_000)]
    expires_in_seconds: Option<u64>,
}

/// What a key of the operator may do. It has no default: one may do everything.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OperatorRole {
    Operator,
    Publisher,
}

impl From<OperatorRole> for Role {
    fn from(role: OperatorRole) -> Self {
        match role {
            OperatorRole::Operator => Self::Operator,
            OperatorRole::Publisher => Self::Publisher,
        }
    }
}

/// Make a key of the operator's own
#[utoipa::path(post, path = "/api/keys", operation_id = "create_operator_key", tag = "Operator",
    request_body = CreateOperatorKey, responses((status = 201, body = KeyAnswer)))]
pub(crate) async fn create(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<KeyAnswer>)> {
    let new: CreateOperatorKey = body::parse(&headers, body).await?;
    let role = new.role.into();
    let wanted = Wanted {
        kind: KeyKind::Key(role),
        account: None,
        role,
        name: new.name,
        expires_at: end(by.at, new.expires_at.as_deref(), new.expires_in_seconds)?,
    };
    let (key, text) = make(&api, wanted, &by).await?;
    Ok((StatusCode::CREATED, Json(KeyAnswer::shown(key, text))))
}

/// List the operator's own keys
#[utoipa::path(get, path = "/api/keys", operation_id = "list_operator_keys", tag = "Operator",
    responses((status = 200, body = List<KeyAnswer>)))]
pub(crate) async fn list(_: Operator, State(api): State<Arc<Api>>) -> Result<Json<List<KeyAnswer>>> {
    let keys = api.store.keys(None).await?;
    Ok(Json(List::whole(keys.into_iter().map(KeyAnswer::from).collect())))
}

/// Revoke a key of the operator's own; the last operator key stays
#[utoipa::path(delete, path = "/api/keys/{key_id}", operation_id = "delete_operator_key", tag = "Operator",
    params(("key_id" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
    Path(key): Path<String>,
) -> Result<StatusCode> {
    api.store.delete_key(None, &key_id(&key)?, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}
