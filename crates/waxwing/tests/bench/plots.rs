//! The page's plots are what the script makes of the results that the page names.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value;

use crate::folder;

/// Runs one of the scripts; what it prints.
fn python(script: &str, arguments: &[&Path]) -> String {
    let output = Command::new("python3").arg(folder().join(script)).args(arguments).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The plots in a directory, by name.
fn plots(dir: &Path) -> BTreeMap<String, String> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let named = files.map(|file| (file.file_name().unwrap().to_str().unwrap().to_owned(), file));
    named.map(|(name, file)| (name, std::fs::read_to_string(file).unwrap())).collect()
}

/// The results that the page says its plots are of.
fn named_results() -> std::path::PathBuf {
    let page = std::fs::read_to_string(folder().join("../docs/internals/benchmark.md")).unwrap();
    let (_, rest) = page.split_once("(../../bench/results/").expect("the page names its results");
    folder().join("results").join(rest.split(')').next().unwrap())
}

#[test]
fn the_plots_of_the_page_are_made_of_the_results_that_it_names() {
    let dir = tempfile::tempdir().unwrap();
    python("plot.py", &[&named_results(), dir.path()]);
    let (made, kept) = (plots(dir.path()), plots(&folder().join("../docs/internals/benchmark")));
    assert_eq!(made.keys().collect::<Vec<_>>(), kept.keys().collect::<Vec<_>>());
    assert_eq!(made.len(), 5);
    for (name, svg) in &made {
        assert!(svg == &kept[name], "{name} is not what bench/plot.py makes: `make bench-plots`");
        assert!(svg.starts_with("<svg ") && svg.contains("prefers-color-scheme: dark"), "{name}");
    }
}

#[test]
fn the_results_that_are_kept_fit_the_schema() {
    for (name, text) in plots(&folder().join("results")) {
        assert_eq!(Path::new(&name).extension().unwrap(), "json");
        crate::assert_fits(&serde_json::from_str::<Value>(&text).unwrap());
    }
}

#[test]
fn two_results_are_compared_measurement_by_measurement() {
    let dir = tempfile::tempdir().unwrap();
    let mut results: Value =
        serde_json::from_str(&std::fs::read_to_string(named_results()).unwrap()).unwrap();
    let steps = results["scenarios"][0]["steps"].as_array_mut().unwrap();
    let step = steps.iter_mut().find(|step| step["step"] == "publish").unwrap();
    step["delivered_per_second"] = (step["delivered_per_second"].as_f64().unwrap() * 2.0).into();
    let other = dir.path().join("other.json");
    std::fs::write(&other, results.to_string()).unwrap();
    let table = python("compare.py", &[&named_results(), &other]);
    let ratio = |words: &str| {
        let line =
            table.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {table}"));
        line.split_whitespace().last().unwrap().to_owned()
    };
    assert_eq!(ratio("delivered/s"), "2.00");
    assert_eq!(ratio("CPU µs"), "1.00");
}
