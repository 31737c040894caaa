//! Data keys, and the values that they seal.

use rusqlite::{Connection, OptionalExtension, Row, params};
use waxwing_core::seal::Sealed;
use waxwing_store::{Actor, AuditEntry, DataKey, Resealed, SEALED_COLUMNS, SealedColumn, SealedValue};

use crate::{load, rows, writer::Writer};

type Result<T> = rusqlite::Result<T>;

pub(crate) fn all(connection: &Connection) -> Result<Vec<DataKey>> {
    connection.prepare("SELECT number, sealed, created_at FROM data_key")?.query_map([], data_key)?.collect()
}

fn data_key(row: &Row<'_>) -> Result<DataKey> {
    Ok(DataKey {
        number: row.get(0)?,
        sealed: Sealed::from_bytes(row.get(1)?),
        created_at: rows::time(row.get(2)?),
    })
}

/// Rows whose value in a column begins otherwise than ?1; that of an erased webhook is empty.
fn otherwise(column: SealedColumn) -> String {
    format!("FROM webhook WHERE length({name}) > 0 AND substr({name}, 1, 5) <> ?1", name = column.name)
}

pub(crate) fn sealed_otherwise(connection: &Connection, number: u32) -> Result<u64> {
    SEALED_COLUMNS.iter().try_fold(0, |sum, column| {
        let sql = format!("SELECT count(*) {}", otherwise(*column));
        let count: i64 =
            connection.prepare_cached(&sql)?.query_row([Sealed::head(number)], |row| row.get(0))?;
        Ok(sum + count.unsigned_abs())
    })
}

pub(crate) fn sealed_page(
    connection: &Connection,
    column: SealedColumn,
    number: u32,
    after: i64,
    limit: usize,
) -> Result<Vec<SealedValue>> {
    let sql =
        format!("SELECT seq, id, {} {} AND seq > ?2 ORDER BY seq LIMIT ?3", column.name, otherwise(column));
    connection
        .prepare_cached(&sql)?
        .query_map(params![Sealed::head(number), after, rows::limit(limit)], |row| {
            Ok(SealedValue {
                row: row.get(0)?,
                place: format!("{}{}", row.get_ref(1)?.as_str()?, column.suffix),
                sealed: Sealed::from_bytes(row.get(2)?),
            })
        })?
        .collect()
}

impl Writer {
    pub(crate) fn create_data_key(&mut self, key: DataKey, by: &Actor) -> Result<bool> {
        let made = self.connection.execute(
            "INSERT INTO data_key (number, sealed, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![key.number, key.sealed.as_bytes(), key.created_at.millis()],
        )?;
        if made == 1 {
            self.audit(Some(AuditEntry::of_data_key(by, None, Some(&key))))?;
            self.effects.directory.push(Box::new(move |directory| directory.put_data_key(key)));
        }
        Ok(made == 1)
    }

    pub(crate) fn replace_data_key(&mut self, before: &DataKey, sealed: Sealed, by: &Actor) -> Result<bool> {
        let key = DataKey { sealed, ..before.clone() };
        let replaced = self.connection.execute(
            "UPDATE data_key SET sealed = ?1 WHERE number = ?2 AND sealed = ?3",
            params![key.sealed.as_bytes(), key.number, before.sealed.as_bytes()],
        )?;
        if replaced == 1 {
            self.audit(Some(AuditEntry::of_data_key(by, Some(before), Some(&key))))?;
            self.effects.directory.push(Box::new(move |directory| directory.put_data_key(key)));
        }
        Ok(replaced == 1)
    }

    pub(crate) fn delete_data_keys_before(&mut self, number: u32, by: &Actor) -> Result<usize> {
        if sealed_otherwise(&self.connection, number)? > 0 {
            return Ok(0);
        }
        let deleted: Vec<DataKey> = self
            .connection
            .prepare_cached("DELETE FROM data_key WHERE number < ?1 RETURNING number, sealed, created_at")?
            .query_map([number], data_key)?
            .collect::<Result<_>>()?;
        for key in &deleted {
            self.audit(Some(AuditEntry::of_data_key(by, Some(key), None)))?;
        }
        let count = deleted.len();
        self.effects.directory.push(Box::new(move |directory| {
            for key in deleted {
                directory.remove_data_key(key.number);
            }
        }));
        Ok(count)
    }

    pub(crate) fn replace_sealed(&mut self, column: SealedColumn, values: Vec<Resealed>) -> Result<usize> {
        let sql =
            format!("UPDATE webhook SET {name} = ?1 WHERE seq = ?2 AND {name} = ?3", name = column.name);
        let mut count = 0;
        for value in values {
            let replaced = self.connection.prepare_cached(&sql)?.execute(params![
                value.after.as_bytes(),
                value.row,
                value.before.as_bytes()
            ])?;
            count += replaced;
            // A deleted webhook has no target.
            if replaced == 1
                && let Some(target) = load::target_of(&self.connection, value.row).optional()?
            {
                self.effects.directory.push(Box::new(move |directory| directory.put_target(target)));
            }
        }
        Ok(count)
    }
}
