//! The catalog of event types, and facts about the database itself.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};
use waxwing_core::EventType;
use waxwing_store::CatalogEntry;

use crate::writer::Writer;

type Result<T> = rusqlite::Result<T>;

pub(crate) fn fact(connection: &Connection, name: &str) -> Result<Option<Bytes>> {
    connection
        .query_row("SELECT value FROM fact WHERE name = ?1", [name], |row| row.get::<_, Vec<u8>>(0))
        .map(Bytes::from)
        .optional()
}

impl Writer {
    pub(crate) fn put_event_type(&mut self, entry: CatalogEntry) -> Result<bool> {
        let known = self
            .connection
            .prepare_cached("SELECT 1 FROM event_type WHERE type = ?1")?
            .exists([entry.event_type.as_str()])?;
        self.connection.execute(
            "INSERT OR REPLACE INTO event_type (type, description, example, schema) VALUES (?1, ?2, ?3, ?4)",
            params![entry.event_type.as_str(), entry.description, entry.example, entry.schema],
        )?;
        self.effects.directory.push(Box::new(move |directory| directory.put_event_type(entry)));
        Ok(!known)
    }

    pub(crate) fn delete_event_type(&mut self, event_type: &EventType) -> Result<bool> {
        let deleted =
            self.connection.execute("DELETE FROM event_type WHERE type = ?1", [event_type.as_str()])?;
        let event_type = event_type.clone();
        self.effects.directory.push(Box::new(move |directory| directory.remove_event_type(&event_type)));
        Ok(deleted == 1)
    }

    pub(crate) fn keep_fact(&mut self, name: &str, value: &Bytes) -> Result<Bytes> {
        self.connection.execute(
            "INSERT INTO fact (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![name, &value[..]],
        )?;
        Ok(fact(&self.connection, name)?.unwrap_or_else(|| value.clone()))
    }
}
