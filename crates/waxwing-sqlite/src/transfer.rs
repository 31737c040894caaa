//! Reading everything out, for a move to another store.
//!
//! The file is opened for reading only, under the lock of a server, and read in one
//! snapshot: nothing in it changes, neither by others meanwhile nor by this.

use std::{fmt::Write as _, path::Path};

use rusqlite::{Connection, Row as SqlRow, params_from_iter, types};
use waxwing_store::transfer::{
    Column, Cursor, Digest, Kind, PAGE_BYTES, PAGE_ROWS, Page, Row, Source, Table, TransferError, Value,
};

use crate::{
    listing::LISTED_UP_TO,
    open::{self, FileLock, OpenError},
    retention::DELETED_UP_TO,
    rows::unreadable,
};

type Result<T> = std::result::Result<T, TransferError>;

/// A database file that no server uses, to be read as a whole.
pub struct SqliteSource {
    connection: Connection,
    /// The last to go: until then no server may open the file.
    _lock: FileLock,
}

impl SqliteSource {
    /// Opens the file at `path`, which must exist.
    ///
    /// # Errors
    /// [`OpenError`] says what is in the way.
    pub fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        if !path.exists() {
            return Err(OpenError::Missing(path.to_owned()));
        }
        let lock = open::lock(path)?;
        let connection = open::to_read(path)?;
        connection.execute_batch("BEGIN")?;
        Ok(Self { connection, _lock: lock })
    }
}

impl Source for SqliteSource {
    /// A server that starts registers a node, or its node anew; data keys were made of
    /// random numbers.
    fn identity(&mut self) -> Result<String> {
        identity(&self.connection).map_err(failed)
    }

    fn count(&mut self, table: Table) -> Result<u64> {
        let sql = format!("SELECT count(*) FROM {}{}", table.name(), only(table, " WHERE "));
        let count: i64 = self.connection.query_row(&sql, [], |row| row.get(0)).map_err(failed)?;
        Ok(count.unsigned_abs())
    }

    fn read(&mut self, table: Table, after: Option<&Cursor>) -> Result<Page> {
        page(&self.connection, table, after).map_err(failed)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "fits map_err")]
fn failed(error: rusqlite::Error) -> TransferError {
    TransferError::Source(error.to_string())
}

fn identity(connection: &Connection) -> rusqlite::Result<String> {
    let mut digest = Digest::default();
    for sql in [
        "SELECT name, value FROM fact",
        "SELECT 'data key', sealed FROM data_key",
        "SELECT name, CAST(epoch AS BLOB) FROM node",
        "SELECT 'event', CAST(max(seq) AS BLOB) FROM event",
    ] {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let value = row.get::<_, Option<Vec<u8>>>(1)?.map_or(Value::Null, Value::Blob);
            digest.add(Table::Fact, &vec![Value::Text(row.get(0)?), value]);
        }
    }
    Ok(digest.checksum.to_string())
}

/// What is not moved: facts about the tables of this store alone.
fn only(table: Table, begin: &str) -> String {
    match table {
        Table::Fact => format!("{begin}name NOT IN ('{LISTED_UP_TO}', '{DELETED_UP_TO}')"),
        _ => String::new(),
    }
}

/// A column as it is read.
fn expression(column: &Column) -> &'static str {
    match column.kind {
        Kind::Rows => "(SELECT group_concat(webhook_seq) FROM delivery WHERE event_seq = event.seq)",
        Kind::Int | Kind::Bool | Kind::Event | Kind::Text | Kind::Blob => column.name,
    }
}

fn page(connection: &Connection, table: Table, after: Option<&Cursor>) -> rusqlite::Result<Page> {
    let columns = table.columns();
    let key = names(&columns[..table.key_columns()]);
    let values = after.map(|cursor| key_values(table, cursor)).transpose()?.unwrap_or_default();
    let mut sql = format!(
        "SELECT {} FROM {}",
        columns.iter().map(expression).collect::<Vec<_>>().join(", "),
        table.name()
    );
    if values.is_empty() {
        sql += &only(table, " WHERE ");
    } else {
        let marks = vec!["?"; values.len()].join(", ");
        // Writing to a string cannot fail.
        let _ = write!(sql, " WHERE ({key}) > ({marks}){}", only(table, " AND "));
    }
    let _ = write!(sql, " ORDER BY {key} LIMIT {PAGE_ROWS}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(values))?;
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while let Some(row) = found.next()? {
        rows.push(values_of(row, columns, &mut bytes)?);
        if bytes >= PAGE_BYTES {
            break;
        }
    }
    let more = rows.len() == PAGE_ROWS || bytes >= PAGE_BYTES;
    Ok(Page { last: rows.last().map(|row| cursor(table, row)), rows, more })
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

fn values_of(row: &SqlRow<'_>, columns: &[Column], bytes: &mut usize) -> rusqlite::Result<Row> {
    let mut values = Vec::with_capacity(columns.len());
    for (at, column) in columns.iter().enumerate() {
        values.push(match (row.get_ref(at)?, column.kind) {
            (types::ValueRef::Null, Kind::Rows) => Value::Rows(Vec::new()),
            (types::ValueRef::Null, _) => Value::Null,
            (types::ValueRef::Integer(number), Kind::Int | Kind::Bool | Kind::Event) => Value::Int(number),
            (types::ValueRef::Text(text), Kind::Rows) => Value::Rows(row_numbers(text)?),
            (types::ValueRef::Text(text), Kind::Text) => Value::Text(words(text)?),
            (types::ValueRef::Blob(blob), Kind::Blob) => {
                *bytes += blob.len();
                Value::Blob(blob.to_vec())
            }
            _ => return Err(unreadable(format!("the column {} holds something else", column.name))),
        });
    }
    Ok(values)
}

/// Text as every store takes it: not all can keep U+0000, which a name may hold.
fn words(text: &[u8]) -> rusqlite::Result<String> {
    Ok(std::str::from_utf8(text).map_err(unreadable)?.replace('\0', "\u{fffd}"))
}

fn row_numbers(text: &[u8]) -> rusqlite::Result<Vec<i64>> {
    let text = std::str::from_utf8(text).map_err(unreadable)?;
    let numbers = text.split(',').map(|number| number.parse().map_err(unreadable));
    let mut numbers = numbers.collect::<rusqlite::Result<Vec<i64>>>()?;
    numbers.sort_unstable();
    Ok(numbers)
}

/// A key of words as it is, one of numbers with spaces between them.
fn cursor(table: Table, row: &Row) -> Cursor {
    let key = row.iter().take(table.key_columns()).map(|value| match value {
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Null | Value::Blob(_) | Value::Rows(_) => String::new(),
    });
    Cursor(key.collect::<Vec<_>>().join(" "))
}

fn key_values(table: Table, cursor: &Cursor) -> rusqlite::Result<Vec<types::Value>> {
    if table.columns()[0].kind == Kind::Text {
        return Ok(vec![cursor.0.clone().into()]);
    }
    let number = |word: &str| Ok(word.parse::<i64>().map_err(unreadable)?.into());
    cursor.0.split(' ').map(number).collect()
}
