//! What a move came to, on stdout.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_store::transfer::{Digest, Moved, Table};

use crate::terminal::{self, Paint, Tone, grouped};

/// Digits of a checksum that people are shown.
const SHORT: usize = 16;

pub(super) struct Summary {
    /// Both ends, as they may be seen.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) moved: Moved,
    pub(super) took: Duration,
}

fn sum(tables: &[(Table, Digest)]) -> u64 {
    tables.iter().map(|(_, digest)| digest.rows).sum()
}

impl Summary {
    pub(super) fn print_text(&self) -> anyhow::Result<()> {
        let Self { from, to, .. } = self;
        let Moved::Now { tables, before } = &self.moved else {
            terminal::print(format_args!("{from} was moved to {to} before; nothing was to be done"))?;
            return Ok(());
        };
        let earlier = match before {
            0 => String::new(),
            rows => format!(", {} of them by an earlier run", grouped(*rows)),
        };
        let rows = grouped(sum(tables));
        let took = self.took.as_secs_f64();
        terminal::print(format_args!(
            "moved {from} to {to}: {rows} rows{earlier}, in {took:.1} s; both were read again and are the same"
        ))?;
        let mut table = terminal::Table::new(["table", "rows", "checksum"]);
        for (one, digest) in tables {
            let checksum = digest.checksum.to_string();
            let checksum = checksum.get(..SHORT).unwrap_or_default().to_owned();
            let name = (one.name().to_owned(), Tone::Plain);
            table.row(vec![name, (grouped(digest.rows), Tone::Plain), (checksum, Tone::Quiet)]);
        }
        for line in table.lines(Paint::of_stdout(), 2) {
            terminal::print(line)?;
        }
        terminal::note(
            "Start the server on the new database with the encryption key of the old one. Keep the old file until you need no way back.",
        );
        Ok(())
    }

    pub(super) fn print_json(&self) -> anyhow::Result<()> {
        let Self { from, to, .. } = self;
        let summary = match &self.moved {
            Moved::Before => json!({ "from": from, "to": to, "status": "finished_before" }),
            Moved::Now { tables, before } => json!({
                "from": from, "to": to, "status": "moved", "rows": sum(tables), "rows_by_earlier_runs": before,
                "seconds": self.took.as_secs_f64(),
                "tables": tables.iter().map(table_json).collect::<Vec<_>>(),
            }),
        };
        terminal::print(serde_json::to_string(&summary)?)?;
        Ok(())
    }
}

fn table_json((table, digest): &(Table, Digest)) -> Value {
    json!({ "table": table.name(), "rows": digest.rows, "checksum": digest.checksum.to_string() })
}
