//! Sending again.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waxwing_core::{DeliveryState, EventId, EventType, Timestamp};
use waxwing_store::{LogFilter, ReplayFilter};

use super::webhooks::webhook_id;
use crate::{
    Api,
    auth::Account,
    body,
    problem::{Code, Problem, Result},
    shapes::LogAnswer,
};

/// Deliveries of one transaction, so that live traffic goes on in between.
const BITE: usize = 500;

/// What to send again. Without `status` and `event_ids`: every failed delivery.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayEvents {
    /// These events only.
    event_ids: Option<Vec<String>>,
    since: Option<String>,
    until: Option<String>,
    #[schema(pattern = "^(pending|retrying|held|delivered|failed|canceled)$")]
    status: Option<String>,
    r#type: Option<String>,
}

/// How many deliveries are sent again.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayedAnswer {
    replayed: usize,
}

/// Send one delivery again now, whatever its state
#[utoipa::path(post, path = "/api/webhook/{id}/events/{event_id}/retry", operation_id = "retry_delivery", tag = "Account",
    params(("id" = String, Path), ("event_id" = String, Path)),
    responses((status = 202, body = LogAnswer)))]
pub(crate) async fn retry(
    Account(account, _): Account,
    State(api): State<Arc<Api>>,
    Path((id, event)): Path<(String, String)>,
) -> Result<(StatusCode, Json<LogAnswer>)> {
    let event = EventId::parse(&event).map_err(|_| Problem::not_found("delivery"))?;
    let entry = api.store.retry(api.node, &account, &webhook_id(&id)?, &event, api.now()).await?;
    Ok((StatusCode::ACCEPTED, Json(entry.into())))
}

/// Send all deliveries again that match
#[utoipa::path(post, path = "/api/webhook/{id}/replay", operation_id = "replay_deliveries", tag = "Account", params(("id" = String, Path)),
    request_body = Option<ReplayEvents>, responses((status = 202, body = ReplayedAnswer)))]
pub(crate) async fn replay(
    Account(account, _): Account,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<ReplayedAnswer>)> {
    let webhook = webhook_id(&id)?;
    let filter = filter(body::parse_optional(&headers, body).await?)?;
    // What is published from now on is not meant, and would never let this end.
    let now = api.now();
    let (mut from, mut replayed) = (Some(0), 0);
    while let Some(row) = from {
        let bite = api.store.replay(api.node, &account, &webhook, &filter, row, BITE, now).await?;
        replayed += bite.replayed;
        from = bite.next;
    }
    Ok((StatusCode::ACCEPTED, Json(ReplayedAnswer { replayed })))
}

fn filter(wanted: ReplayEvents) -> Result<ReplayFilter> {
    let time = |pointer: &str, text: Option<String>| {
        let parsed = text.map(|text| Timestamp::parse(&text)).transpose();
        parsed.map_err(|error| Problem::at(Code::BodyInvalid, pointer, format!("It is {error}.")))
    };
    let ids = wanted.event_ids.as_deref().map(event_ids).transpose()?;
    let state = match wanted.status {
        None if ids.is_some() => None,
        None => Some(DeliveryState::Failed),
        Some(word) => Some(DeliveryState::parse(&word).ok_or_else(|| {
            let detail = "It must be one of pending, retrying, held, delivered, failed, canceled.";
            Problem::at(Code::BodyInvalid, "/status", detail)
        })?),
    };
    let event_type = wanted.r#type.map(|text| EventType::parse(&text)).transpose();
    let event_type =
        event_type.map_err(|error| Problem::at(Code::BodyInvalid, "/type", error.to_string()))?;
    let matching = LogFilter {
        state,
        event_type,
        since: time("/since", wanted.since)?,
        until: time("/until", wanted.until)?,
    };
    Ok(ReplayFilter { event_ids: ids, matching })
}

fn event_ids(texts: &[String]) -> Result<Vec<EventId>> {
    let parsed = texts.iter().enumerate().map(|(index, text)| {
        EventId::parse(text).map_err(|error| {
            Problem::at(Code::BodyInvalid, &format!("/event_ids/{index}"), error.to_string())
        })
    });
    parsed.collect()
}
