//! What is counted of webhooks over time: volume, success, latency.
//!
//! A store counts in the commit that keeps an event or an attempt. Each commit leaves one
//! small row, its [`Tally`]; some seconds later the tallies are rolled up into one row
//! for each webhook and minute, and as they age minutes become hours, and hours days.
//! Every number stands in exactly one place, so that whoever reads adds up what there
//! is, and nothing is lost or counted twice when a process is killed.

mod counting;
mod latencies;
mod step;
mod tally;

use std::collections::BTreeMap;

use waxwing_core::{AccountId, Timestamp, WebhookId};

pub use counting::Counting;
pub use latencies::{BUCKETS, Latencies};
pub use step::{Span, Step};
pub use tally::{Tally, Tick};

/// The row that stands for all webhooks together.
pub const ALL_WEBHOOKS: i64 = 0;

/// Tallies that one bite of [`Counting::roll_up`] takes at most, and
/// rows that it moves to a longer step.
pub const ROLL_UP_BITE: usize = 1_000;

/// What is counted in a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events published to the webhook: each began a delivery.
    pub events: u64,
    /// Attempts that were answered with a 2xx.
    pub succeeded: u64,
    /// Attempts that were not.
    pub failed: u64,
    /// Deliveries that ended well.
    pub delivered: u64,
    /// Deliveries that ended as `failed`.
    pub exhausted: u64,
    /// How long receivers took to answer, whatever they answered.
    pub answers: Latencies,
}

impl Counts {
    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.delivered += other.delivered;
        self.exhausted += other.exhausted;
        self.answers.add(&other.answers);
    }

    /// Attempts made.
    pub fn attempts(&self) -> u64 {
        self.succeeded + self.failed
    }
}

/// Counts by when their step begins, in milliseconds, and by the webhook's row: in the
/// order in which every store writes them, so that two that write at once wait rather
/// than stand in each other's way.
pub type Sums = BTreeMap<(i64, i64), Counts>;

/// Adds to the counts of webhooks those of all of them together.
pub fn add_up(sums: &mut Sums) {
    let mut all = Sums::new();
    for ((at, _), counts) in &*sums {
        all.entry((*at, ALL_WEBHOOKS)).or_default().add(counts);
    }
    sums.append(&mut all);
}

/// What was counted in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// When the step begins.
    pub at: Timestamp,
    /// What was counted.
    pub counts: Counts,
}

/// A webhook that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worst {
    /// Its account.
    pub account: AccountId,
    /// Its id.
    pub webhook: WebhookId,
    /// What was counted of it.
    pub counts: Counts,
    /// Why a delivery failed that still waits, or failed for good; the latest such.
    pub last_error: Option<String>,
    /// What it was answered with.
    pub last_status_code: Option<u16>,
}
