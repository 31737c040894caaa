//! `sim run --seed N` shows one history; `sim hunt` runs many and shows what went wrong.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program for people")]

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use parking_lot::Mutex;
use tokio::time::Instant;
use waxwing_sim::{Fault, Report, Violation};

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
    say_faults(&report.faults);
    let (events, attempts) = (report.acknowledged, report.attempts);
    println!("{events} events acknowledged, {attempts} attempts, {} violations", report.violations.len());
    if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Those that never happened too: they prove nothing.
fn say_faults(faults: &BTreeMap<Fault, u64>) {
    for fault in Fault::ALL {
        println!("{fault:<44} {:>9}", faults.get(fault).copied().unwrap_or_default());
    }
}

/// What a hunt has seen.
#[derive(Default)]
struct Sum {
    histories: u64,
    events: usize,
    attempts: usize,
    faults: BTreeMap<Fault, u64>,
    found: Option<(u64, Violation)>,
}

impl Sum {
    fn add(&mut self, seed: u64, report: Report) {
        self.histories += 1;
        self.events += report.acknowledged;
        self.attempts += report.attempts;
        for (fault, times) in report.faults {
            *self.faults.entry(fault).or_default() += times;
        }
        if let Some(first) = report.violations.into_iter().next() {
            self.found.get_or_insert((seed, first));
        }
    }

    fn say(&self, began: Instant) {
        let (done, seconds) = (self.histories, began.elapsed().as_secs().max(1));
        let rate = done / seconds;
        let (events, attempts) = (self.events, self.attempts);
        println!("{done} histories in {seconds} s, {rate} a second: {events} events, {attempts} attempts");
    }
}

/// Runs seeds on all processors until one finds something.
fn hunt(from: u64, seeds: u64) -> ExitCode {
    let (began, next) = (Instant::now(), AtomicU64::new(from));
    let (end, sum) = (from.saturating_add(seeds), Mutex::<Sum>::default());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while sum.lock().found.is_none() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let report = waxwing_sim::run(seed);
                    let mut sum = sum.lock();
                    sum.add(seed, report);
                    if sum.histories.is_multiple_of(SAY_EVERY) {
                        sum.say(began);
                    }
                }
            });
        }
    });
    let sum = sum.into_inner();
    say_faults(&sum.faults);
    sum.say(began);
    let Some((seed, violation)) = sum.found else { return ExitCode::SUCCESS };
    println!("seed {seed} breaks {violation}");
    println!("replay it: cargo run -p waxwing-sim -- run --seed {seed}");
    ExitCode::FAILURE
}
