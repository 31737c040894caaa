//! No unsafe code of ours: the workspace forbids it, and every crate obeys the workspace.

mod workspace;

use std::fs;

use workspace::{assert_none, crate_folders, root};

fn manifest(path: &str) -> toml::Table {
    let text = fs::read_to_string(root().join(path)).unwrap_or_default();
    text.parse().unwrap_or_default()
}

/// The level of a lint in `[lints.rust]` of a table, plain or with a priority.
fn level<'a>(lints: &'a toml::Value, lint: &str) -> Option<&'a str> {
    let value = lints.get("rust")?.get(lint)?;
    value.as_str().or_else(|| value.get("level")?.as_str())
}

#[test]
fn the_workspace_forbids_unsafe_code() {
    let root = manifest("Cargo.toml");
    let lints = root.get("workspace").and_then(|workspace| workspace.get("lints"));
    let level = lints.and_then(|lints| level(lints, "unsafe_code"));
    assert_eq!(level, Some("forbid"), "Cargo.toml: say unsafe_code = \"forbid\" in [workspace.lints.rust]");
}

#[test]
fn every_crate_inherits_the_lints_of_the_workspace() {
    let mut broken = Vec::new();
    for folder in crate_folders() {
        let path = format!("{folder}/Cargo.toml");
        let manifest = manifest(&path);
        let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace")?.as_bool());
        if inherits != Some(true) {
            broken.push(format!("{path}: say workspace = true in [lints]"));
        }
    }
    assert_none(&broken);
}

#[test]
fn what_fuzzing_builds_of_ours_has_no_unsafe_code_either() {
    let manifest = manifest("fuzz/Cargo.toml");
    let level = manifest.get("lints").and_then(|lints| level(lints, "unsafe_code"));
    assert_eq!(level, Some("forbid"), "fuzz/Cargo.toml: say unsafe_code = \"forbid\" in [lints.rust]");
}
