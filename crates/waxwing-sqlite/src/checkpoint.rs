//! Moving committed pages from the write-ahead log into the database file.
//!
//! A thread of its own does this while the writer goes on (PASSIVE: it waits for
//! nobody). Under constant load that never lets the log start over, so the
//! writer itself restarts it past a bound: little is left to move by then. The
//! bound also keeps reopening after a crash short.
//!
//! Whoever reads in one transaction for long, such as a backup, keeps the log from
//! starting over: it grows until they are done. Writes do not wait for them.
//!
//! A checkpoint that failed is never made again by this process. SQLite syncs the file
//! only once all of the log is in it, and counts what earlier checkpoints moved as done;
//! but a failed fsync may have dropped just that from the system's cache, and a second
//! one would succeed without it. The log is then emptied, and the pages are gone. Whoever
//! opens the file next begins with the whole log (`open`).

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
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{open, writer::Stopped};

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
    stopped: Arc<Stopped>,
    /// Held by whoever checkpoints, until it is known that the next one may.
    turn: Mutex<()>,
}

/// The thread's handle, held by the writer.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    signal: Arc<Signal>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Stops the store when a checkpoint fails.
    pub(crate) fn start(path: &Path, stopped: Arc<Stopped>) -> rusqlite::Result<Self> {
        let connection = open::beside(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let signal = Arc::new(Signal { stopped, ..Signal::default() });
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
        if self.signal.long.swap(false, Ordering::Relaxed) {
            briefly(writer, |writer| self.signal.checkpoint(writer, "RESTART"));
        }
    }

    /// Moves the whole log into the file and empties it; whether that could be done. What
    /// cannot be moved stays in the log, and is read from there at the next start.
    pub(crate) fn fold(&self, writer: &Connection) -> bool {
        briefly(writer, |writer| self.signal.checkpoint(writer, "TRUNCATE")).is_some_and(|log| !log.busy)
    }

    /// The same, after which nothing more is moved.
    pub(crate) fn end(mut self, writer: &Connection) {
        self.end_thread();
        self.fold(writer);
    }

    fn end_thread(&mut self) {
        self.signal.commits.lock().1 = true;
        self.signal.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It has said so already if it panicked.
            drop(thread.join());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.end_thread();
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
        let log = signal.checkpoint(connection, "PASSIVE");
        if log.is_some_and(|log| log.pages > LONG && log.pages - log.moved <= LEFT) {
            signal.long.store(true, Ordering::Relaxed);
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

impl Signal {
    /// Makes one, unless the store has stopped; stops it if that fails.
    fn checkpoint(&self, connection: &Connection, mode: &str) -> Option<Log> {
        let _turn = self.turn.lock();
        self.stopped.check().ok()?;
        match checkpoint(connection, mode) {
            Ok(done) => Some(done),
            Err(error) => {
                self.stopped.because("a checkpoint", &error);
                None
            }
        }
    }
}

fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<Log> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        Ok(Log { busy: row.get(0)?, pages: row.get(1)?, moved: row.get(2)? })
    })
}

/// Makes a checkpoint that the writer must not wait for as long as for a lock.
fn briefly(writer: &Connection, checkpoint: impl FnOnce(&Connection) -> Option<Log>) -> Option<Log> {
    writer.busy_timeout(BRIEF).ok()?;
    let log = checkpoint(writer);
    writer.busy_timeout(open::PATIENCE).ok()?;
    log
}

/// Empties the log that a process has left, before anything is added to it. What is in
/// there may be in the system's cache alone, if that process ended because of a failed
/// fsync: then the pages that follow in the log would go with it.
pub(crate) fn begin(writer: &Connection) -> rusqlite::Result<()> {
    // Busy: somebody inspects the file; the checkpoints to come move the same.
    checkpoint(writer, "TRUNCATE").map(|_| ())
}

/// From now on, closing this connection leaves the log alone, as SQLite does not by
/// itself when it is the last one.
pub(crate) fn none_on_close(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(|_| ())
}
