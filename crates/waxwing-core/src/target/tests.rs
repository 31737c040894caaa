//! What the target policy lets through and what it keeps out.

use proptest::prelude::*;

use super::*;

fn check(url: &str) -> Result<TargetUrl, UrlError> {
    TargetPolicy::default().check_url(url)
}

fn allowing(networks: &[&str]) -> TargetPolicy {
    TargetPolicy::new(networks.iter().map(|net| net.parse().unwrap()).collect())
}

fn is_public(address: &str) -> bool {
    TargetPolicy::default().check_address(address.parse().unwrap()).is_ok()
}

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

/// Hosts that are not public, separated by white space.
const NOT_PUBLIC: &str = "
    127.0.0.1 127.1 127.0.1 127.255.255.254 127.0.0.1. 127.000.000.001
    2130706433 2130706433. 017700000001 0177.0.0.1 0177.0.0.0x1 0x7f000001 0x7f.1 0x7F.0x0.0x0.0x1
    １２７．０．０．１ 127。0。0。1 ①②⑦.0.0.1 %31%32%37.0.0.1 127.0.0.%31
    0 0x 0x0 0.1 0.0.0.0 0.255.255.255
    localhost LOCALHOST localhost. a.localhost a.b.LocalHost. ｌｏｃａｌｈｏｓｔ %6cocalhost local\u{ad}host

    10.0.0.0 10.255.255.255 0xa.1 012.1 167772161
    100.64.0.0 100.127.255.255
    169.254.0.0 169.254.169.254 169.254.255.255 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518
    172.16.0.0 172.31.255.255 0xac.0x10.1
    192.0.0.0 192.0.0.192 192.0.0.255 192.0.2.0 192.0.2.255
    192.31.196.1 192.52.193.1 192.88.99.1 192.175.48.1
    192.168.0.0 192.168.255.255 192.168.257 3232235777 0xc0a80101
    198.18.0.0 198.19.255.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255
    224.0.0.1 239.255.255.255 240.0.0.0 255.255.255.254 255.255.255.255 4294967295

    [::] [::1] [0:0:0:0:0:0:0:1] [0000::0001] [::0.0.0.1] [::127.0.0.1] [::8.8.8.8]
    [::ffff:127.0.0.1] [::ffff:7f00:1] [::FFFF:10.0.0.1] [0:0:0:0:0:ffff:a9fe:a9fe] [::fffe:8.8.8.8]
    [64:ff9b::127.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::8.8.8.8] [64:ff9b:0:0:1::1]
    [100::1] [100:0:0:1::1] [200::1] [1::1] [1fff:ffff::1]
    [2001::1] [2001:0:4136:e378::1] [2001:20::1] [2001:1ff:ffff::1] [2001:db8::1] [2001:db8:ffff::1]
    [2002:7f00:1::1] [2002:a00:1::] [2002:c0a8:101::1] [2002:a9fe:a9fe::1] [2620:4f:8000::1]
    [3fff::1] [3fff:fff::1] [4000::1] [5f00::1] [8000::1] [bfff::1] [e000::1]
    [fc00::1] [fd00:ec2::254] [fdff::1] [fe80::1] [febf::1] [fec0::1] [feff::1] [ff02::1] [ffff::1]
";

/// Addresses beside the networks that are not public, and some that embed one.
const PUBLIC: &str = "
    1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
    169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255
    192.169.0.0 198.17.255.255 198.20.0.0 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255
    2000:: 2001:200:: 2001:db7:ffff:: 2001:db9:: 2003:: 2606:4700:4700::1111 3ffe:ffff:: 3fff:1000::
    ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1
";

/// URLs that are no webhook's for another reason than their address, separated
/// by white space.
const INVALID: &str = "
    / //example.com/ example.com example.com:443/hook https https: https:/ https://
    https:///example.com/ https:example.com https:/example.com https://:443/ https://?a
    ftp://example.com/ wss://example.com/ javascript:alert(1) file:///etc/passwd
    https+http://example.com/ data:text/plain,https://example.com/ httpſ://example.com/

    https://example.com\\@evil.example/ https:\\\\example.com\\ https://example.com\\
    https://user@example.com/ https://user:pass@example.com/ https://@example.com/ https://:@example.com/
    https://a@b@example.com/ https://example.com@127.0.0.1/ https://example.com:443@127.0.0.1/
    https://example.com/# https://example.com/#a https://example.com#@evil.example/

    https://exa%23mple.com/ https://exa%2fmple.com/ https://exa%00mple.com/ https://exa%40mple.com/ https://%/
    https://a..b/ https://.example.com/ https://example.com../ https://./ https://*.com/ https://a!b/
    https://example.com,evil.example/ https://$(id)/ https://<script>/ https://xn--a/ https://\u{ad}/
    https://1.2.3.4.5/ https://256.256.256.256/ https://0x1ffffffff/ https://1.2.3.256/ https://4294967296/
    https://[::1/ https://::1/ https://[fe80::1%25eth0]/ https://[::1]a/ https://[]/ https://[127.0.0.1]/

    https://example.com:0/ https://example.com:00000/ https://example.com:65536/ https://example.com:-1/
    https://example.com:4a/ https://example.com:443:443/
";

/// URLs that a parser would mend by dropping or changing characters.
const MENDED: [&str; 12] = [
    " https://example.com/",
    "https://example.com/ ",
    "https://example.com/a b",
    "\thttps://example.com/",
    "ht\ntps://example.com/",
    "https://exa\tmple.com/",
    "https://example.com/\r\nHost: evil",
    "https://example.com/\0",
    "https://example.com/\u{7f}",
    "https://example.com/\u{85}",
    "https://example.com/\u{2028}",
    "https://exam\u{3000}ple.com/",
];

#[test]
fn hosts_that_are_not_public_are_refused_in_every_spelling() {
    for host in NOT_PUBLIC.split_ascii_whitespace() {
        for url in [format!("https://{host}"), format!("hTTps://{host}:8443/a?b=c")] {
            let error = check(&url).expect_err(&url);
            assert_eq!(error.code(), "url_not_public", "{url}: {error}");
        }
    }
}

#[test]
fn neighbours_of_the_forbidden_networks_are_public() {
    for address in PUBLIC.split_ascii_whitespace() {
        assert!(is_public(address), "{address}");
    }
}

#[test]
fn hostile_and_careless_urls_are_invalid() {
    for url in INVALID.split_ascii_whitespace().chain(MENDED).chain([""]) {
        let error = check(url).expect_err(url);
        assert_eq!(error.code(), "url_invalid", "{url}: {error}");
    }
}

#[test]
fn what_is_too_long_is_invalid() {
    let path = |path: String| format!("https://example.com/{path}");
    assert_eq!(check(&path("a".repeat(2029))), Err(UrlError::TooLong));
    assert_eq!(check(&path("ä".repeat(400))), Err(UrlError::TooLong), "once encoded");
    for host in [format!("{}.com", "a".repeat(64)), format!("{}com", "a.".repeat(126))] {
        assert_eq!(check(&format!("https://{host}/")), Err(UrlError::Host), "{host}");
    }
}

#[test]
fn http_has_an_error_of_its_own() {
    for url in ["http://example.com/", "HTTP://example.com", "http://127.0.0.1/", "http://"] {
        assert_eq!(check(url), Err(UrlError::NotHttps), "{url}");
    }
    assert_eq!(UrlError::NotHttps.code(), "url_not_https");
}

#[test]
fn a_url_is_kept_as_given_and_called_as_normalized() {
    let url = check("HTTPS://Bücher.Example.:443/a/../b c%zz?q=ä|1".replace(' ', "%20").as_str()).unwrap();
    assert_eq!(url.as_str(), "HTTPS://Bücher.Example.:443/a/../b%20c%zz?q=ä|1");
    assert_eq!(url.host(), "xn--bcher-kva.example");
    assert_eq!(url.host_header(), "xn--bcher-kva.example");
    assert_eq!(url.port(), 443);
    assert_eq!(url.path_and_query(), "/b%20c%zz?q=%C3%A4|1");
    assert_eq!(url.address(), None);
}

#[test]
fn ports_and_literal_addresses_are_read() {
    let url = check("https://[2606:4700:4700:0::1111]:8443?x").unwrap();
    assert_eq!((url.host(), url.port()), ("2606:4700:4700::1111", 8443));
    assert_eq!(url.host_header(), "[2606:4700:4700::1111]:8443");
    assert_eq!(url.path_and_query(), "/?x");
    assert_eq!(url.address(), Some("2606:4700:4700::1111".parse().unwrap()));
    let url = check("https://0x08080808").unwrap();
    assert_eq!((url.host(), url.path_and_query()), ("8.8.8.8", "/"));
    assert_eq!(url.address(), Some("8.8.8.8".parse().unwrap()));
}

#[test]
fn the_longest_url_and_host_are_taken() {
    assert!(check(&format!("https://example.com/{}", "a".repeat(2028))).is_ok());
    assert!(check(&format!("https://{}a/", "a.".repeat(126))).is_ok());
    assert!(check(&format!("https://{}.com./", "a".repeat(63))).is_ok());
}

#[test]
fn names_that_only_look_like_this_machine_are_left_to_dns() {
    for host in
        ["localhost.example.com", "notlocalhost", "127.0.0.1.example.com", "_a.example.com", "intranet"]
    {
        assert!(check(&format!("https://{host}/")).is_ok(), "{host}");
    }
}

#[test]
fn allowed_networks_open_what_is_not_public_and_nothing_more() {
    let policy = allowing(&["10.1.0.0/16", "fd00::/8"]);
    let passes = |address: &str| policy.check_address(address.parse().unwrap()).is_ok();
    for address in
        ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::1", "fd12::1", "8.8.8.8"]
    {
        assert!(passes(address), "{address}");
    }
    for address in ["10.2.0.1", "::ffff:10.2.0.1", "::10.1.2.3", "fc00::1", "127.0.0.1", "::1"] {
        assert!(!passes(address), "{address}");
    }
    assert!(policy.check_url("https://10.1.2.3:8443/").is_ok());
}

#[test]
fn localhost_is_open_when_a_loopback_address_is() {
    for network in ["127.0.0.0/8", "::1/128"] {
        assert!(allowing(&[network]).check_url("https://localhost:8443/").is_ok(), "{network}");
    }
    assert!(allowing(&["10.0.0.0/8"]).check_url("https://localhost/").is_err());
}

#[test]
fn one_forbidden_address_rejects_the_whole_answer() {
    let policy = TargetPolicy::default();
    let [public, private]: [IpAddr; 2] = ["8.8.8.8".parse().unwrap(), "::ffff:10.0.0.1".parse().unwrap()];
    assert!(policy.check_answer(&[public, public]).is_ok());
    let error = policy.check_answer(&[public, private]).unwrap_err();
    assert_eq!(error.to_string(), "10.0.0.1 is not a public address: private (RFC 1918)");
    assert!(policy.check_answer(&[]).is_ok());
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
        if v6.segments()[0] >> 13 != 1 && address::embedded(v6.into()).is_none() {
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
