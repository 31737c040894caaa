//! What happened, line by line, in virtual time.

use std::fmt;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The lines of a history.
pub(crate) struct Trace {
    started: Instant,
    lines: Mutex<Vec<String>>,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), lines: Mutex::default() }
    }

    /// Notes what `who` did or met.
    pub(crate) fn note(&self, who: &str, what: fmt::Arguments<'_>) {
        let millis = self.started.elapsed().as_millis();
        self.lines.lock().push(format!("{:>4}.{:03} {who:<8} {what}", millis / 1000, millis % 1000));
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock())
    }
}
