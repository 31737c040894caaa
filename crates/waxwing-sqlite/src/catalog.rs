//! The catalog of event types, and facts about the database itself.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, params};
use waxwing_core::EventType;
use waxwing_store::{Actor, AuditEntry, CatalogEntry};

use crate::{rows, writer::Writer};

type Result<T> = rusqlite::Result<T>;

pub(crate) fn fact(connection: &Connection, name: &str) -> Result<Option<Bytes>> {
    connection
        .query_row("SELECT value FROM fact WHERE name = ?1", [name], |row| row.get::<_, Vec<u8>>(0))
        .map(Bytes::from)
        .optional()
}

/// The columns that [`entry`] reads.
pub(crate) const TYPES: &str = "SELECT type, description, example, schema FROM event_type";

pub(crate) fn entry(row: &Row<'_>) -> Result<CatalogEntry> {
    Ok(CatalogEntry {
        event_type: rows::event_type(row.get_ref(0)?.as_str()?)?,
        description: row.get(1)?,
        example: row.get(2)?,
        schema: row.get(3)?,
    })
}

fn event_type(connection: &Connection, name: &EventType) -> Result<Option<CatalogEntry>> {
    connection
        .prepare_cached(&format!("{TYPES} WHERE type = ?1"))?
        .query_row([name.as_str()], entry)
        .optional()
}

impl Writer {
    pub(crate) fn put_event_type(&mut self, entry: CatalogEntry, by: &Actor) -> Result<bool> {
        let before = event_type(&self.connection, &entry.event_type)?;
        self.connection.execute(
            "INSERT OR REPLACE INTO event_type (type, description, example, schema) VALUES (?1, ?2, ?3, ?4)",
            params![entry.event_type.as_str(), entry.description, entry.example, entry.schema],
        )?;
        self.audit(AuditEntry::of_event_type(by, before.as_ref(), Some(&entry)))?;
        self.effects.directory.push(Box::new(move |directory| directory.put_event_type(entry)));
        Ok(before.is_none())
    }

    pub(crate) fn delete_event_type(&mut self, name: &EventType, by: &Actor) -> Result<bool> {
        let Some(before) = event_type(&self.connection, name)? else { return Ok(false) };
        self.connection.execute("DELETE FROM event_type WHERE type = ?1", [name.as_str()])?;
        self.audit(AuditEntry::of_event_type(by, Some(&before), None))?;
        let name = before.event_type;
        self.effects.directory.push(Box::new(move |directory| directory.remove_event_type(&name)));
        Ok(true)
    }

    pub(crate) fn keep_fact(&mut self, name: &str, value: &Bytes) -> Result<Bytes> {
        self.connection.execute(
            "INSERT INTO fact (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![name, &value[..]],
        )?;
        Ok(fact(&self.connection, name)?.unwrap_or_else(|| value.clone()))
    }
}
