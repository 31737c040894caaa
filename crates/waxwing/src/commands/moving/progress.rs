//! How far a move is, on stderr.

use std::time::Duration;

use tokio::time::Instant;
use waxwing_store::transfer::Progress;

use super::super::status::StatusLine;
use crate::terminal::grouped;

/// What is shown.
pub(super) struct Display {
    line: StatusLine,
    began: Instant,
    /// Rows that were there when this run began.
    before: Option<u64>,
}

impl Display {
    pub(super) fn new() -> Self {
        Self { line: StatusLine::new(), began: Instant::now(), before: None }
    }

    /// Shows it, unless something was shown just now.
    pub(super) fn show(&mut self, progress: Progress) {
        if let Progress::Moving { done_in_all, .. } = progress {
            self.before.get_or_insert(done_in_all);
        }
        let (before, took) = (self.before.unwrap_or_default(), self.began.elapsed());
        self.line.show(|| match progress {
            Progress::Moving { table, done, total, done_in_all, total_in_all } => {
                let rate = rate(done_in_all - before, took);
                let done = format!("{} of {} rows", grouped(done), grouped(total));
                let percent = done_in_all * 100 / total_in_all.max(1);
                format!("moving {}: {done}; {percent} % of all, {} rows/s", table.name(), grouped(rate))
            }
            Progress::Comparing(table) => format!("comparing {}", table.name()),
        });
    }
}

fn rate(rows: u64, took: Duration) -> u64 {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    rows.saturating_mul(1_000) / millis
}
