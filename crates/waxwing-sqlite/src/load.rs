//! Filling the directory when the store opens.

use rusqlite::{Connection, Row};
use waxwing_core::seal::SealedSecret;
use waxwing_store::{CatalogEntry, Directory, Principal, Target};

use crate::rows;

const TARGET: &str = "SELECT w.seq, w.account_seq, w.id, a.id, w.url, w.events, w.status, w.releasing, \
     w.secret, w.previous_secret, w.previous_expires_at \
     FROM webhook w JOIN account a ON a.seq = w.account_seq WHERE w.deleted_at IS NULL";

pub(crate) fn directory(connection: &Connection) -> rusqlite::Result<Directory> {
    let directory = Directory::default();
    let mut accounts = connection.prepare("SELECT id, seq FROM account WHERE deleted_at IS NULL")?;
    let mut found = accounts.query([])?;
    while let Some(row) = found.next()? {
        directory.put_account(rows::account_id(row.get_ref(0)?.as_str()?)?, row.get(1)?);
    }
    let mut keys = connection
        .prepare("SELECT k.hash, k.id, a.id FROM api_key k LEFT JOIN account a ON a.seq = k.account_seq")?;
    let mut found = keys.query([])?;
    while let Some(row) = found.next()? {
        let principal = match row.get::<_, Option<String>>(2)? {
            None => Principal::Operator,
            Some(account) => Principal::Account(rows::account_id(&account)?),
        };
        directory.put_key(row.get(0)?, rows::key_id(row.get_ref(1)?.as_str()?)?, principal);
    }
    let mut targets = connection.prepare(TARGET)?;
    let mut found = targets.query([])?;
    while let Some(row) = found.next()? {
        directory.put_target(target(row)?);
    }
    let mut catalog = connection.prepare("SELECT type, description, example, schema FROM event_type")?;
    let mut found = catalog.query([])?;
    while let Some(row) = found.next()? {
        directory.put_event_type(CatalogEntry {
            event_type: rows::event_type(row.get_ref(0)?.as_str()?)?,
            description: row.get(1)?,
            example: row.get(2)?,
            schema: row.get(3)?,
        });
    }
    Ok(directory)
}

/// One webhook as the directory keeps it.
pub(crate) fn target_of(connection: &Connection, webhook: i64) -> rusqlite::Result<Target> {
    connection.prepare_cached(&format!("{TARGET} AND w.seq = ?1"))?.query_row([webhook], target)
}

fn target(row: &Row<'_>) -> rusqlite::Result<Target> {
    let previous: Option<Vec<u8>> = row.get(9)?;
    let until: Option<i64> = row.get(10)?;
    Ok(Target {
        row: row.get(0)?,
        account_row: row.get(1)?,
        id: rows::webhook_id(row.get_ref(2)?.as_str()?)?,
        account: rows::account_id(row.get_ref(3)?.as_str()?)?,
        url: row.get(4)?,
        events: rows::patterns(row.get_ref(5)?.as_str()?)?,
        status: rows::status(row.get(6)?)?,
        releasing: row.get(7)?,
        secret: SealedSecret::from_bytes(row.get(8)?),
        previous: previous.map(SealedSecret::from_bytes).zip(until.map(rows::time)),
    })
}
