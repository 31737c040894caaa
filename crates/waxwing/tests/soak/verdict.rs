//! Whether it is as it was, and whether everything arrived.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use crate::{
    Stage,
    changes::explain_now,
    ledger::Entry,
    plan::{ATTEMPTS, Plan},
    samples::{NAMES, Sample},
};

/// How long what waits may need once nothing new comes.
const PATIENCE: Duration = Duration::from_mins(2);

/// Which figures must be flat, and what they may grow by: a part of what they were, and
/// so much besides. The short run of `make test` warms up while it is measured.
fn bounds(long: bool) -> Vec<(&'static str, f64, f64)> {
    if !long {
        return vec![("rss_kib", 0.5, 48.0 * 1024.0), ("files", 0.0, 60.0), ("threads", 0.0, 12.0)];
    }
    vec![
        ("rss_kib", 0.1, 8.0 * 1024.0),
        ("files", 0.0, 15.0),
        ("threads", 0.0, 6.0),
        ("database_kib", 0.15, 8.0 * 1024.0),
        ("wal_kib", 0.5, 32.0 * 1024.0),
        ("backlog", 0.5, 200.0),
        ("publish_p50_ms", 1.0, 5.0),
        ("publish_p99_ms", 1.0, 50.0),
        ("deliver_p50_ms", 1.0, 5.0),
        ("deliver_p99_ms", 1.0, 50.0),
        ("read_p50_ms", 1.0, 5.0),
        ("read_p99_ms", 1.0, 50.0),
    ]
}

/// The medians of the first and the last third after the first fifth, in which it warms
/// up, and the line through all between them, do not part by more than their bound.
pub(crate) fn flat(plan: &Plan, samples: &[Sample]) {
    let samples = &samples[samples.len() / 5..];
    let third = samples.len() / 3;
    assert!(third > 0, "too short to be judged");
    let mut grown = Vec::new();
    println!("figure: median of the first third, of the last, growth by the line between, bound");
    for (name, part, besides) in bounds(plan.is_long()) {
        let at = NAMES.iter().position(|it| *it == name).unwrap();
        let figures: Vec<f64> = samples.iter().map(|sample| sample[at]).collect();
        let (first, last) = (median(&figures[..third]), median(&figures[figures.len() - third..]));
        let bound = first * part + besides;
        let line = growth(&figures);
        println!("{name}: {first:.1}, {last:.1}, {line:+.1}, {bound:.1}");
        if last - first > bound || line > bound {
            grown.push(name);
        }
    }
    assert!(grown.is_empty(), "not flat: {grown:?}");
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// What a straight line through all of them gains from the first to the last.
#[allow(clippy::cast_precision_loss, reason = "there are few")]
fn growth(figures: &[f64]) -> f64 {
    let count = figures.len() as f64;
    let (middle, mean) = ((count - 1.0) / 2.0, figures.iter().sum::<f64>() / count);
    let (mut both, mut square) = (0.0, 0.0);
    for (at, figure) in figures.iter().enumerate() {
        let off = at as f64 - middle;
        both += off * (figure - mean);
        square += off * off;
    }
    both / square * (count - 1.0)
}

/// Whether an event had all that was promised of it.
fn is_settled(entry: &Entry) -> bool {
    if entry.kind.accepts() { entry.good > 0 } else { entry.requests >= ATTEMPTS }
}

/// Everything arrived or was tried as often as promised, nothing waits any more, and
/// nothing was sent too often.
pub(crate) async fn everything_arrived(stage: &Stage) {
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    let ledger = &stage.ledger;
    let settled = tokio::time::timeout(PATIENCE, async {
        while !ledger.without(is_settled).is_empty() || waits(stage).await {
            tick.tick().await;
        }
    });
    let settled = settled.await.is_ok();
    let missing = ledger.without(is_settled);
    assert!(settled, "missing: {} such as {:?}\n{}", missing.len(), missing.first(), stage.server.log());
    explain_now(stage).await;
    let too_often = ledger.without(|entry| entry.kind.accepts() || entry.requests <= ATTEMPTS);
    assert!(too_often.is_empty(), "tried too often: {too_often:?}");
    println!(
        "{} published, {} requests, {} refused for the moment, {} sent twice because an answer was lost",
        ledger.published(),
        ledger.requests(),
        ledger.refused.load(Relaxed),
        ledger.explained.load(Relaxed),
    );
}

async fn waits(stage: &Stage) -> bool {
    for hook in stage.cast.hooks() {
        for state in ["pending", "retrying", "held"] {
            if !stage.server.log_of(hook, &format!("status={state}&limit=1")).await.is_empty() {
                return true;
            }
        }
    }
    false
}
