//! A copy of a database file, taken while a server writes to it, and the proof that a
//! file is such a copy.
//!
//! The copy is read in one transaction beside the server, page by page: the server's
//! writes go on meanwhile and are not in it. Until the end the write-ahead log cannot
//! start over; [`Progress`] tells how long it has become.

use std::{
    fs::File,
    io::{self, Read},
    ops::ControlFlow,
    path::Path,
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags,
    backup::{Backup, StepResult},
};
use waxwing_core::Timestamp;
use waxwing_store::DataKey;

use crate::{
    data_keys,
    open::{self, OpenError, with_suffix},
    rows,
};

/// Pages of one step, 8 MiB: no more of the copy than that ever waits to be written to
/// disk, so that the server's fsyncs do not wait behind it.
const STEP: i32 = 1_024;
/// What every SQLite file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Tables that there are in a database of every version.
const TABLES: [&str; 6] = ["account", "webhook", "event", "delivery", "pending", "node"];

/// How far a copy is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Copied and on disk.
    pub copied: u64,
    /// To be copied in all.
    pub total: u64,
    /// The write-ahead log, which grows until the copy is done.
    pub log: u64,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Reading the database or writing the copy failed.
    #[error("copying failed: {0}")]
    Copy(#[from] rusqlite::Error),
    /// The copy could not be put on disk.
    #[error("the copy could not be written to disk: {0}")]
    Write(#[from] io::Error),
    /// Whoever watches it ended it.
    #[error("{0}")]
    GivenUp(String),
}

/// Why a file is no whole copy of a database. The words go on after the file's name.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It is something else.
    #[error("is not a Waxwing database")]
    Foreign,
    /// Its end is missing.
    #[error("is cut off: it has {found} bytes of {whole}; copy it again")]
    CutOff {
        /// Its length.
        found: u64,
        /// The length that its beginning tells.
        whole: u64,
    },
    /// A later version wrote it.
    #[error(
        "has schema version {found}, this program knows up to {known}: use the newer waxwing that wrote it"
    )]
    Newer {
        /// Its version.
        found: i64,
        /// The newest that this program knows.
        known: usize,
    },
    /// It contradicts itself.
    #[error("is damaged: {0}")]
    Damaged(String),
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The version of its schema, perhaps an earlier one.
    pub version: usize,
    /// Accounts, the deleted ones too.
    pub accounts: u64,
    /// Webhooks, the deleted ones too.
    pub webhooks: u64,
    /// Events.
    pub events: u64,
    /// Deliveries.
    pub deliveries: u64,
    /// Those of them that wait: a server that starts on it makes them.
    pub waiting: u64,
    /// Attempts.
    pub attempts: u64,
    /// When the last event was published.
    pub newest_event_at: Option<Timestamp>,
    /// What seals secrets in it, itself sealed; none in a database from before data keys.
    pub data_keys: Vec<DataKey>,
}

/// Opens a file that is there. One that was taken away, because its backup was interrupted,
/// must not be made anew: nobody would remove it.
fn existing(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Copies the database file at `from`, as it stands when this begins, into the empty file
/// `into`. What was acknowledged before is in it. `watch` is told after each step how far
/// it is, and may end it with a reason. The copy still has to be checked: [`check`].
///
/// # Errors
/// [`BackupError`]; `into` then holds a part of it.
pub fn back_up(
    from: &Path,
    into: &Path,
    mut watch: impl FnMut(Progress) -> ControlFlow<String>,
) -> Result<(), BackupError> {
    let source = open::of_any_version(from)?;
    source.execute_batch("BEGIN")?;
    let page: u64 = source.query_row("PRAGMA page_size", [], |row| row.get::<_, u32>(0))?.into();
    // The first read of the transaction chooses what it sees.
    source.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    let mut target = existing(into)?;
    // What is left of a copy that failed is thrown away; one that succeeded is synced below.
    target.pragma_update(None, "journal_mode", "off")?;
    target.pragma_update(None, "synchronous", "off")?;
    let file = File::options().write(true).open(into)?;
    let log = with_suffix(from, "-wal");
    let copy = Backup::new(&source, &mut target)?;
    loop {
        let step = copy.step(STEP)?;
        file.sync_data()?;
        let pages = |count: i32| u64::from(count.unsigned_abs()) * page;
        let (total, left) = (pages(copy.progress().pagecount), pages(copy.progress().remaining));
        let log = log.metadata().map_or(0, |log| log.len());
        if let ControlFlow::Break(reason) = watch(Progress { copied: total - left, total, log }) {
            return Err(BackupError::GivenUp(reason));
        }
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => return Err(BackupError::GivenUp("somebody else uses the copy".into())),
        }
    }
    drop(copy);
    drop(target);
    file.sync_all()?;
    Ok(())
}

/// Proves that the file at `path` is a whole database, and makes it one that consists of
/// this file alone, without a write-ahead log.
///
/// # Errors
/// [`CheckError`] says what it is instead.
pub fn check(path: &Path) -> Result<Contents, CheckError> {
    whole(path)?;
    let connection = existing(path).map_err(damaged)?;
    let version = match open::check_version(&connection) {
        Ok(version) => version,
        Err(OpenError::Newer { found, known }) => return Err(CheckError::Newer { found, known }),
        Err(OpenError::Sqlite(error)) => return Err(damaged(error)),
        Err(other) => return Err(CheckError::Damaged(other.to_string())),
    };
    let has = |table: &&str| connection.table_exists(None, *table).map_err(damaged);
    let has_all = TABLES.iter().try_fold(true, |all, table| Ok::<_, CheckError>(all && has(table)?))?;
    if version == 0 || !has_all {
        return Err(CheckError::Foreign);
    }
    connection.pragma_update(None, "journal_mode", "delete").map_err(damaged)?;
    let found: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(damaged)?;
    if found != "ok" {
        return Err(CheckError::Damaged(found));
    }
    let contents = contents(&connection, version).map_err(damaged)?;
    drop(connection);
    File::open(path)?.sync_all()?;
    Ok(contents)
}

/// Whether the file is as long as its beginning says.
fn whole(path: &Path) -> Result<(), CheckError> {
    let mut head = [0; 100];
    let mut file = File::open(path)?;
    match file.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(CheckError::Foreign),
        read => read?,
    }
    if !head.starts_with(MAGIC) {
        return Err(CheckError::Foreign);
    }
    // Big-endian at 16 and 28; a page of 64 KiB is written as 1.
    let page = match u16::from_be_bytes([head[16], head[17]]) {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    let pages = u32::from_be_bytes([head[28], head[29], head[30], head[31]]);
    let (found, whole) = (file.metadata()?.len(), page * u64::from(pages));
    if found < whole { Err(CheckError::CutOff { found, whole }) } else { Ok(()) }
}

#[allow(clippy::needless_pass_by_value, reason = "fits map_err")]
fn damaged(error: rusqlite::Error) -> CheckError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => CheckError::Foreign,
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
            CheckError::Io(io::Error::other(error.to_string()))
        }
        _ => CheckError::Damaged(error.to_string()),
    }
}

fn contents(connection: &Connection, version: usize) -> rusqlite::Result<Contents> {
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    };
    let newest = "SELECT max(created_at) FROM (SELECT created_at FROM event ORDER BY seq DESC LIMIT 1)";
    let newest: Option<i64> = connection.query_row(newest, [], |row| row.get(0))?;
    let has_keys = connection.table_exists(None, "data_key")?;
    Ok(Contents {
        version,
        accounts: count("account")?,
        webhooks: count("webhook")?,
        events: count("event")?,
        deliveries: count("delivery")?,
        waiting: count("pending")?,
        attempts: count("attempt")?,
        newest_event_at: newest.map(rows::time),
        data_keys: if has_keys { data_keys::all(connection)? } else { Vec::new() },
    })
}
