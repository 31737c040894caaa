//! Addresses are judged alike in every form in which packets reach them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use waxwing_core::{
    TargetPolicy,
    target::{Reason, TargetRules},
};

pub(super) fn run(bytes: &[u8]) {
    if let Some((first, _)) = bytes.split_first_chunk() {
        embedded(Ipv4Addr::from_bits(u32::from_be_bytes(*first)));
    }
    if let Some((first, rest)) = bytes.split_first_chunk::<4>() {
        ruled(Ipv4Addr::from_bits(u32::from_be_bytes(*first)), rest.first().copied().unwrap_or_default());
    }
    if let Some((first, _)) = bytes.split_first_chunk() {
        any(Ipv6Addr::from_bits(u128::from_be_bytes(*first)));
    }
}

/// An IPv4 address, and the IPv6 addresses from which packets end at it.
fn embedded(address: Ipv4Addr) {
    let public = is_public(address.into());
    let [a, b, c, d] = address.octets().map(u16::from);
    let (high, low) = (a << 8 | b, c << 8 | d);
    for form in [
        address.to_ipv6_mapped(),
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
        Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
    ] {
        assert_eq!(is_public(form.into()), public, "{form} is not judged like {address}");
    }
    let own = address.is_private() || address.is_loopback() || address.is_link_local();
    let nobody_s = address.is_unspecified() || address.is_broadcast() || address.is_multicast();
    assert!(!(public && (own || nobody_s || address.is_documentation())), "{address} is called public");
}

/// An address whose network is allowed, denied, or both, and translated by a prefix
/// that was told.
fn ruled(address: Ipv4Addr, length: u8) {
    let net = ipnet::IpNet::new_assert(address.into(), length % 33);
    let rules = |allow: bool, deny: bool| {
        TargetPolicy::of(TargetRules {
            allowed_networks: allow.then_some(net).into_iter().collect(),
            denied_networks: deny.then_some(net).into_iter().collect(),
            nat64_prefixes: "2001:67c:27e4:64::/96".parse().into_iter().collect(),
            ..TargetRules::default()
        })
    };
    let translated = Ipv6Addr::from_bits(0x2001_067c_27e4_0064_u128 << 64 | u128::from(address.to_bits()));
    for form in [IpAddr::V4(address), address.to_ipv6_mapped().into(), translated.into()] {
        for allow in [false, true] {
            let judgement = rules(allow, true).check_address(form).map_err(|forbidden| forbidden.reason);
            assert_eq!(judgement, Err(Reason::Denied), "{form} in {net}");
        }
        let judged = |address| rules(true, false).check_address(address).is_ok();
        assert_eq!(judged(form), judged(address.into()), "{form} in {net}");
    }
}

fn any(address: Ipv6Addr) {
    let public = is_public(address.into());
    let own = address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local();
    let nobody_s = address.is_unspecified() || address.is_multicast();
    assert!(!(public && (own || nobody_s)), "{address} is called public");
    if let Some(inside) = address.to_ipv4_mapped() {
        assert_eq!(is_public(inside.into()), public);
    }
}

fn is_public(address: IpAddr) -> bool {
    let judgement = TargetPolicy::default().check_address(address);
    if let Err(forbidden) = judgement {
        assert_eq!(forbidden.address, address.to_canonical());
        assert!(matches!(forbidden.reason, Reason::NotPublic(what) if !what.is_empty()));
    }
    judgement.is_ok()
}
