//! Webhooks and their secrets.

use rusqlite::{Connection, OptionalExtension, params, params_from_iter, types::Value};
use serde_json::json;
use waxwing_core::{AccountId, Timestamp, WebhookId, WebhookStatus, seal::Sealed};
use waxwing_store::{
    Actor, AuditEntry, CreateWebhookError, CredentialsChange, NewWebhook, Page, PageRequest, RotatedSecret,
    Webhook, WebhookChange,
};

use crate::{record, rows, signing_keys::signing_keys, writer::Writer};

type Result<T> = rusqlite::Result<T>;

const COLUMNS: &str = "SELECT w.seq, w.id, a.id, w.url, w.events, w.description, w.status, w.created_at, \
     w.updated_at, w.last_success_at, w.last_failure_at, w.consecutive_failures, w.failing_since, \
     w.signing_key, w.previous_signing_key, w.previous_signing_expires_at, \
     w.sealed_headers, w.sealed_authorization, w.sealed_certificate \
     FROM webhook w JOIN account a ON a.seq = w.account_seq \
     WHERE a.id = ?1 AND a.deleted_at IS NULL AND w.deleted_at IS NULL";

fn webhook(row: &rusqlite::Row<'_>) -> Result<(i64, Webhook)> {
    let webhook = Webhook {
        id: rows::webhook_id(row.get_ref(1)?.as_str()?)?,
        account: rows::account_id(row.get_ref(2)?.as_str()?)?,
        url: row.get(3)?,
        events: rows::patterns(row.get_ref(4)?.as_str()?)?,
        description: row.get(5)?,
        status: rows::status(row.get(6)?)?,
        created_at: rows::time(row.get(7)?),
        updated_at: rows::time(row.get(8)?),
        health: record::health(row, 9)?,
        signing_keys: signing_keys(row, 13)?,
        credentials: rows::credentials(row, 16)?,
    };
    Ok((row.get(0)?, webhook))
}

pub(crate) fn one(connection: &Connection, account: &AccountId, id: &WebhookId) -> Result<Option<Webhook>> {
    connection
        .prepare_cached(&format!("{COLUMNS} AND w.id = ?2"))?
        .query_row([account.as_str(), id.as_str()], webhook)
        .map(|(_, webhook)| webhook)
        .optional()
}

pub(crate) fn list(
    connection: &Connection,
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
    let rows = connection
        .prepare_cached(&format!("{COLUMNS} {status} AND w.seq < ?2 ORDER BY w.seq DESC LIMIT ?3"))?
        .query_map(
            params![account.as_str(), page.cursor.unwrap_or(i64::MAX), rows::limit(page.limit + 1)],
            webhook,
        )?
        .collect::<Result<Vec<_>>>()?;
    Ok(Page::of(rows, page.limit))
}

fn bytes(sealed: Option<&Sealed>) -> Option<&[u8]> {
    sealed.map(Sealed::as_bytes)
}

/// The webhooks of an account that are not deleted.
pub(crate) fn of_account(connection: &Connection, account: &AccountId) -> Result<Vec<WebhookId>> {
    connection.prepare_cached(COLUMNS)?.query_map([account.as_str()], |row| Ok(webhook(row)?.1.id))?.collect()
}

impl Writer {
    pub(crate) fn create_webhook(
        &mut self,
        new: &NewWebhook,
        by: &Actor,
    ) -> Result<std::result::Result<Webhook, CreateWebhookError>> {
        let Some(account) = self.account_row(&new.account)? else {
            return Ok(Err(CreateWebhookError::UnknownAccount));
        };
        let count: i64 = self.connection.query_row(
            "SELECT count(*) FROM webhook WHERE account_seq = ?1 AND deleted_at IS NULL",
            [account],
            |row| row.get(0),
        )?;
        if count >= rows::limit(new.limit) {
            return Ok(Err(CreateWebhookError::TooMany { limit: new.limit }));
        }
        self.connection.execute(
            "INSERT INTO webhook (id, account_seq, url, events, description, secret, created_at, updated_at, \
             sealed_headers, sealed_authorization, sealed_certificate) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10)",
            params![
                new.id.as_str(),
                account,
                new.url,
                rows::patterns_text(&new.events),
                new.description,
                new.secret.as_bytes(),
                new.created_at.millis(),
                bytes(new.credentials.headers.as_ref()),
                bytes(new.credentials.authorization.as_ref()),
                bytes(new.credentials.client_certificate.as_ref()),
            ],
        )?;
        self.refresh_target(self.connection.last_insert_rowid())?;
        let made = one(&self.connection, &new.account, &new.id)?;
        let made = made.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        self.audit(AuditEntry::of_webhook(by, None, Some(&made)))?;
        Ok(Ok(made))
    }

    pub(crate) fn update_webhook(
        &mut self,
        account: &AccountId,
        id: &WebhookId,
        change: &WebhookChange,
        by: &Actor,
    ) -> Result<Option<Webhook>> {
        let Some((row, status)) = self.webhook_row(account, id)? else { return Ok(None) };
        let before = one(&self.connection, account, id)?;
        let mut columns = vec!["updated_at = ?"];
        let mut values = vec![Value::from(by.at.millis())];
        if let Some(url) = &change.url {
            columns.push("url = ?");
            values.push(url.clone().into());
        }
        if let Some(events) = &change.events {
            columns.push("events = ?");
            values.push(rows::patterns_text(events).into());
        }
        if let Some(description) = &change.description {
            columns.push("description = ?");
            values.push(description.clone().into());
        }
        let CredentialsChange { headers, authorization, client_certificate } = &change.credentials;
        for (column, sealed) in [
            ("sealed_headers = ?", headers),
            ("sealed_authorization = ?", authorization),
            ("sealed_certificate = ?", client_certificate),
        ] {
            if let Some(sealed) = sealed {
                columns.push(column);
                values.push(bytes(sealed.as_ref()).map(<[u8]>::to_vec).into());
            }
        }
        match (change.active, status.is_active()) {
            (Some(true), false) => {
                columns.push("status = 0, releasing = 1, consecutive_failures = 0, failing_since = NULL");
            }
            (Some(false), _) => columns.push("status = 1, releasing = 0"),
            (Some(true), true) | (None, _) => {}
        }
        values.push(row.into());
        let sql = format!("UPDATE webhook SET {} WHERE seq = ?", columns.join(", "));
        self.connection.execute(&sql, params_from_iter(values))?;
        self.refresh_target(row)?;
        let after = one(&self.connection, account, id)?;
        self.audit(AuditEntry::of_webhook(by, before.as_ref(), after.as_ref()))?;
        Ok(after)
    }

    pub(crate) fn delete_webhook(&mut self, account: &AccountId, id: &WebhookId, by: &Actor) -> Result<bool> {
        let Some((row, _)) = self.webhook_row(account, id)? else { return Ok(false) };
        let before = one(&self.connection, account, id)?;
        self.connection.execute(
            "UPDATE webhook SET deleted_at = ?1, updated_at = ?1 WHERE seq = ?2",
            [by.at.millis(), row],
        )?;
        self.audit(AuditEntry::of_webhook(by, before.as_ref(), None))?;
        self.effects.directory.push(Box::new(move |directory| directory.remove_target(row)));
        self.effects.changed.push(row);
        Ok(true)
    }

    pub(crate) fn rotate_secret(
        &mut self,
        account: &AccountId,
        id: &WebhookId,
        rotated: &RotatedSecret,
        by: &Actor,
    ) -> Result<bool> {
        let Some((row, _)) = self.webhook_row(account, id)? else { return Ok(false) };
        // The right-hand sides see the row as it was: the secret becomes the previous one.
        self.connection.execute(
            "UPDATE webhook SET previous_secret = CASE WHEN ?2 IS NULL THEN NULL ELSE secret END, \
             previous_expires_at = ?2, secret = ?1, updated_at = ?3 WHERE seq = ?4",
            params![
                rotated.secret.as_bytes(),
                rotated.previous_expires_at.map(Timestamp::millis),
                by.at.millis(),
                row,
            ],
        )?;
        let until = rotated.previous_expires_at.map(|at| at.to_string());
        let told = json!({ "previous_expires_at": until });
        self.audit(Some(AuditEntry::of(by, "secret.rotate", Some(account), id.as_str(), Some(&told))))?;
        self.refresh_target(row)?;
        Ok(true)
    }

    pub(crate) fn end_grace_period(
        &mut self,
        account: &AccountId,
        id: &WebhookId,
        by: &Actor,
    ) -> Result<bool> {
        let Some((row, _)) = self.webhook_row(account, id)? else { return Ok(false) };
        self.connection.execute(
            "UPDATE webhook SET previous_secret = NULL, previous_expires_at = NULL, updated_at = ?1 WHERE seq = ?2",
            [by.at.millis(), row],
        )?;
        self.audit(Some(AuditEntry::of(by, "secret.end_grace_period", Some(account), id.as_str(), None)))?;
        self.refresh_target(row)?;
        Ok(true)
    }

    /// A webhook that is not deleted: its row and status.
    pub(crate) fn webhook_row(
        &self,
        account: &AccountId,
        id: &WebhookId,
    ) -> Result<Option<(i64, WebhookStatus)>> {
        self.connection
            .prepare_cached(
                "SELECT w.seq, w.status FROM webhook w JOIN account a ON a.seq = w.account_seq \
                 WHERE a.id = ?1 AND w.id = ?2 AND w.deleted_at IS NULL",
            )?
            .query_row([account.as_str(), id.as_str()], |row| Ok((row.get(0)?, rows::status(row.get(1)?)?)))
            .optional()
    }
}
