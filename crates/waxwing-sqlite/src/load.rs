//! Filling the directory when the store opens.

use rusqlite::{Connection, Row};
use waxwing_core::seal::Sealed;
use waxwing_store::{Directory, Principal, Target};

use crate::{accounts, catalog, data_keys, rows, signing_keys::signing_keys};

const TARGET: &str = "SELECT w.seq, w.account_seq, w.id, a.id, w.url, w.events, w.status, w.releasing, \
     w.secret, w.previous_secret, w.previous_expires_at, \
     w.signing_key, w.previous_signing_key, w.previous_signing_expires_at, \
     w.sealed_headers, w.sealed_authorization, w.sealed_certificate \
     FROM webhook w JOIN account a ON a.seq = w.account_seq WHERE w.deleted_at IS NULL";

pub(crate) fn directory(connection: &Connection) -> rusqlite::Result<Directory> {
    let directory = Directory::default();
    let mut accounts = connection.prepare("SELECT id, seq FROM account WHERE deleted_at IS NULL")?;
    let mut found = accounts.query([])?;
    while let Some(row) = found.next()? {
        directory.put_account(rows::account_id(row.get_ref(0)?.as_str()?)?, row.get(1)?);
    }
    let mut keys =
        connection.prepare(&format!("SELECT {}, k.hash FROM {}", accounts::KEY, accounts::KEYS))?;
    let mut found = keys.query([])?;
    while let Some(row) = found.next()? {
        directory.put_key(row.get("hash")?, Principal::of(&accounts::key(row)?));
    }
    for key in data_keys::all(connection)? {
        directory.put_data_key(key);
    }
    let mut targets = connection.prepare(TARGET)?;
    let mut found = targets.query([])?;
    while let Some(row) = found.next()? {
        directory.put_target(target(row)?);
    }
    let mut types = connection.prepare(catalog::TYPES)?;
    let mut found = types.query([])?;
    while let Some(row) = found.next()? {
        directory.put_event_type(catalog::entry(row)?);
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
        secret: Sealed::from_bytes(row.get(8)?),
        previous: previous.map(Sealed::from_bytes).zip(until.map(rows::time)),
        signing_keys: signing_keys(row, 11)?,
        credentials: rows::credentials(row, 14)?,
    })
}
