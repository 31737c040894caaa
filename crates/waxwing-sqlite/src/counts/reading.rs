//! Reading what was counted. What is not rolled up yet is added to what is.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use waxwing_store::{
    Counts, Point, Span, Worst,
    counts::{Step, Sums, Tally, add_up},
};

use super::{COLUMNS, counts, moments};
use crate::rows;

type Result<T> = rusqlite::Result<T>;

/// Deliveries of a webhook among which the one is looked for that failed last.
const RECENT: i64 = 10;

/// Adds up the oldest tallies; their rows.
pub(super) fn tallies(connection: &Connection, limit: usize) -> Result<(Sums, Vec<i64>)> {
    let mut sums = Sums::new();
    let rows = connection
        .prepare_cached("SELECT seq, counts FROM tally ORDER BY seq LIMIT ?1")?
        .query_map([rows::limit(limit)], |row| {
            let added = Tally::add_to(row.get_ref(1)?.as_blob()?, &mut sums);
            added.ok_or_else(|| rows::unreadable("a tally"))?;
            row.get(0)
        })?
        .collect::<Result<_>>()?;
    add_up(&mut sums);
    Ok((sums, rows))
}

/// What was counted in each step of `span`.
pub(super) fn series(connection: &Connection, webhook: i64, span: Span) -> Result<Vec<Point>> {
    let (waiting, _) = tallies(connection, usize::MAX)?;
    let points = points(connection, &waiting, webhook, span)?;
    Ok(points.into_iter().map(|(at, counts)| Point { at: rows::time(at), counts }).collect())
}

fn points(
    connection: &Connection,
    waiting: &Sums,
    webhook: i64,
    span: Span,
) -> Result<BTreeMap<i64, Counts>> {
    let (since, until) = (span.since.millis(), span.until.millis());
    let mut points = BTreeMap::<i64, Counts>::new();
    let mut add = |at: i64, counts: &Counts| {
        points.entry(span.step.begin(rows::time(at)).millis()).or_default().add(counts);
    };
    let sql = format!("SELECT {COLUMNS} FROM metric WHERE step = ?1 AND at = ?2 AND webhook_seq = ?3");
    let mut find = connection.prepare_cached(&sql)?;
    for step in Step::ALL.into_iter().filter(|step| *step <= span.step) {
        for at in moments(connection, step, since, until)? {
            let found = find.query_row([step.number(), at, webhook], |row| counts(row, 0)).optional()?;
            if let Some(counts) = found {
                add(at, &counts);
            }
        }
    }
    for ((at, _), counts) in
        waiting.range((since, i64::MIN)..(until, i64::MIN)).filter(|(key, _)| key.1 == webhook)
    {
        add(*at, counts);
    }
    Ok(points)
}

/// See [`waxwing_store::Counting::worst`].
pub(super) fn worst(connection: &Connection, span: Span, limit: usize) -> Result<Vec<Worst>> {
    let failing: Vec<(i64, String, String)> = connection
        .prepare_cached(
            "SELECT w.seq, a.id, w.id FROM ( \
               SELECT webhook_seq, sum(failed) AS failed FROM metric INDEXED BY metric_failed \
               WHERE step = 0 AND failed > 0 AND webhook_seq > 0 AND at >= ?1 AND at < ?2 GROUP BY webhook_seq \
             ) m JOIN webhook w ON w.seq = m.webhook_seq AND w.deleted_at IS NULL \
             JOIN account a ON a.seq = w.account_seq ORDER BY m.failed DESC, w.seq LIMIT ?3",
        )?
        .query_map(params![span.since.millis(), span.until.millis(), rows::limit(limit)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<_>>()?;
    let (waiting, _) = tallies(connection, usize::MAX)?;
    let mut worst = Vec::with_capacity(failing.len());
    for (row, account, webhook) in failing {
        let mut counts = Counts::default();
        for point in points(connection, &waiting, row, span)?.values() {
            counts.add(point);
        }
        let (last_error, last_status_code) = last_failure(connection, row)?;
        let (account, webhook) = (rows::account_id(&account)?, rows::webhook_id(&webhook)?);
        worst.push(Worst { account, webhook, counts, last_error, last_status_code });
    }
    Ok(worst)
}

fn last_failure(connection: &Connection, webhook: i64) -> Result<(Option<String>, Option<u16>)> {
    let found = connection
        .prepare_cached(
            "SELECT d.last_error, d.last_status_code FROM ( \
               SELECT * FROM (SELECT event_seq FROM pending WHERE webhook_seq = ?1 AND due_at > 0 \
                 ORDER BY due_at DESC LIMIT ?2) \
               UNION SELECT * FROM (SELECT event_seq FROM delivery WHERE webhook_seq = ?1 AND state = 3 \
                 ORDER BY event_seq DESC LIMIT ?2) \
             ) e JOIN delivery d ON d.event_seq = e.event_seq AND d.webhook_seq = ?1 \
             WHERE d.last_error IS NOT NULL ORDER BY d.last_attempt_at DESC, d.event_seq DESC LIMIT 1",
        )?
        .query_row([webhook, RECENT], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.unwrap_or_default())
}
