//! A webhook's status and the rules that change it.

use std::time::Duration;

use crate::Timestamp;

/// Whether a webhook takes deliveries now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WebhookStatus {
    /// Deliveries are sent.
    Active,
    /// Paused by its account: deliveries are held.
    Inactive,
    /// Switched off by the service, for this reason: deliveries are held.
    Disabled(DisabledReason),
}

/// Why the service switched a webhook off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisabledReason {
    /// The receiver answered `410 Gone`.
    Gone,
    /// Every attempt failed for longer than the operator allows.
    Failing,
}

impl WebhookStatus {
    /// Whether deliveries may be sent.
    pub fn is_active(self) -> bool {
        self == Self::Active
    }

    /// The word that the contract uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Disabled(_) => "disabled",
        }
    }

    /// The reason, when the service switched the webhook off.
    pub fn disabled_reason(self) -> Option<DisabledReason> {
        match self {
            Self::Disabled(reason) => Some(reason),
            Self::Active | Self::Inactive => None,
        }
    }
}

impl DisabledReason {
    /// The word that the API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

/// How a webhook has fared lately. Kept in the store with every recorded
/// attempt, so that it survives a restart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// When an attempt last succeeded.
    pub last_success_at: Option<Timestamp>,
    /// When an attempt last failed.
    pub last_failure_at: Option<Timestamp>,
    /// Failed attempts since the last success.
    pub consecutive_failures: u32,
    /// When the first of these failed.
    pub failing_since: Option<Timestamp>,
}

impl Health {
    /// After an attempt that succeeded at `at`.
    #[must_use]
    pub fn succeeded(self, at: Timestamp) -> Self {
        Self { last_success_at: Some(at), consecutive_failures: 0, failing_since: None, ..self }
    }

    /// After an attempt that failed at `at`.
    #[must_use]
    pub fn failed(self, at: Timestamp) -> Self {
        Self {
            last_failure_at: Some(at),
            consecutive_failures: self.consecutive_failures.saturating_add(1),
            failing_since: self.failing_since.or(Some(at)),
            ..self
        }
    }

    /// A new start, when the webhook is made active again: old failures do not
    /// count towards switching it off.
    #[must_use]
    pub fn forgiven(self) -> Self {
        Self { consecutive_failures: 0, failing_since: None, ..self }
    }

    /// Whether every attempt failed for `limit` or longer.
    pub fn is_failing_for(&self, limit: Duration, now: Timestamp) -> bool {
        self.failing_since.is_some_and(|since| now >= since.after(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn at(day: u32) -> Timestamp {
        Timestamp::EPOCH.after(DAY * day)
    }

    #[test]
    fn failing_counts_from_the_first_failure_after_the_last_success() {
        let health = Health::default().failed(at(1)).succeeded(at(2)).failed(at(3)).failed(at(5));
        assert_eq!(health.failing_since, Some(at(3)));
        assert_eq!(health.consecutive_failures, 2);
        assert!(!health.is_failing_for(5 * DAY, at(7)));
        assert!(health.is_failing_for(5 * DAY, at(8)));
    }

    #[test]
    fn a_success_or_a_new_start_clears_the_record() {
        let failing = Health::default().failed(at(1));
        assert!(!failing.succeeded(at(9)).is_failing_for(DAY, at(9)));
        assert!(!failing.forgiven().is_failing_for(DAY, at(9)));
        assert_eq!(failing.forgiven().last_failure_at, Some(at(1)));
    }
}
