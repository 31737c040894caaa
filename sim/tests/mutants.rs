//! The ways in which `make mutants` breaks the program: that they still can be made, so
//! that whoever changes what they touch brings them up to date. The hunt for them takes
//! minutes and is done by hand.

#![allow(clippy::expect_used, reason = "a rule that cannot be checked is a failed test")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The workspace's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the simulation is in the workspace")
}

/// Each of them, with its name.
fn mutants() -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(root().join("sim/mutants")).expect("sim/mutants is there");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let mut mutants: Vec<_> = paths
        .map(|path| (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), path))
        .collect();
    mutants.sort();
    assert!(mutants.len() >= 10, "there are {} only", mutants.len());
    mutants
}

#[test]
fn every_mutant_fits_the_program_as_it_is() {
    for (name, patch) in mutants() {
        let mut command = Command::new("git");
        let command = command.args(["apply", "--check"]).arg(&patch).current_dir(root());
        let output = command.output().expect("git is there");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "bring sim/mutants/{name}.patch up to date: {errors}");
    }
}

#[test]
fn every_mutant_says_what_it_breaks_and_the_documentation_says_who_found_it() {
    let page = fs::read_to_string(root().join("docs/internals/simulation.md")).expect("the page");
    for (name, patch) in mutants() {
        let text = fs::read_to_string(patch).expect("a patch");
        let says = text.lines().next().unwrap_or_default();
        assert!(says.ends_with('.'), "{name}: begin it with a sentence that says what it breaks");
        assert!(page.contains(&format!("| `{name}` |")), "{name} is not in the table");
    }
}
