//! Whose the presented key is, so that a page knows which view to show.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Api, auth::Holder, problem::Result};

/// What the presented key is.
#[derive(Serialize, ToSchema)]
pub(crate) struct MeAnswer {
    key_id: String,
    /// operator, publisher, account or `account_read_only`.
    role: &'static str,
    /// Whether the key is a portal token.
    portal: bool,
    /// The account that it sees alone; null for the operator's keys.
    account_id: Option<String>,
    account_name: Option<String>,
    /// From when on it is not accepted any more; null for never.
    expires_at: Option<String>,
}

/// Tell what the presented key is
#[utoipa::path(get, path = "/api/me", operation_id = "show_me", tag = "Account", responses((status = 200, body = MeAnswer)))]
pub(crate) async fn show(Holder(principal): Holder, State(api): State<Arc<Api>>) -> Result<Json<MeAnswer>> {
    let account = match &principal.account {
        Some(id) => api.store.account(id).await?,
        None => None,
    };
    Ok(Json(MeAnswer {
        key_id: principal.key.to_string(),
        role: principal.role.as_str(),
        portal: principal.portal,
        account_id: principal.account.map(|id| id.to_string()),
        account_name: account.and_then(|account| account.name),
        expires_at: principal.expires_at.map(|at| at.to_string()),
    }))
}
