//! What may be built upon: licences, banned packages and double versions.
//!
//! The lists are those of deny.toml, so that this test and cargo-deny cannot disagree.

#![allow(clippy::expect_used, reason = "a rule that cannot be checked is a failed test")]

mod workspace;

use std::{collections::BTreeMap, collections::BTreeSet, fs};

use workspace::{assert_none, cargo, root};

/// A package that is built.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    licence: String,
}

/// What is built, on every platform, following these kinds of dependencies.
fn packages(edges: &str) -> BTreeSet<Package> {
    let text = cargo(&[
        "tree",
        "--workspace",
        "--all-features",
        "--target",
        "all",
        "--edges",
        edges,
        "--prefix",
        "none",
        "--format",
        "{p}|{l}",
    ]);
    let found: BTreeSet<Package> = text.lines().filter_map(package).collect();
    assert!(found.len() > 20, "cargo tree names too few packages:\n{text}");
    found
}

/// Reads `name v1.2.3 (…)|MIT (*)`.
fn package(line: &str) -> Option<Package> {
    let (package, licence) = line.split_once('|')?;
    let mut words = package.split(' ');
    let name = words.next()?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    Some(Package { name, version, licence: licence.trim_end_matches(" (*)").to_owned() })
}

fn policy() -> toml::Table {
    let text = fs::read_to_string(root().join("deny.toml")).expect("deny.toml is there");
    text.parse().expect("deny.toml is TOML")
}

fn list(section: &str, key: &str) -> Vec<toml::Value> {
    policy()[section][key].as_array().expect("a list in deny.toml").clone()
}

fn text(entry: &toml::Value) -> &str {
    entry.as_str().or_else(|| entry.get("crate")?.as_str()).expect("a name in deny.toml")
}

/// Whether an SPDX expression can be met with these licences. `AND` binds stronger than `OR`;
/// the old `A/B` means `A OR B`.
fn is_met(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (met, rest) = either(&words, allowed);
    met && rest.is_empty()
}

fn either<'a>(words: &'a [&'a str], allowed: &[&str]) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = both(words, allowed);
    while let Some((&"OR", after)) = rest.split_first() {
        let (other, remaining) = both(after, allowed);
        met |= other;
        rest = remaining;
    }
    (met, rest)
}

fn both<'a>(words: &'a [&'a str], allowed: &[&str]) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = one(words, allowed);
    while let Some((&"AND", after)) = rest.split_first() {
        let (other, remaining) = one(after, allowed);
        met &= other;
        rest = remaining;
    }
    (met, rest)
}

fn one<'a>(words: &'a [&'a str], allowed: &[&str]) -> (bool, &'a [&'a str]) {
    match words {
        ["(", rest @ ..] => {
            let (met, rest) = either(rest, allowed);
            rest.split_first().map_or((false, rest), |(closing, after)| (met && *closing == ")", after))
        }
        // An exception only adds permissions, yet it is another licence: it has to be listed.
        [licence, "WITH", exception, rest @ ..] => {
            (allowed.contains(&format!("{licence} WITH {exception}").as_str()), rest)
        }
        [licence, rest @ ..] => (allowed.contains(licence), rest),
        [] => (false, words),
    }
}

#[test]
fn every_package_has_a_licence_that_is_allowed() {
    let allowed = list("licenses", "allow");
    let allowed: Vec<&str> = allowed.iter().map(text).collect();
    let mut broken = Vec::new();
    for Package { name, version, licence } in packages("normal,build,dev") {
        if !is_met(&licence, &allowed) {
            broken.push(format!(
                "{name} {version}: licence {licence:?}; do without it, or allow that licence in deny.toml"
            ));
        }
    }
    assert_none(&broken);
}

#[test]
fn no_banned_package_is_built() {
    let banned = list("bans", "deny");
    let everywhere = banned.iter().filter(|entry| entry.get("wrappers").is_none());
    let built = packages("normal,build,dev");
    let mut broken = Vec::new();
    for entry in everywhere {
        for package in built.iter().filter(|package| package.name == text(entry)) {
            let reason = entry.get("reason").and_then(toml::Value::as_str).unwrap_or_default();
            broken.push(format!(
                "{} {}: banned, {reason}; see cargo tree --invert {}",
                package.name, package.version, package.name
            ));
        }
    }
    assert_none(&broken);
}

#[test]
fn no_package_is_built_in_two_versions_unless_listed() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages("normal,build") {
        let known = versions.entry(package.name).or_default();
        if !known.contains(&package.version) {
            known.push(package.version);
        }
    }
    let skips = list("bans", "skip");
    let skips: Vec<(&str, &str)> = skips.iter().filter_map(|entry| text(entry).split_once('@')).collect();
    let skipped =
        |name: &str, version: &str| skips.iter().any(|skip| skip.0 == name && begins(version, skip.1));
    let mut broken = Vec::new();
    for (name, versions) in &versions {
        let left = versions.iter().filter(|version| !skipped(name, version)).count();
        if left > 1 {
            broken.push(format!("{name}: built as {versions:?}; unite them, or list all but one with its reason in skip of deny.toml"));
        }
    }
    for (name, begin) in &skips {
        let versions = versions.get(*name).map(Vec::as_slice).unwrap_or_default();
        if versions.len() < 2 || !versions.iter().any(|version| begins(version, begin)) {
            broken.push(format!(
                "{name}@{begin}: built once only, or not at all; remove it from skip of deny.toml"
            ));
        }
    }
    assert_none(&broken);
}

/// Whether `0.5.2` is a `0.5`.
fn begins(version: &str, begin: &str) -> bool {
    version.strip_prefix(begin).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[test]
fn a_licence_expression_is_read_as_spdx_says() {
    let allowed = ["MIT", "ISC"];
    for met in [
        "MIT",
        "Apache-2.0 OR MIT",
        "Apache-2.0/MIT",
        "MIT AND ISC",
        "(MIT OR X) AND ISC",
        "X OR MIT AND ISC",
    ] {
        assert!(is_met(met, &allowed), "{met}");
    }
    for unmet in ["", "X", "X AND MIT", "MIT AND (X OR Y)", "MIT WITH Y", "MIT OR X)", "MIT ISC"] {
        assert!(!is_met(unmet, &allowed), "{unmet}");
    }
}
