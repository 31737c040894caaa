//! What `examples/<language>/contract.json` says of its receivers.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The languages that must have examples.
pub(crate) const LANGUAGES: [&str; 4] = ["typescript", "python", "php", "rust"];

/// A program that receives webhooks.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) language: String,
    pub(crate) name: String,
    /// Where its command runs.
    pub(crate) folder: PathBuf,
    pub(crate) command: Vec<String>,
    /// Where it expects webhooks.
    pub(crate) url_path: String,
    /// Whether it does the work of each event once, by its id.
    pub(crate) deduplicates: bool,
}

impl Example {
    /// The receivers of a language.
    pub(crate) fn all(language: &str) -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(language);
        let file = folder.join("contract.json");
        let text = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let contract: Value = serde_json::from_slice(&text).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value}: no text")).to_owned();
        let example = |of: &Value| Self {
            language: language.to_owned(),
            name: text(&of["name"]),
            folder: folder.clone(),
            command: of["command"].as_array().unwrap().iter().map(text).collect(),
            url_path: text(&of["url_path"]),
            deduplicates: of["deduplicates"] != false,
        };
        contract["receivers"].as_array().unwrap().iter().map(example).collect()
    }

    /// The receiver whose test has this name: Rust writes `_` where a name has `-`.
    pub(crate) fn named(language: &str, test: &str) -> Self {
        let found = Self::all(language).into_iter().find(|example| example.test_name() == test);
        found.unwrap_or_else(|| panic!("examples/{language}/contract.json has no receiver {test}"))
    }

    pub(crate) fn test_name(&self) -> String {
        self.name.replace('-', "_")
    }

    /// The program: an example that Cargo built, one in its folder, or one of the PATH.
    pub(crate) fn program(&self) -> PathBuf {
        let first = &self.command[0];
        match first.strip_prefix("cargo:") {
            Some(name) => Path::new(env!("CARGO_BIN_EXE_waxwing")).with_file_name("examples").join(name),
            None if first.contains('/') => self.folder.join(first),
            None => first.into(),
        }
    }

    /// What to do when it does not start.
    pub(crate) fn remedy(&self) -> String {
        if self.command[0].starts_with("cargo:") {
            "if the program is missing or old, run `cargo build -p waxwing-examples --examples`".to_owned()
        } else {
            format!("if something is not installed, run receivers/{}/setup.sh", self.language)
        }
    }
}
