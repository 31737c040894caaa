//! Keeping what a commit counted, and rolling it up.

use rusqlite::{OptionalExtension, params};
use waxwing_core::Timestamp;
use waxwing_store::{
    Counts,
    counts::{ROLL_UP_BITE, Step, Sums, Tally},
};

use super::{COLUMNS, counts, moments, reading};
use crate::{rows, writer::Writer};

type Result<T> = rusqlite::Result<T>;

impl Writer {
    /// Keeps what this transaction counted.
    pub(crate) fn keep_tally(&mut self) -> Result<()> {
        if let Some(tally) = Tally::of(&mut self.effects.ticks) {
            let sql = "INSERT INTO tally (counts) VALUES (?1)";
            self.connection.prepare_cached(sql)?.execute([tally.as_bytes()])?;
        }
        Ok(())
    }

    /// See [`waxwing_store::Counting::roll_up`].
    pub(crate) fn roll_up(&mut self, now: Timestamp, limit: usize) -> Result<bool> {
        if self.roll_up_tallies(limit)? == limit {
            return Ok(true);
        }
        for step in Step::ALL {
            if self.age(step, now, limit)? == limit {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How many were rolled up.
    fn roll_up_tallies(&mut self, limit: usize) -> Result<usize> {
        let (sums, tallies) = reading::tallies(&self.connection, limit)?;
        let Some(last) = tallies.last() else { return Ok(0) };
        self.add(Step::Minute, &sums)?;
        self.connection.prepare_cached("DELETE FROM tally WHERE seq <= ?1")?.execute([last])?;
        Ok(tallies.len())
    }

    fn add(&self, step: Step, sums: &Sums) -> Result<()> {
        let sql = format!("SELECT {COLUMNS} FROM metric WHERE step = ?1 AND at = ?2 AND webhook_seq = ?3");
        let mut find = self.connection.prepare_cached(&sql)?;
        let sql = format!(
            "INSERT OR REPLACE INTO metric (step, at, webhook_seq, {COLUMNS}) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        );
        let mut put = self.connection.prepare_cached(&sql)?;
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        for ((at, webhook), added) in sums {
            let key = [step.number(), *at, *webhook];
            let mut sum = find.query_row(key, |row| counts(row, 0)).optional()?.unwrap_or_default();
            sum.add(added);
            let Counts { events, succeeded, failed, delivered, exhausted, answers } = sum;
            put.execute(params![
                step.number(),
                at,
                webhook,
                number(events),
                number(succeeded),
                number(failed),
                number(delivered),
                number(exhausted),
                answers.to_bytes(),
            ])?;
        }
        Ok(())
    }

    /// Moves rows that are old enough to the next longer step, or away; how many.
    fn age(&mut self, step: Step, now: Timestamp, limit: usize) -> Result<usize> {
        let sql = format!(
            "SELECT at, webhook_seq, {COLUMNS} FROM metric WHERE step = ?1 AND at < ?2 \
             ORDER BY at, webhook_seq LIMIT ?3"
        );
        let old: Vec<((i64, i64), Counts)> = self
            .connection
            .prepare_cached(&sql)?
            .query_map(params![step.number(), step.kept_since(now).millis(), rows::limit(limit)], |row| {
                Ok(((row.get(0)?, row.get(1)?), counts(row, 2)?))
            })?
            .collect::<Result<_>>()?;
        if let Some(longer) = step.longer() {
            let mut sums = Sums::new();
            for ((at, webhook), counts) in &old {
                let begin = longer.begin(rows::time(*at)).millis();
                sums.entry((begin, *webhook)).or_default().add(counts);
            }
            self.add(longer, &sums)?;
        }
        let mut delete = self.connection.prepare_cached(DELETE)?;
        for ((at, webhook), _) in &old {
            delete.execute([step.number(), *at, *webhook])?;
        }
        Ok(old.len())
    }

    /// Deletes what was counted of a webhook whose account is erased. Nothing of it is left
    /// that could be counted later.
    pub(crate) fn erase_counts(&mut self, webhook: i64) -> Result<()> {
        while self.roll_up_tallies(ROLL_UP_BITE)? == ROLL_UP_BITE {}
        let mut delete = self.connection.prepare_cached(DELETE)?;
        for step in Step::ALL {
            for at in moments(&self.connection, step, i64::MIN, i64::MAX)? {
                delete.execute([step.number(), at, webhook])?;
            }
        }
        let sql = "UPDATE webhook SET counts_erased = 1 WHERE seq = ?1";
        self.connection.prepare_cached(sql)?.execute([webhook])?;
        Ok(())
    }
}

const DELETE: &str = "DELETE FROM metric WHERE step = ?1 AND at = ?2 AND webhook_seq = ?3";
