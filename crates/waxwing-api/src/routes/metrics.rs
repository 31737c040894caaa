//! What was counted of a webhook over time.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, State},
};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;
use waxwing_core::Timestamp;
use waxwing_store::{Counts, Point, Span, Step};

use super::webhooks::webhook_id;
use crate::{
    Api,
    auth::Viewer,
    problem::{Code, Problem, Result},
    query::Query,
};

/// Points of one answer at most: a day and an hour of minutes.
const MAX_POINTS: usize = 1_500;
/// What is shown when the request does not say since when.
const DEFAULT_RANGE: Duration = Duration::from_hours(24);
/// Unless the request says, points are as short as leaves no more than this: 6 h of
/// minutes, a month of hours.
const ENOUGH_POINTS: [usize; 3] = [361, 745, MAX_POINTS];

/// A webhook's volume, success and latency over time.
#[derive(Serialize, ToSchema)]
pub(crate) struct MetricsAnswer {
    webhook_id: String,
    /// How wide a point is: minute, hour or day (of UTC).
    step: &'static str,
    /// When the first point begins.
    since: String,
    /// When the last point ends.
    until: String,
    totals: CountsAnswer,
    /// A point for each step, oldest first; one in which nothing happened has zeros.
    data: Vec<PointAnswer>,
}

/// What was counted.
#[derive(Serialize, ToSchema)]
pub(crate) struct CountsAnswer {
    /// Events that were published to the webhook; each began a delivery.
    events: u64,
    /// Attempts made: `succeeded` and `failed` together.
    attempts: u64,
    /// Attempts that were answered with a 2xx.
    succeeded: u64,
    /// All other attempts.
    failed: u64,
    /// Deliveries that ended as delivered.
    delivered: u64,
    /// Deliveries that ended as failed: no attempts were left, or the answer was 410.
    exhausted: u64,
    /// Half of the receiver's answers took no longer; null when there was none. At most
    /// 12.5 % off, as the others.
    p50_ms: Option<u64>,
    p95_ms: Option<u64>,
    p99_ms: Option<u64>,
}

impl From<&Counts> for CountsAnswer {
    fn from(counts: &Counts) -> Self {
        Self {
            events: counts.events,
            attempts: counts.attempts(),
            succeeded: counts.succeeded,
            failed: counts.failed,
            delivered: counts.delivered,
            exhausted: counts.exhausted,
            p50_ms: counts.answers.percentile(50),
            p95_ms: counts.answers.percentile(95),
            p99_ms: counts.answers.percentile(99),
        }
    }
}

/// What was counted in one step.
#[derive(Serialize, ToSchema)]
pub(crate) struct PointAnswer {
    /// When the step begins.
    at: String,
    #[serde(flatten)]
    counts: CountsAnswer,
}

/// All of `points` together.
pub(super) fn sum(points: &[Point]) -> Counts {
    let mut sum = Counts::default();
    for point in points {
        sum.add(&point.counts);
    }
    sum
}

/// A point for each step of `span`, with zeros where nothing was counted.
pub(super) fn filled(span: Span, points: &[Point]) -> Vec<PointAnswer> {
    let nothing = Counts::default();
    let counted = |at: Timestamp| {
        let found = points.binary_search_by_key(&at, |point| point.at);
        found.map_or(&nothing, |index| &points[index].counts)
    };
    span.steps().map(|at| PointAnswer { at: at.to_string(), counts: counted(at).into() }).collect()
}

/// The stretch of time that a request asks for.
fn span(query: &Query, now: Timestamp) -> Result<Span> {
    let until = query.time("until")?.unwrap_or(now);
    let since = query.time("since")?.unwrap_or_else(|| until.before(DEFAULT_RANGE));
    let refuse = |detail: String| Err(Problem::new(Code::QueryInvalid, detail));
    if since >= until {
        return refuse(format!("The parameter \"since\" ({since}) must be before \"until\" ({until})."));
    }
    let asked = query.step()?;
    let fits = |(step, enough): &(Step, usize)| {
        Span::covering(since, until, *step).points() <= *enough && is_kept(*step, since, now)
    };
    let fitting = || Step::ALL.into_iter().zip(ENOUGH_POINTS).find(fits).map_or(Step::Day, |(step, _)| step);
    let step = asked.unwrap_or_else(fitting);
    let span = Span::covering(since, until, step);
    if span.points() > MAX_POINTS {
        let (points, word) = (span.points(), step.as_str());
        return refuse(format!(
            "That is {points} points, one for each {word}; {MAX_POINTS} at most. Ask for a longer step or a shorter time."
        ));
    }
    if !is_kept(step, since, now) {
        let (kept, word) = (step.kept().as_secs() / (24 * 60 * 60), step.as_str());
        return refuse(format!("Each {word} is kept for {kept} days. Ask for a longer step."));
    }
    Ok(span)
}

/// Whether steps of this length are still there. Of days the oldest are simply zero.
fn is_kept(step: Step, since: Timestamp, now: Timestamp) -> bool {
    step.longer().is_none() || step.begin(since) >= step.kept_since(now)
}

/// Show a webhook's volume, success and latency over time
#[utoipa::path(get, path = "/api/webhook/{id}/metrics", operation_id = "show_metrics", tag = "Account",
    params(("id" = String, Path), ("since" = Option<String>, Query), ("until" = Option<String>, Query),
        ("step" = Option<String>, Query, pattern = "^(minute|hour|day)$")),
    responses((status = 200, body = MetricsAnswer)))]
pub(crate) async fn show(
    Viewer(account): Viewer,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<MetricsAnswer>> {
    let query = Query::read(&uri, &["since", "until", "step"])?;
    let (webhook, span) = (webhook_id(&id)?, span(&query, api.now())?);
    let found = api.store.counts(&account, &webhook, span).await?;
    let points = found.ok_or_else(|| Problem::not_found("webhook"))?;
    Ok(Json(MetricsAnswer {
        webhook_id: webhook.to_string(),
        step: span.step.as_str(),
        since: span.since.to_string(),
        until: span.until.to_string(),
        totals: (&sum(&points)).into(),
        data: filled(span, &points),
    }))
}
