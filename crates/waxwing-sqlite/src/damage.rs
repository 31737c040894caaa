//! A file that is damaged: cut off, or overwritten by something else.
//!
//! SQLite finds out when it reads a page that makes no sense, at the start or much later.
//! Then nothing that the file says is to be relied on: it is not written to any more.

use std::path::Path;

use rusqlite::{Connection, Error, ErrorCode};

/// Whether this error says so.
pub(crate) fn is_told_by(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Whether the file ends in the middle of a page, which SQLite does not mind. Only to be
/// asked while the write-ahead log is empty.
pub(crate) fn is_cut_off(connection: &Connection, path: &Path) -> rusqlite::Result<bool> {
    let page: u32 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    Ok(std::fs::metadata(path).is_ok_and(|file| !file.len().is_multiple_of(page.into())))
}
