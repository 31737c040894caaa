//! Publishing: the hot path of the API.

use std::{borrow::Cow, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use waxwing_core::{AccountId, EventId, EventType, Timestamp, WebhookId, envelope::envelope};
use waxwing_store::NewEvent;

use super::event_types;
use crate::{
    Api,
    auth::{Account, Operator, Publisher},
    body,
    problem::{Code, Problem, Result},
    shapes::{EventAnswer, LogAnswer, raw},
};

/// The longest `Idempotency-Key`, in characters.
const IDEMPOTENCY_KEY_LEN: usize = 255;

/// An event to be published.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishEvent<'a> {
    #[serde(borrow)]
    #[schema(example = "acme")]
    account_id: Cow<'a, str>,
    #[serde(borrow)]
    #[schema(example = "deposit.completed")]
    r#type: Cow<'a, str>,
    /// Passed on byte for byte.
    #[serde(borrow)]
    #[schema(value_type = Object)]
    data: &'a RawValue,
    /// 1 to 128 of `A-Za-z0-9_:-`; makes publishing again harmless.
    #[serde(borrow, default)]
    #[schema(pattern = "^[A-Za-z0-9_:-]{1,128}$")]
    id: Option<Cow<'a, str>>,
}

/// Up to 1,000 events, kept all or none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishBatch<'a> {
    #[serde(borrow)]
    #[schema(min_items = 1, max_items = 1000, value_type = Vec<PublishEvent<'static>>)]
    events: Vec<&'a RawValue>,
}

/// The answers of a batch, in its order.
#[derive(Serialize, ToSchema)]
pub(crate) struct BatchAnswer {
    data: Vec<EventAnswer>,
}

/// An event with its deliveries.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventDetailAnswer {
    #[serde(flatten)]
    event: EventAnswer,
    /// The body of the request, as it is sent; null once it is erased.
    #[schema(value_type = Option<Object>)]
    payload: Option<Box<RawValue>>,
    /// Since when the payload is gone; null while it is there.
    payload_erased_at: Option<String>,
    deliveries: Vec<DeliveryAnswer>,
}

/// A delivery of an event.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryAnswer {
    webhook_id: String,
    #[serde(flatten)]
    entry: LogAnswer,
}

/// Publish an event
///
/// Answered once the event is on disk: 202, or 200 when it had been published before.
#[utoipa::path(post, path = "/api/events", operation_id = "publish_event", tag = "Operator", request_body = PublishEvent<'_>,
    params(("Idempotency-Key" = Option<String>, Header, max_length = 255)),
    responses((status = 202, body = EventAnswer), (status = 200, body = EventAnswer)))]
pub(crate) async fn publish(
    _: Publisher,
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<EventAnswer>)> {
    let key = idempotency_key(&headers)?;
    let bytes = body::read(&headers, body, api.limits.event_bytes).await?;
    let event = new_event(&api, body::take(&bytes)?, key, "")?;
    let mut published = api.store.publish(api.node, vec![event]).await?;
    let published =
        published.pop().ok_or_else(|| Problem::new(Code::Internal, "The store gave no answer."))?;
    let status = if published.repeated { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(published.into())))
}

/// Publish up to 1,000 events, all or none
#[utoipa::path(post, path = "/api/events/batch", operation_id = "publish_events", tag = "Operator", request_body = PublishBatch<'_>,
    params(("Idempotency-Key" = Option<String>, Header, max_length = 255)),
    responses((status = 202, body = BatchAnswer), (status = 200, body = BatchAnswer)))]
pub(crate) async fn publish_batch(
    _: Publisher,
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<BatchAnswer>)> {
    let limits = &api.limits;
    let key = idempotency_key(&headers)?;
    let bytes = body::read(&headers, body, limits.event_bytes.saturating_mul(BATCH_BODIES)).await?;
    let batch: PublishBatch<'_> = body::take(&bytes)?;
    if !(1..=limits.batch_events).contains(&batch.events.len()) {
        let detail =
            format!("A batch holds 1 to {} events, not {}.", limits.batch_events, batch.events.len());
        return Err(Problem::at(Code::BodyInvalid, "/events", detail));
    }
    let mut events = Vec::with_capacity(batch.events.len());
    for (index, event) in batch.events.into_iter().enumerate() {
        let place = format!("/events/{index}");
        let size = event.get().len();
        if size > limits.event_bytes {
            let detail = format!("The event has {size} bytes; {} are allowed.", limits.event_bytes);
            return Err(Problem::at(Code::TooLarge, &place, detail));
        }
        let event = body::take(event.get().as_bytes()).map_err(|problem| problem.below(&place))?;
        let key = key.as_ref().map(|key| format!("{key}#{index}"));
        events.push(new_event(&api, event, key, &place)?);
    }
    let published = api.store.publish(api.node, events).await.map_err(in_batch)?;
    let repeated = published.iter().all(|event| event.repeated);
    let status = if repeated { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(BatchAnswer { data: published.into_iter().map(EventAnswer::from).collect() })))
}

/// A batch may be as large as this many events of the largest size.
const BATCH_BODIES: usize = 64;

/// Shows which event of a batch was refused.
fn in_batch(error: waxwing_store::PublishError) -> Problem {
    use waxwing_store::PublishError;
    let index = match &error {
        PublishError::UnknownAccount { index, .. } | PublishError::Conflict { index, .. } => Some(*index),
        PublishError::UnknownWebhook | PublishError::Store(_) => None,
    };
    let mut problem = Problem::from(error);
    if let Some(index) = index {
        let detail = problem.detail.clone();
        let member = if problem.errors.is_empty() { "" } else { "/account_id" };
        problem.errors =
            vec![crate::problem::FieldError { pointer: format!("/events/{index}{member}"), detail }];
    }
    problem
}

/// Show an event with its deliveries
#[utoipa::path(get, path = "/api/events/{id}", operation_id = "show_event", tag = "Operator", params(("id" = String, Path)),
    responses((status = 200, body = EventDetailAnswer)))]
pub(crate) async fn show(
    _: Operator,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<Json<EventDetailAnswer>> {
    let missing = || Problem::not_found("event");
    let id = EventId::parse(&id).map_err(|_| missing())?;
    let detail = api.store.event(&id).await?.ok_or_else(missing)?;
    let deliveries = detail.deliveries.into_iter();
    Ok(Json(EventDetailAnswer {
        event: detail.published.into(),
        payload: raw(&detail.body),
        payload_erased_at: detail.erased_at.map(|at| at.to_string()),
        deliveries: deliveries
            .map(|(webhook, entry)| DeliveryAnswer { webhook_id: webhook.to_string(), entry: entry.into() })
            .collect(),
    }))
}

/// Send a `webhook.test` event to this webhook alone
#[utoipa::path(post, path = "/api/webhook/{id}/test", operation_id = "send_test_event", tag = "Account", params(("id" = String, Path)),
    responses((status = 202, body = EventAnswer)))]
pub(crate) async fn test(
    Account(account, _): Account,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<EventAnswer>)> {
    let missing = || Problem::not_found("webhook");
    let webhook = WebhookId::parse(&id).map_err(|_| missing())?;
    let event_type = EventType::parse("webhook.test").map_err(|_| missing())?;
    let now = api.now();
    let id = EventId::generate(now, api.random());
    // Ids need no escaping in JSON.
    let data = format!(r#"{{"webhook_id":"{webhook}","message":"This is a test event."}}"#);
    let event = build(id, account, event_type, &data, now);
    let event = NewEvent { only: Some(webhook), ..event };
    let mut published = api.store.publish(api.node, vec![event]).await?;
    let published = published.pop().ok_or_else(missing)?;
    Ok((StatusCode::ACCEPTED, Json(published.into())))
}

fn new_event(api: &Api, event: PublishEvent<'_>, key: Option<String>, place: &str) -> Result<NewEvent> {
    let refuse =
        |member: &str, detail: String| Problem::at(Code::BodyInvalid, &format!("{place}{member}"), detail);
    let account =
        AccountId::parse(&event.account_id).map_err(|error| refuse("/account_id", error.to_string()))?;
    let event_type = EventType::parse(&event.r#type).map_err(|error| refuse("/type", error.to_string()))?;
    let data = event.data.get();
    if !data.starts_with('{') {
        return Err(refuse("/data", "It must be a JSON object.".into()));
    }
    let pointer = format!("{place}/data");
    body::check_raw(&pointer, data)?;
    event_types::validate(api, &event_type, data, &pointer)?;
    let now = api.now();
    let chosen = event.id.is_some();
    let id = match event.id {
        None => EventId::generate(now, api.random()),
        Some(text) => EventId::parse(&text).map_err(|error| refuse("/id", error.to_string()))?,
    };
    Ok(NewEvent { chosen, idempotency_key: key, ..build(id, account, event_type, data, now) })
}

fn build(id: EventId, account: AccountId, event_type: EventType, data: &str, now: Timestamp) -> NewEvent {
    let body = envelope(&id, &event_type, now, data).into();
    NewEvent {
        id,
        chosen: false,
        account,
        event_type,
        body,
        created_at: now,
        idempotency_key: None,
        only: None,
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| (1..=IDEMPOTENCY_KEY_LEN).contains(&text.len()));
    let text = text.ok_or_else(|| {
        let detail =
            format!("Idempotency-Key must have 1 to {IDEMPOTENCY_KEY_LEN} visible ASCII characters.");
        Problem::new(Code::HeaderInvalid, detail)
    })?;
    Ok(Some(text.to_owned()))
}
