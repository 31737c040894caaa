//! IPv4 addresses inside of IPv6 ones, as translators put them there (RFC 6052).

use std::{net::Ipv4Addr, net::Ipv6Addr, str::FromStr};

use ipnet::Ipv6Net;

/// A prefix whose addresses a translator (NAT64) turns into IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nat64Prefix(Ipv6Net);

/// A text is no such prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a NAT64 prefix is an IPv6 network of 32, 40, 48, 56, 64 or 96 bits, such as 2001:db8:64::/96")]
pub struct Nat64PrefixError;

/// The lengths that RFC 6052, 2.2 knows.
const LENGTHS: [u8; 6] = [32, 40, 48, 56, 64, 96];
/// The octet that stays empty, so that the host's part of an address can be told.
const EMPTY_OCTET: usize = 8;

impl Nat64Prefix {
    /// The one that needs no agreement: `64:ff9b::/96`.
    pub(super) const WELL_KNOWN: Self =
        Self(Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96));

    pub(super) fn contains(&self, address: Ipv6Addr) -> bool {
        self.0.contains(&address)
    }

    pub(super) fn len(&self) -> u8 {
        self.0.prefix_len()
    }

    /// The IPv4 address in an address with this prefix.
    pub(super) fn embedded(&self, address: Ipv6Addr) -> Ipv4Addr {
        let start = usize::from(self.len() / 8);
        let octets = address.octets();
        let mut inside = (start..octets.len()).filter(|at| *at != EMPTY_OCTET).map(|at| octets[at]);
        Ipv4Addr::from(std::array::from_fn(|_| inside.next().unwrap_or_default()))
    }
}

impl FromStr for Nat64Prefix {
    type Err = Nat64PrefixError;

    fn from_str(text: &str) -> Result<Self, Nat64PrefixError> {
        let net: Ipv6Net = text.parse().map_err(|_| Nat64PrefixError)?;
        LENGTHS.contains(&net.prefix_len()).then(|| Self(net.trunc())).ok_or(Nat64PrefixError)
    }
}
