//! One line on stderr that says how far something is: drawn again and again on a
//! terminal, written now and then elsewhere.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use tokio::time::Instant;

use crate::terminal;

/// How often a line on a terminal is drawn anew, at most.
const REDRAWN: Duration = Duration::from_millis(100);
/// How often a line is written elsewhere.
const WRITTEN: Duration = Duration::from_secs(5);

/// The line.
pub(super) struct StatusLine {
    on_terminal: bool,
    last: Option<Instant>,
}

impl StatusLine {
    pub(super) fn new() -> Self {
        Self { on_terminal: io::stderr().is_terminal(), last: None }
    }

    /// Shows it, unless something was shown just now.
    pub(super) fn show(&mut self, line: impl FnOnce() -> String) {
        let pause = if self.on_terminal { REDRAWN } else { WRITTEN };
        if self.last.is_some_and(|last| last.elapsed() < pause) {
            return;
        }
        self.last = Some(Instant::now());
        if self.on_terminal {
            // That nobody reads it is no reason to stop.
            let _ = write!(io::stderr().lock(), "\r\x1b[K{}", line());
        } else {
            terminal::note(line());
        }
    }
}

impl Drop for StatusLine {
    /// Leaves a clean line behind.
    fn drop(&mut self) {
        if self.on_terminal {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}
