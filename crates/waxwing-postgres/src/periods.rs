//! Periods: stretches of time that the growing tables are partitioned by.
//!
//! An event's row is its period's number followed by a count, so that rows keep the
//! order of publishing and everything of one period is dropped at once. What always
//! holds: while events are being kept no other period begins, so that all
//! transactions under way agree on one; the next period's partitions exist before
//! they are needed.

use std::time::Duration;

use deadpool_postgres::Transaction;
use tokio_postgres::GenericClient;
use waxwing_core::Timestamp;

use crate::{
    sql::{Result, execute, first, get, params, query},
    store::Shared,
};

/// Bits of an event's row that count within its period: 10^12 events.
pub(crate) const COUNT_BITS: i32 = 40;
/// Periods at most; with so many the present one goes on. A clock that jumps about begins no more than these.
pub(crate) const MAX_PERIODS: usize = 64;
/// Events of a period that are not finished at most for it to be rewritten with only
/// those; with more it stays whole, so that a rewrite never takes long.
const MAX_LIVING: i64 = 10_000;
/// Bytes of deliveries that retention reads for each second that it then leaves the
/// period alone: a small period is looked at each time, a large one now and then.
const BYTES_PER_SECOND: i64 = 1 << 20;

/// Any number that nobody else takes, for a lock on making partitions.
const MAKING: i64 = 0x77_61_78_77_69_6e_68;

/// The tables that have a partition for each period: name, the column that says which,
/// and what a partition has of its own.
const TABLES: [(&str, &str, &str); 5] = [
    ("event", "seq", "CREATE UNIQUE INDEX IF NOT EXISTS event_p{n}_id ON event_p{n} (id);"),
    (
        "idempotency",
        "event_seq",
        "CREATE UNIQUE INDEX IF NOT EXISTS idempotency_p{n}_key ON idempotency_p{n} (key);",
    ),
    ("delivery", "event_seq", "ALTER TABLE delivery_p{n} SET (fillfactor = 80);"),
    ("failed", "event_seq", ""),
    ("attempt", "event_seq", ""),
];

/// A period, as it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) number: i64,
    pub(crate) starts_at: i64,
    pub(crate) ends_at: i64,
}

impl Period {
    /// The period of an event's row.
    pub(crate) fn number_of(event: i64) -> i64 {
        event >> COUNT_BITS
    }

    /// The first row of a period.
    pub(crate) fn first_row(number: i64) -> i64 {
        number << COUNT_BITS
    }

    /// Whether an event of this time may be kept in it: not one after its end, and
    /// not one from so long before it that a clock must have been wrong.
    pub(crate) fn takes(&self, created_at: Timestamp) -> bool {
        let slack = self.ends_at.saturating_sub(self.starts_at);
        (self.starts_at.saturating_sub(slack)..self.ends_at).contains(&created_at.millis())
    }

    /// The period of a time.
    pub(crate) fn of(number: i64, at: Timestamp, length: Duration) -> Self {
        let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX).max(1);
        let starts_at = at.millis().div_euclid(length).saturating_mul(length);
        Self { number, starts_at, ends_at: starts_at.saturating_add(length) }
    }
}

impl Shared {
    /// The present period, when it is that of this number.
    pub(crate) async fn period(&self, number: i64) -> Result<Option<Period>> {
        if let Some(known) = self.period.lock().filter(|known| known.number == number) {
            return Ok(Some(known));
        }
        let connection = self.connection().await?;
        let sql = "SELECT starts_at, ends_at FROM period WHERE number = $1";
        let row = first(&**connection, sql, params![number => INT8]).await?;
        let Some(row) = row else { return Ok(None) };
        let period = Period { number, starts_at: get(&row, 0)?, ends_at: get(&row, 1)? };
        *self.period.lock() = Some(period);
        Ok(Some(period))
    }

    /// Begins the period of `at`, unless somebody else ended period `number` already.
    /// Waits for transactions under way: they all belong to the present one.
    pub(crate) async fn begin_period(&self, number: i64, at: Timestamp) -> Result<()> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        execute(&*transaction, "LOCK TABLE node IN EXCLUSIVE MODE", &[]).await?;
        let row = first(&*transaction, "SELECT last_value FROM event_seq", &[]).await?;
        let present = row.map_or(Ok(0), |row| get(&row, 0)).map(Period::number_of)?;
        if present != number {
            return Ok(());
        }
        let next = Period::of(number + 1, at, self.period_length);
        make(&*transaction, next.number).await?;
        let kept = query(&*transaction, "SELECT number FROM period", &[]).await?.len();
        if kept >= MAX_PERIODS {
            tracing::warn!(kept, "too many periods; the present one goes on");
            let sql = "UPDATE period SET starts_at = least(starts_at, $2), ends_at = greatest(ends_at, $3) \
                       WHERE number = $1";
            let params = params![number => INT8, next.starts_at => INT8, next.ends_at => INT8];
            execute(&*transaction, sql, params).await?;
        } else {
            let row = Period::first_row(next.number);
            query(&*transaction, "SELECT setval('event_seq', $1, false)", params![row => INT8]).await?;
            execute(
                &*transaction,
                "INSERT INTO period (number, starts_at, ends_at) VALUES ($1, $2, $3)",
                params![next.number => INT8, next.starts_at => INT8, next.ends_at => INT8],
            )
            .await?;
        }
        transaction.commit().await?;
        *self.period.lock() = None;
        // Ahead of time, outside the lock.
        let transaction = connection.transaction().await?;
        make(&*transaction, next.number + 1).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Looks at the first period after `from` that lies before the cutoff as a whole;
    /// drops it, or what is finished of it. Returns its number, `None` at the end.
    pub(crate) async fn retain_period(&self, cutoff: Timestamp, from: i64) -> Result<Option<i64>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let found = first(
            &*transaction,
            "SELECT number, look_at <= now() FROM period WHERE number > $1 AND ends_at <= $2 \
             AND number < (SELECT last_value FROM event_seq) >> $3 ORDER BY number LIMIT 1",
            params![from => INT8, cutoff.millis() => INT8, COUNT_BITS => INT4],
        )
        .await?;
        let Some(row) = found else { return Ok(None) };
        let number: i64 = get(&row, 0)?;
        // Another node may be at it just now.
        let sql = "SELECT 1 FROM period WHERE number = $1 FOR UPDATE SKIP LOCKED";
        if get(&row, 1)? && first(&*transaction, sql, params![number => INT8]).await?.is_some() {
            drop_or_rewrite(&transaction, number, cutoff).await?;
            transaction.commit().await?;
        }
        Ok(Some(number))
    }

    /// Ends the present period if it lies before the cutoff as a whole: what goes on
    /// is not dropped.
    pub(crate) async fn end_old_period(&self, cutoff: Timestamp) -> Result<()> {
        let connection = self.connection().await?;
        let row = first(&**connection, "SELECT last_value FROM event_seq", &[]).await?;
        let number = row.map_or(Ok(0), |row| get(&row, 0)).map(Period::number_of)?;
        let sql = "SELECT 1 FROM period WHERE number = $1 AND ends_at <= $2";
        let old = first(&**connection, sql, params![number => INT8, cutoff.millis() => INT8]).await?;
        drop(connection);
        if old.is_some() { self.begin_period(number, cutoff).await } else { Ok(()) }
    }
}

/// Makes a period's partitions, unless they exist. Attached rather than made as
/// partitions: that lets reading and writing of the others go on.
pub(crate) async fn make<C: GenericClient + Sync>(transaction: &C, number: i64) -> Result<()> {
    // Another node may be making the same ones, ahead of time.
    execute(transaction, "SELECT pg_advisory_xact_lock($1)", params![MAKING => INT8]).await?;
    let exists = "SELECT to_regclass($1) IS NOT NULL";
    let row = first(transaction, exists, params![format!("attempt_p{number}") => TEXT]).await?;
    if row.is_some_and(|row| get(&row, 0).unwrap_or(false)) {
        return Ok(());
    }
    let (from, to) = (Period::first_row(number), Period::first_row(number + 1));
    for (table, _, own) in TABLES {
        let own = own.replace("{n}", &number.to_string());
        let sql = format!(
            "CREATE TABLE {table}_p{number} (LIKE {table} INCLUDING ALL); {own} \
             ALTER TABLE {table} ATTACH PARTITION {table}_p{number} FOR VALUES FROM ({from}) TO ({to})"
        );
        transaction.batch_execute(&sql).await?;
    }
    Ok(())
}

async fn drop_or_rewrite(transaction: &Transaction<'_>, number: i64, cutoff: Timestamp) -> Result<()> {
    // Rather later than in the way of others.
    transaction.batch_execute("SET LOCAL lock_timeout = '100ms'").await?;
    let (events, living) = count(transaction, number, cutoff).await?;
    if living == 0 || (living <= MAX_LIVING && living * 2 <= events) {
        // From here on nothing in it is replayed or recorded; what was, counts.
        transaction
            .batch_execute(&format!("LOCK TABLE delivery_p{number} IN SHARE ROW EXCLUSIVE MODE"))
            .await?;
        let (_, living) = count(transaction, number, cutoff).await?;
        if living == 0 {
            return drop_whole(transaction, number).await;
        }
        if living <= MAX_LIVING {
            rewrite(transaction, number, cutoff).await?;
        }
    }
    let sql = "UPDATE period SET look_at = now() + $2 * interval '1 second' WHERE number = $1";
    let size = "SELECT pg_table_size($1::regclass)";
    let table = format!("delivery_p{number}");
    let row = first(&**transaction, size, params![table => TEXT]).await?;
    let size: i64 = row.map_or(Ok(0), |row| get(&row, 0))?;
    let pause = f64::from(i32::try_from(size / BYTES_PER_SECOND).unwrap_or(i32::MAX));
    execute(&**transaction, sql, params![number => INT8, pause => FLOAT8]).await?;
    Ok(())
}

/// The deliveries of a period that are not finished, or not for long enough.
fn living(number: i64) -> String {
    format!(
        "SELECT DISTINCT event_seq FROM delivery_p{number} WHERE completed_at IS NULL OR completed_at >= $1"
    )
}

/// The events of a period, and how many of them are not finished; counts the latter
/// no further than it matters.
async fn count(transaction: &Transaction<'_>, number: i64, cutoff: Timestamp) -> Result<(i64, i64)> {
    let sql = format!(
        "SELECT (SELECT count(*) FROM event_p{number}), \
         (SELECT count(*) FROM ({} LIMIT {}) AS living)",
        living(number),
        MAX_LIVING + 1
    );
    let row = first(&**transaction, &sql, params![cutoff.millis() => INT8]).await?;
    row.map_or(Ok((0, 0)), |row| Ok((get(&row, 0)?, get(&row, 1)?)))
}

async fn drop_whole(transaction: &Transaction<'_>, number: i64) -> Result<()> {
    for (table, ..) in TABLES {
        transaction.batch_execute(&format!("DROP TABLE {table}_p{number}")).await?;
    }
    execute(&**transaction, "DELETE FROM period WHERE number = $1", params![number => INT8]).await?;
    tracing::info!(number, "dropped a period whose deliveries all ended long ago");
    Ok(())
}

/// Puts what is not finished aside, empties the partitions, and puts it back.
async fn rewrite(transaction: &Transaction<'_>, number: i64, cutoff: Timestamp) -> Result<()> {
    let living = living(number);
    let sql = format!(
        "CREATE TEMPORARY TABLE living ON COMMIT DROP AS {}",
        living.replace("$1", &cutoff.millis().to_string())
    );
    transaction.batch_execute(&sql).await?;
    for (table, column, _) in TABLES {
        let sql = format!(
            "CREATE TEMPORARY TABLE kept_{table} ON COMMIT DROP AS \
             SELECT * FROM {table}_p{number} WHERE {column} IN (SELECT event_seq FROM living); \
             TRUNCATE {table}_p{number}; \
             INSERT INTO {table}_p{number} SELECT * FROM kept_{table}"
        );
        transaction.batch_execute(&sql).await?;
    }
    tracing::info!(number, "emptied a period but for what is not finished");
    Ok(())
}
