//! No unsafe code of ours: the workspace forbids it, and every crate obeys the workspace.

mod workspace;

use std::fs;

use workspace::{assert_none, crate_folders, root};

/// What customers read and copy is free of the lints that are about the server, and so of the
/// exceptions from them: its programs print, and read the environment.
const EXAMPLES: &str = "examples/rust";

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
    for folder in crate_folders().iter().filter(|folder| *folder != EXAMPLES) {
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
fn what_has_lints_of_its_own_forbids_unsafe_code_too() {
    for path in ["fuzz/Cargo.toml".to_owned(), format!("{EXAMPLES}/Cargo.toml")] {
        let manifest = manifest(&path);
        let level = manifest.get("lints").and_then(|lints| level(lints, "unsafe_code"));
        assert_eq!(level, Some("forbid"), "{path}: say unsafe_code = \"forbid\" in [lints.rust]");
    }
}
