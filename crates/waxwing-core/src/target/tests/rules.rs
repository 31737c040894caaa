//! What the operator's rules open and close.

use super::*;

fn with(change: impl FnOnce(&mut TargetRules)) -> TargetPolicy {
    let mut rules = TargetRules::default();
    change(&mut rules);
    TargetPolicy::of(rules)
}

fn networks(list: &[&str]) -> Vec<IpNet> {
    list.iter().map(|net| net.parse().unwrap()).collect()
}

/// Those of the addresses that pass.
fn passing<'a>(policy: &TargetPolicy, addresses: &[&'a str]) -> Vec<&'a str> {
    let passes = |address: &&str| policy.check_address(address.parse().unwrap()).is_ok();
    addresses.iter().copied().filter(passes).collect()
}

fn code(policy: &TargetPolicy, url: &str) -> &'static str {
    policy.check_url(url).err().map_or("ok", |error| error.code())
}

#[test]
fn what_is_denied_is_denied_in_every_form_and_whatever_is_allowed() {
    let policy = with(|rules| {
        rules.allowed_networks = networks(&["10.0.0.0/8", "8.8.8.8/32"]);
        rules.denied_networks = networks(&["10.1.0.0/16", "8.8.8.0/24", "2606:4700::/32"]);
    });
    let denied = [
        "10.1.2.3",
        "::ffff:10.1.2.3",
        "64:ff9b::10.1.2.3",
        "2002:a01:203::1",
        "8.8.8.8",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2606:4700:4700::1111",
    ];
    assert_eq!(passing(&policy, &denied), [""; 0]);
    let open = ["10.2.0.1", "64:ff9b::10.2.0.1", "8.8.4.4", "2001:4860:4860::8888"];
    assert_eq!(passing(&policy, &open), open);
    let error = policy.check_url("https://8.8.8.8/").unwrap_err();
    assert_eq!(error.code(), "url_denied");
    assert_eq!(error.to_string(), "the URL leads to 8.8.8.8, which is in a network that the operator denies");
}

#[test]
fn a_metadata_service_is_opened_by_its_very_address_alone() {
    let wide = allowing(&["0.0.0.0/0", "::/0"]);
    let services =
        ["169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "64:ff9b::a9fe:a9fe"];
    assert_eq!(passing(&wide, &services), [""; 0]);
    assert!(wide.check_address("169.254.169.253".parse().unwrap()).is_ok());
    assert_eq!(
        passing(&allowing(&["169.254.169.254/32"]), &services),
        ["169.254.169.254", "64:ff9b::a9fe:a9fe"]
    );
    assert_eq!(code(&wide, "https://metadata.google.internal/"), "url_not_public");
}

#[test]
fn an_address_that_embeds_another_is_not_opened_by_its_own_network() {
    let policy = allowing(&["64:ff9b::/96", "2002::/16"]);
    assert_eq!(passing(&policy, &["64:ff9b::10.0.0.1", "2002:a00:1::1"]), [""; 0]);
}

#[test]
fn denied_hosts_are_names_or_all_below_a_name() {
    let hosts = ["Partner.Example", "*.internal.example", "*.Bücher.example.", "xn--mnchen-3ya.example"];
    let policy = with(|rules| rules.denied_hosts = hosts.iter().map(|host| host.parse().unwrap()).collect());
    for host in [
        "partner.example",
        "PARTNER.example.",
        "a.internal.example",
        "a.b.INTERNAL.example",
        "x.bücher.example",
        "x.xn--bcher-kva.example",
        "münchen.example",
        "ｐartner.example",
    ] {
        assert_eq!(code(&policy, &format!("https://{host}/")), "url_denied", "{host}");
    }
    for host in [
        "a.partner.example",
        "notpartner.example",
        "internal.example",
        "notinternal.example",
        "bücher.example",
    ] {
        assert_eq!(code(&policy, &format!("https://{host}/")), "ok", "{host}");
    }
}

#[test]
fn a_host_pattern_is_a_name() {
    for text in
        ["", "*", "*.", "a.*.example", "*a.example", "a b", "a..b", "https://a.example", "a.example:443"]
    {
        assert_eq!(text.parse::<HostPattern>(), Err(HostPatternError::Name), "{text:?}");
    }
    for text in ["10.0.0.1", "0x7f.1", "[::1]", "*.10.0.0.1"] {
        assert_eq!(text.parse::<HostPattern>(), Err(HostPatternError::Address), "{text:?}");
    }
}

#[test]
fn ports_that_browsers_block_are_refused_unless_they_are_named() {
    let at = |policy: &TargetPolicy, port: u16| code(policy, &format!("https://hooks.example:{port}/"));
    let blocked = |policy: &TargetPolicy| (1..=u16::MAX).filter(|port| at(policy, *port) != "ok").count();
    let default = TargetPolicy::default();
    assert_eq!((at(&default, 22), at(&default, 443), at(&default, 8443)), ("url_denied", "ok", "ok"));
    assert_eq!(blocked(&default), 82);
    let denying = with(|rules| rules.denied_ports = vec![8000..=8999, 443..=443]);
    assert_eq!(blocked(&denying), 82 + 1001);
    let only = with(|rules| {
        rules.allowed_ports = vec![443..=443, 6000..=6001];
        rules.denied_ports = vec![6001..=6001];
    });
    let open: Vec<u16> = (1..=u16::MAX).filter(|port| at(&only, *port) == "ok").collect();
    assert_eq!(open, [443, 6000]);
}

#[test]
fn addresses_that_a_translator_makes_are_judged_as_what_is_in_them() {
    // The examples of RFC 6052, 2.4, with 10.0.2.33 and 8.8.8.8 in place of its address.
    for (prefix, inside, public) in [
        ("2001:4db8::/32", "2001:4db8:a00:221::", "2001:4db8:808:808::"),
        ("2001:4db8:100::/40", "2001:4db8:10a:2:21::", "2001:4db8:108:808:8::"),
        ("2001:4db8:122::/48", "2001:4db8:122:a00:2:2100::", "2001:4db8:122:808:8:800::"),
        ("2001:4db8:122:300::/56", "2001:4db8:122:30a:0:221::", "2001:4db8:122:308:8:808::"),
        ("2001:4db8:122:344::/64", "2001:4db8:122:344:a:2:2100:0", "2001:4db8:122:344:8:808:800:0"),
        ("2001:4db8:122:344::/96", "2001:4db8:122:344::10.0.2.33", "2001:4db8:122:344::8.8.8.8"),
        ("64:ff9b:1::/48", "64:ff9b:1:a00:2:2100::", "64:ff9b:1:808:8:800::"),
        ("fd00:64::/96", "fd00:64::10.0.2.33", "fd00:64::8.8.8.8"),
    ] {
        let policy = with(|rules| {
            rules.nat64_prefixes = vec![prefix.parse().unwrap()];
            rules.denied_networks = networks(&["9.9.9.9/32"]);
        });
        assert_eq!(passing(&policy, &[inside, public]), [public], "{prefix}");
        let allowing = with(|rules| {
            rules.nat64_prefixes = vec![prefix.parse().unwrap()];
            rules.allowed_networks = networks(&["10.0.2.0/24"]);
        });
        assert_eq!(passing(&allowing, &[inside, public]), [inside, public], "{prefix}");
    }
}

#[test]
fn the_longest_of_several_prefixes_tells_what_is_inside() {
    let prefixes = ["2001:4db8::/32", "2001:4db8:808:808::/96"];
    let policy =
        with(|rules| rules.nat64_prefixes = prefixes.iter().map(|prefix| prefix.parse().unwrap()).collect());
    assert_eq!(passing(&policy, &["2001:4db8:808:808::10.0.0.1"]), [""; 0]);
    assert_eq!(passing(&policy, &["2001:4db8:808:808:1::10.0.0.1"]).len(), 1);
}

#[test]
fn a_translation_prefix_has_one_of_six_lengths() {
    for text in ["64:ff9b::", "64:ff9b::/95", "64:ff9b::/128", "10.0.0.0/8", "::ffff:0:0/97", "a"] {
        assert_eq!(text.parse::<Nat64Prefix>(), Err(Nat64PrefixError), "{text}");
    }
}

#[test]
fn letters_of_one_writing_are_taken_and_look_alikes_only_in_ascii() {
    for host in [
        "bücher.example",
        "ærø.example",
        "straße.example",
        "пример.example",
        "παράδειγμα.example",
        "例え.example",
        "東京tower.example",
        "한국어.example",
        "مثال.example",
        "उदाहरण.example",
        "xn--e1afmkfd.example",
        "xn--pypal-4ve.com",
        "a-1_b.example",
    ] {
        assert_eq!(code(&TargetPolicy::default(), &format!("https://{host}/")), "ok", "{host}");
    }
    let error = check("https://pаypal.com/").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the host is written with letters that look like others; if you mean it, write it as xn--pypal-4ve.com"
    );
    assert!(check("https://xn--pypal-4ve.com/p%D0%B0ypal").is_ok());
}
