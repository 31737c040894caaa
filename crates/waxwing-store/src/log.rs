//! The event log of a webhook: what a customer sees.

use bytes::Bytes;
use waxwing_core::{DeliveryState, EventId, EventType, Timestamp};

/// Deliveries that are looked at for one page of a filtered log, or one bite of a replay:
/// what is left is for the next one, so that no filter costs more than that at a time.
pub const LOOK: usize = 10_000;

/// One delivery, as the log lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The event.
    pub event_id: EventId,
    /// Its type.
    pub event_type: EventType,
    /// Where the delivery stands, as [`DeliveryState::observed`] shows it.
    pub state: DeliveryState,
    /// Attempts made.
    pub attempt_count: u32,
    /// When the last one began.
    pub last_attempt_at: Option<Timestamp>,
    /// What it was answered with.
    pub last_status_code: Option<u16>,
    /// Why it failed; `None` when it succeeded.
    pub last_error: Option<String>,
    /// When the next one is due; only while pending or retrying.
    pub next_attempt_at: Option<Timestamp>,
    /// When the event was published.
    pub created_at: Timestamp,
}

/// An attempt, as the log lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedAttempt {
    /// Counts from 1.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What it was answered with.
    pub status_code: Option<u16>,
    /// Why it failed.
    pub error: Option<String>,
    /// The beginning of the answer.
    pub response_body: Bytes,
}

/// One delivery with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDetail {
    /// What the list shows.
    pub entry: LogEntry,
    /// The envelope, as it is sent; empty once it is erased.
    pub body: Bytes,
    /// Since when the envelope is erased.
    pub erased_at: Option<Timestamp>,
    /// Every attempt that is kept, oldest first.
    pub attempts: Vec<LoggedAttempt>,
}

/// Which entries of a log are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct LogFilter {
    /// In this state, as a reader sees it.
    pub state: Option<DeliveryState>,
    /// Of exactly this type.
    pub event_type: Option<EventType>,
    /// Published at this moment or later.
    pub since: Option<Timestamp>,
    /// Published before this moment.
    pub until: Option<Timestamp>,
    /// Of the event with this id; if it is none of the webhook's, of those whose ids begin
    /// with it.
    pub event_id: Option<String>,
}
