//! `waxwing`: self-hosted webhook delivery in one binary.
//!
//! Reads the command line, runs one command, and turns what came of it into an
//! exit code. Only this crate reads the environment, draws randomness, looks at
//! the clock or ends the process; everything below it gets them as parameters.
//! It is a library only so that fuzzing reaches the configuration.

mod cli;
mod commands;
mod config;
mod exit;
mod serve;
mod system;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

/// Runs the command of this process's command line.
pub fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    system::raise_file_limit();
    let result = commands::run(cli.command);
    exit::report(result)
}

/// What the server makes of the text of a configuration file, and of nothing else: the
/// settings as `config print --json` shows them, or what is wrong.
///
/// # Errors
/// In words, as the server would say it.
pub fn configuration(file: &str) -> Result<String, String> {
    commands::config::of_file(file).map_err(|error| format!("{error:#}"))
}
