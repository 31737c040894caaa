//! The table of faults names tests that are there.

use crate::pages::{Page, root};

const PAGE: &str = "docs/internals/proof.md";

/// Tests of one file.
struct Tests {
    file: String,
    names: Vec<String>,
}

/// The rows: the number of each, and the tests of its last cell.
fn rows(page: &Page) -> Vec<(String, Vec<Tests>)> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let number = cells[0].strip_prefix(['P', 'L', 'R'])?.parse::<usize>().ok().map(|_| cells[0])?;
        let [_, fault, promise, tests] = cells[..] else { panic!("{PAGE}: four columns: {line}") };
        assert!(!fault.is_empty() && !promise.is_empty(), "{number}");
        let files = tests.split("; ").map(|part| {
            let mut spans = part.split('`').skip(1).step_by(2).map(ToOwned::to_owned);
            Tests { file: spans.next().unwrap_or_default(), names: spans.collect() }
        });
        Some((number.to_owned(), files.collect()))
    };
    page.text.lines().filter(|line| line.starts_with("| ")).filter_map(row).collect()
}

#[test]
fn every_fault_of_the_proof_names_tests_that_are_there() {
    let rows = rows(&Page::read(PAGE));
    for (number, files) in &rows {
        for Tests { file, names } in files {
            let text = std::fs::read_to_string(root().join("crates").join(file));
            let text = text.unwrap_or_else(|error| panic!("{number}: {file}: {error}"));
            assert!(!names.is_empty(), "{number}: no test of {file} is named");
            for test in names {
                assert!(text.contains(&format!("fn {test}(")), "{number}: {file} has no test {test}");
            }
        }
    }
    assert!(rows.len() >= 47, "{} faults; has the table changed its shape?", rows.len());
}

#[test]
fn faults_are_numbered_without_gaps_and_once() {
    let rows = rows(&Page::read(PAGE));
    for letter in ['P', 'L', 'R'] {
        let numbers = rows.iter().filter_map(|(number, _)| number.strip_prefix(letter)?.parse().ok());
        let numbers: Vec<usize> = numbers.collect();
        assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>(), "{letter}");
    }
}
