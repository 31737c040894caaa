//! How often an address may show a key that is not valid, and how often a key may be used.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    time::Duration,
};

use parking_lot::Mutex;
use waxwing_core::{Bucket, KeyId, Rate, Timestamp};

/// Buckets for the failures of all addresses. An address has one of them by its hash, with a
/// key of this process: memory is bounded, and nobody can drive others out of it.
const SLOTS: usize = 16_384;
/// Pairs of an address and a key that was valid from there, that are remembered.
const PAIRS: usize = 65_536;
/// Buckets of keys that are looked through for full ones when there are more.
const KEYS: usize = 10_000;

/// Keys that are not valid, by the address that shows them.
///
/// An address that shows too many is not believed any more: a valid key is refused with it,
/// or guessing could go on. But who used the same key from there before is let in: behind one
/// address there may be many, and one of them must not shut the others out.
#[derive(Debug)]
pub(super) struct Failures {
    rate: Option<Rate>,
    hasher: RandomState,
    slots: Mutex<Vec<Bucket>>,
    /// Hashes of addresses and keys.
    seen: Mutex<HashSet<u64>>,
}

impl Failures {
    pub(super) fn new(rate: Option<Rate>) -> Self {
        let slots = if rate.is_some() { SLOTS } else { 0 };
        let slots = Mutex::new(vec![Bucket::default(); slots]);
        Self { rate, hasher: RandomState::new(), slots, seen: Mutex::default() }
    }

    /// A valid key from there.
    pub(super) fn admit(&self, source: IpAddr, key: &KeyId, now: Timestamp) -> Result<(), Duration> {
        let Some(rate) = self.rate else { return Ok(()) };
        let source = network(source);
        let pair = self.hasher.hash_one((source, key));
        if self.seen.lock().contains(&pair) {
            return Ok(());
        }
        self.slots.lock()[self.slot(source)].peek(rate, now)?;
        let mut seen = self.seen.lock();
        if seen.len() >= PAIRS {
            seen.clear();
        }
        seen.insert(pair);
        Ok(())
    }

    /// A key from there that is not valid.
    pub(super) fn fail(&self, source: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let Some(rate) = self.rate else { return Ok(()) };
        self.slots.lock()[self.slot(network(source))].take(rate, now)
    }

    fn slot(&self, source: IpAddr) -> usize {
        // The remainder is less than SLOTS.
        usize::try_from(self.hasher.hash_one(source) % SLOTS as u64).unwrap_or_default()
    }
}

/// Whoever has one address of IPv6 has its whole /64 network.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Requests, by their key. Only valid keys get here: memory is bounded by their number, and
/// holds those alone that were used within the time that fills a bucket.
#[derive(Debug)]
pub(super) struct Requests {
    rate: Option<Rate>,
    buckets: Mutex<HashMap<KeyId, Bucket>>,
}

impl Requests {
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    pub(super) fn admit(&self, key: &KeyId, now: Timestamp) -> Result<(), Duration> {
        let Some(rate) = self.rate else { return Ok(()) };
        let mut buckets = self.buckets.lock();
        if let Some(bucket) = buckets.get_mut(key) {
            return bucket.take(rate, now);
        }
        // A map is looked through when it would grow anyway, so seldom.
        if buckets.len() >= KEYS && buckets.len() == buckets.capacity() {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        buckets.entry(key.clone()).or_default().take(rate, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_774_519_200_000 + millis)
    }

    fn key(mark: u16) -> KeyId {
        let mut random = [0; 10];
        random[..2].copy_from_slice(&mark.to_be_bytes());
        KeyId::generate(at(0), random)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn failures(count: u32) -> Failures {
        Failures::new(Rate::new(count, Duration::from_mins(1)))
    }

    #[test]
    fn a_source_that_fails_too_often_is_not_let_in_with_a_valid_key_either() {
        let failures = failures(3);
        let source = ip("192.0.2.1");
        for _ in 0..3 {
            assert_eq!(failures.fail(source, at(0)), Ok(()));
        }
        let wait = Duration::from_secs(20);
        assert_eq!(failures.fail(source, at(0)), Err(wait));
        assert_eq!(failures.admit(source, &key(1), at(0)), Err(wait));
        assert_eq!(failures.admit(source, &key(1), at(20_000)), Ok(()), "after the wait it is");
    }

    #[test]
    fn who_was_let_in_from_there_before_is_let_in_still() {
        let failures = failures(1);
        let (source, other) = (ip("192.0.2.1"), ip("192.0.2.2"));
        assert_eq!(failures.admit(source, &key(1), at(0)), Ok(()));
        failures.fail(source, at(0)).unwrap();
        failures.fail(other, at(0)).unwrap();
        assert_eq!(failures.admit(source, &key(1), at(0)), Ok(()));
        assert!(failures.admit(source, &key(2), at(0)).is_err(), "not with another key");
        assert!(failures.admit(other, &key(1), at(0)).is_err(), "not from elsewhere");
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_source_and_a_mapped_address_as_its_own() {
        let failures = failures(1);
        failures.fail(ip("2001:db8:1:2::1"), at(0)).unwrap();
        assert!(failures.fail(ip("2001:db8:1:2:ffff::9"), at(0)).is_err());
        failures.fail(ip("::ffff:192.0.2.1"), at(0)).unwrap();
        assert!(failures.fail(ip("192.0.2.1"), at(0)).is_err());
    }

    #[test]
    fn sources_without_end_take_no_more_memory_and_free_nobody() {
        let failures = failures(1);
        failures.fail(ip("192.0.2.1"), at(0)).unwrap();
        for n in 0..100_000_u32 {
            let _ = failures.fail(IpAddr::from(n.to_be_bytes()), at(0));
        }
        assert_eq!(failures.slots.lock().len(), SLOTS);
        assert!(failures.fail(ip("192.0.2.1"), at(0)).is_err());
    }

    #[test]
    fn pairs_that_are_remembered_are_bounded() {
        let failures = failures(1);
        for n in 0..70_000_u32 {
            failures.admit(IpAddr::from(n.to_be_bytes()), &key(1), at(0)).unwrap();
        }
        assert!(failures.seen.lock().len() <= PAIRS);
    }

    #[test]
    fn each_key_has_a_rate_of_its_own_and_idle_ones_are_forgotten() {
        let requests = Requests::new(Rate::new(2, Duration::from_secs(1)));
        for _ in 0..2 {
            assert_eq!(requests.admit(&key(1), at(0)), Ok(()));
        }
        assert_eq!(requests.admit(&key(1), at(0)), Err(Duration::from_millis(500)));
        assert_eq!(requests.admit(&key(2), at(0)), Ok(()));
        for n in 100..50_000_u16 {
            requests.admit(&key(n), at(i64::from(n) * 10)).unwrap();
        }
        let kept = requests.buckets.lock().len();
        assert!(kept < 3 * KEYS, "{kept} are kept, though a hundred were used in the last second");
    }

    #[test]
    fn without_a_bound_nothing_is_remembered() {
        let (failures, requests) = (failures(0), Requests::new(None));
        for _ in 0..1_000 {
            assert_eq!(failures.fail(ip("192.0.2.1"), at(0)), Ok(()));
            assert_eq!(failures.admit(ip("192.0.2.1"), &key(1), at(0)), Ok(()));
            assert_eq!(requests.admit(&key(1), at(0)), Ok(()));
        }
        assert!(requests.buckets.lock().is_empty() && failures.seen.lock().is_empty());
    }
}
