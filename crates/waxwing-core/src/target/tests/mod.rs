//! What the target policy lets through and what it keeps out.

mod hostile;
mod property;
mod rules;

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

/// Addresses beside the networks that are not public, and some that embed one.
const PUBLIC: &str = "
    1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
    169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255
    192.169.0.0 198.17.255.255 198.20.0.0 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255
    2000:: 2001:200:: 2001:db7:ffff:: 2001:db9:: 2003:: 2606:4700:4700::1111 3ffe:ffff:: 3fff:1000::
    ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1
";

#[test]
fn neighbours_of_the_forbidden_networks_are_public() {
    for address in PUBLIC.split_ascii_whitespace() {
        assert!(is_public(address), "{address}");
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
