//! The command line: names, help texts, examples.

use clap::{Parser, Subcommand};

use crate::{commands, config::Flags};

const AFTER_HELP: &str = "\
Start here:
  waxwing demo                     the whole story on this machine, in half a minute
  waxwing serve                    the server; it prints the operator key at its first start

Exit codes:
  0  done
  1  failed; the message says what, to what, and what to do
  2  the command line or the configuration cannot be used
  3  verify: the signature does not hold
  4  the server could not be reached
  5  serve: the database stopped taking writes; start the server again
  6  serve: another server registered under this one's name";

/// Self-hosted webhook delivery: events go in over an HTTP API, signed HTTPS
/// requests come out, failures are retried, and nothing acknowledged is lost.
#[derive(Debug, Parser)]
#[command(name = "waxwing", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const SERVE_HELP: &str = "\
Examples:
  waxwing serve
  waxwing serve --listen 0.0.0.0:8080 --database sqlite:/var/lib/waxwing/waxwing.db
  WAXWING_RETRY_SCHEDULE=10s,1m,10m waxwing serve --config /etc/waxwing.toml

Every setting is also an environment variable and a key of the TOML file: --retry-schedule is
WAXWING_RETRY_SCHEDULE and retry_schedule. Flags win over the environment, the environment over
the file. Names that nobody knows are errors. `waxwing config print` shows what holds.

Secrets have no flag, because other users of a machine can read command lines:
  WAXWING_OPERATOR_KEY or --operator-key-file      the first operator key
  WAXWING_ENCRYPTION_KEY or --encryption-key-file  32 bytes in base64; or --encryption-key-command

Stop it with SIGTERM or Ctrl-C: it finishes what is under way and hands back the rest.
A second signal ends it at once; nothing acknowledged is lost by that either.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server: HTTP API and delivery in one process.
    #[command(after_help = SERVE_HELP)]
    Serve(Flags),
    /// Show the whole story on this machine; ends by itself in under 30 seconds.
    Demo(commands::demo::Options),
    /// Receive webhooks on this machine: print and verify what arrives.
    Listen(commands::listen::Options),
    /// Sign a body as the server does, and print the headers.
    Sign(commands::sign::Options),
    /// Verify the headers of a received webhook.
    Verify(commands::verify::Options),
    /// Follow what happens to events.
    #[command(subcommand)]
    Events(commands::events::Command),
    /// Send deliveries of a webhook again.
    Replay(commands::replay::Options),
    /// The keys that seal secrets in the database.
    #[command(subcommand)]
    Encryption(commands::encryption::Command),
    /// The catalog of event types.
    #[command(subcommand)]
    EventTypes(commands::event_types::Command),
    /// Back up an SQLite database while the server runs.
    Backup(commands::backup::Options),
    /// Make a database of a backup.
    Restore(commands::restore::Options),
    /// Bring the schema of the database up to date.
    Migrate(commands::migrate::Options),
    /// Move everything from an SQLite file to a PostgreSQL database.
    Move(commands::moving::Options),
    /// Measure the server on this machine.
    Bench(commands::bench::Options),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(commands::config::Command),
    /// Print a completion script for a shell.
    Completions(commands::completions::Options),
}
