//! How far a move is, on stderr: one line that is drawn again and again on a
//! terminal, a line now and then elsewhere.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use tokio::time::Instant;
use waxwing_store::transfer::Progress;

use crate::terminal::{self, grouped};

/// How often a line on a terminal is drawn anew, at most.
const REDRAWN: Duration = Duration::from_millis(100);
/// How often a line is written elsewhere.
const WRITTEN: Duration = Duration::from_secs(5);

/// What is shown.
pub(super) struct Display {
    on_terminal: bool,
    began: Instant,
    /// Rows that were there when this run began.
    before: Option<u64>,
    last: Option<Instant>,
}

impl Display {
    pub(super) fn new() -> Self {
        let on_terminal = io::stderr().is_terminal();
        Self { on_terminal, began: Instant::now(), before: None, last: None }
    }

    /// Shows it, unless something was shown just now.
    pub(super) fn show(&mut self, progress: Progress) {
        let line = match progress {
            Progress::Moving { table, done, total, done_in_all, total_in_all } => {
                let before = *self.before.get_or_insert(done_in_all);
                let rate = rate(done_in_all - before, self.began.elapsed());
                let done = format!("{} of {} rows", grouped(done), grouped(total));
                let percent = done_in_all * 100 / total_in_all.max(1);
                format!("moving {}: {done}; {percent} % of all, {} rows/s", table.name(), grouped(rate))
            }
            Progress::Comparing(table) => format!("comparing {}", table.name()),
        };
        let pause = if self.on_terminal { REDRAWN } else { WRITTEN };
        if self.last.is_some_and(|last| last.elapsed() < pause) {
            return;
        }
        self.last = Some(Instant::now());
        if self.on_terminal {
            // That nobody reads it is no reason to stop.
            let _ = write!(io::stderr().lock(), "\r\x1b[K{line}");
        } else {
            terminal::note(line);
        }
    }

    /// Leaves a clean line behind.
    pub(super) fn end(&self) {
        if self.on_terminal {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

fn rate(rows: u64, took: Duration) -> u64 {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    rows.saturating_mul(1_000) / millis
}
