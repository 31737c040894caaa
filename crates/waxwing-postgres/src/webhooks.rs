//! Webhooks and their secrets.

use deadpool_postgres::Transaction;
use serde_json::json;
use tokio_postgres::{GenericClient, Row};
use waxwing_core::{AccountId, Timestamp, WebhookId, WebhookStatus, seal::Sealed};
use waxwing_store::{
    Actor, AuditEntry, CreateWebhookError, Credentials, CredentialsChange, NewWebhook, Page, PageRequest,
    RotatedSecret, SigningKeys, Webhook, WebhookChange,
};

use crate::{
    audit,
    changes::{self, Change},
    health, rows,
    signing_keys::signing_keys,
    sql::{Result, execute, first, get, params, query},
    store::Shared,
};

const COLUMNS: &str = "SELECT w.seq, w.id, a.id, w.url, w.events, w.description, w.status, w.created_at, \
     w.updated_at, h.last_success_at, h.last_failure_at, h.consecutive_failures, h.failing_since, \
     w.signing_key, w.previous_signing_key, w.previous_signing_expires_at, \
     w.sealed_headers, w.sealed_authorization, w.sealed_certificate \
     FROM webhook w JOIN account a ON a.seq = w.account_seq JOIN webhook_health h ON h.webhook_seq = w.seq \
     WHERE a.id = $1 AND a.deleted_at IS NULL AND w.deleted_at IS NULL";

fn webhook(row: &Row) -> Result<(i64, Webhook)> {
    let webhook = Webhook {
        id: rows::webhook_id(row, 1)?,
        account: rows::account_id(row, 2)?,
        url: get(row, 3)?,
        events: rows::patterns(row, 4)?,
        description: get(row, 5)?,
        status: rows::status(row, 6)?,
        created_at: rows::time(row, 7)?,
        updated_at: rows::time(row, 8)?,
        health: health::health(row, 9)?,
        signing_keys: signing_keys(row, 13)?,
        credentials: rows::credentials(row, 16)?,
    };
    Ok((get(row, 0)?, webhook))
}

async fn one<C: GenericClient + Sync>(
    client: &C,
    account: &AccountId,
    id: &WebhookId,
) -> Result<Option<Webhook>> {
    let sql = format!("{COLUMNS} AND w.id = $2");
    let row = first(client, &sql, params![account.as_str() => TEXT, id.as_str() => TEXT]).await?;
    row.map(|row| Ok(webhook(&row)?.1)).transpose()
}

/// A webhook that is not deleted: its row and status.
pub(crate) async fn row_of<C: GenericClient + Sync>(
    client: &C,
    account: &AccountId,
    id: &WebhookId,
) -> Result<Option<(i64, WebhookStatus)>> {
    let found = first(
        client,
        "SELECT w.seq, w.status FROM webhook w JOIN account a ON a.seq = w.account_seq \
         WHERE a.id = $1 AND w.id = $2 AND w.deleted_at IS NULL",
        params![account.as_str() => TEXT, id.as_str() => TEXT],
    )
    .await?;
    found.map(|row| Ok((get(&row, 0)?, rows::status(&row, 1)?))).transpose()
}

impl Shared {
    pub(crate) async fn webhook(&self, account: &AccountId, id: &WebhookId) -> Result<Option<Webhook>> {
        one(&**self.connection().await?, account, id).await
    }

    pub(crate) async fn webhooks(
        &self,
        account: &AccountId,
        status: Option<WebhookStatus>,
        page: PageRequest,
    ) -> Result<Page<Webhook>> {
        let status = match status {
            None => "",
            Some(WebhookStatus::Active) => "AND w.status = 0",
            Some(WebhookStatus::Inactive) => "AND w.status = 1",
            Some(WebhookStatus::Disabled(_)) => "AND w.status > 1",
        };
        let sql = format!("{COLUMNS} {status} AND w.seq < $2 ORDER BY w.seq DESC LIMIT $3");
        let (end, limit) = (page.cursor.unwrap_or(i64::MAX), rows::limit(page.limit + 1));
        let connection = self.connection().await?;
        let found =
            query(&**connection, &sql, params![account.as_str() => TEXT, end => INT8, limit => INT8]).await?;
        Ok(Page::of(found.iter().map(webhook).collect::<Result<_>>()?, page.limit))
    }

    pub(crate) async fn create_webhook(
        &self,
        new: &NewWebhook,
        by: &Actor,
    ) -> Result<Result<Webhook, CreateWebhookError>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let found = first(
            &*transaction,
            "SELECT a.seq, (SELECT count(*) FROM webhook w WHERE w.account_seq = a.seq AND w.deleted_at IS NULL) \
             FROM account a WHERE a.id = $1 AND a.deleted_at IS NULL",
            params![new.account.as_str() => TEXT],
        )
        .await?;
        let Some(row) = found else { return Ok(Err(CreateWebhookError::UnknownAccount)) };
        if get::<i64>(&row, 1)? >= rows::limit(new.limit) {
            return Ok(Err(CreateWebhookError::TooMany { limit: new.limit }));
        }
        let Credentials { headers, authorization, client_certificate } = &new.credentials;
        let made = first(
            &*transaction,
            "WITH w AS (INSERT INTO webhook (id, account_seq, url, events, description, secret, created_at, updated_at, \
             sealed_headers, sealed_authorization, sealed_certificate) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10) RETURNING seq) \
             INSERT INTO webhook_health (webhook_seq) SELECT seq FROM w RETURNING webhook_seq",
            params![
                new.id.as_str() => TEXT, get::<i64>(&row, 0)? => INT8, new.url => TEXT,
                rows::patterns_text(&new.events) => TEXT, new.description => TEXT,
                new.secret.as_bytes() => BYTEA, new.created_at.millis() => INT8,
                headers.as_ref().map(Sealed::as_bytes) => BYTEA,
                authorization.as_ref().map(Sealed::as_bytes) => BYTEA,
                client_certificate.as_ref().map(Sealed::as_bytes) => BYTEA,
            ],
        )
        .await?;
        let seq = made.map_or(Ok(0), |row| get(&row, 0))?;
        let webhook = Webhook {
            id: new.id.clone(),
            account: new.account.clone(),
            url: new.url.clone(),
            events: new.events.clone(),
            description: new.description.clone(),
            credentials: new.credentials.clone(),
            status: WebhookStatus::Active,
            health: waxwing_core::webhook::Health::default(),
            signing_keys: SigningKeys::default(),
            created_at: new.created_at,
            updated_at: new.created_at,
        };
        audit::note(&transaction, AuditEntry::of_webhook(by, None, Some(&webhook))).await?;
        self.changed(transaction, Change::Webhook(seq)).await?;
        Ok(Ok(webhook))
    }

    pub(crate) async fn update_webhook(
        &self,
        account: &AccountId,
        id: &WebhookId,
        change: &WebhookChange,
        by: &Actor,
    ) -> Result<Option<Webhook>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let Some((seq, status)) = row_of(&*transaction, account, id).await? else { return Ok(None) };
        let before = one(&*transaction, account, id).await?;
        let (mut number, mut activate) = (None, false);
        match (change.active, status.is_active()) {
            (Some(true), false) => (number, activate) = (Some(0_i16), true),
            (Some(false), _) => number = Some(1),
            (Some(true), true) | (None, _) => {}
        }
        let (describe, description) = match &change.description {
            None => (false, None),
            Some(description) => (true, description.as_deref()),
        };
        execute(
            &*transaction,
            "UPDATE webhook SET updated_at = $2, url = coalesce($3, url), events = coalesce($4, events), \
             description = CASE WHEN $5 THEN $6 ELSE description END, status = coalesce($7, status), \
             releasing = CASE WHEN $7 IS NULL THEN releasing ELSE $8 END WHERE seq = $1",
            params![
                seq => INT8, by.at.millis() => INT8, change.url => TEXT,
                change.events.as_deref().map(rows::patterns_text) => TEXT, describe => BOOL, description => TEXT,
                number => INT2, activate => BOOL,
            ],
        )
        .await?;
        if activate {
            let sql = "UPDATE webhook_health SET consecutive_failures = 0, failing_since = NULL WHERE webhook_seq = $1";
            execute(&*transaction, sql, params![seq => INT8]).await?;
        }
        set_credentials(&transaction, seq, &change.credentials).await?;
        let after = one(&*transaction, account, id).await?;
        audit::note(&transaction, AuditEntry::of_webhook(by, before.as_ref(), after.as_ref())).await?;
        self.changed(transaction, Change::Webhook(seq)).await?;
        Ok(after)
    }

    pub(crate) async fn delete_webhook(
        &self,
        account: &AccountId,
        id: &WebhookId,
        by: &Actor,
    ) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        if row_of(&*transaction, account, id).await?.is_none() {
            return Ok(false);
        }
        let change = remove(&transaction, account, id, by).await?;
        self.changed(transaction, change).await?;
        Ok(true)
    }

    pub(crate) async fn rotate_secret(
        &self,
        account: &AccountId,
        id: &WebhookId,
        rotated: &RotatedSecret,
        by: &Actor,
    ) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let Some((seq, _)) = row_of(&*transaction, account, id).await? else { return Ok(false) };
        // The right-hand sides see the row as it was: the secret becomes the previous one.
        execute(
            &*transaction,
            "UPDATE webhook SET previous_secret = CASE WHEN $3 IS NULL THEN NULL ELSE secret END, \
             previous_expires_at = $3, secret = $2, updated_at = $4 WHERE seq = $1",
            params![
                seq => INT8, rotated.secret.as_bytes() => BYTEA,
                rotated.previous_expires_at.map(Timestamp::millis) => INT8, by.at.millis() => INT8,
            ],
        )
        .await?;
        let until = rotated.previous_expires_at.map(|at| at.to_string());
        let told = json!({ "previous_expires_at": until });
        let entry = AuditEntry::of(by, "secret.rotate", Some(account), id.as_str(), Some(&told));
        audit::note(&transaction, Some(entry)).await?;
        self.changed(transaction, Change::Webhook(seq)).await?;
        Ok(true)
    }

    pub(crate) async fn end_grace_period(
        &self,
        account: &AccountId,
        id: &WebhookId,
        by: &Actor,
    ) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let Some((seq, _)) = row_of(&*transaction, account, id).await? else { return Ok(false) };
        let sql = "UPDATE webhook SET previous_secret = NULL, previous_expires_at = NULL, updated_at = $2 WHERE seq = $1";
        execute(&*transaction, sql, params![seq => INT8, by.at.millis() => INT8]).await?;
        let entry = AuditEntry::of(by, "secret.end_grace_period", Some(account), id.as_str(), None);
        audit::note(&transaction, Some(entry)).await?;
        self.changed(transaction, Change::Webhook(seq)).await?;
        Ok(true)
    }

    /// Commits the change of a webhook and shows it to this node's directory.
    pub(crate) async fn changed(&self, transaction: Transaction<'_>, change: Change) -> Result<()> {
        changes::note(&transaction, &[change]).await?;
        transaction.commit().await?;
        changes::refresh(self).await
    }
}

/// Sets those that are given.
async fn set_credentials(
    transaction: &Transaction<'_>,
    webhook: i64,
    change: &CredentialsChange,
) -> Result<()> {
    let CredentialsChange { headers, authorization, client_certificate } = change;
    for (column, sealed) in [
        ("sealed_headers", headers),
        ("sealed_authorization", authorization),
        ("sealed_certificate", client_certificate),
    ] {
        if let Some(sealed) = sealed {
            let sql = format!("UPDATE webhook SET {column} = $2 WHERE seq = $1");
            let bytes = sealed.as_ref().map(Sealed::as_bytes);
            execute(&**transaction, &sql, params![webhook => INT8, bytes => BYTEA]).await?;
        }
    }
    Ok(())
}

/// The webhooks of an account that are not deleted.
pub(crate) async fn of_account<C: GenericClient + Sync>(
    client: &C,
    account: &AccountId,
) -> Result<Vec<WebhookId>> {
    let found = query(client, COLUMNS, params![account.as_str() => TEXT]).await?;
    found.iter().map(|row| Ok(webhook(row)?.1.id)).collect()
}

/// Marks a webhook as deleted in a transaction that has locked the configuration.
pub(crate) async fn remove(
    transaction: &Transaction<'_>,
    account: &AccountId,
    id: &WebhookId,
    by: &Actor,
) -> Result<Change> {
    let before = one(&**transaction, account, id).await?;
    let sql = "UPDATE webhook SET deleted_at = $2, updated_at = $2 WHERE id = $1 RETURNING seq";
    let marked = first(&**transaction, sql, params![id.as_str() => TEXT, by.at.millis() => INT8]).await?;
    audit::note(transaction, AuditEntry::of_webhook(by, before.as_ref(), None)).await?;
    Ok(Change::Webhook(marked.map_or(Ok(0), |row| get(&row, 0))?))
}
