//! The figures: what `--json` prints, and what the tables for people are made from.
//!
//! `bench/results.schema.json` describes the JSON. Times are in milliseconds unless the
//! name says otherwise, sizes in bytes; what could not be measured is null.

use std::time::Duration;

use serde::Serialize;

use super::{histogram::Histogram, machine::Machine};

/// Which percentiles are kept: enough to draw the distribution.
const PERCENTS: [f64; 14] =
    [1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.9, 99.99, 100.0];

/// A whole run of the bench.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    /// Of this JSON.
    pub(super) format: u32,
    /// When it began.
    pub(super) at: String,
    /// The command line, without what is secret.
    pub(super) command: Vec<String>,
    pub(super) program: Program,
    pub(super) machine: Machine,
    pub(super) server: Server,
    pub(super) scale: f64,
    pub(super) scenarios: Vec<Scenario>,
}

/// The bench itself, and the server that it starts.
#[derive(Debug, Serialize)]
pub(super) struct Program {
    pub(super) version: &'static str,
    /// The commit, and the compiler, if the build was told (`make bench` does).
    pub(super) commit: Option<&'static str>,
    pub(super) rustc: Option<&'static str>,
    pub(super) profile: &'static str,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub(super) struct Server {
    pub(super) name: String,
    /// The database and its version, of our own servers.
    pub(super) database: Option<String>,
    pub(super) nodes: Option<usize>,
    /// What the receivers offer.
    pub(super) http: &'static str,
    /// Whether its CPU time is known.
    pub(super) processes: Vec<String>,
}

/// One scenario.
#[derive(Debug, Serialize)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) shows: String,
    /// The file, as it was read.
    pub(super) file: String,
    /// Why it was not run; then there are no steps.
    pub(super) skipped: Option<String>,
    pub(super) steps: Vec<Outcome>,
}

/// What came of a step.
#[derive(Debug, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub(super) enum Outcome {
    Store(Filled),
    PileUp(Filled),
    Publish(Published),
    Drain(Drained),
    Restart(Restarted),
    Query(Queried),
}

/// Events were published in batches.
#[derive(Debug, Serialize)]
pub(super) struct Filled {
    pub(super) receivers: Vec<String>,
    pub(super) events: usize,
    pub(super) seconds: f64,
    /// Stored so far, these included.
    pub(super) events_stored: usize,
    /// Of the database's file.
    pub(super) disk_bytes: Option<u64>,
    /// Of its write-ahead log, which starts over.
    pub(super) log_bytes: Option<u64>,
    pub(super) peak_rss_bytes: Option<u64>,
}

/// Events were published one by one.
#[derive(Debug, Serialize)]
pub(super) struct Published {
    pub(super) name: String,
    pub(super) receivers: Vec<String>,
    /// Events a second that were planned; null at full speed.
    pub(super) rate_per_second: Option<f64>,
    pub(super) events: usize,
    /// Those that count: to receivers that answer 200 at once.
    pub(super) deliveries: u64,
    pub(super) events_stored_before: usize,
    pub(super) accepted_per_second: f64,
    pub(super) delivered_per_second: f64,
    pub(super) cpu_us_per_delivery: Option<f64>,
    /// PostgreSQL's part of it.
    pub(super) database_cpu_us_per_delivery: Option<f64>,
    pub(super) written_bytes_per_event: Option<f64>,
    pub(super) refused_busy: u64,
    pub(super) peak_rss_bytes: Option<u64>,
    pub(super) latency_ms: Latency,
    pub(super) against: Option<Against>,
}

/// How a measurement compares to an earlier one.
#[derive(Debug, Serialize)]
pub(super) struct Against {
    pub(super) name: String,
    pub(super) p99_ratio: f64,
}

/// Latencies.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Latency {
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
    /// Percents, and the latency that so many did not exceed.
    pub(super) percentiles: Vec<(f64, f64)>,
}

/// What had piled up was delivered.
#[derive(Debug, Serialize)]
pub(super) struct Drained {
    pub(super) receivers: Vec<String>,
    pub(super) deliveries: u64,
    /// Since the release.
    pub(super) seconds: f64,
    pub(super) delivered_per_second: f64,
}

/// The server was started again.
#[derive(Debug, Serialize)]
pub(super) struct Restarted {
    /// Deliveries that had piled up.
    pub(super) waiting: usize,
    pub(super) ready_ms: f64,
    /// The server worked so long before its memory was looked at.
    pub(super) seconds: u64,
    pub(super) rss_bytes: Option<u64>,
    pub(super) peak_rss_bytes: Option<u64>,
}

/// The event log was read.
#[derive(Debug, Serialize)]
pub(super) struct Queried {
    pub(super) receivers: Vec<String>,
    /// Entries of the whole log.
    pub(super) entries: usize,
    pub(super) queries: Vec<Query>,
}

/// One question to the log.
#[derive(Debug, Serialize)]
pub(super) struct Query {
    pub(super) name: &'static str,
    pub(super) times: usize,
    /// Entries of an answer; the most of any.
    pub(super) rows: usize,
    pub(super) latency_ms: Latency,
}

impl Latency {
    /// Of what was counted.
    pub(super) fn of(histogram: &Histogram) -> Self {
        let at = |percent| ms(histogram.percentile(percent).unwrap_or_default());
        let percentiles = PERCENTS.into_iter().map(|percent| (percent, at(percent))).collect();
        Self { p50: at(50.0), p99: at(99.0), max: at(100.0), percentiles }
    }
}

/// Milliseconds, to the microsecond.
pub(super) fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
