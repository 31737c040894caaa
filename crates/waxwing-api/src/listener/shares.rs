//! How many connections each address has: one alone cannot take them all.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use parking_lot::Mutex;

/// Connections by origin; only origins that have some.
#[derive(Debug, Default)]
pub(super) struct Shares(Mutex<HashMap<IpAddr, usize>>);

/// One connection of an origin, for as long as it lives.
#[derive(Debug)]
pub(super) struct Share {
    shares: Arc<Shares>,
    origin: IpAddr,
}

impl Shares {
    /// One more for this address, unless it has `most` already.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Share> {
        let origin = origin(address);
        let mut counts = self.0.lock();
        let count = counts.entry(origin).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Share { shares: Arc::clone(self), origin })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self.shares.0.lock();
        let left = counts.get(&self.origin).map_or(0, |count| count.saturating_sub(1));
        match left {
            0 => counts.remove(&self.origin),
            left => counts.insert(self.origin, left),
        };
    }
}

/// What counts as one: an address of IPv4, a /64 network of IPv6, where a single host has
/// as many addresses as it likes.
fn origin(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_share_and_gets_it_back() {
        let shares = Arc::new(Shares::default());
        let one = shares.take(address("192.0.2.1"), 2);
        let two = shares.take(address("::ffff:192.0.2.1"), 2);
        assert!(one.is_some() && two.is_some());
        assert!(shares.take(address("192.0.2.1"), 2).is_none());
        assert!(shares.take(address("192.0.2.2"), 2).is_some(), "another one is not concerned");
        drop(one);
        assert!(shares.take(address("192.0.2.1"), 2).is_some());
        drop(two);
        assert!(shares.0.lock().is_empty(), "nobody is remembered who has none");
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let shares = Arc::new(Shares::default());
        let _one = shares.take(address("2001:db8:1:2::1"), 1);
        assert!(shares.take(address("2001:db8:1:2:ffff::9"), 1).is_none());
        assert!(shares.take(address("2001:db8:1:3::1"), 1).is_some());
    }
}
