//! Sending again what a filter matches: how much that is, how far it has come, and an end
//! before it is done.
//!
//! What a replay schedules waits among everything else; an entry that waits names the
//! replay that put it there, and how its delivery stood before. So a replay can be told
//! and stopped without a list of its own.

use serde_json::{Value, json};
use waxwing_core::{AccountId, DeliveryState, EventId, EventType, ReplayId, Timestamp, WebhookId};

use crate::{Actor, AuditEntry, LogFilter};

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
