//! Sending again what a filter matches: how much that is, how far it has come, and an end
//! before it is done.
//!
//! What a replay schedules waits among everything else; an entry that waits names the
//! replay that put it there, and how its delivery stood before. So a replay can be told
//! and stopped without a list of its own.

use async_trait::async_trait;
use serde_json::{Value, json};
use waxwing_core::{AccountId, DeliveryState, EventId, EventType, ReplayId, Timestamp, WebhookId};

use crate::{Actor, AuditEntry, LogFilter, Node, Page, PageRequest, RetryError, StoreError};

type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Which deliveries are to be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayFilter {
    /// These events only; otherwise all that `matching` lets through.
    pub event_ids: Option<Vec<EventId>>,
    /// State, type and time.
    pub matching: LogFilter,
}

/// The store's row numbers of one replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayKey {
    /// Its own.
    pub replay: i64,
    /// The webhook's.
    pub webhook: i64,
}

/// A part of a replay, done in one short transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayBite {
    /// Deliveries that are scheduled again.
    pub replayed: usize,
    /// Where the next bite begins; `None` when all is done, or the replay was stopped.
    pub next: Option<i64>,
}

/// How many deliveries a filter matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matching {
    /// Those that were found.
    pub count: u64,
    /// Whether all were looked at.
    pub whole: bool,
}

/// A replay, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Its id.
    pub id: ReplayId,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Since when everything that matches is scheduled.
    pub scheduled_at: Option<Timestamp>,
    /// When it was asked for or, if that is later, when it scheduled something last. One that
    /// stands still before everything is scheduled broke off.
    pub touched_at: Timestamp,
    /// When it was stopped.
    pub stopped_at: Option<Timestamp>,
    /// Deliveries that it scheduled.
    pub replayed: u64,
    /// Of these: those that wait for an attempt, their first one since or a retry.
    pub waiting: u64,
    /// Those that were delivered.
    pub delivered: u64,
    /// Those whose attempts are exhausted.
    pub failed: u64,
}

/// The part of a [`Store`](crate::Store) that sends again what a filter matches.
#[async_trait]
pub trait Replays {
    /// How many deliveries `filter` matches, of which at most `look` are looked at, newest
    /// first; `None` when the account has no such webhook.
    async fn matching(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        filter: &ReplayFilter,
        look: usize,
    ) -> Result<Option<Matching>>;
    /// Keeps that a replay was asked for, and gives its rows. It means what was published so
    /// far: otherwise one of everything would run after live traffic.
    async fn begin_replay(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: ReplayId,
        filter: &ReplayFilter,
        by: &Actor,
    ) -> Result<ReplayKey, RetryError>;
    /// Sends again, as [`Store::retry`](crate::Store::retry) does, what the filter of a replay
    /// matches among at most `limit` deliveries from row `from` on (0 for the first call),
    /// oldest first. What was erased is left out.
    async fn replay(
        &self,
        node: Node,
        replay: ReplayKey,
        filter: &ReplayFilter,
        from: i64,
        limit: usize,
        now: Timestamp,
    ) -> Result<ReplayBite, RetryError>;
    /// A webhook's replays, newest first; `None` when the account never had such a webhook.
    async fn replays(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        page: PageRequest,
    ) -> Result<Option<Page<Replay>>>;
    /// One of them.
    async fn replay_named(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
    ) -> Result<Option<Replay>>;
    /// Ends a replay: it schedules nothing more, and at most `limit` deliveries that it
    /// scheduled and nobody attempted since are taken back. Those that had ended before
    /// stand as they did then; those that waited anyway go on waiting. Whether there may be
    /// more to take back, `None` when there is no such replay.
    async fn stop_replay(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
        limit: usize,
        by: &Actor,
    ) -> Result<Option<bool>>;
}

impl Replay {
    /// Those that this replay does not send any more: it was stopped, or they were sent
    /// again otherwise, canceled or erased.
    pub fn withdrawn(&self) -> u64 {
        self.replayed.saturating_sub(self.waiting + self.delivered + self.failed)
    }
}

impl AuditEntry {
    /// A replay that was begun.
    pub fn of_replay(
        actor: &Actor,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
        filter: &ReplayFilter,
    ) -> Self {
        let LogFilter { state, event_type, since, until, .. } = &filter.matching;
        let told = json!({
            "webhook": webhook.as_str(),
            "event_ids": filter.event_ids.as_ref().map(Vec::len),
            "status": state.map(DeliveryState::as_str),
            "type": event_type.as_ref().map(EventType::as_str),
            "since": time(*since),
            "until": time(*until),
        });
        Self::of(actor, "replay.create", Some(account), id.as_str(), Some(&told))
    }

    /// A replay that was stopped.
    pub fn of_stopped_replay(actor: &Actor, account: &AccountId, webhook: &WebhookId, id: &ReplayId) -> Self {
        let told = json!({ "webhook": webhook.as_str() });
        Self::of(actor, "replay.stop", Some(account), id.as_str(), Some(&told))
    }
}

fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| at.to_string().into())
}
