//! `waxwing bench`: what this server, or another, does on this machine.
//!
//! A scenario is a file (`bench/scenarios`): receivers, and steps that are taken one after
//! the other. Load generator and receiver run in this process, the server in a child
//! process, all on the loopback, over real TLS, with a fresh database. Everything is bounded
//! in count and in time; figures go to stdout, progress to stderr.

mod adapter;
mod arrivals;
mod catalog;
mod histogram;
mod load;
mod machine;
mod options;
mod other;
mod own;
mod process;
mod publish;
mod queries;
mod report;
mod results;
mod rig;
mod runner;
mod scenario;
mod template;
mod wire;
mod words;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use waxwing_core::Clock;
use waxwing_peers::Ca;
use waxwing_postgres::PostgresOptions;

use crate::{
    exit::Exit,
    system::SystemClock,
    terminal::{self, Paint},
};
use adapter::Adapter;
use machine::Machine;
pub(crate) use options::Options;
use other::Other;
use results::{Program, Results, Server};
use scenario::Scenario;
use template::Known;

/// The form of the JSON.
const FORMAT: u32 = 1;
/// How our own servers are spoken to.
const OWN_ADAPTER: &str = include_str!("../../../../../bench/adapters/waxwing.toml");

/// How scenarios are run, all decided.
struct Plan {
    connections: Option<usize>,
    http1: bool,
    directory: Option<PathBuf>,
    database: Option<String>,
    nodes: usize,
    adapter: Arc<Adapter>,
    /// What the adapter knows from the start.
    known: Known,
    /// The receiver's authority, and the file with its certificate.
    ca: Ca,
    roots: PathBuf,
    /// The server, unless it is ours.
    other: Option<Other>,
}

/// Measures and reports.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let scenarios = options::chosen(&options)?;
    if options.list {
        return report::list(&scenarios);
    }
    let at = SystemClock.now().to_string();
    let folder = tempfile::tempdir().context("no temporary directory can be made")?;
    let mut plan = Plan::of(&options, folder.path()).await?;
    let mut results = Results {
        format: FORMAT,
        at,
        command: options::shown(std::env::args()),
        program: Program::this(),
        machine: Machine::here(&rig::place(&plan)),
        server: plan.server(&options).await?,
        scale: options.factor(),
        scenarios: Vec::new(),
    };
    for scenario in scenarios {
        results.scenarios.push(one(&plan, scenario.scaled(options.factor())).await?);
    }
    if let Some(other) = &mut plan.other {
        other.stop().await?;
    }
    tell(&options, &results)
}

async fn one(plan: &Plan, scenario: Scenario) -> anyhow::Result<results::Scenario> {
    let skipped = runner::obstacle(plan, &scenario);
    let steps = match &skipped {
        None => {
            progress(format_args!("{}: {}", scenario.name, scenario.shows));
            runner::run(plan, &scenario).await?
        }
        Some(why) => {
            progress(format_args!("{} is left out: {why}", scenario.name));
            Vec::new()
        }
    };
    Ok(results::Scenario { name: scenario.name, shows: scenario.shows, file: scenario.text, skipped, steps })
}

fn tell(options: &Options, results: &Results) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(results)?;
    if let Some(path) = &options.output {
        let written = std::fs::write(path, format!("{json}\n"));
        written.with_context(|| format!("the results cannot be written to {}", path.display()))?;
    }
    if options.json {
        return Ok(terminal::print(json)?);
    }
    for line in report::lines(results, Paint::of_stdout()) {
        terminal::print(line)?;
    }
    Ok(())
}

impl Plan {
    async fn of(options: &Options, folder: &Path) -> anyhow::Result<Self> {
        let ca = Ca::generate("Waxwing bench")?;
        let roots = options.ca_file.clone().unwrap_or_else(|| folder.join("ca.pem"));
        let written = std::fs::write(&roots, ca.pem());
        written.with_context(|| format!("{} cannot be written", roots.display()))?;
        let roots = roots.canonicalize()?;
        let adapter = match &options.adapter {
            None => Adapter::parse("bench/adapters/waxwing.toml", OWN_ADAPTER)?,
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    Exit::Usage.because(format_args!("{} cannot be read: {error}", path.display()))
                })?;
                Adapter::parse(&path.display().to_string(), &text)?
            }
        };
        let mut plan = Self {
            connections: options.connections.map(usize::from),
            http1: options.http1,
            directory: options.directory.clone(),
            database: options.database.clone(),
            nodes: usize::from(options.nodes),
            adapter: Arc::new(adapter),
            known: Known::new(),
            ca,
            roots,
            other: None,
        };
        if options.adapter.is_some() {
            plan.known = plan.adapter.known(&options.set.iter().cloned().collect())?;
            let url = options.url.as_deref().unwrap_or(&plan.adapter.url);
            let processes =
                if options.processes.is_empty() { &plan.adapter.processes } else { &options.processes };
            let start = options.start.as_deref();
            plan.other = Some(Other::start(url, start, &plan.roots, processes.clone()).await?);
        }
        Ok(plan)
    }

    async fn server(&self, options: &Options) -> anyhow::Result<Server> {
        let database = match (&self.other, &self.database) {
            (Some(_), _) => None,
            (None, None) => Some(format!("SQLite {}", waxwing_sqlite::library_version())),
            (None, Some(url)) => {
                let options = PostgresOptions::new(url.clone());
                Some(format!("PostgreSQL {}", waxwing_postgres::server_version(&options).await?))
            }
        };
        Ok(Server {
            name: self.adapter.server.clone(),
            database,
            nodes: self.other.is_none().then_some(self.nodes),
            http: if options.http1 { "HTTP/1.1" } else { "HTTP/2 and HTTP/1.1" },
            processes: self.other.as_ref().map(|other| other.processes.clone()).unwrap_or_default(),
        })
    }
}

impl Program {
    fn this() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            commit: option_env!("WAXWING_COMMIT"),
            rustc: option_env!("WAXWING_RUSTC"),
            profile: if cfg!(debug_assertions) { "debug" } else { "release" },
        }
    }
}

/// Tells what is going on.
fn progress(what: impl std::fmt::Display) {
    terminal::note(format_args!("{} {what}", Paint::of_stderr().dim("bench:")));
}
