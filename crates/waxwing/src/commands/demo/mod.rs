//! `waxwing demo`: the whole story on this machine.
//!
//! A real server in a child process, real TLS, four customers' servers of which
//! three misbehave. Everything that the summary claims is checked against what
//! happened; a claim that does not hold makes the exit code 1. Nothing leaves
//! the loopback, and nothing stays behind.

mod actors;
mod claims;
mod judge;
mod live;
mod samples;
mod stage;
mod story;

use std::time::Duration;

use anyhow::bail;
use clap::Args;

/// The story ends before this, or it is not told.
const LIMIT: Duration = Duration::from_secs(29);

const AFTER_HELP: &str = "\
Needs nothing installed, uses the loopback only, leaves nothing behind, ends by itself in under 30
seconds. Exit code 0 only when everything that it claims has happened.";

/// Options of `demo`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Options {}

/// Tells the story.
pub(crate) async fn run(_: Options) -> anyhow::Result<()> {
    match tokio::time::timeout(LIMIT, story::tell()).await {
        Ok(told) => told,
        Err(_) => bail!(
            "the demo did not end within {} s; this machine may be very busy, try again",
            LIMIT.as_secs()
        ),
    }
}
