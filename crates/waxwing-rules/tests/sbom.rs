//! The list of what a release is made of: whole, the same each time, and true.

#![allow(clippy::expect_used, clippy::panic, reason = "a rule that cannot be checked is a failed test")]

mod workspace;

use std::{collections::BTreeSet, fs, process::Command, sync::LazyLock};

use serde_json::Value;
use workspace::{assert_none, cargo, root};

fn written(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new("python3");
    command.arg("scripts/sbom.py").current_dir(root()).env_remove("SOURCE_DATE_EPOCH");
    command.env("CARGO", env!("CARGO")).envs(variables.iter().copied());
    let output = command.output().expect("python3 can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("JSON is UTF-8")
}

/// Without a time; written once, for that takes a while.
static LIST: LazyLock<String> = LazyLock::new(|| written(&[]));

fn list() -> Value {
    serde_json::from_str(&LIST).expect("the list is JSON")
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}"))
}

/// What `cargo tree` builds into the program and with it: `name@version`.
fn built() -> BTreeSet<String> {
    let arguments = ["tree", "--package", "waxwing", "--edges", "normal,build", "--prefix", "none"];
    let lines = cargo(&[&arguments[..], &["--format", "{p}"]].concat());
    let package = |line: &str| {
        let mut words = line.split(' ');
        Some(format!("{}@{}", words.next()?, words.next()?.strip_prefix('v')?))
    };
    lines.lines().filter_map(package).collect()
}

#[test]
fn the_same_sources_give_the_same_list() {
    let mut dated: Value = serde_json::from_str(&written(&[("SOURCE_DATE_EPOCH", "86400")])).expect("JSON");
    let time = dated["metadata"].as_object_mut().and_then(|metadata| metadata.remove("timestamp"));
    assert_eq!(time, Some(Value::from("1970-01-02T00:00:00Z")));
    let list = list();
    // The serial number is made of everything else, the time too.
    assert_ne!(dated["serialNumber"], list["serialNumber"]);
    for member in ["metadata", "components", "dependencies"] {
        assert_eq!(dated[member], list[member], "{member}");
    }
}

#[test]
fn every_package_of_the_program_is_listed_with_purl_licence_and_checksum() {
    let list = list();
    assert_eq!((text(&list, "bomFormat"), text(&list, "specVersion")), ("CycloneDX", "1.5"));
    assert!(text(&list, "serialNumber").starts_with("urn:uuid:") && list["metadata"]["timestamp"].is_null());
    let program = &list["metadata"]["component"];
    assert_eq!((text(program, "name"), text(program, "type")), ("waxwing", "application"));
    let components = list["components"].as_array().expect("components");
    let lock: toml::Table =
        fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock").parse().expect("TOML");
    let locked = lock["package"].as_array().expect("packages");
    let (mut broken, mut listed) = (Vec::new(), BTreeSet::new());
    for component in components.iter().chain([program]) {
        let (name, version) = (text(component, "name"), text(component, "version"));
        let bundled = name == "sqlite";
        let kind = if bundled { "generic" } else { "cargo" };
        if text(component, "purl") != format!("pkg:{kind}/{name}@{version}") {
            broken.push(format!("{name} {version}: purl {}", component["purl"]));
        }
        if component["licenses"][0]["expression"].as_str().is_none_or(str::is_empty) {
            broken.push(format!("{name} {version}: no licence"));
        }
        let is_it = |package: &&toml::Value| {
            package["name"].as_str() == Some(name) && package["version"].as_str() == Some(version)
        };
        let checksum = locked.iter().find(is_it).and_then(|package| package.get("checksum")?.as_str());
        let shown = component["hashes"][0]["content"].as_str();
        if shown != checksum && !(bundled && shown.is_some_and(|hash| hash.len() == 64)) {
            broken.push(format!("{name} {version}: checksum {shown:?}, locked {checksum:?}"));
        }
        if !bundled {
            listed.insert(format!("{name}@{version}"));
        }
    }
    assert_none(&broken);
    assert_eq!(listed, built());
    assert!(components.iter().any(|component| component["name"] == "sqlite"), "SQLite is in it");
}

#[test]
fn every_dependency_in_the_list_leads_to_something_in_it() {
    let list = list();
    let components = list["components"].as_array().expect("components").iter();
    let known: BTreeSet<&str> =
        components.chain([&list["metadata"]["component"]]).map(|one| text(one, "bom-ref")).collect();
    let links = list["dependencies"].as_array().expect("dependencies");
    let of: BTreeSet<&str> = links.iter().map(|link| text(link, "ref")).collect();
    let on: BTreeSet<&str> = links
        .iter()
        .flat_map(|link| link["dependsOn"].as_array().expect("a list"))
        .map(|on| on.as_str().expect("a reference"))
        .collect();
    assert_eq!(of, known);
    let top = text(&list["metadata"]["component"], "bom-ref");
    let reached: BTreeSet<&str> = on.into_iter().chain([top]).collect();
    assert_eq!(reached, known);
}
