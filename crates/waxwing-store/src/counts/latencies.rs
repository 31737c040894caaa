//! How long answers took, as a histogram: small, of a known error, and added up by adding.
//!
//! Up to 7 ms each millisecond has a bucket of its own; from there on each doubling has
//! four. A bucket's middle is at most 12.5 % off anything in it. 64 buckets reach 131 s;
//! what is longer counts into the last.

/// How many buckets there are.
pub const BUCKETS: usize = 64;

/// Milliseconds that have a bucket of their own: 0 to 7.
const EXACT: u64 = 8;
/// The doubling with which the others begin: 8 is 2 to the power of 3.
const FIRST_DOUBLING: u32 = 3;

/// How often answers took how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latencies([u64; BUCKETS]);

impl Default for Latencies {
    fn default() -> Self {
        Self([0; BUCKETS])
    }
}

impl Latencies {
    /// Counts an answer.
    pub fn count(&mut self, millis: u64) {
        self.0[bucket(millis)] += 1;
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine += theirs;
        }
    }

    /// How many answers were counted.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The milliseconds within which so many per cent were answered, 12.5 % off at most;
    /// `None` when there was no answer.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (self.total() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let reached = self.0.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        reached.map(middle)
    }

    /// Appends it to `bytes`: how many buckets hold something, then each with its count.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let used = || self.0.iter().enumerate().filter(|(_, count)| **count > 0);
        write_number(bytes, used().count() as u64);
        for (bucket, count) in used() {
            write_number(bytes, bucket as u64);
            write_number(bytes, *count);
        }
    }

    /// Takes one from the front of `bytes`, and adds it.
    pub(super) fn add_from(&mut self, bytes: &mut &[u8]) -> Option<()> {
        for _ in 0..read_number(bytes)? {
            let bucket = usize::try_from(read_number(bytes)?).ok()?;
            let count = self.0.get_mut(bucket)?;
            *count = count.checked_add(read_number(bytes)?)?;
        }
        Some(())
    }

    /// As a database keeps it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }

    /// What [`Latencies::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut latencies = Self::default();
        latencies.add_from(&mut bytes)?;
        bytes.is_empty().then_some(latencies)
    }
}

fn bucket(millis: u64) -> usize {
    if millis < EXACT {
        return usize::try_from(millis).unwrap_or(0);
    }
    let doubling = millis.ilog2();
    let quarter = (millis >> (doubling - 2)) & 3;
    let bucket = EXACT + u64::from(doubling - FIRST_DOUBLING) * 4 + quarter;
    usize::try_from(bucket).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The middle of a bucket, in milliseconds.
fn middle(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < EXACT {
        return bucket;
    }
    let (doubling, quarter) = ((bucket - EXACT) / 4 + u64::from(FIRST_DOUBLING), (bucket - EXACT) % 4);
    let width = 1 << (doubling - 2);
    (4 + quarter) * width + width / 2
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
pub(super) fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return bytes.push(low & 0x7f);
        }
        bytes.push(low | 0x80);
    }
}

/// Takes a number from the front.
pub(super) fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counted(all: &[u64]) -> Latencies {
        let mut latencies = Latencies::default();
        for millis in all {
            latencies.count(*millis);
        }
        latencies
    }

    #[test]
    fn a_few_milliseconds_are_exact() {
        for millis in 0..8 {
            assert_eq!(counted(&[millis]).percentile(50), Some(millis));
        }
        assert_eq!(Latencies::default().percentile(99), None);
    }

    #[test]
    fn what_is_beyond_the_last_bucket_counts_into_it() {
        let longest = counted(&[131_071]);
        assert_eq!(counted(&[131_072]), longest);
        assert_eq!(counted(&[u64::MAX]), longest);
        assert_ne!(counted(&[114_687]), longest);
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_answers() {
        let mut all = vec![3; 94];
        all.extend([5; 5]);
        all.push(7);
        let latencies = counted(&all);
        let found = [1, 50, 94, 95, 99, 100].map(|percent| latencies.percentile(percent).unwrap());
        assert_eq!(found, [3, 3, 3, 5, 5, 7]);
    }

    fn answers() -> impl Strategy<Value = Vec<u64>> {
        let millis = prop_oneof![0..20_u64, 0..5_000_u64, 0..131_072_u64];
        prop::collection::vec(millis, 1..200)
    }

    proptest! {
        #[test]
        fn no_percentile_is_further_off_than_it_says(mut all in answers(), percent in 1..=100_u64) {
            let found = counted(&all).percentile(percent).unwrap();
            all.sort_unstable();
            let rank = usize::try_from((all.len() as u64 * percent).div_ceil(100)).unwrap();
            let exact = all[rank - 1];
            prop_assert!(found.abs_diff(exact) * 8 <= exact, "{found} for {exact}");
        }

        #[test]
        fn adding_up_is_the_same_in_any_order(a in answers(), b in answers(), c in answers()) {
            let whole = counted(&[a.clone(), b.clone(), c.clone()].concat());
            let (a, b, c) = (counted(&a), counted(&b), counted(&c));
            let (mut first, mut last, mut other_way) = (a, b, c);
            first.add(&b);
            first.add(&c);
            last.add(&c);
            other_way.add(&a);
            other_way.add(&b);
            let mut second = a;
            second.add(&last);
            prop_assert_eq!([first, second, other_way], [whole; 3]);
        }

        #[test]
        fn what_is_written_is_read(all in answers()) {
            let latencies = counted(&all);
            prop_assert_eq!(Latencies::from_bytes(&latencies.to_bytes()), Some(latencies));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Latencies::from_bytes(&bytes);
        }
    }
}
