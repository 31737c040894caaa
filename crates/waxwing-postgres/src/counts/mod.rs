//! What is counted of webhooks: kept with each commit, rolled up, read.
//!
//! Commits only append; rolling up is done by one node at a time, whichever comes first.

mod keeping;
mod reading;

use async_trait::async_trait;
use tokio_postgres::Row;
use waxwing_core::{AccountId, Timestamp, WebhookId};
use waxwing_store::{
    Counting, Counts, Point, Span, StoreError, Worst,
    counts::{ALL_WEBHOOKS, Latencies, Step, Sums, Tally, add_up},
};

use crate::{
    PostgresStore, rows,
    sql::{Result, get},
};

pub(crate) use keeping::{erase_next, keep};

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl Counting for PostgresStore {
    async fn counts(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        span: Span,
    ) -> Answer<Option<Vec<Point>>> {
        Ok(self.shared.within(self.shared.counts(account, webhook, span)).await?)
    }

    async fn counts_of_all(&self, span: Span) -> Answer<Vec<Point>> {
        Ok(self.shared.within(self.shared.series(ALL_WEBHOOKS, span)).await?)
    }

    async fn worst(&self, span: Span, limit: usize) -> Answer<Vec<Worst>> {
        Ok(self.shared.within(self.shared.worst(span, limit)).await?)
    }

    async fn roll_up(&self, now: Timestamp, limit: usize) -> Answer<bool> {
        Ok(self.shared.within(self.shared.roll_up(now, limit)).await?)
    }
}

/// The columns that [`counts`] reads.
const COLUMNS: &str = "events, succeeded, failed, delivered, exhausted, answers";

/// Counts from their columns, of which `first` is the first.
fn counts(row: &Row, first: usize) -> Result<Counts> {
    let number = |column: usize| get::<i64>(row, first + column).map(i64::unsigned_abs);
    let answers = Latencies::from_bytes(get(row, first + 5)?);
    Ok(Counts {
        events: number(0)?,
        succeeded: number(1)?,
        failed: number(2)?,
        delivered: number(3)?,
        exhausted: number(4)?,
        answers: answers.ok_or_else(|| rows::unreadable("a histogram of latencies"))?,
    })
}

/// What the tallies add up to that these rows hold.
fn sums(tallies: &[Row]) -> Result<Sums> {
    let mut sums = Sums::new();
    for tally in tallies {
        Tally::add_to(get(tally, 0)?, &mut sums).ok_or_else(|| rows::unreadable("a tally"))?;
    }
    add_up(&mut sums);
    Ok(sums)
}

fn number(step: Step) -> i16 {
    i16::try_from(step.number()).unwrap_or(i16::MAX)
}

/// Begins a query: `moment` has the moments of step `$1` from `$3` on and before `$4` at
/// which anything was counted, found by one look along the key for each. There is no index
/// by webhook, which is `$2`.
const MOMENTS: &str = "\
WITH RECURSIVE moment AS (
  (SELECT at FROM metric WHERE step = $1 AND at >= $3 AND at < $4 ORDER BY at LIMIT 1)
  UNION ALL
  SELECT (
    SELECT m.at FROM metric m WHERE m.step = $1 AND m.at > t.at AND m.at < $4 ORDER BY m.at LIMIT 1
  ) FROM moment t WHERE t.at IS NOT NULL
)";
