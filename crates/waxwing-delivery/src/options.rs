//! The engine's bounds, each with its reason.

use std::time::Duration;

use waxwing_core::RetrySchedule;

/// Deliveries of one queue of one lane that are kept in memory at most.
pub const LANE_WINDOW: usize = 64;
/// Bytes of event bodies in all lanes at most; past it a lane keeps one delivery.
pub const WINDOW_BYTES: usize = 48 << 20;
/// Lanes without work that are remembered, for their parsed URL and keyed signatures.
pub const IDLE_LANES: usize = 10_000;
/// Rows of one bite of upkeep: a millisecond or two of the store's writer.
pub const BITE: usize = 250;

/// The pause before a store that could not be reached is asked again.
pub const UNREACHABLE_PAUSE: Duration = Duration::from_millis(500);
/// The pause after a page could not be read.
pub const LOAD_PAUSE: Duration = Duration::from_millis(200);

/// What an operator may set.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The bound of one attempt, whole exchange.
    pub request_timeout: Duration,
    /// The waits between attempts.
    pub schedule: RetrySchedule,
    /// How long a webhook may fail every attempt before it is disabled.
    pub disable_after: Duration,
    /// Attempts under way in all. One costs about 35 KB while it lasts.
    pub in_flight: usize,
    /// Attempts under way for one webhook.
    pub in_flight_per_webhook: usize,
    /// How long a node owns its deliveries without a sign of life.
    pub lease: Duration,
    /// How long finished deliveries and their events are kept.
    pub retention: Duration,
    /// Whether an event's payload goes once every delivery of it was made.
    pub drop_payloads: bool,
    /// How often retention, takeover and leftovers of deletions are looked after.
    pub upkeep_every: Duration,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(5),
            schedule: RetrySchedule::default(),
            disable_after: Duration::from_hours(5 * 24),
            in_flight: 2_048,
            in_flight_per_webhook: 32,
            lease: Duration::from_secs(30),
            retention: Duration::from_hours(30 * 24),
            drop_payloads: false,
            upkeep_every: Duration::from_mins(1),
        }
    }
}

impl EngineOptions {
    /// Slots that retries and replays may use; the rest is kept for first
    /// attempts, so that a storm of retries never crowds out fresh events.
    pub(crate) fn slots_for_again(&self) -> usize {
        (self.in_flight - self.in_flight / 4).max(1)
    }

    /// The same within one lane.
    pub(crate) fn lane_slots_for_again(&self) -> usize {
        (self.in_flight_per_webhook - self.in_flight_per_webhook / 4).max(1)
    }
}
