//! Which addresses are not public, and by which RFC.
//!
//! The rows are those of IANA's special-purpose address registries (RFC 6890),
//! what is reserved or multicast, and the metadata services of clouds. Some are
//! reachable, such as the sinks of AS112; no webhook lives there. Of IPv6 only
//! global unicast is public; an address that embeds an IPv4 address is judged as
//! that one.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{Ipv4Net, Ipv6Net};

use super::nat64::Nat64Prefix;

/// An address that deliveries may not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{address} {reason}")]
pub struct ForbiddenAddress {
    /// The address; IPv4 if it was given as IPv4-mapped IPv6.
    pub address: IpAddr,
    /// Why deliveries may not reach it.
    pub reason: Reason,
}

/// Why an address is forbidden. `Display` goes on from the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is not public: what it is, and the RFC that says so.
    NotPublic(&'static str),
    /// The operator denies a network that it, or the IPv4 address in it, belongs to.
    Denied,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPublic(what) => write!(f, "is not a public address: {what}"),
            Self::Denied => f.write_str("is in a network that the operator denies"),
        }
    }
}

/// Where clouds give credentials to whoever asks from inside. Some have addresses
/// that look public, others lie in networks that operators have reasons to allow.
const METADATA: [IpAddr; 10] = [
    // AWS, Azure, Google and most others; tasks and pods of AWS; Tencent.
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 0, 23)),
    // Alibaba, Azure's wire server, Oracle.
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    // AWS and its pods, Google.
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// Names of such services that are known to every machine of the cloud.
pub(super) const METADATA_HOSTS: [&str; 5] =
    ["metadata.google.internal", "metadata.goog", "metadata", "instance-data", "instance-data.ec2.internal"];

/// The IPv4 addresses that are not public. The first row that fits names it.
const FORBIDDEN_V4: [(Ipv4Net, &str); 19] = [
    (v4([0, 0, 0, 0], 8), "this network (RFC 791)"),
    (v4([10, 0, 0, 0], 8), "private (RFC 1918)"),
    (v4([100, 64, 0, 0], 10), "shared by a provider's customers (RFC 6598)"),
    (v4([127, 0, 0, 0], 8), "loopback (RFC 1122)"),
    (v4([169, 254, 0, 0], 16), "link-local (RFC 3927)"),
    (v4([172, 16, 0, 0], 12), "private (RFC 1918)"),
    (v4([192, 0, 0, 0], 24), "protocol assignments (RFC 6890)"),
    (v4([192, 0, 2, 0], 24), "documentation (RFC 5737)"),
    (v4([192, 31, 196, 0], 24), "AS112 sink (RFC 7535)"),
    (v4([192, 52, 193, 0], 24), "multicast tunnelling (RFC 7450)"),
    (v4([192, 88, 99, 0], 24), "6to4 relay (RFC 7526)"),
    (v4([192, 168, 0, 0], 16), "private (RFC 1918)"),
    (v4([192, 175, 48, 0], 24), "AS112 sink (RFC 7534)"),
    (v4([198, 18, 0, 0], 15), "benchmarking (RFC 2544)"),
    (v4([198, 51, 100, 0], 24), "documentation (RFC 5737)"),
    (v4([203, 0, 113, 0], 24), "documentation (RFC 5737)"),
    (v4([224, 0, 0, 0], 4), "multicast (RFC 5771)"),
    (v4([255, 255, 255, 255], 32), "broadcast (RFC 919)"),
    (v4([240, 0, 0, 0], 4), "reserved (RFC 1112)"),
];

/// The IPv6 addresses that are not public. The first row that fits names it.
const FORBIDDEN_V6: [(Ipv6Net, &str); 19] = [
    (v6([0, 0, 0, 0], 128), "unspecified (RFC 4291)"),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), "loopback (RFC 4291)"),
    (v6([0, 0, 0, 0], 96), "IPv4-compatible, obsolete (RFC 4291)"),
    (v6([0x64, 0xff9b, 1, 0], 48), "local translation to IPv4 (RFC 8215)"),
    (v6([0x100, 0, 0, 0], 64), "discarded (RFC 6666)"),
    (v6([0x100, 0, 0, 1], 64), "dummy (RFC 9780)"),
    (v6([0x2001, 0, 0, 0], 32), "Teredo (RFC 4380)"),
    (v6([0x2001, 0, 0, 0], 23), "protocol assignments (RFC 2928)"),
    (v6([0x2001, 0xdb8, 0, 0], 32), "documentation (RFC 3849)"),
    (v6([0x2620, 0x4f, 0x8000, 0], 48), "AS112 sink (RFC 7534)"),
    (v6([0x3fff, 0, 0, 0], 20), "documentation (RFC 9637)"),
    (v6([0x5f00, 0, 0, 0], 16), "segment routing (RFC 9602)"),
    (v6([0xfc00, 0, 0, 0], 7), "unique local (RFC 4193)"),
    (v6([0xfe80, 0, 0, 0], 10), "link-local (RFC 4291)"),
    (v6([0xfec0, 0, 0, 0], 10), "site-local, obsolete (RFC 3879)"),
    (v6([0xff00, 0, 0, 0], 8), "multicast (RFC 4291)"),
    // Everything outside 2000::/3.
    (v6([0, 0, 0, 0], 3), "not global unicast (RFC 4291)"),
    (v6([0x4000, 0, 0, 0], 2), "not global unicast (RFC 4291)"),
    (v6([0x8000, 0, 0, 0], 1), "not global unicast (RFC 4291)"),
];

/// What an address is that is not public; `None` when it is public.
pub(super) fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => FORBIDDEN_V4.iter().find(|(net, _)| net.contains(&v4)).map(|(_, what)| *what),
        IpAddr::V6(v6) => FORBIDDEN_V6.iter().find(|(net, _)| net.contains(&v6)).map(|(_, what)| *what),
    }
}

/// Whether a cloud gives credentials away there.
pub(super) fn is_metadata(address: IpAddr) -> bool {
    METADATA.contains(&address)
}

/// The address at which packets to an address end. IPv6 may embed IPv4: mapped
/// (RFC 4291, 2.5.5.2), 6to4 (RFC 3056), NAT64 with the well-known prefix (RFC
/// 6052) or one of `prefixes`.
pub(super) fn destination(address: IpAddr, prefixes: &[Nat64Prefix]) -> IpAddr {
    // `::ffff:a.b.c.d` is sent as IPv4 by the operating system.
    let IpAddr::V6(v6) = address.to_canonical() else {
        return address.to_canonical();
    };
    if let [0x2002, high, low, ..] = v6.segments() {
        return Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)).into();
    }
    let known = prefixes.iter().chain([&Nat64Prefix::WELL_KNOWN]).filter(|prefix| prefix.contains(v6));
    known.max_by_key(|prefix| prefix.len()).map_or(address, |prefix| prefix.embedded(v6).into())
}

const fn v4(octets: [u8; 4], prefix: u8) -> Ipv4Net {
    let [a, b, c, d] = octets;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

/// A network by the first half of its address.
const fn v6(half: [u16; 4], prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = half;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}
