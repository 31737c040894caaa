//! What the rules look at: the files of the workspace and what Cargo says of it.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::expect_used, clippy::panic, reason = "a rule that cannot be checked is a failed test")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Crates of the workspace that are not in `crates/`: what is for the customers of an
/// operator (a library that is published, and programs that show its use), and the simulation.
pub(crate) const BESIDE: [&str; 3] = ["examples/rust", "receivers/rust", "sim"];

/// The folder with the workspace's Cargo.toml.
pub(crate) fn root() -> &'static Path {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    crates.and_then(Path::parent).expect("this crate is in crates/ of the workspace")
}

/// A file of the workspace.
pub(crate) struct File {
    /// From the workspace's folder on, with `/`.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
}

impl File {
    /// Whether it is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.extension() == Some("rs")
    }

    /// Whether it is Rust in the `src` of a crate.
    pub(crate) fn is_source(&self) -> bool {
        self.is_rust() && (self.path.split('/').nth(2) == Some("src") || self.path.starts_with("sim/src/"))
    }

    /// What follows the last dot of its name.
    pub(crate) fn extension(&self) -> Option<&str> {
        Path::new(&self.path).extension()?.to_str()
    }
}

/// Every text file of the crates, in the order of their paths.
pub(crate) fn files() -> Vec<File> {
    let mut paths = Vec::new();
    for folder in ["crates"].into_iter().chain(BESIDE) {
        collect(&root().join(folder), &mut paths);
    }
    paths.sort();
    let files: Vec<File> = paths.iter().filter_map(|path| read(path)).collect();
    assert!(files.iter().any(File::is_source), "no source found under {}", root().display());
    files
}

fn read(path: &Path) -> Option<File> {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let below = path.strip_prefix(root()).expect("found below the root");
    let path = below.to_str().expect("paths are UTF-8").replace('\\', "/");
    // What is no text (an image, a font) has no rules.
    String::from_utf8(text).ok().map(|text| File { path, text })
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || name == "target" || name == "node_modules" {
            continue;
        }
        if path.is_dir() {
            collect(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// The folders of the crates, from the workspace's on.
pub(crate) fn crate_folders() -> Vec<String> {
    let folders = fs::read_dir(root().join("crates")).expect("crates/ is there");
    let folders = folders.map(|entry| entry.expect("a readable folder"));
    let folders = folders.filter(|entry| entry.path().is_dir());
    let named = folders.map(|entry| format!("crates/{}", entry.file_name().to_string_lossy()));
    let mut paths: Vec<String> = named.chain(BESIDE.map(str::to_owned)).collect();
    paths.sort();
    paths
}

/// The name that the manifest in a folder gives its crate.
pub(crate) fn crate_name(folder: &str) -> String {
    let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    name.unwrap_or_default().to_owned()
}

/// One direct dependency of a crate of the workspace.
pub(crate) struct Dependency {
    /// The crate that depends.
    pub(crate) of: String,
    /// Its Cargo.toml, from the workspace's folder on.
    pub(crate) manifest: String,
    /// What it depends on.
    pub(crate) on: String,
    /// Whether only its tests do.
    pub(crate) dev: bool,
    /// Whether it does so only with some feature.
    pub(crate) optional: bool,
}

/// The direct dependencies of all crates of the workspace.
pub(crate) fn dependencies() -> Vec<Dependency> {
    let text = cargo(&["metadata", "--format-version", "1", "--no-deps"]);
    let metadata: serde_json::Value = serde_json::from_str(&text).expect("cargo metadata prints JSON");
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
        let manifest = manifest.strip_prefix(root()).expect("a crate of this workspace");
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            found.push(Dependency {
                of: package["name"].as_str().unwrap_or_default().to_owned(),
                on: dependency["name"].as_str().unwrap_or_default().to_owned(),
                manifest: manifest.to_string_lossy().into_owned(),
                dev: dependency["kind"] == "dev",
                optional: dependency["optional"] == true,
            });
        }
    }
    assert!(!found.is_empty(), "cargo metadata names no dependency");
    found
}

/// What cargo prints. It works without a network when everything is there already, and
/// fetches what is missing otherwise: the packages of other platforms, on a fresh machine.
pub(crate) fn cargo(arguments: &[&str]) -> String {
    let run = |more: &[&str]| -> Output {
        let mut command = Command::new(env!("CARGO"));
        let command = command.args(arguments).arg("--locked").args(more).current_dir(root());
        command.output().unwrap_or_else(|error| panic!("cargo cannot be started: {error}"))
    };
    let mut output = run(&["--offline"]);
    if !output.status.success() {
        output = run(&[]);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

/// Fails with every broken rule at once.
pub(crate) fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}
