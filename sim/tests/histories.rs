//! Histories that are run with every other test; `make sim` runs them without end.

use std::collections::BTreeSet;

use waxwing_sim::{Fault, run};

/// As many as take some seconds, and meet every kind of fault.
const SEEDS: std::ops::Range<u64> = 1..40;

fn expect_none(seeds: impl IntoIterator<Item = u64>) {
    for seed in seeds {
        let violations = run(seed).violations;
        assert!(violations.is_empty(), "seed {seed}: {violations:#?}");
    }
}

#[test]
fn a_seed_run_twice_gives_the_same_trace_byte_for_byte() {
    for seed in 1..13 {
        let (first, second) = (run(seed), run(seed));
        assert!(!first.trace.is_empty());
        assert_eq!(first.trace.join("\n"), second.trace.join("\n"), "seed {seed}");
    }
}

#[test]
fn seeds_differ() {
    assert_ne!(run(1).trace, run(2).trace);
}

#[test]
fn nothing_is_lost_or_sent_twice_without_a_cause_though_every_fault_happens() {
    let mut never: BTreeSet<Fault> = Fault::ALL.iter().copied().collect();
    for seed in SEEDS {
        let report = run(seed);
        assert!(report.violations.is_empty(), "seed {seed}: {:#?}", report.violations);
        never.retain(|fault| !report.faults.contains_key(fault));
    }
    assert!(never.is_empty(), "{never:?} did not happen");
}

/// The outcome of an attempt was kept, and the answer lost; offered again, it moved the
/// schedule on a second time, and a delivery failed after two attempts instead of four.
#[test]
fn a_record_that_is_offered_twice_counts_once() {
    expect_none([245, 300, 310, 320]);
}

/// Another node, whose clock was ahead, had taken over; then a replay put deliveries into the
/// hands of the node that had lost its lease, and nobody looked there again.
#[test]
fn a_node_whose_work_was_taken_over_sends_nothing_again() {
    expect_none([1147]);
}
