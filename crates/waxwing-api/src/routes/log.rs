//! The event log of a webhook.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, Uri};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use waxwing_core::EventId;

use super::{
    sent::{self, RequestAnswer},
    webhooks::webhook_id,
};
use crate::{
    Api,
    auth::{KeyHash, Viewer},
    live::{self, Asked, Place},
    problem::{Problem, Result},
    query::Query,
    shapes::{AttemptAnswer, List, LogAnswer, raw},
};

/// One delivery with everything that is known of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogDetailAnswer {
    #[serde(flatten)]
    entry: LogAnswer,
    /// The body of the request, as it is sent; null once it is erased.
    #[schema(value_type = Option<Object>)]
    payload: Option<Box<RawValue>>,
    /// Since when the payload is gone; null while it is there.
    payload_erased_at: Option<String>,
    /// null once the webhook is deleted or the payload erased.
    request: Option<RequestAnswer>,
    attempts: Vec<AttemptAnswer>,
}

/// List a webhook's deliveries, newest first
#[utoipa::path(get, path = "/api/webhook/{id}/events", operation_id = "list_deliveries", tag = "Account",
    params(("id" = String, Path), ("limit" = Option<u32>, Query, minimum = 1, maximum = 250),
        ("cursor" = Option<String>, Query),
        ("status" = Option<String>, Query, pattern = "^(pending|retrying|held|delivered|failed|canceled)$"),
        ("type" = Option<String>, Query), ("since" = Option<String>, Query), ("until" = Option<String>, Query),
        ("event_id" = Option<String>, Query, max_length = 128)),
    responses((status = 200, body = List<LogAnswer>)))]
pub(crate) async fn list(
    Viewer(account): Viewer,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<List<LogAnswer>>> {
    let query = Query::read(&uri, &["limit", "cursor", "status", "type", "since", "until", "event_id"])?;
    let (filter, page) = (query.log_filter()?, query.page()?);
    let found = api.store.log(&account, &webhook_id(&id)?, filter, page).await?;
    let found = found.ok_or_else(|| Problem::not_found("webhook"))?;
    Ok(Json(List::of(found, LogAnswer::from)))
}

/// Follow a webhook's log: server-sent events
///
/// `entry` for each delivery that is new on the first page of the log with the same filter,
/// or has changed there; `reset` when the list has to be read anew.
#[utoipa::path(get, path = "/api/webhook/{id}/events/stream", operation_id = "follow_deliveries", tag = "Account",
    params(("id" = String, Path),
        ("status" = Option<String>, Query, pattern = "^(pending|retrying|held|delivered|failed|canceled)$"),
        ("type" = Option<String>, Query), ("since" = Option<String>, Query), ("until" = Option<String>, Query),
        ("event_id" = Option<String>, Query, max_length = 128), ("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, body = Object, content_type = "text/event-stream")))]
pub(crate) async fn follow(
    Viewer(account): Viewer,
    KeyHash(key): KeyHash,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response> {
    let query = Query::read(&uri, &["status", "type", "since", "until", "event_id"])?;
    let place = Place { account, webhook: webhook_id(&id)?, filter: query.log_filter()? };
    let last = headers.get("last-event-id").map(|last| last.to_str().unwrap_or_default().to_owned());
    live::open(api, Asked { place, key, last }).await
}

/// Show a delivery with payload and attempts
#[utoipa::path(get, path = "/api/webhook/{id}/events/{event_id}", operation_id = "show_delivery", tag = "Account",
    params(("id" = String, Path), ("event_id" = String, Path)),
    responses((status = 200, body = LogDetailAnswer)))]
pub(crate) async fn show(
    Viewer(account): Viewer,
    State(api): State<Arc<Api>>,
    Path((id, event)): Path<(String, String)>,
) -> Result<Json<LogDetailAnswer>> {
    let event = EventId::parse(&event).map_err(|_| Problem::not_found("delivery"))?;
    let id = webhook_id(&id)?;
    let found = api.store.log_detail(&account, &id, &event).await?;
    let detail = found.ok_or_else(|| Problem::not_found("delivery"))?;
    Ok(Json(LogDetailAnswer {
        request: sent::request(&api, &id, &detail)?,
        entry: detail.entry.into(),
        payload: raw(&detail.body),
        payload_erased_at: detail.erased_at.map(|at| at.to_string()),
        attempts: detail.attempts.into_iter().map(AttemptAnswer::from).collect(),
    }))
}
