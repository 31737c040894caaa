//! The command line of `bench`.

use std::path::PathBuf;

use clap::Args;

use super::catalog;
use crate::config::{Database, parse};

/// What `--quick` multiplies counts by.
const QUICK: f64 = 0.05;

const AFTER_HELP: &str = "\
Examples:
  waxwing bench --quick                       every scenario with small counts, some minutes
  waxwing bench --list                        what there is
  waxwing bench --only saturation,steady-rate --output results.json
  waxwing bench --scenario mine.toml
  waxwing bench --database postgres://waxwing@localhost/bench --nodes 3 --only saturation
  waxwing bench --adapter bench/adapters/svix.toml --set token=… --ca-file ca.pem --only saturation

What the figures mean:
  accepted     publishes answered after their commit, each by itself, in events/s
  delivered    from the first publish to the last arrival at the receiver, in deliveries/s;
               what counts goes to receivers that answer 200 at once
  CPU          user and system time of the servers for each delivery that counts, and of
               PostgreSQL's processes on this machine where that is the database
  written      bytes that the server had written to disk for each event, log and checkpoints included
  p50, p99     from the sending of the publish to the arrival at the receiver
  ratio        p99 divided by that of an earlier measurement, which it names

Write your own scenario after those in bench/scenarios; docs/internals/benchmark.md has the words.";

/// Options of `bench`.
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// Small counts: the same as --scale 0.05
    #[arg(long, conflicts_with = "scale")]
    quick: bool,
    /// Multiply all counts by this, and all seconds by its square root
    #[arg(long, value_name = "FACTOR", value_parser = factor)]
    scale: Option<f64>,
    /// Only these scenarios, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub(super) only: Vec<String>,
    /// A scenario's file, or a directory of them, instead of those built in
    #[arg(long, value_name = "PATH")]
    pub(super) scenario: Vec<PathBuf>,
    /// Print the scenarios and end
    #[arg(long)]
    pub(super) list: bool,
    /// Connections of the load generator, instead of those of the scenario
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=4096), value_name = "N")]
    pub(super) connections: Option<u16>,
    /// Let the receiver speak HTTP/1.1 only; otherwise the server takes HTTP/2
    #[arg(long)]
    pub(super) http1: bool,
    /// Put the databases into this directory instead of the system's temporary one
    #[arg(long, value_name = "DIRECTORY")]
    pub(super) directory: Option<PathBuf>,
    /// Use this PostgreSQL database, which should hold nothing else, instead of fresh SQLite files
    #[arg(long, value_name = "URL", value_parser = postgres, conflicts_with = "adapter")]
    pub(super) database: Option<String>,
    /// Servers that share the PostgreSQL database
    #[arg(long, default_value_t = 1, requires = "database", value_parser = clap::value_parser!(u16).range(1..=16), value_name = "N")]
    pub(super) nodes: u16,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Write the JSON to this file as well
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Measure another server, which this file says how to speak to
    #[arg(long, value_name = "FILE", help_heading = "Another server")]
    pub(super) adapter: Option<PathBuf>,
    /// Where it listens, instead of where the adapter says
    #[arg(long, value_name = "URL", requires = "adapter", help_heading = "Another server")]
    pub(super) url: Option<String>,
    /// What the adapter needs, such as token=…
    #[arg(long, value_name = "NAME=VALUE", requires = "adapter", value_parser = assignment, help_heading = "Another server")]
    pub(super) set: Vec<(String, String)>,
    /// A shell command that runs it in the foreground; $CA_FILE is what it has to trust
    #[arg(long, value_name = "COMMAND", requires = "adapter", help_heading = "Another server")]
    pub(super) start: Option<String>,
    /// Names or ids of processes whose CPU time counts, instead of those of the adapter
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "PROCESS",
        requires = "adapter",
        help_heading = "Another server"
    )]
    pub(super) processes: Vec<String>,
    /// Write the certificate of the receiver's authority to this file
    #[arg(long, value_name = "FILE", help_heading = "Another server")]
    pub(super) ca_file: Option<PathBuf>,
}

impl Options {
    /// What counts are multiplied by.
    pub(super) fn factor(&self) -> f64 {
        self.scale.unwrap_or(if self.quick { QUICK } else { 1.0 })
    }
}

fn factor(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.000_1..=10.0).contains(number));
    number.ok_or_else(|| "a number from 0.0001 to 10".to_owned())
}

fn postgres(text: &str) -> Result<String, String> {
    match parse::database(text)? {
        Database::Postgres(url) => Ok(url),
        Database::Sqlite(_) => Err("on SQLite the bench makes fresh files; --directory says where".into()),
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a name, = and a value")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A command line without what is secret in it.
pub(super) fn shown(arguments: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    for argument in arguments {
        let (flag, value) = match (shown.last().map(String::as_str), argument.split_once('=')) {
            (Some("--set" | "--start"), _) => (None, argument.as_str()),
            (_, Some((flag @ ("--set" | "--start"), value))) => (Some(flag), value),
            _ => {
                shown.push(without_password(&argument));
                continue;
            }
        };
        // A command to start a server may set variables of any name.
        let is_set = flag.or(shown.last().map(String::as_str)) == Some("--set");
        let name = value.split('=').next().filter(|_| is_set).map(|name| format!("{name}="));
        let flag = flag.map(|flag| format!("{flag}=")).unwrap_or_default();
        shown.push(format!("{flag}{}…", name.unwrap_or_default()));
    }
    shown
}

fn without_password(argument: &str) -> String {
    match argument.rsplit_once('@') {
        Some((before, host)) if before.contains("://") => {
            let scheme = before.split("://").next().unwrap_or_default();
            format!("{scheme}://…@{host}")
        }
        _ => argument.to_owned(),
    }
}

/// The scenarios that are asked for.
pub(super) fn chosen(options: &Options) -> anyhow::Result<Vec<super::scenario::Scenario>> {
    let all =
        if options.scenario.is_empty() { catalog::built_in()? } else { catalog::of(&options.scenario)? };
    catalog::only(all, &options.only)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_shown_without_its_secrets() {
        let given =
            ["bench", "--set", "token=hunter2", "--set=key=hunter2", "--database=postgres://a:hunter2@h/d"];
        let shown = shown(given.map(str::to_owned));
        assert_eq!(shown, ["bench", "--set", "token=…", "--set=key=…", "--database=postgres://…@h/d"]);
    }
}
