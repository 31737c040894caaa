//! How files look: their size, their header, their names, and what may not stand in them.

mod workspace;

use std::{fs, path::Path};

use workspace::{BESIDE, File, assert_none, crate_folders, crate_name, files, root};

const MAX_SOURCE_LINES: usize = 400;
const MAX_README_LINES: usize = 150;
const MAX_EXAMPLE_LINES: usize = 40;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager"];

/// Words of unfinished work, cut in two so that this file does not hold them.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!"),
    concat!("db", "g!"),
    concat!("unimple", "mented!"),
    concat!("#[ig", "nore"),
];

/// Where the real clock, the real randomness, the environment and the end of the process
/// may be used, and what for.
const WORLD: &[(&str, &str)] = &[
    ("crates/waxwing/src/system.rs", "the real clock and the real source of randomness"),
    ("crates/waxwing/src/serve/signals.rs", "a second signal ends the process at once"),
    ("receivers/rust/src/clock.rs", "the clock of those who use the library and bring none"),
];

#[test]
fn no_rust_file_is_longer_than_four_hundred_lines() {
    let long = files().into_iter().filter(File::is_rust).filter_map(|file| {
        let lines = file.text.lines().count();
        (lines > MAX_SOURCE_LINES).then(|| {
            format!(
                "{}: {lines} lines, at most {MAX_SOURCE_LINES}; split it by what its parts are for",
                file.path
            )
        })
    });
    assert_none(&long.collect::<Vec<_>>());
}

#[test]
fn every_source_file_begins_with_what_it_is_for() {
    let bare = files().into_iter().filter(File::is_source).filter(|file| !file.text.starts_with("//!"));
    let bare = bare.map(|file| format!("{}: begin it with a header, `//! What it is for.`", file.path));
    assert_none(&bare.collect::<Vec<_>>());
}

#[test]
fn every_folder_is_named_like_its_crate() {
    let mut broken = Vec::new();
    for folder in crate_folders().iter().filter(|folder| !BESIDE.contains(&folder.as_str())) {
        let name = folder.trim_start_matches("crates/");
        if crate_name(folder) != name {
            broken.push(format!("{folder}/Cargo.toml: say name = \"{name}\", or rename the folder"));
        }
    }
    assert_none(&broken);
}

/// They stand in the folder itself, where a reader looks first.
#[test]
fn an_example_is_short_and_says_what_it_shows() {
    let is_program =
        |file: &File| file.is_rust() && Path::new(&file.path).parent() == Some(Path::new(BESIDE[0]));
    let programs: Vec<File> = files().into_iter().filter(is_program).collect();
    assert!(programs.len() >= 2, "the examples for axum and tower are in {}", BESIDE[0]);
    let mut broken = Vec::new();
    for File { path, text } in &programs {
        let lines = text.lines().count();
        if lines > MAX_EXAMPLE_LINES {
            broken.push(format!("{path}: {lines} lines, at most {MAX_EXAMPLE_LINES}; show one thing"));
        }
        if !text.starts_with("//!") {
            broken.push(format!("{path}: begin it with a header, `//! What it shows.`"));
        }
    }
    assert_none(&broken);
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let named = |file: &File| {
        let parts = Path::new(&file.path).with_extension("");
        parts.iter().any(|part| EMPTY_NAMES.iter().any(|name| part == *name))
    };
    let broken = files().into_iter().filter(File::is_rust).filter(named);
    let broken = broken.map(|file| format!("{}: name it after what it does", file.path));
    assert_none(&broken.collect::<Vec<_>>());
}

#[test]
fn nothing_unfinished_is_left_behind() {
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| file.extension() != Some("lock")) {
        for (at, line) in file.text.lines().enumerate() {
            if let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
                broken.push(format!("{}:{}: {word}; do it, or drop it", file.path, at + 1));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn every_silenced_lint_has_a_reason() {
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| file.is_source()) {
        for (line, attribute) in silencers(&file.text) {
            if !attribute.contains("reason =") {
                broken.push(format!("{}:{line}: add reason = \"…\" to {attribute}", file.path));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn only_the_listed_files_touch_clock_randomness_environment_and_process() {
    let touches =
        |file: &File| silencers(&file.text).iter().any(|(_, it)| it.contains("clippy::disallowed_methods"));
    let files: Vec<File> = files().into_iter().filter(|file| file.is_source() && touches(file)).collect();
    let listed = |file: &&File| WORLD.iter().any(|(path, _)| *path == file.path);
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| !listed(file)) {
        broken.push(format!(
            "{}: take time, randomness and settings as arguments; WORLD lists who need not",
            file.path
        ));
    }
    for (path, what) in WORLD {
        if !files.iter().any(|file| file.path == *path) {
            broken.push(format!("{path}: no longer needed for {what}; remove it from WORLD in {}", file!()));
        }
    }
    assert_none(&broken);
}

#[test]
fn the_readme_is_short() {
    let text = fs::read_to_string(root().join("README.md")).unwrap_or_default();
    assert!(!text.is_empty(), "README.md: it is missing; say what Waxwing is and how to start it");
    let lines = text.lines().count();
    assert!(
        lines <= MAX_README_LINES,
        "README.md: {lines} lines, at most {MAX_README_LINES}; move what is not for a first reader to docs/"
    );
}

/// The attributes of a file that silence lints, each with the number of its line.
fn silencers(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for opening in ["[allow(", "[expect("] {
        for (at, _) in text.match_indices(opening) {
            let before = text[..at].trim_end_matches('!');
            let line = text[..at].lines().count();
            let commented = text[..at].lines().last().is_some_and(|line| line.trim_start().starts_with("//"));
            if before.ends_with('#') && !commented {
                found.push((line, until_closed(&text[at..])));
            }
        }
    }
    found
}

/// From an opening bracket to the one that closes it, brackets in strings left out of account.
fn until_closed(text: &str) -> &str {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return &text[..=at];
        }
    }
    text
}

#[test]
fn an_attribute_is_read_to_its_end() {
    let text = "#![allow(a, reason = \"x] (\\\" y\")]\n// #[allow(c)]\nfn f() {}\n  #[expect(\n  b,\n)]\n";
    assert_eq!(silencers(text), [(1, "[allow(a, reason = \"x] (\\\" y\")]"), (4, "[expect(\n  b,\n)]")]);
}
