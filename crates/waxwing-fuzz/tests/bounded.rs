//! Every target on a bounded number of inputs, made of its own words and of any bytes.
//! Each word is run by itself first, and so is what is kept of longer runs: the inputs in
//! `fuzz/regressions/<target>` that broke something once, and those in
//! `fuzz/corpus/<target>`, if there were such runs here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

use proptest::{prelude::*, sample::Index, test_runner::TestRunner};
use waxwing_fuzz::{TARGETS, Target};

/// Inputs of each kind for each target.
const CASES: u32 = 4_000;
/// The longest input of any bytes, and the most words of one.
const MAX_BYTES: usize = 300;
const MAX_WORDS: usize = 12;

/// Reads libFuzzer's dictionaries: a word in quotes a line, with the escapes
/// `\\`, `\"` and `\xff`.
fn words(target: &Target) -> Vec<Vec<u8>> {
    target.words.lines().map(|line| word(line).unwrap_or_else(|| panic!("{}: {line}", target.name))).collect()
}

fn word(line: &str) -> Option<Vec<u8>> {
    let mut rest = line.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::new();
    while let Some((plain, escaped)) = rest.split_once('\\') {
        bytes.extend_from_slice(plain.as_bytes());
        if let Some(hex) = escaped.strip_prefix('x') {
            bytes.push(u8::from_str_radix(hex.get(..2)?, 16).ok()?);
            rest = &hex[2..];
        } else {
            bytes.extend_from_slice(escaped.get(..1)?.as_bytes());
            rest = &escaped[1..];
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

/// A change to an input, at any place of it.
#[derive(Debug, Clone)]
enum Edit {
    Insert(Vec<u8>),
    /// Drops this many bytes.
    Drop(usize),
    /// Writes this many bytes again.
    Repeat(usize),
}

fn edited(mut input: Vec<u8>, edits: Vec<(Index, Edit)>) -> Vec<u8> {
    for (place, edit) in edits {
        let at = place.index(input.len() + 1);
        let (left, inserted) = match edit {
            Edit::Insert(bytes) => (at, bytes),
            Edit::Drop(count) => ((at + count).min(input.len()), Vec::new()),
            Edit::Repeat(count) => (at, input[at..(at + count).min(input.len())].to_vec()),
        };
        input.splice(at..left, inserted);
    }
    input
}

/// Any bytes; words of the target one after the other; a word that is changed here
/// and there.
fn inputs(target: &Target) -> impl Strategy<Value = Vec<u8>> {
    let any_bytes = prop::collection::vec(any::<u8>(), 0..=MAX_BYTES);
    let word = prop::sample::select(words(target));
    let of_words = prop::collection::vec(word.clone(), 0..=MAX_WORDS).prop_map(|pieces| pieces.concat());
    let edit = prop_oneof![
        4 => word.clone().prop_map(Edit::Insert),
        1 => prop::collection::vec(any::<u8>(), 1..3).prop_map(Edit::Insert),
        1 => (1..5_usize).prop_map(Edit::Drop),
        1 => (1..20_usize).prop_map(Edit::Repeat),
    ];
    let edits = prop::collection::vec((any::<Index>(), edit), 1..5);
    let changed = (word, edits).prop_map(|(word, edits)| edited(word, edits));
    prop_oneof![1 => any_bytes, 3 => of_words, 6 => changed]
}

fn holds(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    for word in words(target) {
        (target.run)(&word);
    }
    for kept in kept(name) {
        (target.run)(&kept);
    }
    // What is found is kept by hand.
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let run = |input: Vec<u8>| {
        (target.run)(&input);
        Ok(())
    };
    TestRunner::new(config).run(&inputs(target), run).unwrap_or_else(|error| panic!("{error}"));
}

/// The inputs of longer runs.
fn kept(name: &str) -> Vec<Vec<u8>> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let folders = ["regressions", "corpus"].map(|folder| fuzz.join(folder).join(name));
    let files = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

macro_rules! bounded {
    ($($name:ident),* $(,)?) => {
        const TESTED: &[&str] = &[$(stringify!($name)),*];

        $(#[test] fn $name() { holds(stringify!($name)); })*
    };
}

bounded!(
    addresses,
    configuration,
    cursors,
    event_types,
    ids,
    json,
    proxy_answers,
    requests,
    retry_after,
    sealed,
    signatures,
    times,
    urls
);

#[test]
fn every_target_is_tested_and_can_be_fuzzed() {
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(TESTED.iter().copied().collect::<BTreeSet<_>>(), names);
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    let binaries = manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/"));
    let binaries: BTreeSet<&str> = binaries.filter_map(|line| line.strip_suffix(".rs\"")).collect();
    assert_eq!(binaries, names);
    for name in names {
        let binary = fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(binary.contains(&format!("|bytes: &[u8]| waxwing_fuzz::{name}(bytes)")), "{binary}");
    }
    for folder in fs::read_dir(fuzz.join("regressions")).unwrap() {
        let folder = folder.unwrap().file_name().into_string().unwrap();
        assert!(TESTED.contains(&folder.as_str()), "fuzz/regressions/{folder} belongs to no target");
    }
}
