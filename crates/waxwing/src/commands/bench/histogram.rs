//! Latencies, counted in buckets.
//!
//! Each bucket is at most 1.6 % wide (64 to each power of two), so that a
//! percentile is good to two digits. Any number of tasks count at once; memory
//! is fixed however many they count.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Buckets of one power of two, as a power of two.
const FINE_BITS: u32 = 6;
const FINE: u64 = 1 << FINE_BITS;
/// Up to 2^40 microseconds, which is twelve days.
const BUCKETS: usize = (40 - FINE_BITS as usize + 1) << FINE_BITS;

/// Counts latencies in microseconds.
#[derive(Debug)]
pub(super) struct Histogram {
    buckets: Vec<AtomicU64>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl Histogram {
    /// Counts one.
    pub(super) fn add(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.buckets[bucket_of(micros)].fetch_add(1, Relaxed);
    }

    /// How many were counted.
    #[cfg(test)]
    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Relaxed)).sum()
    }

    /// The latency that `percent` of them did not exceed; `None` when nothing
    /// was counted.
    pub(super) fn percentile(&self, percent: f64) -> Option<Duration> {
        let counts: Vec<u64> = self.buckets.iter().map(|bucket| bucket.load(Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return None;
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count below 2^52 times at most 1"
        )]
        let rank = ((total as f64 * percent / 100.0).ceil() as u64).clamp(1, total);
        let mut seen = 0;
        for (at, count) in counts.into_iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Some(Duration::from_micros(upper_end(at)));
            }
        }
        None
    }
}

fn bucket_of(micros: u64) -> usize {
    if micros < FINE {
        return usize::try_from(micros).unwrap_or(0);
    }
    let power = micros.ilog2() - FINE_BITS;
    let index = u64::from(power) * FINE + (micros >> power);
    usize::try_from(index).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The largest latency of a bucket.
fn upper_end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * FINE {
        return bucket;
    }
    let power = bucket / FINE - 1;
    ((bucket % FINE + FINE + 1) << power) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_good_to_two_digits() {
        let histogram = Histogram::default();
        for micros in 1..=100_000 {
            histogram.add(Duration::from_micros(micros));
        }
        for (percent, exact) in [(50.0, 50_000.0), (99.0, 99_000.0), (100.0, 100_000.0)] {
            let found = histogram.percentile(percent).unwrap().as_secs_f64() * 1e6;
            assert!((found / exact - 1.0).abs() < 0.017, "{percent}: {found}");
        }
    }

    #[test]
    fn a_bucket_holds_what_lies_up_to_its_upper_end() {
        for micros in [0, 1, 63, 64, 127, 128, 129, 1_000, 65_535, 65_536, 1 << 39] {
            let bucket = bucket_of(micros);
            assert!(upper_end(bucket) >= micros, "{micros}");
            assert!(bucket == 0 || upper_end(bucket - 1) < micros, "{micros}");
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }
}
