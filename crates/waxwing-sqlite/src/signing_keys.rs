//! What signs beside a webhook's secret.

use rusqlite::{Row, params};
use waxwing_core::{AccountId, Timestamp, WebhookId, seal::Sealed};
use waxwing_store::{Actor, SigningKeyChange, SigningKeys};

use crate::{rows, writer::Writer};

type Result<T> = rusqlite::Result<T>;

/// Reads `signing_key`, `previous_signing_key` and `previous_signing_expires_at`, which
/// stand from the column `first` on.
pub(crate) fn signing_keys(row: &Row<'_>, first: usize) -> Result<SigningKeys> {
    let current: Option<Vec<u8>> = row.get(first)?;
    let previous: Option<Vec<u8>> = row.get(first + 1)?;
    let until: Option<i64> = row.get(first + 2)?;
    Ok(SigningKeys {
        current: current.map(Sealed::from_bytes),
        previous: previous.map(Sealed::from_bytes).zip(until.map(rows::time)),
    })
}

impl Writer {
    pub(crate) fn change_signing_key(
        &mut self,
        account: &AccountId,
        id: &WebhookId,
        change: &SigningKeyChange,
        by: &Actor,
    ) -> Result<Option<bool>> {
        let Some((row, _)) = self.webhook_row(account, id)? else { return Ok(None) };
        let sql = "SELECT signing_key IS NOT NULL FROM webhook WHERE seq = ?1";
        let had_one: bool = self.connection.query_row(sql, [row], |row| row.get(0))?;
        let at = by.at.millis();
        match change {
            SigningKeyChange::Rotate { key, previous_expires_at, .. } => {
                // The right-hand sides see the row as it was: the key becomes the previous one.
                self.connection.execute(
                    "UPDATE webhook SET previous_signing_key = CASE WHEN ?2 IS NULL THEN NULL ELSE signing_key END, \
                     previous_signing_expires_at = CASE WHEN signing_key IS NULL THEN NULL ELSE ?2 END, \
                     signing_key = ?1, updated_at = ?3 WHERE seq = ?4",
                    params![key.as_bytes(), previous_expires_at.map(Timestamp::millis), at, row],
                )?;
            }
            _ if !had_one => return Ok(Some(false)),
            SigningKeyChange::EndGracePeriod => {
                self.connection.execute(
                    "UPDATE webhook SET previous_signing_key = NULL, previous_signing_expires_at = NULL, \
                     updated_at = ?1 WHERE seq = ?2",
                    [at, row],
                )?;
            }
            SigningKeyChange::Remove => {
                self.connection.execute(
                    "UPDATE webhook SET signing_key = NULL, previous_signing_key = NULL, \
                     previous_signing_expires_at = NULL, updated_at = ?1 WHERE seq = ?2",
                    [at, row],
                )?;
            }
        }
        self.audit(Some(change.entry(by, account, id)))?;
        self.refresh_target(row)?;
        Ok(Some(had_one))
    }
}
