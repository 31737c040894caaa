//! Token buckets: a bound on how often something happens, that takes eight bytes.
//!
//! A bucket holds as many tokens as may be used at once, and is filled again evenly. It is
//! kept as the moment when it will be full; from that and the time now follows how many
//! tokens are in it. A clock that is set back makes nobody wait longer than an empty bucket
//! does, and one that jumps ahead fills the bucket.

use std::time::Duration;

use crate::Timestamp;

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Microseconds until one more token is in the bucket.
    token: i64,
    /// Microseconds until an empty bucket is full.
    whole: i64,
}

impl Rate {
    /// `count` times in `span`, all of them at once if need be; `None` for 0, which stands
    /// for no bound.
    pub fn new(count: u32, span: Duration) -> Option<Self> {
        let span = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        let count = i64::from(count);
        // A rate that is finer than the unit counts as one of a token each microsecond.
        let token = span.checked_div(count)?.max(1);
        Some(Self { token, whole: token.saturating_mul(count) })
    }
}

/// What is left of a rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Microseconds since 1970.
    full_at: i64,
}

impl Bucket {
    /// Takes a token out.
    ///
    /// # Errors
    /// How long to wait until there is one again. Nothing was taken.
    pub fn take(&mut self, rate: Rate, now: Timestamp) -> Result<(), Duration> {
        self.full_at = self.with_one_less(rate, now)?;
        Ok(())
    }

    /// Whether a token is there.
    ///
    /// # Errors
    /// As [`Bucket::take`].
    pub fn peek(&self, rate: Rate, now: Timestamp) -> Result<(), Duration> {
        self.with_one_less(rate, now).map(|_| ())
    }

    /// Whether it is full, so that a fresh one would do as well.
    pub fn is_full(&self, now: Timestamp) -> bool {
        self.full_at <= micros(now)
    }

    fn with_one_less(self, rate: Rate, now: Timestamp) -> Result<i64, Duration> {
        let now = micros(now);
        let full_at = self.full_at.clamp(now, now.saturating_add(rate.whole)).saturating_add(rate.token);
        let missing = full_at - now.saturating_add(rate.whole);
        if missing > 0 { Err(Duration::from_micros(missing.unsigned_abs())) } else { Ok(full_at) }
    }
}

fn micros(time: Timestamp) -> i64 {
    // Up to the year 9999 these are 58 bits.
    time.millis() * 1_000
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_774_519_200_000 + millis)
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_at_a_time() {
        let rate = Rate::new(3, Duration::from_secs(3)).unwrap();
        let mut bucket = Bucket::default();
        for _ in 0..3 {
            assert_eq!(bucket.take(rate, at(0)), Ok(()));
        }
        assert_eq!(bucket.take(rate, at(0)), Err(Duration::from_secs(1)));
        assert_eq!(bucket.peek(rate, at(400)), Err(Duration::from_millis(600)));
        assert_eq!(bucket.take(rate, at(1_000)), Ok(()));
        assert_eq!(bucket.take(rate, at(1_000)), Err(Duration::from_secs(1)));
        assert!(!bucket.is_full(at(3_999)) && bucket.is_full(at(4_000)));
    }

    #[test]
    fn a_count_of_zero_is_no_bound() {
        assert_eq!(Rate::new(0, Duration::from_secs(1)), None);
    }

    #[test]
    fn a_clock_that_jumps_makes_nobody_wait_longer_than_an_empty_bucket() {
        let rate = Rate::new(60, Duration::from_mins(1)).unwrap();
        let mut bucket = Bucket::default();
        while bucket.take(rate, at(0)).is_ok() {}
        assert_eq!(bucket.peek(rate, at(-86_400_000)), Err(Duration::from_secs(1)));
        assert_eq!(bucket.take(rate, at(-86_399_000)), Err(Duration::from_secs(1)), "it was set back again");
        let mut ahead = bucket;
        assert_eq!(ahead.take(rate, Timestamp::MAX), Ok(()));
        assert!(bucket.peek(rate, Timestamp::EPOCH).is_err_and(|wait| wait <= Duration::from_secs(1)));
    }

    proptest! {
        #[test]
        fn in_any_stretch_no_more_happens_than_the_rate_says(
            count in 1..50_u32, span in 1..100_000_u64, steps in prop::collection::vec(0..2_000_i64, 1..200),
        ) {
            let rate = Rate::new(count, Duration::from_millis(span)).unwrap();
            let (mut bucket, mut now, mut taken) = (Bucket::default(), 0, Vec::new());
            for step in steps {
                now += step;
                if bucket.take(rate, at(now)).is_ok() {
                    taken.push(now);
                }
            }
            for (first, from) in taken.iter().enumerate() {
                for (last, until) in taken.iter().enumerate().skip(first) {
                    let stretch = u64::try_from(until - from).unwrap();
                    // A token's time is rounded down to a microsecond.
                    let token = (span * 1_000 / u64::from(count)).max(1);
                    let most = u64::from(count) + stretch * 1_000 / token;
                    prop_assert!((last - first + 1) as u64 <= most, "{taken:?}");
                }
            }
        }

        #[test]
        fn who_waits_as_told_is_let_through(count in 1..50_u32, span in 1..100_000_u64, tries in 1..200_usize) {
            let rate = Rate::new(count, Duration::from_millis(span)).unwrap();
            let mut bucket = Bucket::default();
            let waits = (0..tries).filter_map(|_| bucket.take(rate, at(0)).err()).collect::<Vec<_>>();
            for wait in waits {
                prop_assert!(wait <= Duration::from_millis(span.max(1)));
                let later = i64::try_from(wait.as_micros().div_ceil(1_000)).unwrap();
                prop_assert_eq!(bucket.peek(rate, at(later)), Ok(()));
            }
        }
    }
}
