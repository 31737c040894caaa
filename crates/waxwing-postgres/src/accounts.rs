//! Accounts and API keys.

use tokio_postgres::Row;
use waxwing_core::{AccountId, KeyId, Timestamp};
use waxwing_store::{Account, CreateAccountError, Key, NewAccount, NewKey, Page, PageRequest};

use crate::{
    changes::{self, Change},
    rows,
    sql::{Result, first, get, params, query},
    store::Shared,
};

const COLUMNS: &str = "SELECT seq, id, name, created_at FROM account WHERE deleted_at IS NULL";

fn account(row: &Row) -> Result<(i64, Account)> {
    let account =
        Account { id: rows::account_id(row, 1)?, name: get(row, 2)?, created_at: rows::time(row, 3)? };
    Ok((get(row, 0)?, account))
}

impl Shared {
    pub(crate) async fn account(&self, id: &AccountId) -> Result<Option<Account>> {
        let connection = self.connection().await?;
        let sql = format!("{COLUMNS} AND id = $1");
        let row = first(&**connection, &sql, params![id.as_str() => TEXT]).await?;
        row.map(|row| Ok(account(&row)?.1)).transpose()
    }

    pub(crate) async fn accounts(&self, page: PageRequest) -> Result<Page<Account>> {
        let connection = self.connection().await?;
        let sql = format!("{COLUMNS} AND seq > $1 ORDER BY seq LIMIT $2");
        let (after, limit) = (page.cursor.unwrap_or(0), rows::limit(page.limit + 1));
        let found = query(&**connection, &sql, params![after => INT8, limit => INT8]).await?;
        Ok(Page::of(found.iter().map(account).collect::<Result<_>>()?, page.limit))
    }

    pub(crate) async fn create_account(
        &self,
        account: NewAccount,
    ) -> Result<Result<Account, CreateAccountError>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let made = first(
            &*transaction,
            "INSERT INTO account (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING RETURNING seq",
            params![account.id.as_str() => TEXT, account.name => TEXT, account.created_at.millis() => INT8],
        )
        .await?;
        let Some(row) = made else { return Ok(Err(CreateAccountError::Exists)) };
        changes::note(&transaction, &[Change::Account(get(&row, 0)?)]).await?;
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(Ok(Account { id: account.id, name: account.name, created_at: account.created_at }))
    }

    /// The row stays, so that the id is not used again for somebody else.
    pub(crate) async fn delete_account(&self, id: &AccountId, now: Timestamp) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let deleted = first(
            &*transaction,
            "UPDATE account SET deleted_at = $1 WHERE id = $2 AND deleted_at IS NULL RETURNING seq",
            params![now.millis() => INT8, id.as_str() => TEXT],
        )
        .await?;
        let Some(row) = deleted else { return Ok(false) };
        let seq: i64 = get(&row, 0)?;
        let mut noted = vec![Change::Account(seq)];
        let sql = "DELETE FROM api_key WHERE account_seq = $1 RETURNING seq, id";
        for row in query(&*transaction, sql, params![seq => INT8]).await? {
            noted.push(Change::Key(get(&row, 0)?, get(&row, 1)?));
        }
        let sql =
            "UPDATE webhook SET deleted_at = $1 WHERE account_seq = $2 AND deleted_at IS NULL RETURNING seq";
        for row in query(&*transaction, sql, params![now.millis() => INT8, seq => INT8]).await? {
            noted.push(Change::Webhook(get(&row, 0)?));
        }
        changes::note(&transaction, &noted).await?;
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(true)
    }

    pub(crate) async fn keys(&self, account: Option<&AccountId>) -> Result<Vec<Key>> {
        let connection = self.connection().await?;
        let found = query(
            &**connection,
            "SELECT k.id, k.name, k.created_at FROM api_key k LEFT JOIN account a ON a.seq = k.account_seq \
             WHERE a.id IS NOT DISTINCT FROM $1 ORDER BY k.seq",
            params![account.map(AccountId::as_str) => TEXT],
        )
        .await?;
        let key = |row: &Row| {
            Ok(Key {
                id: rows::key_id(row, 0)?,
                account: account.cloned(),
                name: get(row, 1)?,
                created_at: rows::time(row, 2)?,
            })
        };
        found.iter().map(key).collect()
    }

    pub(crate) async fn create_key(&self, key: NewKey) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let mut account: Option<i64> = None;
        if let Some(id) = &key.key.account {
            let sql = "SELECT seq FROM account WHERE id = $1 AND deleted_at IS NULL";
            let Some(row) = first(&*transaction, sql, params![id.as_str() => TEXT]).await? else {
                return Ok(false);
            };
            account = Some(get(&row, 0)?);
        }
        let made = first(
            &*transaction,
            "INSERT INTO api_key (id, hash, account_seq, name, created_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING RETURNING seq",
            params![
                key.key.id.as_str() => TEXT, &key.hash[..] => BYTEA, account => INT8, key.key.name => TEXT,
                key.key.created_at.millis() => INT8,
            ],
        )
        .await?;
        if let Some(row) = made {
            changes::note(&transaction, &[Change::Key(get(&row, 0)?, key.key.id.to_string())]).await?;
        }
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(true)
    }

    pub(crate) async fn delete_key(&self, account: &AccountId, id: &KeyId) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let deleted = first(
            &*transaction,
            "DELETE FROM api_key WHERE id = $1 AND account_seq = (SELECT seq FROM account WHERE id = $2) \
             RETURNING seq",
            params![id.as_str() => TEXT, account.as_str() => TEXT],
        )
        .await?;
        let Some(row) = deleted else { return Ok(false) };
        changes::note(&transaction, &[Change::Key(get(&row, 0)?, id.to_string())]).await?;
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(true)
    }
}
