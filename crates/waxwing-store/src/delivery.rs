//! Deliveries as the engine handles them.

use std::time::Duration;

use bytes::Bytes;
use waxwing_core::{DeliveryState, DisabledReason, EventId, Outcome, Timestamp, delivery::Verdict};

/// The longest part of a response body that is kept, in bytes.
pub const MAX_RESPONSE_BODY: usize = 1024;

/// The store's row numbers of one delivery. Events are numbered in publish order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryKey {
    /// The webhook's row.
    pub webhook: i64,
    /// The event's row.
    pub event: i64,
}

/// The two queues of a lane. Fresh events never wait behind retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queue {
    /// First attempts, in publish order: at once.
    First,
    /// Retries and replays, by the time they are due.
    Again,
}

/// One delivery that waits for an attempt by this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Which delivery.
    pub key: DeliveryKey,
    /// Which queue it waits in.
    pub queue: Queue,
    /// When it is due; [`Timestamp::EPOCH`] in [`Queue::First`].
    pub due_at: Timestamp,
    /// The event's id, signed and sent as `webhook-id`.
    pub event_id: EventId,
    /// The envelope to send.
    pub body: Bytes,
    /// When the event was published.
    pub published_at: Timestamp,
    /// Failed attempts of the present schedule: its position.
    pub step: u32,
    /// Changes when somebody replays it: an attempt that began before does not
    /// end the new one.
    pub generation: u32,
    /// The row of the replay that asked for this sending, if one did.
    pub replay: Option<i64>,
}

/// One HTTP request of a delivery, with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// What came of it.
    pub outcome: Outcome,
    /// The first [`MAX_RESPONSE_BODY`] bytes of the answer.
    pub response_body: Bytes,
}

/// An attempt to be recorded, with what follows from it.
#[derive(Debug, Clone)]
pub struct Completion {
    /// Which delivery.
    pub key: DeliveryKey,
    /// Its generation when the attempt began.
    pub generation: u32,
    /// The row of the replay that asked for this sending.
    pub replay: Option<i64>,
    /// The attempt.
    pub attempt: Attempt,
    /// What follows.
    pub verdict: Verdict,
    /// How long a webhook may fail every attempt before it is disabled.
    pub disable_after: Duration,
    /// Whether the event's payload goes once no delivery of it is left to be made: all
    /// were delivered, or canceled.
    pub drop_payload: bool,
    /// Whether it was offered before, and nobody knows whether it was kept: it counts once.
    pub repeated: bool,
    /// Now: the end of the attempt.
    pub now: Timestamp,
}

/// The answer to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Whether the verdict took effect. It does not when the delivery was
    /// replayed, canceled or taken over by another node since: then the attempt
    /// stands in the log and nothing else changes.
    pub applied: bool,
    /// The delivery's state now, as a reader sees it.
    pub state: DeliveryState,
    /// Why the webhook was disabled by this attempt, if it was.
    pub disabled: Option<DisabledReason>,
}

/// A stretch of a lane's queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LanePage {
    /// What is due, in the queue's order.
    pub due: Vec<Due>,
    /// [`Queue::Again`]: when the first entry that is not due yet will be.
    pub next_due_at: Option<Timestamp>,
    /// Whether the page ended at its bound rather than at the queue's end.
    pub more: bool,
}

/// A webhook that has deliveries of this node waiting in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneStart {
    /// The webhook's row.
    pub webhook: i64,
    /// Whether first attempts wait.
    pub first: bool,
    /// When the earliest retry is due.
    pub again_at: Option<Timestamp>,
}
