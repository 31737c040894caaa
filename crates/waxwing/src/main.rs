//! `waxwing`: self-hosted webhook delivery in one binary.
//!
//! Reads the command line, runs one command, and turns what came of it into an
//! exit code. Only this crate reads the environment, draws randomness, looks at
//! the clock or ends the process; everything below it gets them as parameters.

mod cli;
mod commands;
mod config;
mod exit;
mod serve;
mod system;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    system::raise_file_limit();
    let result = commands::run(cli.command);
    exit::report(result)
}
