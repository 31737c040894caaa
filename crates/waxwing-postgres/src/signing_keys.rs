//! What signs beside a webhook's secret.

use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use waxwing_core::{AccountId, Timestamp, WebhookId, seal::Sealed};
use waxwing_store::{Actor, SigningKeyChange, SigningKeys};

use crate::{
    audit,
    changes::{self, Change},
    rows,
    sql::{Result, execute, first, get, params},
    store::Shared,
    webhooks::row_of,
};

/// Reads `signing_key`, `previous_signing_key` and `previous_signing_expires_at`, which
/// stand from the column `first` on.
pub(crate) fn signing_keys(row: &Row, first: usize) -> Result<SigningKeys> {
    let current: Option<Vec<u8>> = get(row, first)?;
    let previous: Option<Vec<u8>> = get(row, first + 1)?;
    Ok(SigningKeys {
        current: current.map(Sealed::from_bytes),
        previous: previous.map(Sealed::from_bytes).zip(rows::optional_time(row, first + 2)?),
    })
}

impl Shared {
    pub(crate) async fn change_signing_key(
        &self,
        account: &AccountId,
        id: &WebhookId,
        change: &SigningKeyChange,
        by: &Actor,
    ) -> Result<Option<bool>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let Some((seq, _)) = row_of(&*transaction, account, id).await? else { return Ok(None) };
        let sql = "SELECT signing_key IS NOT NULL FROM webhook WHERE seq = $1";
        let found = first(&*transaction, sql, params![seq => INT8]).await?;
        let had_one = found.map_or(Ok(false), |row| get(&row, 0))?;
        if !had_one && !matches!(change, SigningKeyChange::Rotate { .. }) {
            return Ok(Some(false));
        }
        apply(&transaction, seq, change, by.at).await?;
        audit::note(&transaction, Some(change.entry(by, account, id))).await?;
        self.changed(transaction, Change::Webhook(seq)).await?;
        Ok(Some(had_one))
    }
}

async fn apply(
    transaction: &Transaction<'_>,
    seq: i64,
    change: &SigningKeyChange,
    now: Timestamp,
) -> Result<()> {
    let at = now.millis();
    let changed = match change {
        SigningKeyChange::Rotate { key, previous_expires_at, .. } => {
            // The right-hand sides see the row as it was: the key becomes the previous one.
            let sql = "UPDATE webhook SET \
                 previous_signing_key = CASE WHEN $4 IS NULL THEN NULL ELSE signing_key END, \
                 previous_signing_expires_at = CASE WHEN signing_key IS NULL THEN NULL ELSE $4 END, \
                 signing_key = $3, updated_at = $2 WHERE seq = $1";
            let until = previous_expires_at.map(Timestamp::millis);
            let values = params![seq => INT8, at => INT8, key.as_bytes() => BYTEA, until => INT8];
            execute(&**transaction, sql, values).await
        }
        SigningKeyChange::EndGracePeriod => {
            let sql = "UPDATE webhook SET previous_signing_key = NULL, previous_signing_expires_at = NULL, \
                 updated_at = $2 WHERE seq = $1";
            execute(&**transaction, sql, params![seq => INT8, at => INT8]).await
        }
        SigningKeyChange::Remove => {
            let sql = "UPDATE webhook SET signing_key = NULL, previous_signing_key = NULL, \
                 previous_signing_expires_at = NULL, updated_at = $2 WHERE seq = $1";
            execute(&**transaction, sql, params![seq => INT8, at => INT8]).await
        }
    };
    changed.map(drop)
}
