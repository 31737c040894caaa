//! Erasing everything of an account, in bites behind the traffic.
//!
//! Its events are looked for in the order of publishing, from where the last bite
//! ended: there is no index by account, because each publish would have to keep it for
//! the sake of what is rare. Nobody looks before every node knows that the account is
//! gone, so that none comes in behind. One node at a time takes a bite.

use std::time::Duration;

use deadpool_postgres::Transaction;
use waxwing_core::{AccountId, ErasureId, Timestamp};
use waxwing_store::{Actor, Erased, Erasure, SEALED_COLUMNS, audit::OF_ERASURES};

use super::{
    event::{PAIRS, lock},
    receipts,
};
use crate::{
    accounts, changes, counts, rows,
    sql::{BOUNDED, Result, execute, first, get, params},
    store::Shared,
};

/// Events that one bite looks at, at most.
const LOOK: i64 = 4_096;
/// How long after its deletion a node may still publish for an account: it hears of it
/// within a second, or when it is asked again after 10 s, and a commit takes 10 s at most.
const SETTLE: Duration = Duration::from_secs(25);

/// What of a webhook's row says anything about its account, besides what is sealed. What
/// is added to the row later and does belongs here. The row stays: its number is in use.
const WEBHOOK_WORDS: &str = "url = '', events = '', description = NULL, previous_expires_at = NULL, \
     previous_signing_expires_at = NULL";

/// Empties what a webhook's row says about its account.
fn silence() -> String {
    let sealed: Vec<String> = SEALED_COLUMNS.iter().map(|column| format!("{} = ''", column.name)).collect();
    format!("UPDATE webhook SET {WEBHOOK_WORDS}, {} WHERE account_seq = $1", sealed.join(", "))
}

impl Shared {
    pub(crate) async fn erase_account(
        &self,
        id: ErasureId,
        account: &AccountId,
        by: &Actor,
    ) -> Result<Option<Erasure>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let sql = "SELECT seq, deleted_at FROM account WHERE id = $1";
        let Some(row) = first(&*transaction, sql, params![account.as_str() => TEXT]).await? else {
            return Ok(None);
        };
        if let Some(before) = receipts::last(&*transaction, account, None).await? {
            return Ok(Some(before));
        }
        let (seq, deleted_at): (i64, Option<i64>) = (get(&row, 0)?, get(&row, 1)?);
        let sql = "SELECT count(*) FROM api_key WHERE account_seq = $1";
        let keys = first(&*transaction, sql, params![seq => INT8]).await?;
        let keys: i64 = keys.map_or(Ok(0), |row| get(&row, 0))?;
        let noted = accounts::remove(&transaction, account, by).await?.unwrap_or_default();
        let sql = "UPDATE account SET name = NULL WHERE seq = $1";
        execute(&*transaction, sql, params![seq => INT8]).await?;
        let sql = silence();
        let webhooks = execute(&*transaction, &sql, params![seq => INT8]).await?;
        let erasure = Erasure {
            id,
            account: account.clone(),
            event: None,
            requested_at: by.at,
            completed_at: None,
            erased: Erased { webhooks, keys: keys.unsigned_abs(), ..Erased::default() },
        };
        let deleted_at = deleted_at.map_or(by.at, Timestamp::from_millis);
        let ready_at = self.in_database_time(deleted_at.after(SETTLE));
        receipts::keep(&transaction, &erasure, ready_at, by).await?;
        changes::note(&transaction, &noted).await?;
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(Some(erasure))
    }

    pub(crate) async fn erase_step(&self, now: Timestamp, limit: usize) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        transaction.batch_execute(BOUNDED).await?;
        let sql = format!(
            "{}, position FROM erasure WHERE completed_at IS NULL AND ready_at <= $1 \
             ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED",
            receipts::COLUMNS
        );
        let found = first(&*transaction, &sql, params![self.in_database_time(now) => INT8]).await?;
        let Some(found) = found else { return Ok(false) };
        let (row, erasure) = receipts::erasure(&found)?;
        match get::<Option<i64>>(&found, 12)?.filter(|_| erasure.event.is_none()) {
            // After its deliveries, of which attempts could still have been counted.
            None if erasure.event.is_none() && counts::erase_next(&transaction, &erasure.account).await? => {}
            None => receipts::complete(&transaction, row, &erasure, now).await?,
            Some(position) => bite(&transaction, row, &erasure, position, rows::limit(limit)).await?,
        }
        transaction.commit().await?;
        Ok(true)
    }
}

/// Deletes some of an account's events; before the first of them, what the audit log tells.
async fn bite(
    transaction: &Transaction<'_>,
    row: i64,
    erasure: &Erasure,
    position: i64,
    limit: i64,
) -> Result<()> {
    if silence_audit(transaction, &erasure.account, limit).await? == limit.unsigned_abs() {
        return Ok(());
    }
    let account = erasure.account.as_str();
    let found = first(
        &**transaction,
        "WITH seen AS MATERIALIZED (SELECT seq, account_seq FROM event WHERE seq > $1 ORDER BY seq LIMIT $2), \
         own AS (SELECT s.seq FROM seen s JOIN account a ON a.seq = s.account_seq \
           WHERE a.id = $3 ORDER BY s.seq LIMIT $4 + 1) \
         SELECT array(SELECT seq FROM own), CASE WHEN count(*) = $2 THEN max(seq) END FROM seen",
        params![position => INT8, LOOK => INT8, account => TEXT, limit => INT8],
    )
    .await?;
    let Some(found) = found else { return Ok(()) };
    let (mut events, mut reached): (Vec<i64>, Option<i64>) = (get(&found, 0)?, get(&found, 1)?);
    if rows::limit(events.len()) > limit {
        events.pop();
        reached = events.last().copied();
    }
    receipts::add(transaction, row, &delete(transaction, &events).await?).await?;
    let sql = "UPDATE erasure SET position = $2 WHERE seq = $1";
    execute(&**transaction, sql, params![row => INT8, reached => INT8]).await?;
    Ok(())
}

/// Leaves who, when and what of an account's entries, and takes the rest.
async fn silence_audit(transaction: &Transaction<'_>, account: &AccountId, limit: i64) -> Result<u64> {
    execute(
        &**transaction,
        "UPDATE audit SET before = NULL, after = NULL, source = NULL, request_id = NULL WHERE seq IN \
         (SELECT seq FROM audit WHERE account = $1 AND NOT action = ANY($2) \
          AND coalesce(before, after, source, request_id) IS NOT NULL LIMIT $3)",
        params![account.as_str() => TEXT, &OF_ERASURES[..] => TEXT_ARRAY, limit => INT8],
    )
    .await
}

/// Deletes events with everything that hangs on them.
async fn delete(transaction: &Transaction<'_>, events: &[i64]) -> Result<Erased> {
    if events.is_empty() {
        return Ok(Erased::default());
    }
    lock(transaction, events).await?;
    let by_pair = |table: &str| {
        format!(
            "{PAIRS} DELETE FROM {table} t USING pair WHERE t.webhook_seq = pair.webhook AND t.event_seq = pair.event"
        )
    };
    let all = params![events => INT8_ARRAY];
    execute(&**transaction, &by_pair("pending"), all).await?;
    execute(&**transaction, &by_pair("failed"), all).await?;
    let deliveries = execute(&**transaction, &by_pair("delivery"), all).await?;
    let sql = "DELETE FROM attempt WHERE event_seq = ANY($1)";
    let attempts = execute(&**transaction, sql, all).await?;
    let sql = "DELETE FROM idempotency WHERE event_seq = ANY($1)";
    let idempotency_keys = execute(&**transaction, sql, all).await?;
    let events = execute(&**transaction, "DELETE FROM event WHERE seq = ANY($1)", all).await?;
    Ok(Erased { events, deliveries, attempts, idempotency_keys, ..Erased::default() })
}
