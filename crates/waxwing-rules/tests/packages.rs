//! The receiver libraries are one release, and their examples fit on a screen.

#![allow(clippy::expect_used, clippy::panic, reason = "a rule that cannot be checked is a failed test")]

mod workspace;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use workspace::{assert_none, root};

const LANGUAGES: [&str; 4] = ["typescript", "python", "php", "rust"];

/// The longest example receiver, in lines.
const MAX_EXAMPLE_LINES: usize = 40;

/// What sources end with.
const SOURCES: [&str; 7] = ["ts", "tsx", "js", "mjs", "py", "php", "rs"];

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn toml(path: &str) -> toml::Table {
    text(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_package_has_the_version_of_the_workspace() {
    let workspace = toml("Cargo.toml");
    let version = workspace["workspace"]["package"]["version"].as_str();
    assert_eq!(json("receivers/typescript/package.json")["version"].as_str(), version, "package.json");
    assert_eq!(toml("receivers/python/pyproject.toml")["project"]["version"].as_str(), version, "pyproject");
    let cargo = &toml("receivers/rust/Cargo.toml")["package"]["version"];
    let inherited = cargo.get("workspace").and_then(toml::Value::as_bool) == Some(true);
    assert!(inherited || cargo.as_str() == version, "receivers/rust/Cargo.toml: {cargo}");
    // Composer takes it from the tag; a second one would have to be kept equal to it.
    assert_eq!(json("receivers/php/composer.json").get("version"), None, "composer.json");
}

#[test]
fn every_package_carries_the_licence() {
    let licence = text("LICENSE");
    let copies = LANGUAGES.map(|language| format!("receivers/{language}/LICENSE"));
    let broken = copies.iter().filter(|copy| text(copy) != licence);
    assert_none(&broken.map(|copy| format!("{copy}: copy the root's LICENSE")).collect::<Vec<_>>());
}

#[test]
fn every_example_receiver_has_forty_lines_or_fewer() {
    let mut broken = Vec::new();
    for language in LANGUAGES {
        let folder = format!("examples/{language}");
        let sources = sources(&root().join(&folder));
        for receiver in json(&format!("{folder}/contract.json"))["receivers"].as_array().into_iter().flatten()
        {
            let name = receiver["name"].as_str().unwrap_or_default();
            let of_it = |source: &&PathBuf| is_of(source.strip_prefix(root()).expect("below"), name);
            let own: Vec<_> = sources.iter().filter(of_it).collect();
            if own.is_empty() {
                broken.push(format!("{folder}: no source is named after {name}, nor is its folder"));
            }
            for source in own {
                let lines = fs::read_to_string(source).expect("a source is text").lines().count();
                if lines > MAX_EXAMPLE_LINES {
                    broken.push(format!("{}: {lines} lines, at most {MAX_EXAMPLE_LINES}", source.display()));
                }
            }
        }
    }
    assert_none(&broken);
}

/// Whether the file, or a folder that it is in, has the receiver's name. In Python it ends in
/// `_app`: `flask.py` would hide the package of that name from itself.
fn is_of(source: &Path, name: &str) -> bool {
    let named = |stem: &str| stem.strip_suffix("_app").unwrap_or(stem) == name;
    source.ancestors().any(|part| part.file_stem().is_some_and(|stem| stem.to_str().is_some_and(named)))
}

/// What people wrote below this folder in one of the languages, none of what tools put there.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let made = name.starts_with('.') || ["node_modules", "vendor", "dist", "target"].contains(&&*name);
        if path.is_dir() && !made {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| SOURCES.iter().any(|source| kind == *source)) {
            found.push(path);
        }
    }
    found
}
