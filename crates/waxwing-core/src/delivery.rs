//! The delivery state machine.
//!
//! One enum, one total function: every state has an answer to every input, and
//! a new state or input does not compile until all its transitions are decided.
//! `held` and `canceled` follow from the webhook's status, so that pausing or
//! deleting a webhook is one small write however many deliveries wait for it;
//! [`DeliveryState::observed`] applies them when a delivery is looked at.

use std::fmt;

use crate::{AttemptError, Outcome, RetrySchedule, Timestamp, WebhookStatus, schedule::Jitter};

/// Where one event stands on its way to one webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// The first attempt was not made yet.
    Pending,
    /// At least one attempt was made, another is scheduled.
    Retrying,
    /// The webhook is not active; kept until it is.
    Held,
    /// A 2xx was received.
    Delivered,
    /// Attempts exhausted, or the receiver said 410.
    Failed,
    /// The webhook was deleted before the end.
    Canceled,
}

/// What happens to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Input {
    /// An attempt succeeded.
    Succeed,
    /// An attempt failed and another one is due later.
    Retry,
    /// An attempt failed and it was the last.
    Exhaust,
    /// The webhook stopped being active.
    Hold,
    /// The webhook became active again.
    Release {
        /// Whether an attempt was ever made.
        attempted: bool,
    },
    /// The webhook was deleted.
    Cancel,
    /// Somebody asked to send it again.
    Replay {
        /// Whether an attempt was ever made.
        attempted: bool,
    },
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Done: delivered.
    Delivered,
    /// Another attempt at this moment.
    RetryAt(Timestamp),
    /// No attempts are left.
    Exhausted,
    /// The receiver is gone: failed at once, and the webhook is disabled.
    Gone,
}

impl DeliveryState {
    /// Every state, in the order of the contract.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Retrying, Self::Held, Self::Delivered, Self::Failed, Self::Canceled];

    /// The state after `input`.
    #[must_use]
    #[expect(clippy::match_same_arms, reason = "a table: one row for each rule")]
    pub fn on(self, input: Input) -> Self {
        use DeliveryState::{Canceled, Delivered, Failed, Held, Pending, Retrying};
        match (self, input) {
            (Pending | Retrying | Held, Input::Succeed) => Delivered,
            (Pending | Retrying, Input::Retry) => Retrying,
            // An attempt that was under way when the webhook was paused.
            (Held, Input::Retry) => Held,
            (Pending | Retrying | Held, Input::Exhaust) => Failed,
            (Pending | Retrying | Held, Input::Hold) => Held,
            (Held, Input::Release { attempted }) => waiting(attempted),
            (Pending | Retrying, Input::Release { .. }) => self,
            (Pending | Retrying | Held, Input::Cancel) => Canceled,
            (Pending | Retrying | Delivered | Failed, Input::Replay { attempted }) => waiting(attempted),
            // Refused while the webhook is not active.
            (Held, Input::Replay { .. }) => Held,
            // The end, unless somebody replays: a duplicate answer, a pause or a
            // deletion that comes later does not rewrite what happened.
            (
                Delivered | Failed,
                Input::Succeed
                | Input::Retry
                | Input::Exhaust
                | Input::Hold
                | Input::Release { .. }
                | Input::Cancel,
            ) => self,
            (
                Canceled,
                Input::Succeed
                | Input::Retry
                | Input::Exhaust
                | Input::Hold
                | Input::Release { .. }
                | Input::Cancel
                | Input::Replay { .. },
            ) => Canceled,
        }
    }

    /// The state that a reader sees, given the webhook's status (`None` once it
    /// is deleted).
    #[must_use]
    pub fn observed(self, webhook: Option<WebhookStatus>) -> Self {
        match webhook {
            None => self.on(Input::Cancel),
            Some(WebhookStatus::Active) => self,
            Some(WebhookStatus::Inactive | WebhookStatus::Disabled(_)) => self.on(Input::Hold),
        }
    }

    /// Whether nothing more happens by itself.
    pub fn is_finished(self) -> bool {
        match self {
            Self::Pending | Self::Retrying | Self::Held => false,
            Self::Delivered | Self::Failed | Self::Canceled => true,
        }
    }

    /// The word that the contract uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Retrying => "retrying",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// The state that the contract's word names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

fn waiting(attempted: bool) -> DeliveryState {
    if attempted { DeliveryState::Retrying } else { DeliveryState::Pending }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Verdict {
    /// What follows from `outcome`, the attempt number `step + 1` of its
    /// schedule, at `now`. A `Retry-After` lengthens the wait, never shortens it.
    pub fn of(
        outcome: &Outcome,
        step: u32,
        schedule: &RetrySchedule,
        jitter: Jitter,
        now: Timestamp,
    ) -> Self {
        let error = match outcome {
            Outcome::Succeeded { .. } => return Self::Delivered,
            Outcome::Failed(error) => error,
        };
        if error.is_gone() {
            return Self::Gone;
        }
        let asked = match error {
            AttemptError::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        match schedule.wait_after(step, jitter) {
            Some(wait) => Self::RetryAt(now.after(asked.map_or(wait, |asked| asked.max(wait)))),
            None => Self::Exhausted,
        }
    }

    /// The transition that it stands for.
    pub fn input(self) -> Input {
        match self {
            Self::Delivered => Input::Succeed,
            Self::RetryAt(_) => Input::Retry,
            Self::Exhausted | Self::Gone => Input::Exhaust,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::DisabledReason;

    fn input() -> impl Strategy<Value = Input> {
        prop_oneof![
            Just(Input::Succeed),
            Just(Input::Retry),
            Just(Input::Exhaust),
            Just(Input::Hold),
            Just(Input::Cancel),
            any::<bool>().prop_map(|attempted| Input::Release { attempted }),
            any::<bool>().prop_map(|attempted| Input::Replay { attempted }),
        ]
    }

    fn failed(status: u16, retry_after: Option<Duration>) -> Outcome {
        Outcome::Failed(AttemptError::Status { status, retry_after })
    }

    #[test]
    fn a_paused_webhook_shows_its_waiting_deliveries_as_held() {
        let disabled = Some(WebhookStatus::Disabled(DisabledReason::Gone));
        assert_eq!(DeliveryState::Pending.observed(Some(WebhookStatus::Inactive)), DeliveryState::Held);
        assert_eq!(DeliveryState::Retrying.observed(disabled), DeliveryState::Held);
        assert_eq!(DeliveryState::Failed.observed(disabled), DeliveryState::Failed);
        assert_eq!(DeliveryState::Pending.observed(Some(WebhookStatus::Active)), DeliveryState::Pending);
    }

    #[test]
    fn a_deleted_webhook_cancels_what_waits_and_nothing_else() {
        assert_eq!(DeliveryState::Retrying.observed(None), DeliveryState::Canceled);
        assert_eq!(DeliveryState::Delivered.observed(None), DeliveryState::Delivered);
    }

    #[test]
    fn gone_ends_a_delivery_whatever_is_left_of_its_schedule() {
        let verdict =
            Verdict::of(&failed(410, None), 0, &RetrySchedule::default(), Jitter::NONE, Timestamp::EPOCH);
        assert_eq!(verdict, Verdict::Gone);
    }

    #[test]
    fn retry_after_lengthens_a_wait_and_never_shortens_it() {
        let at = |seconds| {
            let outcome = failed(429, Some(Duration::from_secs(seconds)));
            Verdict::of(&outcome, 0, &RetrySchedule::default(), Jitter::NONE, Timestamp::EPOCH)
        };
        assert_eq!(at(600), Verdict::RetryAt(Timestamp::from_millis(600_000)));
        assert_eq!(at(1), Verdict::RetryAt(Timestamp::from_millis(60_000)));
    }

    #[test]
    fn the_seventh_failure_exhausts_the_default_schedule() {
        let verdict = |step| {
            Verdict::of(&failed(500, None), step, &RetrySchedule::default(), Jitter::NONE, Timestamp::EPOCH)
        };
        assert!(matches!(verdict(5), Verdict::RetryAt(_)));
        assert_eq!(verdict(6), Verdict::Exhausted);
    }

    proptest! {
        #[test]
        fn only_a_replay_leaves_a_finished_state(inputs in prop::collection::vec(input(), 0..20)) {
            let mut state = DeliveryState::Pending;
            for input in inputs {
                let next = state.on(input);
                if state.is_finished() && !next.is_finished() {
                    let replayed = matches!(input, Input::Replay { .. });
                    prop_assert!(replayed);
                    prop_assert_ne!(state, DeliveryState::Canceled);
                }
                state = next;
            }
        }

        #[test]
        fn only_a_success_leads_to_delivered(inputs in prop::collection::vec(input(), 0..20)) {
            let mut state = DeliveryState::Pending;
            for input in inputs {
                let next = state.on(input);
                if next == DeliveryState::Delivered && state != next {
                    prop_assert_eq!(input, Input::Succeed);
                }
                state = next;
            }
        }

        #[test]
        fn words_and_states_are_the_same(state in prop::sample::select(DeliveryState::ALL.to_vec())) {
            prop_assert_eq!(DeliveryState::parse(state.as_str()), Some(state));
        }
    }
}
