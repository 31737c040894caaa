//! The catalog of event types, and facts about the database itself.

use bytes::Bytes;
use waxwing_core::EventType;
use waxwing_store::{Actor, AuditEntry, CatalogEntry};

use crate::{
    audit,
    changes::{self, Change},
    sql::{Result, execute, first, get, params},
    store::Shared,
};

impl Shared {
    pub(crate) async fn put_event_type(&self, entry: CatalogEntry, by: &Actor) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let name = entry.event_type.as_str();
        let before = changes::event_type(&*transaction, name).await?;
        execute(
            &*transaction,
            "INSERT INTO event_type (type, description, example, schema) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (type) DO UPDATE SET description = excluded.description, \
             example = excluded.example, schema = excluded.schema",
            params![name => TEXT, entry.description => TEXT, entry.example => TEXT, entry.schema => TEXT],
        )
        .await?;
        audit::note(&transaction, AuditEntry::of_event_type(by, before.as_ref(), Some(&entry))).await?;
        changes::note(&transaction, &[Change::EventType(name.to_owned())]).await?;
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(before.is_none())
    }

    pub(crate) async fn delete_event_type(&self, event_type: &EventType, by: &Actor) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let before = changes::event_type(&*transaction, event_type.as_str()).await?;
        if before.is_none() {
            return Ok(false);
        }
        let sql = "DELETE FROM event_type WHERE type = $1";
        execute(&*transaction, sql, params![event_type.as_str() => TEXT]).await?;
        audit::note(&transaction, AuditEntry::of_event_type(by, before.as_ref(), None)).await?;
        changes::note(&transaction, &[Change::EventType(event_type.to_string())]).await?;
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(true)
    }

    pub(crate) async fn fact(&self, name: &str) -> Result<Option<Bytes>> {
        let connection = self.connection().await?;
        let row =
            first(&**connection, "SELECT value FROM fact WHERE name = $1", params![name => TEXT]).await?;
        row.map(|row| get::<Vec<u8>>(&row, 0).map(Bytes::from)).transpose()
    }

    pub(crate) async fn keep_fact(&self, name: &str, value: Bytes) -> Result<Bytes> {
        let connection = self.connection().await?;
        let sql = "INSERT INTO fact (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        execute(&**connection, sql, params![name => TEXT, &value[..] => BYTEA]).await?;
        drop(connection);
        Ok(self.fact(name).await?.unwrap_or(value))
    }
}
