//! The threat model promises nothing that no test shows.

use std::{collections::BTreeSet, path::Path};

use crate::pages::{Page, root};

const PAGE: &str = "docs/operating/threat-model.md";

/// The names of all functions in the Rust files below a folder.
fn functions(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            functions(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let names = text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(names.map(ToOwned::to_owned));
        }
    }
}

/// What a cell has in backticks.
fn spans(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_promise_of_the_threat_model_points_at_a_test_that_is_there() {
    let mut known = BTreeSet::new();
    functions(&root().join("crates"), &mut known);
    let page = Page::read(PAGE);
    let mut promises = 0;
    for line in page.text.lines().filter(|line| line.starts_with("| T")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [number, threat, stops, shown] = cells[..] else {
            panic!("{PAGE}: a threat has four columns: {line}")
        };
        assert!(!threat.is_empty() && !stops.is_empty(), "{number}");
        let tests: Vec<&str> = spans(shown).collect();
        assert!(!tests.is_empty(), "{number} is shown by nothing");
        for test in tests {
            let is_there = known.contains(test) || root().join(test).is_file();
            assert!(is_there, "{number}: there is no test {test}");
        }
        promises += 1;
    }
    assert!(promises >= 40, "{promises} threats; has the table changed its shape?");
}

#[test]
fn threats_are_numbered_without_gaps_and_once() {
    let page = Page::read(PAGE);
    let numbers = page.text.lines().filter_map(|line| line.strip_prefix("| T")?.split(' ').next());
    let numbers: Vec<usize> = numbers.map(|number| number.parse().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>());
}
