//! `waxwing config print`: what the server would run with, and why.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::{
    config::{Effective, Environment, Flags, Settings, layers::Entry, parse},
    exit::Exit,
    terminal::{self, Paint, Table, Tone},
};

const AFTER_HELP: &str = "\
Examples:
  waxwing config print
  waxwing config print --config /etc/waxwing.toml --json | jq .listen
  WAXWING_LISTEN=0.0.0.0:80 waxwing config print

Secrets are never shown, only whether they are set. Exit code 2 when a value cannot be used.";

/// Subcommands of `config`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the effective configuration and where each value comes from.
    #[command(after_help = AFTER_HELP)]
    Print(Print),
}

/// Options of `config print`.
#[derive(Debug, Args)]
pub(crate) struct Print {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

/// Prints it, after checking every value as `serve` does.
pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Print(options) = command;
    let unusable = |error: anyhow::Error| Exit::Usage.because(format_args!("{error:#}"));
    let effective = Effective::load(&options.flags, &Environment::of_process()).map_err(unusable)?;
    Settings::read(&effective).map_err(unusable)?;
    if options.json { Ok(terminal::print(json(&effective)?)?) } else { print_table(&effective) }
}

/// What a file with this text comes to, as JSON.
pub(crate) fn of_file(text: &str) -> anyhow::Result<String> {
    let effective = Effective::of(&Flags::default(), &Environment::default(), Some(("the file", text)))?;
    Settings::read(&effective)?;
    json(&effective)
}

/// The value as it may be seen.
fn shown(entry: &Entry) -> Option<String> {
    let text = entry.text.as_ref()?;
    Some(if entry.setting.secret { "(set, not shown)".to_owned() } else { parse::without_password(text) })
}

fn json(effective: &Effective) -> anyhow::Result<String> {
    let members = effective.entries.iter().map(|entry| {
        let source = entry.source.to_string();
        (entry.setting.key.to_owned(), json!({ "value": shown(entry), "source": source }))
    });
    let object: serde_json::Map<String, serde_json::Value> = members.collect();
    Ok(serde_json::to_string_pretty(&object)?)
}

fn print_table(effective: &Effective) -> anyhow::Result<()> {
    let mut table = Table::new(["setting", "value", "source"]);
    for entry in &effective.entries {
        let (value, tone) = match shown(entry) {
            Some(value) => (value, Tone::Plain),
            None => ("(none)".to_owned(), Tone::Quiet),
        };
        let source = entry.source.to_string();
        table.row(vec![(entry.setting.key.to_owned(), Tone::Plain), (value, tone), (source, Tone::Quiet)]);
    }
    for line in table.lines(Paint::of_stdout(), 0) {
        terminal::print(line)?;
    }
    Ok(())
}
