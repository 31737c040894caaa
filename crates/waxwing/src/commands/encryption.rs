//! `waxwing encryption`: how the keys stand that seal secrets, and a new data key.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::server::{ServerOptions, expect, reached};
use crate::terminal::{self, Paint, Table, Tone};

const STATUS_HELP: &str = "\
Example:
  waxwing encryption status --json | jq .sealed_otherwise

A root key is named by its id, which does not give it away. Needs an operator key.";

const ROTATE_HELP: &str = "\
Example:
  waxwing encryption rotate

The server makes a new data key, and seals every secret anew with it while it goes on. This
does not replace the encryption key of the configuration: docs/operating/encryption.md says how
to. Needs an operator key.";

/// Subcommands of `encryption`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show how the keys stand that seal secrets.
    #[command(after_help = STATUS_HELP)]
    Status(Options),
    /// Make a new data key, and seal every secret anew with it.
    #[command(after_help = ROTATE_HELP)]
    Rotate(Options),
}

/// Options of both.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerOptions,
}

/// Asks the server.
pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    let (options, answer) = match command {
        Command::Status(options) => {
            let answer = reached(options.server.client()?.get("/api/encryption").await)?;
            (options, expect(200, &answer)?)
        }
        Command::Rotate(options) => {
            let answer = reached(options.server.client()?.post("/api/encryption/rotate", None).await)?;
            (options, expect(202, &answer)?)
        }
    };
    if options.json {
        terminal::print(&answer)?;
        return Ok(());
    }
    print(&answer)
}

fn print(answer: &Value) -> anyhow::Result<()> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    terminal::print(format_args!("root key of this server: {}", text(&answer["root_key"])))?;
    terminal::print(format_args!(
        "secrets that are still to be sealed with data key {}: {}",
        answer["data_key"], answer["sealed_otherwise"]
    ))?;
    let mut table = Table::new(["data key", "root key", "made"]);
    for key in answer["data_keys"].as_array().into_iter().flatten() {
        let cells = ["number", "root_key", "created_at"].map(|member| (text(&key[member]), Tone::Plain));
        table.row(cells.to_vec());
    }
    for line in table.lines(Paint::of_stdout(), 0) {
        terminal::print(line)?;
    }
    Ok(())
}
