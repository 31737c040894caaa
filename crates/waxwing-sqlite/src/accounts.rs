//! Accounts and API keys.

use rusqlite::{Connection, OptionalExtension, params};
use waxwing_core::{AccountId, KeyId, Timestamp};
use waxwing_store::{Account, CreateAccountError, Key, NewAccount, NewKey, Page, PageRequest, Principal};

use crate::{rows, writer::Writer};

type Result<T> = rusqlite::Result<T>;

const COLUMNS: &str = "SELECT seq, id, name, created_at FROM account WHERE deleted_at IS NULL";

fn account(row: &rusqlite::Row<'_>) -> Result<(i64, Account)> {
    let account = Account {
        id: rows::account_id(row.get_ref(1)?.as_str()?)?,
        name: row.get(2)?,
        created_at: rows::time(row.get(3)?),
    };
    Ok((row.get(0)?, account))
}

pub(crate) fn one(connection: &Connection, id: &AccountId) -> Result<Option<Account>> {
    connection
        .prepare_cached(&format!("{COLUMNS} AND id = ?1"))?
        .query_row([id.as_str()], account)
        .map(|(_, account)| account)
        .optional()
}

pub(crate) fn list(connection: &Connection, page: PageRequest) -> Result<Page<Account>> {
    let rows = connection
        .prepare_cached(&format!("{COLUMNS} AND seq > ?1 ORDER BY seq LIMIT ?2"))?
        .query_map(params![page.cursor.unwrap_or(0), rows::limit(page.limit + 1)], account)?
        .collect::<Result<Vec<_>>>()?;
    Ok(Page::of(rows, page.limit))
}

pub(crate) fn keys(connection: &Connection, account: Option<&AccountId>) -> Result<Vec<Key>> {
    connection
        .prepare_cached(
            "SELECT k.id, k.name, k.created_at FROM api_key k LEFT JOIN account a ON a.seq = k.account_seq \
             WHERE a.id IS ?1 ORDER BY k.seq",
        )?
        .query_map([account.map(AccountId::as_str)], |row| {
            Ok(Key {
                id: rows::key_id(row.get_ref(0)?.as_str()?)?,
                account: account.cloned(),
                name: row.get(1)?,
                created_at: rows::time(row.get(2)?),
            })
        })?
        .collect()
}

impl Writer {
    pub(crate) fn create_account(
        &mut self,
        account: NewAccount,
    ) -> Result<std::result::Result<Account, CreateAccountError>> {
        let inserted = self.connection.execute(
            "INSERT INTO account (id, name, created_at) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
            params![account.id.as_str(), account.name, account.created_at.millis()],
        )?;
        if inserted == 0 {
            return Ok(Err(CreateAccountError::Exists));
        }
        let (row, id) = (self.connection.last_insert_rowid(), account.id.clone());
        self.effects.directory.push(Box::new(move |directory| directory.put_account(id, row)));
        Ok(Ok(Account { id: account.id, name: account.name, created_at: account.created_at }))
    }

    /// The row stays, so that the id is not used again for somebody else.
    pub(crate) fn delete_account(&mut self, id: &AccountId, now: Timestamp) -> Result<bool> {
        let row: Option<i64> = self
            .connection
            .query_row(
                "UPDATE account SET deleted_at = ?1 WHERE id = ?2 AND deleted_at IS NULL RETURNING seq",
                params![now.millis(), id.as_str()],
                |row| row.get(0),
            )
            .optional()?;
        let Some(row) = row else { return Ok(false) };
        self.connection.execute("DELETE FROM api_key WHERE account_seq = ?1", [row])?;
        let webhooks: Vec<i64> = self
            .connection
            .prepare("UPDATE webhook SET deleted_at = ?1 WHERE account_seq = ?2 AND deleted_at IS NULL RETURNING seq")?
            .query_map([now.millis(), row], |row| row.get(0))?
            .collect::<Result<_>>()?;
        self.effects.changed.extend(webhooks);
        let id = id.clone();
        self.effects.directory.push(Box::new(move |directory| directory.remove_account(&id)));
        Ok(true)
    }

    pub(crate) fn create_key(&mut self, key: NewKey) -> Result<bool> {
        let account = match &key.key.account {
            None => None,
            Some(id) => match self.account_row(id)? {
                Some(row) => Some(row),
                None => return Ok(false),
            },
        };
        let inserted = self.connection.execute(
            "INSERT INTO api_key (id, hash, account_seq, name, created_at) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT DO NOTHING",
            params![key.key.id.as_str(), key.hash, account, key.key.name, key.key.created_at.millis()],
        )?;
        if inserted == 1 {
            let (hash, id) = (key.hash, key.key.id);
            let principal = key.key.account.map_or(Principal::Operator, Principal::Account);
            self.effects.directory.push(Box::new(move |directory| directory.put_key(hash, id, principal)));
        }
        Ok(true)
    }

    pub(crate) fn delete_key(&mut self, account: &AccountId, id: &KeyId) -> Result<bool> {
        let deleted = self.connection.execute(
            "DELETE FROM api_key WHERE id = ?1 AND account_seq = (SELECT seq FROM account WHERE id = ?2)",
            [id.as_str(), account.as_str()],
        )?;
        if deleted == 1 {
            let id = id.clone();
            self.effects.directory.push(Box::new(move |directory| directory.remove_key(&id)));
        }
        Ok(deleted == 1)
    }

    /// From the table, because the account may be new in this very transaction.
    pub(crate) fn account_row(&self, id: &AccountId) -> Result<Option<i64>> {
        self.connection
            .prepare_cached("SELECT seq FROM account WHERE id = ?1 AND deleted_at IS NULL")?
            .query_row([id.as_str()], |row| row.get(0))
            .optional()
    }
}
