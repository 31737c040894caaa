//! What one commit counted, as bytes that it keeps with everything else.
//!
//! A row for each webhook and minute would cost each commit a page for almost each event.
//! One row that is appended costs a part of a page for the whole commit.

use waxwing_core::{DeliveryState, Timestamp};

use super::{
    Counts, Step, Sums,
    latencies::{read_number, write_number},
};
use crate::Completion;

/// One thing that happened to a webhook.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
    webhook: i64,
    /// When its minute begins, in milliseconds.
    minute: i64,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Event,
    Attempt { succeeded: bool, answered_in: Option<u64>, ended: Option<DeliveryState> },
}

impl Tick {
    /// An event was published to a webhook.
    pub fn event(webhook: i64, at: Timestamp) -> Self {
        Self { webhook, minute: Step::Minute.begin(at).millis(), what: What::Event }
    }

    /// An attempt was recorded, and left its delivery in this state; `applied` as in
    /// [`Recorded`](crate::Recorded). It counts when it began.
    pub fn attempt(completion: &Completion, applied: bool, state: DeliveryState) -> Self {
        let attempt = &completion.attempt;
        let millis = u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX);
        let what = What::Attempt {
            succeeded: attempt.outcome.error().is_none(),
            answered_in: attempt.outcome.status_code().map(|_| millis),
            ended: Some(state).filter(|_| applied),
        };
        let minute = Step::Minute.begin(attempt.started_at).millis();
        Self { webhook: completion.key.webhook, minute, what }
    }

    fn count(&self, counts: &mut Counts) {
        match self.what {
            What::Event => counts.events += 1,
            What::Attempt { succeeded, answered_in, ended } => {
                counts.succeeded += u64::from(succeeded);
                counts.failed += u64::from(!succeeded);
                counts.delivered += u64::from(ended == Some(DeliveryState::Delivered));
                counts.exhausted += u64::from(ended == Some(DeliveryState::Failed));
                if let Some(millis) = answered_in {
                    counts.answers.count(millis);
                }
            }
        }
    }
}

/// What one commit counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally(Vec<u8>);

impl Tally {
    /// Adds up what happened, in any order; `None` when nothing did.
    pub fn of(ticks: &mut [Tick]) -> Option<Self> {
        if ticks.is_empty() {
            return None;
        }
        ticks.sort_unstable_by_key(|tick| (tick.webhook, tick.minute));
        let mut bytes = Vec::with_capacity(ticks.len() * 12);
        for same in ticks.chunk_by(|a, b| (a.webhook, a.minute) == (b.webhook, b.minute)) {
            let mut counts = Counts::default();
            for tick in same {
                tick.count(&mut counts);
            }
            write_number(&mut bytes, same[0].webhook.cast_unsigned());
            write_number(&mut bytes, (same[0].minute / Step::Minute.millis()).cast_unsigned());
            let Counts { events, succeeded, failed, delivered, exhausted, answers } = counts;
            for number in [events, succeeded, failed, delivered, exhausted] {
                write_number(&mut bytes, number);
            }
            answers.write(&mut bytes);
        }
        Some(Self(bytes))
    }

    /// As a database keeps it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Adds what is kept to `sums`; `None` when the bytes are something else.
    pub fn add_to(mut bytes: &[u8], sums: &mut Sums) -> Option<()> {
        while !bytes.is_empty() {
            let webhook = read_number(&mut bytes)?.cast_signed();
            let minute = read_number(&mut bytes)?.cast_signed().checked_mul(Step::Minute.millis())?;
            let Counts { events, succeeded, failed, delivered, exhausted, answers } =
                sums.entry((minute, webhook)).or_default();
            for sum in [events, succeeded, failed, delivered, exhausted] {
                *sum = sum.checked_add(read_number(&mut bytes)?)?;
            }
            answers.add_from(&mut bytes)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::counts::{ALL_WEBHOOKS, Latencies, add_up};

    fn attempt(webhook: i64, at: i64, answered_in: Option<u64>, ended: Option<DeliveryState>) -> Tick {
        let succeeded = ended == Some(DeliveryState::Delivered);
        Tick { webhook, minute: at, what: What::Attempt { succeeded, answered_in, ended } }
    }

    fn answered(all: &[u64]) -> Latencies {
        let mut latencies = Latencies::default();
        for millis in all {
            latencies.count(*millis);
        }
        latencies
    }

    #[test]
    fn what_happened_is_added_up_by_webhook_and_minute_and_over_all() {
        let at = Timestamp::from_millis(600_000);
        let mut ticks = [
            attempt(9, 660_000, Some(40), Some(DeliveryState::Delivered)),
            Tick::event(7, at),
            Tick::event(9, at.after(Duration::from_secs(59))),
            attempt(7, 600_000, None, None),
            attempt(7, 600_000, Some(3), Some(DeliveryState::Failed)),
        ];
        let mut sums = Sums::new();
        Tally::add_to(Tally::of(&mut ticks).unwrap().as_bytes(), &mut sums).unwrap();
        add_up(&mut sums);
        let seven =
            Counts { events: 1, failed: 2, exhausted: 1, answers: answered(&[3]), ..Counts::default() };
        let nine = Counts { succeeded: 1, delivered: 1, answers: answered(&[40]), ..Counts::default() };
        let expected = [
            ((600_000, ALL_WEBHOOKS), Counts { events: 2, ..seven }),
            ((600_000, 7), seven),
            ((600_000, 9), Counts { events: 1, ..Counts::default() }),
            ((660_000, ALL_WEBHOOKS), nine),
            ((660_000, 9), nine),
        ];
        assert_eq!(sums, Sums::from(expected));
    }

    #[test]
    fn nothing_leaves_nothing() {
        assert_eq!(Tally::of(&mut []), None);
    }

    #[test]
    fn what_is_cut_off_is_told_apart() {
        let mut ticks = [attempt(9, 660_000, Some(40), None)];
        let tally = Tally::of(&mut ticks).unwrap();
        for end in 1..tally.as_bytes().len() {
            assert_eq!(Tally::add_to(&tally.as_bytes()[..end], &mut Sums::new()), None, "{end}");
        }
    }
}
