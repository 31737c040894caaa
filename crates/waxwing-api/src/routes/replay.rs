//! Sending again: one delivery, or all that match; how far that has come, and its end.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waxwing_core::{DeliveryState, EventId, EventType, ReplayId, Timestamp, WebhookId};
use waxwing_store::{LogFilter, Matching, Replay, ReplayFilter, ReplayKey};

use super::webhooks::webhook_id;
use crate::{
    Api,
    auth::{Account, Viewer},
    body,
    problem::{Code, Problem, Result},
    query::Query,
    shapes::{List, LogAnswer},
};

/// Deliveries of one transaction, so that live traffic goes on in between.
const BITE: usize = 500;
/// Longer than a step of a replay takes in which anything goes on.
const STEP: Duration = Duration::from_mins(1);
/// Deliveries that a count looks at before it says that there are more.
const COUNT: usize = 100_000;

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
    /// Count what matches and send nothing.
    #[serde(default)]
    dry_run: bool,
}

/// How many deliveries are sent again.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayedAnswer {
    replayed: usize,
    /// By which to follow and to stop it.
    #[schema(example = "rpl_01k5q8d7tz0f3nv2xk5m9r4c6b")]
    id: String,
}

/// How many deliveries would be sent again.
#[derive(Serialize, ToSchema)]
pub(crate) struct MatchingAnswer {
    matching: u64,
    /// Whether there may be more: the newest 100,000 were looked at.
    at_least: bool,
}

/// A replay, and how far it has come.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayAnswer {
    id: String,
    /// scheduling, running, done, stopped, or interrupted: it broke off before everything was
    /// scheduled.
    status: &'static str,
    /// Deliveries that it scheduled.
    replayed: u64,
    /// Of these: those that wait for their first attempt since, or for a retry.
    waiting: u64,
    delivered: u64,
    failed: u64,
    /// Those that it does not send any more: it was stopped, or they were sent again
    /// otherwise, canceled or erased.
    withdrawn: u64,
    created_at: String,
    /// Since when everything that matched is scheduled.
    scheduled_at: Option<String>,
    stopped_at: Option<String>,
}

/// Nobody says that a replay broke off: a server that was killed cannot.
fn status(replay: &Replay, now: Timestamp) -> &'static str {
    match replay {
        Replay { stopped_at: Some(_), .. } => "stopped",
        Replay { scheduled_at: None, touched_at, .. } if touched_at.after(STEP) < now => "interrupted",
        Replay { scheduled_at: None, .. } => "scheduling",
        Replay { waiting: 0, .. } => "done",
        Replay { .. } => "running",
    }
}

impl ReplayAnswer {
    fn at(replay: &Replay, now: Timestamp) -> Self {
        Self {
            id: replay.id.to_string(),
            status: status(replay, now),
            replayed: replay.replayed,
            waiting: replay.waiting,
            delivered: replay.delivered,
            failed: replay.failed,
            withdrawn: replay.withdrawn(),
            created_at: replay.created_at.to_string(),
            scheduled_at: replay.scheduled_at.map(|at| at.to_string()),
            stopped_at: replay.stopped_at.map(|at| at.to_string()),
        }
    }
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

/// Send all deliveries again that match, or count them
///
/// Answered once all are scheduled: 202; 200 with `dry_run`.
#[utoipa::path(post, path = "/api/webhook/{id}/replay", operation_id = "replay_deliveries", tag = "Account", params(("id" = String, Path)),
    request_body = Option<ReplayEvents>,
    responses((status = 202, body = ReplayedAnswer), (status = 200, body = MatchingAnswer)))]
pub(crate) async fn replay(
    Account(account, by): Account,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let webhook = webhook_id(&id)?;
    let wanted: ReplayEvents = body::parse_optional(&headers, body).await?;
    let dry_run = wanted.dry_run;
    let filter = filter(wanted)?;
    if dry_run {
        let found = api.store.matching(&account, &webhook, &filter, COUNT).await?;
        let Matching { count, whole } = found.ok_or_else(|| Problem::not_found("webhook"))?;
        return Ok(Json(MatchingAnswer { matching: count, at_least: !whole }).into_response());
    }
    let id = ReplayId::generate(by.at, api.random());
    let key = api.store.begin_replay(&account, &webhook, id.clone(), &filter, &by).await?;
    // Goes on to its end although nobody may wait for the answer any more.
    let replayed = tokio::spawn(schedule(api, key, filter)).await;
    let replayed = replayed.map_err(|_| Problem::new(Code::Internal, "The replay broke off."))??;
    Ok((StatusCode::ACCEPTED, Json(ReplayedAnswer { replayed, id: id.to_string() })).into_response())
}

async fn schedule(api: Arc<Api>, key: ReplayKey, filter: ReplayFilter) -> Result<usize> {
    let (mut from, mut replayed) = (Some(0), 0);
    while let Some(after) = from {
        let bite = api.store.replay(api.node, key, &filter, after, BITE, api.now()).await?;
        replayed += bite.replayed;
        from = bite.next;
    }
    Ok(replayed)
}

/// List a webhook's replays, newest first
#[utoipa::path(get, path = "/api/webhook/{id}/replays", operation_id = "list_replays", tag = "Account",
    params(("id" = String, Path), ("limit" = Option<u32>, Query, minimum = 1, maximum = 250),
        ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<ReplayAnswer>)))]
pub(crate) async fn list(
    Viewer(account): Viewer,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<List<ReplayAnswer>>> {
    let page = Query::read(&uri, &["limit", "cursor"])?.page()?;
    let found = api.store.replays(&account, &webhook_id(&id)?, page).await?;
    let found = found.ok_or_else(|| Problem::not_found("webhook"))?;
    let now = api.now();
    Ok(Json(List::of(found, |replay| ReplayAnswer::at(&replay, now))))
}

/// Show how far a replay has come
#[utoipa::path(get, path = "/api/webhook/{id}/replays/{replay_id}", operation_id = "show_replay", tag = "Account",
    params(("id" = String, Path), ("replay_id" = String, Path)), responses((status = 200, body = ReplayAnswer)))]
pub(crate) async fn show(
    Viewer(account): Viewer,
    State(api): State<Arc<Api>>,
    Path((id, replay)): Path<(String, String)>,
) -> Result<Json<ReplayAnswer>> {
    let (webhook, id) = (webhook_id(&id)?, replay_id(&replay)?);
    let found = api.store.replay_named(&account, &webhook, &id).await?;
    let found = found.ok_or_else(|| Problem::not_found("replay"))?;
    Ok(Json(ReplayAnswer::at(&found, api.now())))
}

/// Stop a replay: what it scheduled and nobody attempted since is taken back
#[utoipa::path(delete, path = "/api/webhook/{id}/replays/{replay_id}", operation_id = "stop_replay", tag = "Account",
    params(("id" = String, Path), ("replay_id" = String, Path)), responses((status = 200, body = ReplayAnswer)))]
pub(crate) async fn stop(
    Account(account, by): Account,
    State(api): State<Arc<Api>>,
    Path((id, replay)): Path<(String, String)>,
) -> Result<Json<ReplayAnswer>> {
    let missing = || Problem::not_found("replay");
    let (webhook, id): (WebhookId, _) = (webhook_id(&id)?, replay_id(&replay)?);
    while api.store.stop_replay(&account, &webhook, &id, BITE, &by).await?.ok_or_else(missing)? {}
    let found = api.store.replay_named(&account, &webhook, &id).await?;
    Ok(Json(ReplayAnswer::at(&found.ok_or_else(missing)?, api.now())))
}

fn replay_id(text: &str) -> Result<ReplayId> {
    ReplayId::parse(text).map_err(|_| Problem::not_found("replay"))
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
        event_id: None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_that_stands_still_before_all_is_scheduled_broke_off() {
        let begun = Timestamp::from_millis(1_000_000);
        let replay = Replay {
            id: ReplayId::generate(begun, [0; 10]),
            created_at: begun,
            scheduled_at: None,
            touched_at: begun.after(Duration::from_secs(30)),
            stopped_at: None,
            replayed: 500,
            waiting: 0,
            delivered: 500,
            failed: 0,
        };
        let after = |seconds| begun.after(Duration::from_secs(seconds));
        assert_eq!(status(&replay, after(90)), "scheduling");
        assert_eq!(status(&replay, after(91)), "interrupted");
        assert_eq!(status(&Replay { stopped_at: Some(after(95)), ..replay.clone() }, after(99)), "stopped");
        let whole = Replay { scheduled_at: Some(after(40)), ..replay };
        assert_eq!(status(&whole, after(99)), "done");
        assert_eq!(status(&Replay { waiting: 1, ..whole }, after(99)), "running");
    }
}
