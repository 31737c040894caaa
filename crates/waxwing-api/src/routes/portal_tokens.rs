//! Portal tokens: short-lived keys of an account, which an operator makes for the browser
//! of one of its people, so that a dashboard can be embedded without a lasting key in it.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waxwing_core::{KeyKind, Role};
use waxwing_store::Key;

use super::{
    accounts::account_id,
    keys::{Wanted, make},
};
use crate::{
    Api,
    auth::Operator,
    body,
    problem::{Code, Problem, Result},
    shapes::List,
};

/// The life of a token that does not say.
const LIFE_SECONDS: u64 = 3_600;
/// The shortest and the longest.
const MIN_LIFE_SECONDS: u64 = 60;
const MAX_LIFE_SECONDS: u64 = 86_400;

/// A new token.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatePortalToken {
    /// How long it is valid; an hour when left out.
    #[schema(minimum = 60, maximum = 86_400)]
    expires_in_seconds: Option<u64>,
    /// Whether it may read and change nothing.
    #[serde(default)]
    read_only: bool,
}

/// A token, without the token itself but for its making.
#[derive(Serialize, ToSchema)]
pub(crate) struct PortalTokenAnswer {
    id: String,
    /// Shown this once; the server keeps its hash only.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The dashboard's address with the token behind `#`, where no server's log has it; null
    /// without the setting `dashboard_url`. Shown with the token only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "https://hooks.example.com/dashboard/#token=wxt_77c1")]
    url: Option<Option<String>>,
    /// account or `account_read_only`.
    role: &'static str,
    created_at: String,
    expires_at: Option<String>,
    /// When it was last used, give or take a minute; null for never.
    last_used_at: Option<String>,
}

impl From<Key> for PortalTokenAnswer {
    fn from(key: Key) -> Self {
        Self {
            id: key.id.to_string(),
            token: None,
            url: None,
            role: key.role.as_str(),
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
            last_used_at: key.last_used_at.map(|at| at.to_string()),
        }
    }
}

/// Make a portal token for an account
#[utoipa::path(post, path = "/api/accounts/{id}/portal-tokens", operation_id = "create_portal_token", tag = "Operator",
    params(("id" = String, Path)), request_body = Option<CreatePortalToken>,
    responses((status = 201, body = PortalTokenAnswer)))]
pub(crate) async fn create(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<PortalTokenAnswer>)> {
    let account = account_id(&id)?;
    let new: CreatePortalToken = body::parse_optional(&headers, body).await?;
    let seconds = new.expires_in_seconds.unwrap_or(LIFE_SECONDS);
    if !(MIN_LIFE_SECONDS..=MAX_LIFE_SECONDS).contains(&seconds) {
        let detail = format!("It must be {MIN_LIFE_SECONDS} to {MAX_LIFE_SECONDS}.");
        return Err(Problem::at(Code::BodyInvalid, "/expires_in_seconds", detail));
    }
    let wanted = Wanted {
        kind: KeyKind::PortalToken,
        account: Some(account),
        role: if new.read_only { Role::AccountReadOnly } else { Role::Account },
        name: None,
        expires_at: Some(by.at.after(Duration::from_secs(seconds))),
    };
    let (key, text) = make(&api, wanted, &by).await?;
    let url = api.dashboard.as_ref().and_then(|dashboard| dashboard.link(&text));
    let answer = PortalTokenAnswer { token: Some(text), url: Some(url), ..key.into() };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// List an account's portal tokens that have not expired; each is revoked like a key
#[utoipa::path(get, path = "/api/accounts/{id}/portal-tokens", operation_id = "list_portal_tokens", tag = "Operator",
    params(("id" = String, Path)), responses((status = 200, body = List<PortalTokenAnswer>)))]
pub(crate) async fn list(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<Json<List<PortalTokenAnswer>>> {
    let account = account_id(&id)?;
    api.store.account(&account).await?.ok_or_else(|| Problem::not_found("account"))?;
    let keys = api.store.keys(Some(&account)).await?.into_iter();
    let alive = keys.filter(|key| key.portal && key.expires_at.is_none_or(|end| by.at < end));
    Ok(Json(List::whole(alive.map(PortalTokenAnswer::from).collect())))
}
