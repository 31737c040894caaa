//! Data keys: what seals the secrets.

use rusqlite::{Connection, Row, params};
use waxwing_core::seal::Sealed;
use waxwing_store::DataKey;

use crate::{rows, writer::Writer};

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

impl Writer {
    pub(crate) fn create_data_key(&mut self, key: DataKey) -> Result<bool> {
        let made = self.connection.execute(
            "INSERT INTO data_key (number, sealed, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![key.number, key.sealed.as_bytes(), key.created_at.millis()],
        )?;
        if made == 1 {
            self.effects.directory.push(Box::new(move |directory| directory.put_data_key(key)));
        }
        Ok(made == 1)
    }
}
