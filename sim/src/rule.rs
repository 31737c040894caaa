//! The rules by number and name, as docs/internals/simulation.md explains them.

use std::fmt;

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// An acknowledged event has a delivery to each webhook.
    Deliveries = 1,
    /// Each delivery is made, or failed after all its attempts, or was canceled on purpose.
    Outcome = 2,
    /// The log has the attempts that were made.
    Log = 3,
    /// Nothing is sent that is finished.
    Finished = 4,
    /// Nothing is sent before it is due.
    Due = 5,
    /// Nothing is sent to a webhook that takes no deliveries.
    Paused = 6,
    /// One engine at a time is at a delivery, and only while it holds its lease.
    Lease = 7,
    /// An attempt is recorded before the next one begins.
    Recorded = 8,
    /// Attempts under way and deliveries in memory are bounded.
    Bounds = 9,
    /// Requests are signed, and of events that were published.
    Signed = 10,
    /// Everything drains.
    Drained = 11,
    /// First attempts go in the order of publishing.
    Order = 12,
    /// What is counted is what the log says.
    Counted = 13,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {} ({self:?})", *self as u8)
    }
}

/// A rule that was broken.
#[derive(Debug, Clone)]
pub struct Violation {
    /// Which one.
    pub rule: Rule,
    /// By whom, and how.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.what)
    }
}
