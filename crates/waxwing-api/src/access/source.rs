//! Where a request came from, when there may be proxies in front.
//!
//! Anybody can write `X-Forwarded-For`. So it is read from its end, where the nearest proxy
//! writes, and only as long as the address that wrote it is a proxy that the operator
//! trusts; the first address that is none is the source. `Forwarded` (RFC 7239) says the
//! same in another way. A proxy writes one of them and passes the other on as it came:
//! when both are there and do not agree, neither is believed.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, header::FORWARDED};

use super::Access;

/// The address that a request came from, proxies left aside: an extension of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source(pub(crate) IpAddr);

impl Access {
    /// The source of a request that arrived from `peer`.
    pub(crate) fn source(&self, peer: IpAddr, headers: &HeaderMap) -> Source {
        let peer = peer.to_canonical();
        let lines = |name: &str| -> Vec<String> {
            let values = headers.get_all(name).into_iter();
            values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
        };
        let (list, forwarded) = (lines("x-forwarded-for"), lines(FORWARDED.as_str()));
        let of_list = || self.first_stranger(peer, hops(&list).map(address));
        let of_forwarded = || self.first_stranger(peer, hops(&forwarded).map(for_member));
        Source(match (list.is_empty(), forwarded.is_empty()) {
            (false, true) => of_list(),
            (true, false) => of_forwarded(),
            (false, false) if of_list() == of_forwarded() => of_list(),
            (true, true) | (false, false) => peer,
        })
    }

    /// The first address, from `peer` on, that is no trusted proxy; the last proxy before a
    /// hop that cannot be read.
    fn first_stranger(&self, peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let trusted = |address: &IpAddr| self.trusted_proxies.iter().any(|network| network.contains(address));
        let mut source = peer;
        for hop in hops {
            match hop {
                Some(next) if trusted(&source) => source = next,
                _ => break,
            }
        }
        source
    }
}

/// The hops of a header that may stand several times, nearest first.
fn hops(lines: &[String]) -> impl Iterator<Item = &str> {
    lines.iter().rev().flat_map(|line| line.rsplit(',')).map(str::trim)
}

/// An address, with a port or without, in brackets or quotes or without.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches('"');
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    let alone = text.parse::<IpAddr>().ok().or_else(bare);
    alone.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip())).map(|address| address.to_canonical())
}

/// The member `for` of an element of `Forwarded`.
fn for_member(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(node.trim())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::AccessOptions;

    fn source(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let access = Access::new(AccessOptions { trusted_proxies, ..AccessOptions::default() });
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        access.source(peer.parse().unwrap(), &map).0.to_string()
    }

    const LIST: &str = "x-forwarded-for";

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(source("192.0.2.1", &[(LIST, "203.0.113.9")]), "192.0.2.1");
        assert_eq!(source("192.0.2.1", &[("forwarded", "for=203.0.113.9")]), "192.0.2.1");
        assert_eq!(source("::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn behind_trusted_proxies_the_last_address_that_is_none_of_them_counts() {
        for (list, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
            ("203.0.113.9,10.1.1.1 , 10.2.2.2", "203.0.113.9"),
            ("203.0.113.9, fd00::7", "203.0.113.9"),
            ("10.3.3.3", "10.3.3.3"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(source("10.0.0.1", &[(LIST, list)]), expected, "{list}");
        }
        assert_eq!(source("10.0.0.1", &[(LIST, "203.0.113.9"), (LIST, "10.2.2.2")]), "203.0.113.9");
    }

    #[test]
    fn nothing_beyond_a_hop_that_cannot_be_read_is_believed() {
        for list in ["203.0.113.9, unknown", "203.0.113.9,", "203.0.113.9, 10.2.2.2.2"] {
            assert_eq!(source("10.0.0.1", &[(LIST, list)]), "10.0.0.1", "{list}");
        }
        assert_eq!(source("10.0.0.1", &[(LIST, "203.0.113.9, _hidden, 10.2.2.2")]), "10.2.2.2");
    }

    #[test]
    fn the_header_forwarded_is_read_too() {
        for (value, expected) in [
            ("for=203.0.113.9;proto=https", "203.0.113.9"),
            ("by=10.0.0.1; For=\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("for=198.51.100.1, for=203.0.113.9, for=10.2.2.2", "203.0.113.9"),
            ("for=203.0.113.9, for=unknown", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(source("10.0.0.1", &[("forwarded", value)]), expected, "{value}");
        }
    }

    #[test]
    fn two_headers_that_do_not_agree_are_both_not_believed() {
        let same = [(LIST, "203.0.113.9"), ("forwarded", "for=203.0.113.9")];
        assert_eq!(source("10.0.0.1", &same), "203.0.113.9");
        let other = [(LIST, "203.0.113.9"), ("forwarded", "for=198.51.100.1")];
        assert_eq!(source("10.0.0.1", &other), "10.0.0.1");
    }

    proptest! {
        #[test]
        fn what_a_stranger_writes_in_front_changes_nothing(prefix in "[ -~]{0,60}") {
            let list = format!("{prefix}, 203.0.113.9, 10.2.2.2");
            prop_assert_eq!(source("10.0.0.1", &[(LIST, &list)]), "203.0.113.9");
            prop_assert_eq!(source("192.0.2.1", &[(LIST, &list)]), "192.0.2.1");
        }
    }
}
