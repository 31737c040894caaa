//! What the tests do to a world again and again: read a lane, make an attempt,
//! look into the log, switch a webhook off and on.

use std::time::Duration;

use bytes::Bytes;
use waxwing_core::{AttemptError, DeliveryState, EventId, Outcome, ReplayId, Timestamp, delivery::Verdict};

use super::world::{DISABLE_AFTER, Hook, World, at, by};
use crate::{
    Attempt, Completion, Due, LanePage, LogDetail, LogEntry, LogFilter, Node, PageRequest, Queue, Recorded,
    ReplayFilter, ReplayKey, StoreError, WebhookChange,
};

/// More than any test puts into a lane.
pub(super) const ALL: usize = 5_000;
/// How long every attempt takes.
pub(super) const TOOK: Duration = Duration::from_millis(120);
/// Bites after which a loop that should have ended is taken for endless.
pub(super) const MANY: usize = 1_000;

/// The events of these deliveries, in order.
pub(super) fn ids(due: &[Due]) -> Vec<EventId> {
    due.iter().map(|due| due.event_id.clone()).collect()
}

/// The same ids in an order of their own, to compare sets.
pub(super) fn sorted(mut ids: Vec<EventId>) -> Vec<EventId> {
    ids.sort();
    ids
}

/// A filter by state.
pub(super) fn in_state(state: DeliveryState) -> LogFilter {
    LogFilter { state: Some(state), ..LogFilter::default() }
}

/// A replay of everything that `matching` lets through.
pub(super) fn replay_of(matching: LogFilter) -> ReplayFilter {
    ReplayFilter { event_ids: None, matching }
}

fn outcome(verdict: Verdict) -> Outcome {
    let failed = |status| Outcome::Failed(AttemptError::Status { status, retry_after: None });
    match verdict {
        Verdict::Delivered => Outcome::Succeeded { status: 204 },
        Verdict::RetryAt(_) | Verdict::Exhausted => failed(500),
        Verdict::Gone => failed(410),
    }
}

/// An attempt at `due` that ended at `now` with this verdict.
pub(super) fn completion(due: &Due, verdict: Verdict, now: Timestamp) -> Completion {
    let attempt = Attempt {
        started_at: now.before(TOOK),
        duration: TOOK,
        outcome: outcome(verdict),
        response_body: Bytes::from_static(b"said the receiver"),
    };
    Completion {
        key: due.key,
        generation: due.generation,
        replay: due.replay,
        attempt,
        verdict,
        disable_after: DISABLE_AFTER,
        drop_payload: false,
        repeated: false,
        now,
    }
}

impl World {
    /// First attempts of a node that wait for a webhook.
    pub(super) async fn first_of(&self, node: Node, hook: &Hook) -> Vec<Due> {
        let page = self.store.lane_page(node, hook.row, Queue::First, 0, at(0), ALL).await.unwrap();
        assert!(!page.more, "a page of {ALL} holds what a test publishes");
        page.due
    }

    /// First attempts of the world's node.
    pub(super) async fn first(&self, hook: &Hook) -> Vec<Due> {
        self.first_of(self.node, hook).await
    }

    /// The one first attempt that waits.
    pub(super) async fn only_first(&self, hook: &Hook) -> Due {
        let mut due = self.first(hook).await;
        assert_eq!(due.len(), 1, "one first attempt waits");
        due.remove(0)
    }

    /// Retries of a node that are due by `now`.
    pub(super) async fn again_of(&self, node: Node, hook: &Hook, now: Timestamp) -> LanePage {
        self.store.lane_page(node, hook.row, Queue::Again, 0, now, ALL).await.unwrap()
    }

    /// Retries of the world's node.
    pub(super) async fn again(&self, hook: &Hook, now: Timestamp) -> LanePage {
        self.again_of(self.node, hook, now).await
    }

    /// Everything of a node that waits for a webhook, due or not.
    pub(super) async fn waiting(&self, hook: &Hook) -> Vec<Due> {
        let mut due = self.first(hook).await;
        due.extend(self.again(hook, Timestamp::MAX).await.due);
        due
    }

    /// Records an attempt by a node.
    pub(super) async fn record_by(
        &self,
        node: Node,
        due: &Due,
        verdict: Verdict,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        self.store.record(node, completion(due, verdict, now)).await
    }

    /// Records an attempt by the world's node.
    pub(super) async fn record(&self, due: &Due, verdict: Verdict, now: Timestamp) -> Recorded {
        self.record_by(self.node, due, verdict, now).await.unwrap()
    }

    /// Publishes one event and makes its attempt, to one webhook, at `now`.
    pub(super) async fn publish_and(&self, hook: &Hook, verdict: Verdict, now: Timestamp) -> EventId {
        let id = self.publish(1, now).await.remove(0);
        let due = self.first(hook).await.into_iter().find(|due| due.event_id == id).expect("it waits");
        assert!(self.record(&due, verdict, now).await.applied);
        id
    }

    /// One page of a log.
    pub(super) async fn log_page(
        &self,
        hook: &Hook,
        filter: &LogFilter,
        limit: usize,
        cursor: Option<i64>,
    ) -> (Vec<LogEntry>, Option<i64>) {
        let page = PageRequest { limit, cursor };
        let page = self.store.log(&hook.account, &hook.id, filter.clone(), page).await.unwrap();
        let page = page.expect("the webhook has a log");
        assert!(page.items.len() <= limit, "a page stays within its limit");
        (page.items, page.next)
    }

    /// A log, read to its end in pages of `limit`.
    pub(super) async fn log_in_pages(&self, hook: &Hook, filter: &LogFilter, limit: usize) -> Vec<LogEntry> {
        let (mut all, mut next) = self.log_page(hook, filter, limit, None).await;
        for _ in 0..MANY {
            let Some(cursor) = next else { return all };
            let (items, after) = self.log_page(hook, filter, limit, Some(cursor)).await;
            all.extend(items);
            next = after;
        }
        panic!("the log does not end");
    }

    /// The whole log.
    pub(super) async fn log(&self, hook: &Hook) -> Vec<LogEntry> {
        self.log_in_pages(hook, &LogFilter::default(), 100).await
    }

    /// The events that a filter lets through, newest first.
    pub(super) async fn logged(&self, hook: &Hook, filter: &LogFilter) -> Vec<EventId> {
        self.log_in_pages(hook, filter, 100).await.into_iter().map(|entry| entry.event_id).collect()
    }

    /// One delivery.
    pub(super) async fn detail(&self, hook: &Hook, id: &EventId) -> LogDetail {
        let detail = self.store.log_detail(&hook.account, &hook.id, id).await.unwrap();
        detail.expect("the delivery is in the log")
    }

    /// The state of one delivery.
    pub(super) async fn state(&self, hook: &Hook, id: &EventId) -> DeliveryState {
        self.detail(hook, id).await.entry.state
    }

    /// Makes a webhook active or inactive.
    pub(super) async fn set_active(&self, hook: &Hook, active: bool, now: Timestamp) {
        let change = WebhookChange { active: Some(active), ..WebhookChange::default() };
        let changed = self.store.update_webhook(&hook.account, &hook.id, change, &by(now)).await.unwrap();
        assert_eq!(changed.expect("the webhook is there").status.is_active(), active);
    }

    /// Releases what a webhook held, in bites of `limit`, to the end.
    pub(super) async fn release(&self, hook: &Hook, limit: usize, now: Timestamp) {
        for _ in 0..MANY {
            if self.store.release(hook.row, limit, now).await.unwrap() {
                return;
            }
        }
        panic!("the release does not end");
    }

    /// Makes a webhook active and releases what it held.
    pub(super) async fn activate(&self, hook: &Hook, now: Timestamp) {
        self.set_active(hook, true, now).await;
        self.release(hook, 100, now).await;
    }

    /// Deletes a webhook.
    pub(super) async fn delete(&self, hook: &Hook, now: Timestamp) {
        assert!(self.store.delete_webhook(&hook.account, &hook.id, &by(now)).await.unwrap());
    }

    /// Replays in bites of `limit`, to the end; how many were scheduled.
    pub(super) async fn replay(
        &self,
        hook: &Hook,
        filter: &ReplayFilter,
        limit: usize,
        now: Timestamp,
    ) -> usize {
        self.replay_to_the_end(self.begin_replay(hook, filter, now).await.1, filter, limit, now).await
    }

    /// Begins a replay: its id and its rows.
    pub(super) async fn begin_replay(
        &self,
        hook: &Hook,
        filter: &ReplayFilter,
        now: Timestamp,
    ) -> (ReplayId, ReplayKey) {
        let id = self.replay_id(now);
        let key = self.store.begin_replay(&hook.account, &hook.id, id.clone(), filter, &by(now)).await;
        (id, key.unwrap())
    }

    /// Schedules what a replay matches, in bites; how many that is.
    pub(super) async fn replay_to_the_end(
        &self,
        replay: ReplayKey,
        filter: &ReplayFilter,
        limit: usize,
        now: Timestamp,
    ) -> usize {
        let (mut replayed, mut from) = (0, 0);
        for _ in 0..MANY {
            let bite = self.store.replay(self.node, replay, filter, from, limit, now).await.unwrap();
            assert!(bite.replayed <= limit, "a bite stays within its limit");
            replayed += bite.replayed;
            let Some(next) = bite.next else {
                return replayed;
            };
            from = next;
        }
        panic!("the replay does not end");
    }
}
