//! `sim run --seed N` shows one history; `sim hunt` runs many and shows what went wrong.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program for people")]

use std::{
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use tokio::time::Instant;

const USAGE: &str = "usage: sim run --seed N
       sim hunt [--from N] [--seeds N]    without --seeds until something is found";
/// How often a hunt says how far it is.
const SAY_EVERY: u64 = 1_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().ok();
    let command = match words[..] {
        ["run", "--seed", seed] => number(seed).map(show),
        ["hunt"] => Some(hunt(1, u64::MAX)),
        ["hunt", "--seeds", seeds] => number(seeds).map(|seeds| hunt(1, seeds)),
        ["hunt", "--from", from] => number(from).map(|from| hunt(from, u64::MAX)),
        ["hunt", "--from", from, "--seeds", seeds] => {
            number(from).zip(number(seeds)).map(|(from, seeds)| hunt(from, seeds))
        }
        _ => None,
    };
    command.unwrap_or_else(|| {
        eprintln!("{USAGE}");
        ExitCode::from(2)
    })
}

fn show(seed: u64) -> ExitCode {
    let report = waxwing_sim::run(seed);
    for line in &report.trace {
        println!("{line}");
    }
    let (events, attempts) = (report.acknowledged, report.attempts);
    println!("{events} events acknowledged, {attempts} attempts, {} violations", report.violations.len());
    if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs seeds on all processors until one finds something.
fn hunt(from: u64, seeds: u64) -> ExitCode {
    let (began, next, done) = (Instant::now(), AtomicU64::new(from), AtomicU64::new(0));
    let (end, found) = (from.saturating_add(seeds), Mutex::new(None));
    let is_found = || found.lock().is_ok_and(|found| found.is_some());
    let said = |done: u64| {
        let seconds = began.elapsed().as_secs().max(1);
        println!("{done} histories in {seconds} s, {} a second", done / seconds);
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while !is_found() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let violations = waxwing_sim::run(seed).violations;
                    if let (Some(first), Ok(mut found)) = (violations.first(), found.lock()) {
                        found.get_or_insert((seed, first.clone()));
                    }
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if done.is_multiple_of(SAY_EVERY) {
                        said(done);
                    }
                }
            });
        }
    });
    said(done.load(Ordering::Relaxed));
    match found.into_inner() {
        Ok(Some((seed, what))) => {
            println!("seed {seed}: {what}");
            println!("replay it: cargo run -p waxwing-sim -- run --seed {seed}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
