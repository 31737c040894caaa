//! The audit log.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::Uri;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use waxwing_store::{Actor, AuditEntry, By};

use crate::{
    Api,
    auth::Operator,
    problem::Result,
    query::Query,
    shapes::{List, raw},
};

/// A change of configuration, keys or secrets.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditAnswer {
    at: String,
    actor: ActorAnswer,
    /// The address that the request came from; null for the server itself.
    source: Option<String>,
    request_id: Option<String>,
    /// What was done, such as webhook.update.
    #[schema(example = "webhook.update")]
    action: String,
    account_id: Option<String>,
    /// The id of what was changed.
    object: String,
    /// What was there; null for what is new. Never a secret.
    #[schema(value_type = Option<Object>)]
    before: Option<Box<RawValue>>,
    /// What is there now; null for what is gone. Never a secret.
    #[schema(value_type = Option<Object>)]
    after: Option<Box<RawValue>>,
}

/// Who made a change.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActorAnswer {
    /// operator, publisher, account or account_read_only; server for the server itself.
    role: &'static str,
    key_id: Option<String>,
}

impl From<AuditEntry> for AuditAnswer {
    fn from(entry: AuditEntry) -> Self {
        let Actor { by, at, source, request_id } = entry.actor;
        let json = |text: Option<String>| text.and_then(|text| raw(text.as_bytes()));
        Self {
            at: at.to_string(),
            actor: match by {
                By::Key(key, role) => ActorAnswer { role: role.as_str(), key_id: Some(key.to_string()) },
                By::Server => ActorAnswer { role: "server", key_id: None },
            },
            source: source.map(|source| source.to_string()),
            request_id,
            action: entry.action,
            account_id: entry.account.map(|account| account.to_string()),
            object: entry.object,
            before: json(entry.before),
            after: json(entry.after),
        }
    }
}

/// List the changes of configuration, keys and secrets, newest first
#[utoipa::path(get, path = "/api/audit", operation_id = "list_audit_log", tag = "Operator",
    params(("limit" = Option<u32>, Query, minimum = 1, maximum = 250), ("cursor" = Option<String>, Query),
        ("account_id" = Option<String>, Query), ("object" = Option<String>, Query),
        ("action" = Option<String>, Query), ("since" = Option<String>, Query), ("until" = Option<String>, Query)),
    responses((status = 200, body = List<AuditAnswer>)))]
pub(crate) async fn list(
    _: Operator,
    State(api): State<Arc<Api>>,
    uri: Uri,
) -> Result<Json<List<AuditAnswer>>> {
    let known = ["limit", "cursor", "account_id", "object", "action", "since", "until"];
    let query = Query::read(&uri, &known)?;
    let page = api.store.audit_log(query.audit_filter()?, query.page()?).await?;
    Ok(Json(List::of(page, AuditAnswer::from)))
}
