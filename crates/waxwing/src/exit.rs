//! Exit codes, as `waxwing --help` documents them.

use std::{fmt, process::ExitCode};

use crate::terminal;

/// How a command ended, besides well (0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something went wrong; the message says what.
    Failed = 1,
    /// The command line or the configuration cannot be used.
    Usage = 2,
    /// `verify`: the signature does not hold.
    NotVerified = 3,
    /// The server could not be reached.
    Unreachable = 4,
    /// `serve`: the store stopped taking writes; start the server again.
    StoreStopped = 5,
    /// `serve`: another server registered under this one's name.
    LeaseLost = 6,
}

/// An end with a particular exit code.
#[derive(Debug)]
pub(crate) struct Ended {
    exit: Exit,
    message: String,
}

impl Exit {
    /// An error that ends the process with this code.
    pub(crate) fn because(self, message: impl fmt::Display) -> anyhow::Error {
        anyhow::Error::new(Ended { exit: self, message: message.to_string() })
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Ended {}

/// Tells what went wrong, if anything, and gives the exit code.
pub(crate) fn report(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    // Whoever reads our output has read enough (`waxwing events tail | head`).
    if is_broken_pipe(&error) {
        return ExitCode::SUCCESS;
    }
    let paint = terminal::Paint::of_stderr();
    let mut causes = error.chain();
    if let Some(first) = causes.next() {
        terminal::note(format_args!("{} {first}", paint.red("error:")));
    }
    for cause in causes {
        terminal::note(format_args!("  because: {cause}"));
    }
    let exit = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Ended>())
        .map_or(Exit::Failed, |ended| ended.exit);
    ExitCode::from(exit as u8)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
