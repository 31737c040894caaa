//! `waxwing completions`: a script that teaches a shell our command line.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;

const AFTER_HELP: &str = "\
Examples:
  source <(waxwing completions bash)
  waxwing completions zsh > ~/.zfunc/_waxwing
  waxwing completions fish > ~/.config/fish/completions/waxwing.fish";

/// Options of `completions`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// The shell.
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "waxwing", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(())
}
