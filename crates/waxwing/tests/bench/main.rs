//! `waxwing bench`, the built program: every scenario at a tiny size, files that are refused,
//! results that fit their schema, adapters against what other servers document.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/sqlite.rs"]
mod place;

mod adapters;
mod fake;
mod plots;
mod refusals;
mod scenarios;

use std::{
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use serde_json::Value;

use crate::harness::{stderr, stdout};

/// A scenario takes seconds; the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_mins(4);

/// `bench/` of the repository.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench").canonicalize().unwrap()
}

/// Runs `waxwing bench` in a directory.
pub(crate) async fn bench(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = harness::waxwing(dir);
    command.arg("bench").args(arguments).stdout(std::process::Stdio::piped());
    let output = command.stderr(std::process::Stdio::piped()).output();
    tokio::time::timeout(PATIENCE, output).await.expect("the bench did not end").unwrap()
}

/// The results of a run, which fit their schema.
pub(crate) async fn results(dir: &Path, arguments: &[&str]) -> Value {
    let output = bench(dir, &[arguments, &["--json"]].concat()).await;
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    let results: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_fits(&results);
    results
}

/// Fails unless these results fit `bench/results.schema.json`.
pub(crate) fn assert_fits(results: &Value) {
    let schema = std::fs::read_to_string(folder().join("results.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let problems: Vec<String> =
        validator.iter_errors(results).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{problems:#?}\n{results:#}");
}

/// The steps of a scenario of this name.
pub(crate) fn steps<'a>(results: &'a Value, name: &str) -> &'a Vec<Value> {
    let scenarios = results["scenarios"].as_array().unwrap();
    let scenario = scenarios.iter().find(|scenario| scenario["name"] == name).unwrap();
    assert_eq!(scenario["skipped"], Value::Null);
    scenario["steps"].as_array().unwrap()
}
