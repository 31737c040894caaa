//! What holds for every address and every text.

use proptest::prelude::*;

use super::*;

/// The IPv6 forms whose packets end at an IPv4 address.
fn embeddings(v4: Ipv4Addr) -> [IpAddr; 3] {
    let [a, b, c, d] = v4.octets().map(u16::from);
    let (high, low) = (a << 8 | b, c << 8 | d);
    [
        Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low).into(),
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low).into(),
        Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1).into(),
    ]
}

/// URLs that are nearly right, because random text seldom gets past the scheme.
fn nearly_a_url() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        any::<Ipv4Addr>().prop_map(|address| address.to_string()),
        any::<u32>().prop_map(|bits| format!("{bits:#x}")),
        any::<u32>().prop_map(|bits| bits.to_string()),
        any::<u32>().prop_map(|bits| format!("0{bits:o}.")),
        any::<Ipv6Addr>().prop_map(|address| format!("[{address}]")),
        any::<Ipv4Addr>().prop_map(|address| format!("[::ffff:{address}]")),
        "[a-z0-9.%@:\\[\\]_-]{1,20}",
        "\\PC{1,10}",
    ];
    ("(https://|HTTPS://|https:/)", host, "(:[0-9]{0,5})?", "[/?#][ -~]{0,20}")
        .prop_map(|(scheme, host, port, rest)| format!("{scheme}{host}{port}{rest}"))
}

proptest! {
    #[test]
    fn an_ipv4_address_gets_the_same_verdict_however_it_is_embedded(v4: Ipv4Addr, net: Ipv4Addr, prefix in 0..=32_u8) {
        let allowed = IpNet::new(net.into(), prefix).unwrap();
        for policy in [TargetPolicy::default(), TargetPolicy::new(vec![allowed])] {
            let verdict = policy.check_address(v4.into()).is_ok();
            for v6 in embeddings(v4) {
                prop_assert_eq!(policy.check_address(v6).is_ok(), verdict, "{} {}", v4, v6);
            }
        }
    }

    #[test]
    fn what_the_standard_library_knows_as_private_is_never_public(v4: Ipv4Addr, v6: Ipv6Addr) {
        let policy = TargetPolicy::default();
        if v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast() || v4.is_documentation() {
            prop_assert!(policy.check_address(v4.into()).is_err());
        }
        if v6.segments()[0] >> 13 != 1 && address::destination(v6.into(), &[]) == IpAddr::V6(v6) {
            prop_assert!(policy.check_address(v6.into()).is_err());
        }
    }

    #[test]
    fn no_url_gets_through_with_a_forbidden_address(text in prop_oneof![nearly_a_url(), any::<String>()]) {
        let policy = TargetPolicy::default();
        if let Ok(url) = policy.check_url(&text) {
            prop_assert_eq!(url.as_str(), text);
            prop_assert!(url.address().is_none_or(|address| policy.check_address(address).is_ok()));
            prop_assert!(!url.is_this_machine());
            prop_assert!(url.path_and_query().starts_with('/') && url.path_and_query().is_ascii());
            prop_assert!(url.host().is_ascii() && !url.host().is_empty() && url.port() != 0);
            let host_is_an_address = url.host().parse::<IpAddr>().is_ok();
            prop_assert_eq!(host_is_an_address, url.address().is_some());
        }
    }

    #[test]
    fn every_spelling_of_an_ipv4_literal_gets_its_verdict(v4: Ipv4Addr) {
        let bits = v4.to_bits();
        let [a, b, c, d] = v4.octets();
        let verdict = is_public(&v4.to_string());
        let spellings = [
            format!("{v4}"), format!("{v4}."), format!("{bits}"), format!("{bits:#x}"), format!("0{bits:o}"),
            format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"), format!("0{a:o}.{b}.{}", u32::from(c) << 8 | u32::from(d)),
            format!("[::ffff:{v4}]"), format!("[64:ff9b::{v4}]"),
        ];
        for host in spellings {
            let result = check(&format!("https://{host}/"));
            prop_assert_eq!(result.is_ok(), verdict, "{}: {:?}", host, result);
        }
    }
}
