//! One attempt, from the request to its record in the store.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tracing::{debug, error, info};
use waxwing_core::{Outcome, clock::random, delivery::Verdict, schedule::Jitter};
use waxwing_store::{
    Attempt, Completion, Due, Node, Queue, Recorded, StoreError,
    metrics::{OutcomeLabel, StateLabel},
};

use crate::{engine::Shared, options::UNREACHABLE_PAUSE, route::Route, sender::Response};

/// How long to wait before an outcome that the store was too busy for is offered again.
const BUSY_PAUSE: Duration = Duration::from_millis(20);
/// How long a delivery whose outcome could not be kept is not sent again: it keeps its slot.
const FAILED_PAUSE: Duration = Duration::from_secs(1);

/// How an attempt ended, for the dispatcher.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) webhook: i64,
    pub(crate) event: i64,
    pub(crate) queue: Queue,
    pub(crate) succeeded: bool,
    /// What the store said; an error means that the engine must stop.
    pub(crate) recorded: Result<Recorded, StoreError>,
}

/// Makes one attempt and records it. Spawn it in a box: it is large, and a task's state is
/// moved some five times before it runs.
pub(crate) async fn run(shared: Arc<Shared>, node: Node, route: Arc<Route>, due: Due) -> Done {
    let started_at = shared.clock.now();
    let started = Instant::now();
    let response = send(&shared, &route, &due).await;
    let attempt = Attempt {
        started_at,
        duration: started.elapsed(),
        outcome: response.outcome,
        response_body: response.body,
    };
    let now = shared.clock.now();
    // Only a failure needs a jitter.
    let jitter = match attempt.outcome {
        Outcome::Succeeded { .. } => Jitter::NONE,
        Outcome::Failed(_) => Jitter::from_random(u16::from_le_bytes(random(&*shared.entropy))),
    };
    let verdict = Verdict::of(&attempt.outcome, due.step, &shared.options.schedule, jitter, now);
    observe(&shared, &route, &due, &attempt);
    let completion = Completion {
        key: due.key,
        generation: due.generation,
        replay: due.replay,
        attempt,
        verdict,
        disable_after: shared.options.disable_after,
        drop_payload: shared.options.drop_payloads,
        repeated: false,
        now,
    };
    let succeeded = verdict == Verdict::Delivered;
    let recorded = record(&shared, node, completion).await;
    if let Ok(recorded) = &recorded {
        announce(&shared, &route, &due, verdict, *recorded, now.since(due.published_at));
    }
    Done { webhook: due.key.webhook, event: due.key.event, queue: due.queue, succeeded, recorded }
}

async fn send(shared: &Shared, route: &Route, due: &Due) -> Response {
    match route.request(due, shared.clock.now(), shared.options.request_timeout) {
        Ok(request) => shared.sender.send(request).await,
        Err(error) => Response { outcome: Outcome::Failed(error), body: bytes::Bytes::new() },
    }
}

/// An outcome is kept whatever it takes: a store that is busy or out of reach is
/// asked again until it takes it or the engine is ended. One that fails may fail each time: then the
/// receiver gets a duplicate every now and then rather than a flood of them.
async fn record(shared: &Shared, node: Node, mut completion: Completion) -> Result<Recorded, StoreError> {
    loop {
        match shared.store.record(node, completion.clone()).await {
            Err(StoreError::Busy) => tokio::time::sleep(BUSY_PAUSE).await,
            Err(StoreError::Unreachable(_)) => {
                completion.repeated = true;
                tokio::time::sleep(UNREACHABLE_PAUSE).await;
            }
            Err(error @ StoreError::Failed(_)) => {
                tokio::time::sleep(FAILED_PAUSE).await;
                return Err(error);
            }
            answer => return answer,
        }
    }
}

fn observe(shared: &Shared, route: &Route, due: &Due, attempt: &Attempt) {
    let outcome = attempt.outcome.kind();
    shared.metrics.attempts.get_or_create(&OutcomeLabel { outcome }).inc();
    shared.metrics.attempt_seconds.observe(attempt.duration.as_secs_f64());
    debug!(
        webhook = %route.target.id,
        event = %due.event_id,
        outcome,
        status = attempt.outcome.status_code(),
        duration_ms = u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
        error = attempt.outcome.error().map(tracing::field::display),
        "attempt"
    );
}

fn announce(
    shared: &Shared,
    route: &Route,
    due: &Due,
    verdict: Verdict,
    recorded: Recorded,
    since_published: Duration,
) {
    let webhook = &route.target.id;
    if let Some(reason) = recorded.disabled {
        shared.metrics.disabled.inc();
        info!(%webhook, account = %route.target.account, reason = reason.as_str(), "webhook disabled; its deliveries are held");
    }
    if !recorded.applied {
        return;
    }
    match verdict {
        Verdict::Delivered => {
            shared.metrics.delivered_seconds.observe(since_published.as_secs_f64());
            shared.metrics.finished.get_or_create(&StateLabel { state: "delivered" }).inc();
        }
        Verdict::Exhausted | Verdict::Gone => {
            shared.metrics.finished.get_or_create(&StateLabel { state: "failed" }).inc();
            info!(%webhook, event = %due.event_id, "delivery failed for good; it can be replayed");
        }
        Verdict::RetryAt(_) => {}
    }
}

/// Says why the engine cannot go on.
pub(crate) fn explain(error: &StoreError) {
    error!(%error, "an outcome could not be recorded; deliveries stop until the program starts again");
}
