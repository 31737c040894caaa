//! Moving committed pages from the write-ahead log into the database file.
//!
//! A thread of its own does this while the writer goes on (PASSIVE: it waits for
//! nobody). Under constant load that never lets the log start over, so the
//! writer itself restarts it past a bound: little is left to move by then. The
//! bound also keeps reopening after a crash short.
//!
//! Whoever reads in one transaction for long, such as a backup, keeps the log from
//! starting over: it grows until they are done. Writes do not wait for them.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, OpenFlags};

use crate::open;

/// Pages of the log after which it is started over: 64 MiB.
const LONG: i64 = 8_192;
/// Pages that may be left to move when the writer starts the log over. More are left only
/// where a reader is in the way, and it would be waited for in vain.
const LEFT: i64 = 1_024;
/// How long the writer waits for readers who are in the way of an empty log.
const BRIEF: Duration = Duration::from_millis(100);
/// Commits after which the thread looks, at most; it sleeps while nothing is written.
const EVERY_COMMITS: u32 = 64;

#[derive(Debug, Default)]
struct Signal {
    commits: Mutex<(u32, bool)>,
    changed: Condvar,
    long: AtomicBool,
}

/// The thread's handle, held by the writer.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    signal: Arc<Signal>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(crate) fn start(path: &Path) -> rusqlite::Result<Self> {
        let connection = open::beside(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let signal = Arc::new(Signal::default());
        let thread = std::thread::Builder::new()
            .name("checkpoint".into())
            .spawn({
                let signal = signal.clone();
                move || run(&connection, &signal)
            })
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(Self { signal, thread: Some(thread) })
    }

    /// Something was committed.
    pub(crate) fn committed(&self) {
        let mut commits = self.signal.commits.lock();
        commits.0 += 1;
        if commits.0 >= EVERY_COMMITS {
            self.signal.changed.notify_one();
        }
    }

    /// Starts the log over when it has grown long; called between transactions.
    pub(crate) fn restart_if_long(&self, writer: &Connection) {
        if self.signal.long.swap(false, Ordering::Relaxed)
            && let Err(error) = briefly(writer, |writer| checkpoint(writer, "RESTART"))
        {
            tracing::warn!(%error, "the write-ahead log could not be started over; tried again");
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.signal.commits.lock().1 = true;
        self.signal.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It has said so already if it panicked.
            drop(thread.join());
        }
    }
}

fn run(connection: &Connection, signal: &Signal) {
    loop {
        let mut commits = signal.commits.lock();
        while commits.0 < EVERY_COMMITS && !commits.1 {
            signal.changed.wait(&mut commits);
        }
        if commits.1 {
            return;
        }
        commits.0 = 0;
        drop(commits);
        match checkpoint(connection, "PASSIVE") {
            Ok(log) if log.pages > LONG && log.pages - log.moved <= LEFT => {
                signal.long.store(true, Ordering::Relaxed);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a checkpoint failed; tried again"),
        }
    }
}

/// Moves the whole log into the file and empties it; whether that could be done. What
/// cannot be moved stays in the log, and is read from there at the next start.
pub(crate) fn fold(writer: &Connection) -> bool {
    match briefly(writer, |writer| checkpoint(writer, "TRUNCATE")) {
        Ok(log) => !log.busy,
        Err(error) => {
            tracing::warn!(%error, "the write-ahead log could not be emptied; keep it with the database");
            false
        }
    }
}

/// The write-ahead log after a checkpoint.
struct Log {
    /// Somebody was in the way.
    busy: bool,
    /// Pages that it holds.
    pages: i64,
    /// Those of them that are in the file.
    moved: i64,
}

fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<Log> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        Ok(Log { busy: row.get(0)?, pages: row.get(1)?, moved: row.get(2)? })
    })
}

/// Does what the writer must not wait for as long as for a lock.
fn briefly<T>(
    writer: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    writer.busy_timeout(BRIEF)?;
    let done = work(writer);
    writer.busy_timeout(open::PATIENCE)?;
    done
}
