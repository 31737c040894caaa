//! Opening a database file: exclusively, with the right settings, migrated.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{checkpoint, damage};

/// The migrations, in order; `user_version` counts those that were applied.
/// Forward only: a released file is never changed.
const MIGRATIONS: [&str; 10] = [
    include_str!("../migrations/0001_initial.sql"),
    include_str!("../migrations/0002_keys_and_audit.sql"),
    include_str!("../migrations/0003_data_keys.sql"),
    include_str!("../migrations/0004_signing_keys.sql"),
    include_str!("../migrations/0005_portal_tokens.sql"),
    include_str!("../migrations/0006_erasure.sql"),
    include_str!("../migrations/0007_credentials.sql"),
    include_str!("../migrations/0008_counts.sql"),
    include_str!("../migrations/0009_replays.sql"),
    include_str!("../migrations/0010_replay_bounds.sql"),
];

/// How long a connection waits for a lock that another one has.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes that the file of the write-ahead log keeps for the next time: 128 MiB.
const LOG_KEPT: i64 = 128 << 20;

/// Why a database cannot be used. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{0} is in use by another waxwing; one server at a time, stop the other one first")]
    InUse(PathBuf),
    /// The file or its folder cannot be read or written.
    #[error("cannot use {path}: {source}; check that the folder exists and may be written to")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no file.
    #[error("there is no file {0}; write the path of a database, sqlite:<path>")]
    Missing(PathBuf),
    /// The file is something else.
    #[error("{0} is not a Waxwing database; it was left as it is")]
    NotADatabase(PathBuf),
    /// The file was a database, and is cut off or overwritten.
    #[error(
        "{0} is damaged: it was cut off, or overwritten by something else. It was left as it is; restore a backup"
    )]
    Damaged(PathBuf),
    /// The file was written by a later version.
    #[error(
        "the database has schema version {found}, this program knows up to {known}: use the newer waxwing that wrote it"
    )]
    Newer {
        /// Its version.
        found: i64,
        /// The newest that this program knows.
        known: usize,
    },
    /// The file was written by an earlier version, and is not to be changed here.
    #[error(
        "the database has schema version {found}, this program works with {known}: run `waxwing migrate` on it first"
    )]
    Older {
        /// Its version.
        found: usize,
        /// The one that is needed.
        known: usize,
    },
    /// SQLite failed.
    #[error("the database cannot be opened: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// What was done to a database's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// Migrations that were applied just now.
    pub applied: usize,
    /// The schema's version since.
    pub version: usize,
}

/// Brings the schema of the database file at `path` up to date, or makes the file,
/// without opening a store on it.
///
/// # Errors
/// [`OpenError`] says what is in the way, such as a server that uses the file.
pub fn migrate(path: &Path) -> Result<Migrated, OpenError> {
    let _lock = lock(path)?;
    let (connection, applied) = naming(settings(path), path)?;
    checkpoint::begin(&connection)?;
    Ok(Migrated { applied, version: MIGRATIONS.len() })
}

/// Held for as long as the store lives; the system frees it when the process ends.
#[derive(Debug)]
pub struct FileLock(#[allow(dead_code, reason = "held, not read")] File);

/// Makes sure that no other process uses the database file at `path`, which need not exist.
///
/// # Errors
/// [`OpenError::InUse`], or why the file of the lock beside it cannot be made.
pub fn lock(path: &Path) -> Result<FileLock, OpenError> {
    let lock_path = with_suffix(path, ".lock");
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let file = File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(FileLock(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Opens the writer's connection.
pub(crate) fn writer(path: &Path) -> Result<Connection, OpenError> {
    Ok(settings(path)?.0)
}

/// Says which file is damaged, where that came out on the way.
pub(crate) fn naming<T>(opened: Result<T, OpenError>, path: &Path) -> Result<T, OpenError> {
    opened.map_err(|error| match error {
        OpenError::Sqlite(error) => explain(error, path),
        other => other,
    })
}

/// A connection with the writer's settings, and how many migrations were applied.
fn settings(path: &Path) -> Result<(Connection, usize), OpenError> {
    let connection = Connection::open(path).map_err(|error| explain(error, path))?;
    // Touch the file before any setting: garbage must be refused untouched.
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
        .map_err(|error| explain(error, path))?;
    check_version(&connection)?;
    // 8 KiB pages: with smaller ones a commit writes more of them, with larger ones more bytes
    // that did not change; both cost more CPU for each event (`waxwing bench`).
    connection.pragma_update(None, "page_size", 8_192)?;
    // Readers never wait for the writer, nor it for them.
    connection.pragma_update(None, "journal_mode", "wal")?;
    // A commit is on disk (fsync) when it returns: what was answered stays.
    connection.pragma_update(None, "synchronous", "full")?;
    // Checkpoints run on a thread of their own: inside a commit they cost tens of milliseconds.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // Where the log had to grow (`checkpoint`), its room is given back when it starts over.
    connection.pragma_update(None, "journal_size_limit", LOG_KEPT)?;
    checkpoint::none_on_close(&connection)?;
    checkpoint::begin(&connection)?;
    if damage::is_cut_off(&connection, path)? {
        return Err(OpenError::Damaged(path.to_owned()));
    }
    // 64 MiB of pages: the hot ends of tables and indexes.
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    // What is deleted is overwritten where that writes no page more; erasing overwrites all of it.
    connection.pragma_update(None, "secure_delete", "fast")?;
    settle(connection)
}

/// Opens a connection for the whole of a database that lives in memory.
pub(crate) fn in_memory() -> Result<Connection, OpenError> {
    Ok(settle(Connection::open_in_memory()?)?.0)
}

/// Opens a connection that only reads, or checkpoints.
pub(crate) fn beside(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    checkpoint::none_on_close(&connection)?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn settle(connection: Connection) -> Result<(Connection, usize), OpenError> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(128);
    let applied = apply(&connection)?;
    Ok((connection, applied))
}

/// Opens a database of this very version, which is not changed.
pub(crate) fn to_read(path: &Path) -> Result<Connection, OpenError> {
    let connection = of_any_version(path)?;
    match check_version(&connection)? {
        found if found < MIGRATIONS.len() => Err(OpenError::Older { found, known: MIGRATIONS.len() }),
        _ => Ok(connection),
    }
}

/// Opens a database of this version or an earlier one, which is not changed; a server may
/// use it meanwhile.
pub(crate) fn of_any_version(path: &Path) -> Result<Connection, OpenError> {
    if !path.exists() {
        return Err(OpenError::Missing(path.to_owned()));
    }
    let connection = beside(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|error| explain(error, path))?;
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
        .map_err(|error| explain(error, path))?;
    match check_version(&connection)? {
        0 => Err(OpenError::NotADatabase(path.to_owned())),
        _ => Ok(connection),
    }
}

pub(crate) fn check_version(connection: &Connection) -> Result<usize, OpenError> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match usize::try_from(found) {
        Ok(applied) if applied <= MIGRATIONS.len() => Ok(applied),
        _ => Err(OpenError::Newer { found, known: MIGRATIONS.len() }),
    }
}

fn apply(connection: &Connection) -> Result<usize, OpenError> {
    let applied = check_version(connection)?;
    for (number, sql) in MIGRATIONS.iter().enumerate().skip(applied) {
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {sql} PRAGMA user_version = {}; COMMIT;",
            number + 1
        ))?;
    }
    Ok(MIGRATIONS.len() - applied)
}

fn explain(error: rusqlite::Error, path: &Path) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotADatabase(path.to_owned()),
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged(path.to_owned()),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            OpenError::Io { path: path.to_owned(), source: std::io::Error::other(error.to_string()) }
        }
        _ => OpenError::Sqlite(error),
    }
}
