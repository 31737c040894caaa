//! How everything fares, for operators: on one page, cheap however much there is.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use waxwing_core::{DisabledReason, Timestamp};
use waxwing_store::{NodeEntry, Span, Step, Worst};

use super::metrics::{CountsAnswer, PointAnswer, filled, sum};
use crate::{Api, auth::Operator, problem::Result};

/// Webhooks that fail most, at most.
const WORST: usize = 20;
/// Nodes, at most.
const NODES: usize = 100;

/// How everything fares.
#[derive(Serialize, ToSchema)]
pub(crate) struct OverviewAnswer {
    /// Accounts that are not deleted.
    accounts: usize,
    webhooks: WebhooksAnswer,
    waiting: WaitingAnswer,
    /// What was counted of all webhooks in the last 60 minutes, the present one included.
    last_hour: CountsAnswer,
    /// How wide a point of `data` is.
    step: &'static str,
    /// All webhooks together: 24 points, one for each hour; the last is the present one.
    data: Vec<PointAnswer>,
    /// The webhooks with the most failed attempts in the last 60 minutes, at most 20.
    worst: Vec<WorstAnswer>,
    /// The servers that share the database, those of the longest lease first, at most 100.
    nodes: Vec<NodeAnswer>,
}

/// How many webhooks there are, by status.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhooksAnswer {
    active: usize,
    inactive: usize,
    disabled: usize,
}

/// How many deliveries wait, by status; counted at most each 15 s.
#[derive(Serialize, ToSchema)]
pub(crate) struct WaitingAnswer {
    pending: u64,
    retrying: u64,
    held: u64,
}

/// A webhook that fails.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorstAnswer {
    account_id: String,
    webhook_id: String,
    url: String,
    /// active, inactive or disabled.
    status: &'static str,
    /// gone or failing, when the service disabled it.
    disabled_reason: Option<&'static str>,
    /// Attempts in the last 60 minutes.
    attempts: u64,
    /// How many of them failed.
    failed: u64,
    /// Why the latest delivery failed that waits for a retry or failed for good.
    last_error: Option<String>,
    last_status_code: Option<u16>,
}

/// A server.
#[derive(Serialize, ToSchema)]
pub(crate) struct NodeAnswer {
    name: String,
    /// Whether its lease runs: it is there, or was a moment ago.
    running: bool,
    /// null once it left, or others took over what it had.
    lease_until: Option<String>,
}

impl NodeAnswer {
    fn of(node: NodeEntry, now: Timestamp) -> Self {
        let NodeEntry { name, lease_until } = node;
        let running = lease_until.is_some_and(|until| until > now);
        Self { name, running, lease_until: lease_until.map(|until| until.to_string()) }
    }
}

/// One that was deleted just now is left out.
fn worst(api: &Api, worst: Worst) -> Option<WorstAnswer> {
    let target = api.store.directory().target_named(&worst.webhook)?;
    Some(WorstAnswer {
        account_id: worst.account.to_string(),
        webhook_id: worst.webhook.to_string(),
        url: target.url.clone(),
        status: target.status.as_str(),
        disabled_reason: target.status.disabled_reason().map(DisabledReason::as_str),
        attempts: worst.counts.attempts(),
        failed: worst.counts.failed,
        last_error: worst.last_error,
        last_status_code: worst.last_status_code,
    })
}

/// The last `count` steps, the present one included.
fn last(count: u32, step: Step, now: Timestamp) -> Span {
    let until = step.begin(now).after(step.length());
    Span { since: until.before(step.length() * count), until, step }
}

/// Show how everything fares
#[utoipa::path(get, path = "/api/overview", operation_id = "show_overview", tag = "Operator",
    responses((status = 200, body = OverviewAnswer)))]
pub(crate) async fn show(_: Operator, State(api): State<Arc<Api>>) -> Result<Json<OverviewAnswer>> {
    let now = api.now();
    let (hour, day) = (last(60, Step::Minute, now), last(24, Step::Hour, now));
    let minutes = api.store.counts_of_all(hour).await?;
    let hours = api.store.counts_of_all(day).await?;
    let failing = api.store.worst(hour, WORST).await?;
    let nodes = api.store.nodes(NODES).await?;
    let waiting = api.backlog().await;
    let census = api.store.directory().census();
    Ok(Json(OverviewAnswer {
        accounts: census.accounts,
        webhooks: WebhooksAnswer {
            active: census.active,
            inactive: census.inactive,
            disabled: census.disabled,
        },
        waiting: WaitingAnswer { pending: waiting.pending, retrying: waiting.retrying, held: waiting.held },
        last_hour: (&sum(&minutes)).into(),
        step: day.step.as_str(),
        data: filled(day, &hours),
        worst: failing.into_iter().filter_map(|one| worst(&api, one)).collect(),
        nodes: nodes.into_iter().map(|node| NodeAnswer::of(node, now)).collect(),
    }))
}
