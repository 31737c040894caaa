//! `waxwing bench`: what this server does on this machine.
//!
//! Load generator and receiver run in this process, the server in a child
//! process, all on the loopback, over real TLS, with a fresh database. Every
//! scenario is bounded in count and in time; figures go to stdout, progress to
//! stderr.

mod arrivals;
mod backlog;
mod histogram;
mod isolation;
mod load;
mod process;
mod report;
mod rig;
mod throughput;
mod wire;

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use crate::{
    config::{Database, parse},
    terminal::{self, Paint},
};
use report::Report;

const AFTER_HELP: &str = "\
Examples:
  waxwing bench --quick                       a minute's run with small counts
  waxwing bench                               everything, some ten minutes
  waxwing bench --only isolation --waiting 20000
  waxwing bench --stored 10000 --json > bench.json
  waxwing bench --database postgres://waxwing@localhost/bench --nodes 3 --only throughput

What the figures mean:
  accepted     publishes answered after their commit, each by itself, in events/s
  delivered    from the first publish to the last arrival at the receiver, in deliveries/s
  CPU          user and system time of the servers for each delivered event, and of PostgreSQL's
               processes on this machine where that is the database
  p50, p99     from the sending of the publish to the arrival at the receiver
  half load    half of the delivered rate that was measured just before
  disk         bytes of the database's file for each stored event; its log comes on top, once
  written      bytes that the server had written to disk for each event, log and checkpoints included
  isolation    p99 of healthy webhooks at 100/s and at half load, while one webhook hangs and one
               refuses, each with many deliveries waiting, against p99 without them";

/// A part of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Rates, latencies, CPU and disk, one webhook for each event.
    Throughput,
    /// The same rates with ten webhooks for each event.
    FanOut,
    /// What hanging and refusing webhooks cost the others.
    Isolation,
    /// Start and memory with a large backlog.
    Backlog,
}

/// Options of `bench`.
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// Small counts: a minute's run
    #[arg(long)]
    quick: bool,
    /// Only these scenarios, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', value_name = "SCENARIO")]
    only: Vec<Scenario>,
    /// Measure with this many events stored before, separated by commas [default: 10000,1000000]
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(..=100_000_000), value_name = "COUNT")]
    stored: Vec<u32>,
    /// Events of a measurement at full speed [default: 200000]
    #[arg(long, value_parser = clap::value_parser!(u32).range(100..=10_000_000), value_name = "COUNT")]
    events: Option<u32>,
    /// Seconds of a measurement at a fixed rate [default: 20]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: Option<u32>,
    /// Deliveries that wait for each of the bad webhooks [default: 100000]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000), value_name = "COUNT")]
    waiting: Option<u32>,
    /// Pending deliveries to start with [default: 1000000]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000_000), value_name = "COUNT")]
    backlog: Option<u32>,
    /// Connections of the load generator
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: u16,
    /// Accounts, each with one webhook
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    accounts: u16,
    /// Bytes of an event
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(256..=262_144), value_name = "BYTES")]
    event_bytes: u32,
    /// Let the receiver speak HTTP/1.1 only; otherwise the server takes HTTP/2
    #[arg(long)]
    http1: bool,
    /// Put the databases into this directory instead of the system's temporary one
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
    /// Use this PostgreSQL database, which should hold nothing else, instead of fresh SQLite files
    #[arg(long, value_name = "URL", value_parser = postgres)]
    database: Option<String>,
    /// Servers that share the PostgreSQL database
    #[arg(long, default_value_t = 1, requires = "database", value_parser = clap::value_parser!(u16).range(1..=16))]
    nodes: u16,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn postgres(text: &str) -> Result<String, String> {
    match parse::database(text)? {
        Database::Postgres(url) => Ok(url),
        Database::Sqlite(_) => Err("on SQLite the bench makes fresh files; --directory says where".into()),
    }
}

/// The counts of a run, all decided.
#[derive(Debug, Clone)]
struct Plan {
    stored: Vec<usize>,
    events: usize,
    paced: Duration,
    waiting: usize,
    backlog: usize,
    connections: usize,
    accounts: usize,
    event_bytes: usize,
    http1: bool,
    directory: Option<PathBuf>,
    database: Option<String>,
    nodes: usize,
}

impl Options {
    fn plan(&self) -> Plan {
        let either = |given: Option<u32>, full: usize, quick: usize| {
            given.map_or(if self.quick { quick } else { full }, |count| count as usize)
        };
        let stored = match (self.stored.as_slice(), self.quick) {
            ([], true) => vec![10_000],
            ([], false) => vec![10_000, 1_000_000],
            (given, _) => given.iter().map(|count| *count as usize).collect(),
        };
        Plan {
            stored,
            events: either(self.events, 200_000, 20_000),
            paced: Duration::from_secs(either(self.seconds, 20, 5) as u64),
            waiting: either(self.waiting, 100_000, 10_000),
            backlog: either(self.backlog, 1_000_000, 50_000),
            connections: usize::from(self.connections),
            accounts: usize::from(self.accounts),
            event_bytes: self.event_bytes as usize,
            http1: self.http1,
            directory: self.directory.clone(),
            database: self.database.clone(),
            nodes: usize::from(self.nodes),
        }
    }

    fn wants(&self, scenario: Scenario) -> bool {
        self.only.is_empty() || self.only.contains(&scenario)
    }
}

/// Measures and reports.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let plan = options.plan();
    let mut report = Report::default();
    if options.wants(Scenario::Throughput) || options.wants(Scenario::FanOut) {
        let fan_out = options.wants(Scenario::FanOut);
        throughput::measure(&plan, options.wants(Scenario::Throughput), fan_out, &mut report).await?;
    }
    if options.wants(Scenario::Isolation) {
        report.isolation = isolation::measure(&plan).await?;
    }
    if options.wants(Scenario::Backlog) {
        report.backlog = Some(backlog::measure(&plan).await?);
    }
    if options.json {
        terminal::print(serde_json::to_string_pretty(&report.json())?)?;
    } else {
        for line in report.lines(Paint::of_stdout()) {
            terminal::print(line)?;
        }
    }
    Ok(())
}

/// Tells what is going on.
fn progress(what: impl std::fmt::Display) {
    terminal::note(format_args!("{} {what}", Paint::of_stderr().dim("bench:")));
}
