//! Erasing personal data: an account's, or one event's payload; and the receipts.
//!
//! A receipt is kept for good and counts only. An erasure of an account goes in bites
//! behind the traffic, is done once whatever crashes, and is complete when the store
//! holds nothing of it any more, free space of its file included where it has one.

use waxwing_core::{AccountId, ErasureId, EventId, Timestamp};

/// The receipt of an erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its id.
    pub id: ErasureId,
    /// Whose data.
    pub account: AccountId,
    /// The one event; `None` for everything of the account.
    pub event: Option<EventId>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When nothing was left; `None` while it is under way.
    pub completed_at: Option<Timestamp>,
    /// What was erased so far.
    pub erased: Erased,
}

/// How much was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Events, or their payloads.
    pub events: u64,
    /// Deliveries, or their words.
    pub deliveries: u64,
    /// Attempts, or their words.
    pub attempts: u64,
    /// Idempotency keys.
    pub idempotency_keys: u64,
    /// Webhooks: URL, description, subscription, secrets.
    pub webhooks: u64,
    /// API keys.
    pub keys: u64,
}

impl Erased {
    /// Whether nothing was there to be erased.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}
