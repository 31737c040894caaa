//! What the demo says has happened, and whether it has.

use crate::terminal::Paint;

/// Claims, checked one by one.
#[derive(Debug, Default)]
pub(super) struct Claims {
    lines: Vec<(bool, String)>,
}

impl Claims {
    /// Adds one.
    pub(super) fn check(&mut self, holds: bool, claim: impl Into<String>) {
        self.lines.push((holds, claim.into()));
    }

    /// How many do not hold.
    pub(super) fn broken(&self) -> usize {
        self.lines.iter().filter(|(holds, _)| !holds).count()
    }

    /// For the summary.
    pub(super) fn lines(&self, paint: Paint) -> impl Iterator<Item = String> + '_ {
        self.lines.iter().map(move |(holds, claim)| {
            if *holds {
                format!("  {} {claim}", paint.green("✓"))
            } else {
                format!("  {} {}", paint.red("✗"), paint.red(claim))
            }
        })
    }
}
