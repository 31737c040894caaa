//! Moving committed pages from the write-ahead log into the database file.
//!
//! A thread of its own does this while the writer goes on (PASSIVE: it waits for
//! nobody). Under constant load that never lets the log start over, so the
//! writer itself restarts it past a bound: little is left to move by then. The
//! bound also keeps reopening after a crash short.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, OpenFlags};

use crate::open;

/// Pages of the log after which it is started over: 128 MiB.
const LONG: i64 = 8_192;
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
            && let Err(error) = checkpoint(writer, "RESTART")
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
            Ok(pages) if pages > LONG => signal.long.store(true, Ordering::Relaxed),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a checkpoint failed; tried again"),
        }
    }
}

/// Moves the whole log into the file and empties it; whether that could be done. What
/// cannot be moved stays in the log, and is read from there at the next start.
pub(crate) fn fold(writer: &Connection) -> bool {
    let busy = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    match busy {
        Ok(busy) => !busy,
        Err(error) => {
            tracing::warn!(%error, "the write-ahead log could not be emptied; keep it with the database");
            false
        }
    }
}

/// Returns how many pages the log holds.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<i64> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get(1))
}
