//! Keeping what a commit counted, and rolling it up.

use deadpool_postgres::Transaction;
use tokio_postgres::Client;
use waxwing_core::{AccountId, Timestamp};
use waxwing_store::{
    Counts,
    counts::{Step, Sums, Tally, Tick},
};

use super::{COLUMNS, MOMENTS, counts, number, sums};
use crate::{
    rows,
    sql::{BOUNDED, Result, execute, first, get, params, query},
    store::Shared,
};

/// Any number that nobody else takes: held by whoever changes rows of `metric`.
const LOCK: i64 = 0x77_61_78_77_69_6e_68;

/// Keeps what a transaction counted.
pub(crate) async fn keep(client: &Client, ticks: &mut [Tick]) -> Result<()> {
    if let Some(tally) = Tally::of(ticks) {
        let sql = "INSERT INTO tally (counts) VALUES ($1)";
        execute(client, sql, params![tally.as_bytes() => BYTEA]).await?;
    }
    Ok(())
}

impl Shared {
    pub(crate) async fn roll_up(&self, now: Timestamp, limit: usize) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        transaction.batch_execute(BOUNDED).await?;
        let sql = "SELECT pg_try_advisory_xact_lock($1)";
        let locked = first(&*transaction, sql, params![LOCK => INT8]).await?;
        // Another node is at it.
        if !locked.map_or(Ok(false), |row| get(&row, 0))? {
            return Ok(false);
        }
        let mut more = roll_up_tallies(&transaction, limit).await? == limit;
        for step in Step::ALL {
            more = more || age(&transaction, step, now, limit).await? == limit;
        }
        transaction.commit().await?;
        Ok(more)
    }
}

/// How many were rolled up.
async fn roll_up_tallies(transaction: &Transaction<'_>, limit: usize) -> Result<usize> {
    let sql = "DELETE FROM tally WHERE seq IN (SELECT seq FROM tally ORDER BY seq LIMIT $1) RETURNING counts";
    let tallies = query(&**transaction, sql, params![rows::limit(limit) => INT8]).await?;
    add(transaction, Step::Minute, sums(&tallies)?).await?;
    Ok(tallies.len())
}

async fn add(transaction: &Transaction<'_>, step: Step, mut sums: Sums) -> Result<()> {
    if sums.is_empty() {
        return Ok(());
    }
    let (at, webhooks): (Vec<i64>, Vec<i64>) = sums.keys().copied().unzip();
    let sql = format!(
        "SELECT m.at, m.webhook_seq, {COLUMNS} FROM unnest($2::bigint[], $3::bigint[]) AS k(at, webhook) \
         CROSS JOIN LATERAL (SELECT * FROM metric m \
           WHERE m.step = $1 AND m.at = k.at AND m.webhook_seq = k.webhook OFFSET 0) m"
    );
    let before = params![number(step) => INT2, at => INT8_ARRAY, webhooks => INT8_ARRAY];
    for row in query(&**transaction, &sql, before).await? {
        let before = counts(&row, 2)?;
        sums.entry((get(&row, 0)?, get(&row, 1)?)).or_default().add(&before);
    }
    let column = |of: fn(&Counts) -> u64| -> Vec<i64> {
        sums.values().map(|counts| i64::try_from(of(counts)).unwrap_or(i64::MAX)).collect()
    };
    let answers: Vec<Vec<u8>> = sums.values().map(|counts| counts.answers.to_bytes()).collect();
    execute(
        &**transaction,
        PUT,
        params![
            number(step) => INT2, at => INT8_ARRAY, webhooks => INT8_ARRAY,
            column(|one| one.events) => INT8_ARRAY, column(|one| one.succeeded) => INT8_ARRAY,
            column(|one| one.failed) => INT8_ARRAY, column(|one| one.delivered) => INT8_ARRAY,
            column(|one| one.exhausted) => INT8_ARRAY, answers => BYTEA_ARRAY,
        ],
    )
    .await?;
    Ok(())
}

const PUT: &str = "\
INSERT INTO metric (step, at, webhook_seq, events, succeeded, failed, delivered, exhausted, answers)
SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
  $8::bigint[], $9::bytea[])
ON CONFLICT (step, at, webhook_seq) DO UPDATE SET events = excluded.events, succeeded = excluded.succeeded,
  failed = excluded.failed, delivered = excluded.delivered, exhausted = excluded.exhausted,
  answers = excluded.answers";

/// Moves rows that are old enough to the next longer step, or away; how many.
async fn age(transaction: &Transaction<'_>, step: Step, now: Timestamp, limit: usize) -> Result<usize> {
    let sql = format!(
        "DELETE FROM metric WHERE (step, at, webhook_seq) IN (SELECT step, at, webhook_seq FROM metric \
         WHERE step = $1 AND at < $2 ORDER BY at, webhook_seq LIMIT $3) RETURNING at, webhook_seq, {COLUMNS}"
    );
    let before = step.kept_since(now).millis();
    let limit = rows::limit(limit);
    let old =
        query(&**transaction, &sql, params![number(step) => INT2, before => INT8, limit => INT8]).await?;
    if let Some(longer) = step.longer() {
        let mut sums = Sums::new();
        for row in &old {
            let begin = longer.begin(rows::time(row, 0)?).millis();
            sums.entry((begin, get(row, 1)?)).or_default().add(&counts(row, 2)?);
        }
        add(transaction, longer, sums).await?;
    }
    Ok(old.len())
}

/// Deletes what was counted of one webhook of an account that is erased; `false` when there
/// is none any more. Nothing of it is left that could be counted later.
pub(crate) async fn erase_next(transaction: &Transaction<'_>, account: &AccountId) -> Result<bool> {
    let sql = "SELECT w.seq FROM account a JOIN webhook w ON w.account_seq = a.seq \
               WHERE a.id = $1 AND w.counts_erased IS NULL LIMIT 1";
    let found = first(&**transaction, sql, params![account.as_str() => TEXT]).await?;
    let Some(found) = found else { return Ok(false) };
    let webhook: i64 = get(&found, 0)?;
    query(&**transaction, "SELECT pg_advisory_xact_lock($1)", params![LOCK => INT8]).await?;
    roll_up_tallies(transaction, usize::MAX).await?;
    for step in Step::ALL {
        let sql = format!(
            "{MOMENTS} DELETE FROM metric WHERE step = $1 AND webhook_seq = $2 \
             AND at = ANY(array(SELECT at FROM moment))"
        );
        let all = params![number(step) => INT2, webhook => INT8, i64::MIN => INT8, i64::MAX => INT8];
        execute(&**transaction, &sql, all).await?;
    }
    let sql = "UPDATE webhook SET counts_erased = true WHERE seq = $1";
    execute(&**transaction, sql, params![webhook => INT8]).await?;
    Ok(true)
}
