//! Erasing everything of an account, in bites behind the traffic.
//!
//! Its events are looked for in the order of publishing, beside the writer, from where
//! the last bite ended: there is no index by account, because each publish would have
//! to keep it for the sake of what is rare.

use rusqlite::{Connection, OptionalExtension, params};
use waxwing_core::{AccountId, ErasureId};
use waxwing_store::{Actor, Erased, Erasure, SEALED_COLUMNS, audit::OF_ERASURES};

use super::receipts;
use crate::{accounts, rows, writer::Writer};

type Result<T> = rusqlite::Result<T>;

/// Events that one look reads at most.
const LOOK: usize = 4_096;

/// What of a webhook's row says anything about its account, besides what is sealed. What
/// is added to the row later and does belongs here. The row stays: its number is in use.
const WEBHOOK_WORDS: &str = "url = '', events = '', description = NULL, previous_expires_at = NULL, \
     previous_signing_expires_at = NULL";

/// Empties what a webhook's row says about its account.
fn silence() -> String {
    let sealed: Vec<String> = SEALED_COLUMNS.iter().map(|column| format!("{} = x''", column.name)).collect();
    format!("UPDATE webhook SET {WEBHOOK_WORDS}, {} WHERE account_seq = ?1", sealed.join(", "))
}

/// The next thing to do for the first open erasure.
pub(crate) enum Bite {
    /// Nothing is left of it, but perhaps in the write-ahead log.
    Last(i64),
    /// Events to be deleted.
    Events(Events),
    /// What was counted of a webhook.
    Counts(i64),
}

/// Events of an account.
pub(crate) struct Events {
    erasure: i64,
    account: AccountId,
    rows: Vec<i64>,
    /// The last event that was looked at; `None` at the end.
    reached: Option<i64>,
}

/// Looks for what the next bite takes: at most `limit` events.
pub(crate) fn look(connection: &Connection, limit: usize) -> Result<Option<Bite>> {
    let Some((erasure, receipt, position)) = receipts::open(connection)? else { return Ok(None) };
    if receipt.event.is_some() {
        return Ok(Some(Bite::Last(erasure)));
    }
    let account: i64 = connection
        .prepare_cached("SELECT seq FROM account WHERE id = ?1")?
        .query_row([receipt.account.as_str()], |row| row.get(0))?;
    // After its deliveries, of which attempts could still have been counted.
    let Some(position) = position else {
        let counted = counted_webhook(connection, account)?;
        return Ok(Some(counted.map_or(Bite::Last(erasure), Bite::Counts)));
    };
    let seen: Vec<(i64, i64)> = connection
        .prepare_cached("SELECT seq, account_seq FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2")?
        .query_map([position, rows::limit(LOOK)], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    let mut rows: Vec<i64> =
        seen.iter().filter(|(_, owner)| *owner == account).map(|(row, _)| *row).collect();
    let mut reached = if seen.len() == LOOK { seen.last().map(|(row, _)| *row) } else { None };
    if rows.len() > limit {
        rows.truncate(limit);
        reached = rows.last().copied();
    }
    Ok(Some(Bite::Events(Events { erasure, account: receipt.account, rows, reached })))
}

/// A webhook of an account of which there may be counts.
fn counted_webhook(connection: &Connection, account: i64) -> Result<Option<i64>> {
    connection
        .prepare_cached("SELECT seq FROM webhook WHERE account_seq = ?1 AND counts_erased IS NULL LIMIT 1")?
        .query_row([account], |row| row.get(0))
        .optional()
}

impl Writer {
    /// See [`waxwing_store::Store::erase_account`].
    pub(crate) fn erase_account(
        &mut self,
        id: ErasureId,
        account: &AccountId,
        by: &Actor,
    ) -> Result<Option<Erasure>> {
        let sql = "SELECT seq FROM account WHERE id = ?1";
        let row: Option<i64> = self
            .connection
            .prepare_cached(sql)?
            .query_row([account.as_str()], |row| row.get(0))
            .optional()?;
        let Some(row) = row else { return Ok(None) };
        if let Some(before) = receipts::last(&self.connection, account, None)? {
            return Ok(Some(before));
        }
        let keys = accounts::keys(&self.connection, Some(account))?.len();
        let webhooks = self.zeroing(|writer| {
            writer.delete_account(account, by)?;
            writer.connection.execute("UPDATE account SET name = NULL WHERE seq = ?1", [row])?;
            let sql = silence();
            writer.connection.execute(&sql, [row])
        })?;
        let erased = Erased {
            webhooks: u64::try_from(webhooks).unwrap_or(u64::MAX),
            keys: u64::try_from(keys).unwrap_or(u64::MAX),
            ..Erased::default()
        };
        let erasure = Erasure {
            id,
            account: account.clone(),
            event: None,
            requested_at: by.at,
            completed_at: None,
            erased,
        };
        self.keep_erasure(&erasure, by)?;
        Ok(Some(erasure))
    }

    /// Deletes the events of a bite; before the first of them, what the audit log tells.
    pub(crate) fn erase_bite(&mut self, bite: &Events, limit: usize) -> Result<()> {
        self.zeroing(|writer| {
            if writer.silence_audit(&bite.account, limit)? == limit {
                return Ok(());
            }
            let mut erased = Erased::default();
            for row in &bite.rows {
                writer.erase_row(*row, &mut erased)?;
            }
            writer.add_erased(bite.erasure, &erased)?;
            let sql = "UPDATE erasure SET position = ?1 WHERE seq = ?2";
            writer.connection.prepare_cached(sql)?.execute(params![bite.reached, bite.erasure])?;
            Ok(())
        })
    }

    /// Leaves who, when and what of an account's entries, and takes the rest.
    fn silence_audit(&self, account: &AccountId, limit: usize) -> Result<usize> {
        let [one, two, three, four] = OF_ERASURES;
        self.connection
            .prepare_cached(
                "UPDATE audit SET before = NULL, after = NULL, source = NULL, request_id = NULL WHERE seq IN \
                 (SELECT seq FROM audit WHERE account = ?1 AND action NOT IN (?2, ?3, ?4, ?5) \
                  AND coalesce(before, after, source, request_id) IS NOT NULL LIMIT ?6)",
            )?
            .execute(params![account.as_str(), one, two, three, four, rows::limit(limit)])
    }

    fn erase_row(&mut self, event: i64, erased: &mut Erased) -> Result<()> {
        // What waits of a deleted webhook is ended in bites of its own, perhaps later.
        self.connection
            .prepare_cached(
                "DELETE FROM pending WHERE event_seq = ?1 AND (webhook_seq, due_at) IN \
                 (SELECT webhook_seq, due_at FROM delivery WHERE event_seq = ?1 AND due_at IS NOT NULL)",
            )?
            .execute([event])?;
        let key: Option<Option<String>> = self
            .connection
            .prepare_cached("SELECT idempotency FROM event WHERE seq = ?1")?
            .query_row([event], |row| row.get(0))
            .optional()?;
        let Some(key) = key else { return Ok(()) };
        let deleted = self.delete_event(event, key.as_deref())?;
        erased.events += 1;
        erased.deliveries += deleted.deliveries;
        erased.attempts += deleted.attempts;
        erased.idempotency_keys += u64::from(key.is_some());
        Ok(())
    }
}
