//! What is counted of webhooks: kept with each commit, rolled up, read.

mod keeping;
mod reading;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row};
use waxwing_core::{AccountId, Timestamp, WebhookId};
use waxwing_store::{
    Counting, Counts, Point, Span, StoreError, Worst,
    counts::{ALL_WEBHOOKS, Latencies, Step},
};

use crate::{SqliteStore, log, rows};

type Result<T, E = StoreError> = std::result::Result<T, E>;

#[async_trait]
impl Counting for SqliteStore {
    async fn counts(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        span: Span,
    ) -> Result<Option<Vec<Point>>> {
        let (account, webhook) = (account.clone(), webhook.clone());
        self.read(move |connection| {
            let found = log::webhook(connection, &account, &webhook)?;
            found.map(|(row, _)| reading::series(connection, row, span)).transpose()
        })
        .await
    }

    async fn counts_of_all(&self, span: Span) -> Result<Vec<Point>> {
        self.read(move |connection| reading::series(connection, ALL_WEBHOOKS, span)).await
    }

    async fn worst(&self, span: Span, limit: usize) -> Result<Vec<Worst>> {
        self.read(move |connection| reading::worst(connection, span, limit)).await
    }

    async fn roll_up(&self, now: Timestamp, limit: usize) -> Result<bool> {
        self.write_plain(move |writer| writer.roll_up(now, limit)).await
    }
}

/// The columns that [`counts`] reads.
const COLUMNS: &str = "events, succeeded, failed, delivered, exhausted, answers";

/// Counts from their columns, of which `first` is the first.
fn counts(row: &Row<'_>, first: usize) -> rusqlite::Result<Counts> {
    let number = |column: usize| row.get::<_, i64>(first + column).map(i64::unsigned_abs);
    let answers = Latencies::from_bytes(row.get_ref(first + 5)?.as_blob()?);
    Ok(Counts {
        events: number(0)?,
        succeeded: number(1)?,
        failed: number(2)?,
        delivered: number(3)?,
        exhausted: number(4)?,
        answers: answers.ok_or_else(|| rows::unreadable("a histogram of latencies"))?,
    })
}

/// The moments of a step from `since` on and before `until` at which anything was counted,
/// in order: one look along the key for each.
fn moments(connection: &Connection, step: Step, since: i64, until: i64) -> rusqlite::Result<Vec<i64>> {
    let mut next = connection.prepare_cached(
        "SELECT at FROM metric WHERE step = ?1 AND at >= ?2 AND at < ?3 ORDER BY at LIMIT 1",
    )?;
    let (mut moments, mut from) = (Vec::<i64>::new(), since);
    while let Some(at) = next.query_row([step.number(), from, until], |row| row.get(0)).optional()? {
        moments.push(at);
        from = at.saturating_add(1);
    }
    Ok(moments)
}
