//! The comparison of lock files with advisories, on a small database of its own.

#![allow(clippy::expect_used, reason = "a rule that cannot be checked is a failed test")]

mod workspace;

use std::{fs, path::Path, process::Command};

use workspace::root;

/// Advisories as RustSec writes them, which came true for some versions.
const ADVISORIES: [(&str, &str, &str); 4] = [
    ("one", "TEST-1", "patched = [\"^0.3.26\", \">= 0.4.2\"]"),
    ("two", "TEST-2", "patched = []\nunaffected = [\"< 1.5\"]"),
    ("three", "TEST-3", "patched = [\">= 2.0.1, < 3.0.0\", \">= 3.1.0\"]"),
    ("four", "TEST-4", "patched = [\">= 1.0.0\"]"),
];

/// Versions, and whether an advisory counts for them.
const VERSIONS: [(&str, &str, bool); 15] = [
    ("one", "0.3.25", true),
    ("one", "0.3.26", false),
    ("one", "0.3.30", false),
    ("one", "0.4.1", true),
    ("one", "0.4.2", false),
    ("one", "1.0.0", false),
    ("two", "1.4.9", false),
    ("two", "1.5.0", true),
    ("three", "2.0.0", true),
    ("three", "2.9.9", false),
    ("three", "3.0.5", true),
    ("three", "3.1.0", false),
    ("four", "1.0.0-beta.1", true),
    ("four", "1.0.0+build", false),
    ("another", "0.1.0", false),
];

fn git(folder: &Path, arguments: &[&str]) {
    let who = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
    let output =
        Command::new("git").current_dir(folder).args(who).args(arguments).output().expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn compared(database: &Path, lock: &str) -> (bool, String) {
    let path = database.join("test.lock");
    fs::write(&path, lock).expect("a lock file is written");
    let mut command = Command::new("python3");
    let output = command.arg("scripts/advisories.py").arg(database).arg(&path).current_dir(root()).output();
    let output = output.expect("python3 can be started");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.success(), String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn an_advisory_counts_for_versions_that_are_neither_patched_nor_unaffected() {
    let folder = tempfile::tempdir().expect("a folder");
    for (package, id, versions) in ADVISORIES {
        let text = format!(
            "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\n[versions]\n{versions}\n```\n\n# Bad\n"
        );
        let crates = folder.path().join("crates").join(package);
        fs::create_dir_all(&crates).expect("a folder is made");
        fs::write(crates.join(format!("{id}.md")), text).expect("an advisory is written");
    }
    git(folder.path(), &["init", "--quiet"]);
    git(folder.path(), &["add", "crates"]);
    git(folder.path(), &["commit", "--quiet", "--message", "advisories"]);
    for (name, version, counts) in VERSIONS {
        let lock =
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry\"\n");
        let (clean, said) = compared(folder.path(), &lock);
        assert_eq!(clean, !counts, "{name} {version}: {said}");
        assert_eq!(said.contains(&format!("{name} {version}: TEST-")), counts, "{said}");
    }
    let own = "[[package]]\nname = \"two\"\nversion = \"9.0.0\"\n";
    assert!(compared(folder.path(), own).0, "packages of ours are in no database");
}
