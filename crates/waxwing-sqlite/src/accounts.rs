//! Accounts and API keys.

use rusqlite::{Connection, OptionalExtension, params};
use waxwing_core::{AccountId, KeyId, Timestamp};
use waxwing_store::{
    Account, Actor, AuditEntry, CreateAccountError, DeleteKeyError, Key, NewAccount, NewKey, Page,
    PageRequest, Principal,
};

use crate::{rows, webhooks, writer::Writer};

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

/// The columns that [`key`] reads, and where they stand.
pub(crate) const KEY: &str =
    "k.id, a.id, k.role, k.name, k.created_at, k.expires_at, k.last_used_at, k.portal";
pub(crate) const KEYS: &str = "api_key k LEFT JOIN account a ON a.seq = k.account_seq";

pub(crate) fn key(row: &rusqlite::Row<'_>) -> Result<Key> {
    let account: Option<String> = row.get(1)?;
    Ok(Key {
        id: rows::key_id(row.get_ref(0)?.as_str()?)?,
        account: account.as_deref().map(rows::account_id).transpose()?,
        role: rows::role(row.get(2)?)?,
        name: row.get(3)?,
        created_at: rows::time(row.get(4)?),
        expires_at: row.get::<_, Option<i64>>(5)?.map(rows::time),
        last_used_at: row.get::<_, Option<i64>>(6)?.map(rows::time),
        portal: row.get(7)?,
    })
}

pub(crate) fn keys(connection: &Connection, account: Option<&AccountId>) -> Result<Vec<Key>> {
    connection
        .prepare_cached(&format!("SELECT {KEY} FROM {KEYS} WHERE a.id IS ?1 ORDER BY k.seq"))?
        .query_map([account.map(AccountId::as_str)], key)?
        .collect()
}

impl Writer {
    pub(crate) fn create_account(
        &mut self,
        account: NewAccount,
        by: &Actor,
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
        let account = Account { id: account.id, name: account.name, created_at: account.created_at };
        self.audit(AuditEntry::of_account(by, None, Some(&account)))?;
        Ok(Ok(account))
    }

    /// The row stays, so that the id is not used again for somebody else.
    pub(crate) fn delete_account(&mut self, id: &AccountId, by: &Actor) -> Result<bool> {
        let Some(account) = one(&self.connection, id)? else { return Ok(false) };
        for key in keys(&self.connection, Some(id))? {
            self.remove_key(key, by)?;
        }
        for webhook in webhooks::of_account(&self.connection, id)? {
            self.delete_webhook(id, &webhook, by)?;
        }
        self.connection.execute(
            "UPDATE account SET deleted_at = ?1 WHERE id = ?2",
            params![by.at.millis(), id.as_str()],
        )?;
        self.audit(AuditEntry::of_account(by, Some(&account), None))?;
        let id = id.clone();
        self.effects.directory.push(Box::new(move |directory| directory.remove_account(&id)));
        Ok(true)
    }

    pub(crate) fn create_key(&mut self, new: NewKey, by: &Actor) -> Result<bool> {
        let key = new.key;
        let account = match &key.account {
            None => None,
            Some(id) => match self.account_row(id)? {
                Some(row) => Some(row),
                None => return Ok(false),
            },
        };
        let inserted = self.connection.execute(
            "INSERT INTO api_key (id, hash, account_seq, role, name, created_at, expires_at, portal) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
            params![
                key.id.as_str(),
                new.hash,
                account,
                rows::role_number(key.role),
                key.name,
                key.created_at.millis(),
                key.expires_at.map(Timestamp::millis),
                key.portal,
            ],
        )?;
        if inserted == 1 {
            self.audit(AuditEntry::of_key(by, None, Some(&key)))?;
            let principal = Principal::of(&key);
            self.effects.directory.push(Box::new(move |directory| directory.put_key(new.hash, principal)));
        }
        Ok(true)
    }

    pub(crate) fn delete_key(
        &mut self,
        account: Option<&AccountId>,
        id: &KeyId,
        by: &Actor,
    ) -> Result<std::result::Result<(), DeleteKeyError>> {
        let (mut found, others): (Vec<_>, Vec<_>) =
            keys(&self.connection, account)?.into_iter().partition(|key| key.id == *id);
        let Some(key) = found.pop() else { return Ok(Err(DeleteKeyError::NotFound)) };
        if key.is_operator_at(by.at) && !others.iter().any(|key| key.is_operator_at(by.at)) {
            return Ok(Err(DeleteKeyError::LastOperator));
        }
        self.remove_key(key, by).map(Ok)
    }

    fn remove_key(&mut self, key: Key, by: &Actor) -> Result<()> {
        self.connection.execute("DELETE FROM api_key WHERE id = ?1", [key.id.as_str()])?;
        self.audit(AuditEntry::of_key(by, Some(&key), None))?;
        self.effects.directory.push(Box::new(move |directory| directory.remove_key(&key.id)));
        Ok(())
    }

    pub(crate) fn touch_keys(&mut self, uses: &[(KeyId, Timestamp)]) -> Result<()> {
        let mut touch = self.connection.prepare_cached(
            "UPDATE api_key SET last_used_at = ?2 WHERE id = ?1 AND coalesce(last_used_at, -1) < ?2",
        )?;
        for (key, at) in uses {
            touch.execute(params![key.as_str(), at.millis()])?;
        }
        Ok(())
    }

    pub(crate) fn remove_portal_tokens(&mut self, cutoff: Timestamp, limit: usize) -> Result<usize> {
        self.effects.directory.push(Box::new(move |directory| directory.remove_portal_tokens(cutoff)));
        self.connection
            .prepare_cached(
                "DELETE FROM api_key WHERE seq IN \
                 (SELECT seq FROM api_key WHERE portal AND expires_at < ?1 LIMIT ?2)",
            )?
            .execute(params![cutoff.millis(), rows::limit(limit)])
    }

    /// From the table, because the account may be new in this very transaction.
    pub(crate) fn account_row(&self, id: &AccountId) -> Result<Option<i64>> {
        self.connection
            .prepare_cached("SELECT seq FROM account WHERE id = ?1 AND deleted_at IS NULL")?
            .query_row([id.as_str()], |row| row.get(0))
            .optional()
    }
}
