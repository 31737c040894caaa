//! Accounts and API keys.

use deadpool_postgres::Transaction;
use tokio_postgres::{GenericClient, Row};
use waxwing_core::{AccountId, KeyId, Timestamp};
use waxwing_store::{
    Account, Actor, AuditEntry, CreateAccountError, DeleteKeyError, Key, NewAccount, NewKey, Page,
    PageRequest,
};

use crate::{
    audit,
    changes::{self, Change},
    rows,
    sql::{Result, execute, first, get, params, query},
    store::Shared,
    webhooks,
};

const COLUMNS: &str = "SELECT seq, id, name, created_at FROM account WHERE deleted_at IS NULL";

fn account(row: &Row) -> Result<(i64, Account)> {
    let account =
        Account { id: rows::account_id(row, 1)?, name: get(row, 2)?, created_at: rows::time(row, 3)? };
    Ok((get(row, 0)?, account))
}

impl Shared {
    pub(crate) async fn account(&self, id: &AccountId) -> Result<Option<Account>> {
        one(&**self.connection().await?, id).await
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
        by: &Actor,
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
        let account = Account { id: account.id, name: account.name, created_at: account.created_at };
        audit::note(&transaction, AuditEntry::of_account(by, None, Some(&account))).await?;
        changes::note(&transaction, &[Change::Account(get(&row, 0)?)]).await?;
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(Ok(account))
    }

    /// The row stays, so that the id is not used again for somebody else.
    pub(crate) async fn delete_account(&self, id: &AccountId, by: &Actor) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let Some(noted) = remove(&transaction, id, by).await? else { return Ok(false) };
        changes::note(&transaction, &noted).await?;
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(true)
    }

    pub(crate) async fn keys(&self, account: Option<&AccountId>) -> Result<Vec<Key>> {
        let found = keys(&**self.connection().await?, account).await?;
        Ok(found.into_iter().map(|(_, key)| key).collect())
    }

    pub(crate) async fn create_key(&self, new: &NewKey, by: &Actor) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let (key, mut account) = (&new.key, None);
        if let Some(id) = &key.account {
            let sql = "SELECT seq FROM account WHERE id = $1 AND deleted_at IS NULL";
            let Some(row) = first(&*transaction, sql, params![id.as_str() => TEXT]).await? else {
                return Ok(false);
            };
            account = Some(get::<i64>(&row, 0)?);
        }
        let made = first(
            &*transaction,
            "INSERT INTO api_key (id, hash, account_seq, role, name, created_at, expires_at, portal) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING seq",
            params![
                key.id.as_str() => TEXT, &new.hash[..] => BYTEA, account => INT8,
                rows::role_number(key.role) => INT2, key.name => TEXT, key.created_at.millis() => INT8,
                key.expires_at.map(Timestamp::millis) => INT8, key.portal => BOOL,
            ],
        )
        .await?;
        if let Some(row) = made {
            audit::note(&transaction, AuditEntry::of_key(by, None, Some(key))).await?;
            changes::note(&transaction, &[Change::Key(get(&row, 0)?, key.id.to_string())]).await?;
        }
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(true)
    }

    pub(crate) async fn delete_key(
        &self,
        account: Option<&AccountId>,
        id: &KeyId,
        by: &Actor,
    ) -> Result<Result<(), DeleteKeyError>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let (mut found, others): (Vec<_>, Vec<_>) =
            keys(&*transaction, account).await?.into_iter().partition(|(_, key)| key.id == *id);
        let Some((row, key)) = found.pop() else { return Ok(Err(DeleteKeyError::NotFound)) };
        if key.is_operator_at(by.at) && !others.iter().any(|(_, key)| key.is_operator_at(by.at)) {
            return Ok(Err(DeleteKeyError::LastOperator));
        }
        let change = remove_key(&transaction, row, &key, by).await?;
        changes::note(&transaction, &[change]).await?;
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(Ok(()))
    }
}

impl Shared {
    /// Rows are locked in their order, so that nodes that note at once do not lock each other out.
    pub(crate) async fn touch_keys(&self, uses: &[(KeyId, Timestamp)]) -> Result<()> {
        let (ids, times): (Vec<&str>, Vec<i64>) =
            uses.iter().map(|(key, at)| (key.as_str(), at.millis())).unzip();
        let sql = "WITH used AS MATERIALIZED ( \
             SELECT k.seq, u.at FROM api_key k JOIN unnest($1::text[], $2::bigint[]) AS u(id, at) ON u.id = k.id \
             WHERE coalesce(k.last_used_at, -1) < u.at ORDER BY k.seq FOR UPDATE OF k) \
             UPDATE api_key k SET last_used_at = used.at FROM used \
             WHERE k.seq = used.seq AND coalesce(k.last_used_at, -1) < used.at";
        execute(&**self.connection().await?, sql, params![ids => TEXT_ARRAY, times => INT8_ARRAY]).await?;
        Ok(())
    }

    pub(crate) async fn remove_portal_tokens(&self, cutoff: Timestamp, limit: usize) -> Result<usize> {
        let sql = "DELETE FROM api_key WHERE seq = ANY (ARRAY( \
             SELECT seq FROM api_key WHERE portal AND expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))";
        let limit = rows::limit(limit);
        let removed =
            execute(&**self.connection().await?, sql, params![cutoff.millis() => INT8, limit => INT8])
                .await?;
        self.directory.remove_portal_tokens(cutoff);
        Ok(usize::try_from(removed).unwrap_or(usize::MAX))
    }
}

/// Marks an account as deleted, with its keys and webhooks, in a transaction that has
/// locked the configuration; `None` when there is none.
pub(crate) async fn remove(
    transaction: &Transaction<'_>,
    id: &AccountId,
    by: &Actor,
) -> Result<Option<Vec<Change>>> {
    let Some(gone) = one(&**transaction, id).await? else { return Ok(None) };
    let mut noted = Vec::new();
    for (row, key) in keys(&**transaction, Some(id)).await? {
        noted.push(remove_key(transaction, row, &key, by).await?);
    }
    for webhook in webhooks::of_account(&**transaction, id).await? {
        noted.push(webhooks::remove(transaction, id, &webhook, by).await?);
    }
    let sql = "UPDATE account SET deleted_at = $1 WHERE id = $2 RETURNING seq";
    let marked = first(&**transaction, sql, params![by.at.millis() => INT8, id.as_str() => TEXT]).await?;
    noted.push(Change::Account(marked.map_or(Ok(0), |row| get(&row, 0))?));
    audit::note(transaction, AuditEntry::of_account(by, Some(&gone), None)).await?;
    Ok(Some(noted))
}

async fn one<C: GenericClient + Sync>(client: &C, id: &AccountId) -> Result<Option<Account>> {
    let row = first(client, &format!("{COLUMNS} AND id = $1"), params![id.as_str() => TEXT]).await?;
    row.map(|row| Ok(account(&row)?.1)).transpose()
}

/// The columns that [`key`] reads, and where they stand.
pub(crate) const KEY: &str = "SELECT k.id, a.id, k.role, k.name, k.created_at, k.expires_at, k.last_used_at, \
     k.seq, k.hash, k.portal FROM api_key k LEFT JOIN account a ON a.seq = k.account_seq";

pub(crate) fn key(row: &Row) -> Result<Key> {
    let account = match get::<Option<&str>>(row, 1)? {
        Some(_) => Some(rows::account_id(row, 1)?),
        None => None,
    };
    Ok(Key {
        id: rows::key_id(row, 0)?,
        account,
        role: rows::role(row, 2)?,
        name: get(row, 3)?,
        created_at: rows::time(row, 4)?,
        expires_at: rows::optional_time(row, 5)?,
        last_used_at: rows::optional_time(row, 6)?,
        portal: get(row, 9)?,
    })
}

/// Keys with their rows, oldest first.
async fn keys<C: GenericClient + Sync>(client: &C, account: Option<&AccountId>) -> Result<Vec<(i64, Key)>> {
    let sql = format!("{KEY} WHERE a.id IS NOT DISTINCT FROM $1 ORDER BY k.seq");
    let found = query(client, &sql, params![account.map(AccountId::as_str) => TEXT]).await?;
    found.iter().map(|row| Ok((get(row, 7)?, key(row)?))).collect()
}

async fn remove_key(transaction: &Transaction<'_>, row: i64, key: &Key, by: &Actor) -> Result<Change> {
    execute(&**transaction, "DELETE FROM api_key WHERE seq = $1", params![row => INT8]).await?;
    audit::note(transaction, AuditEntry::of_key(by, Some(key), None)).await?;
    Ok(Change::Key(row, key.id.to_string()))
}
