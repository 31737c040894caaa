//! Connections that only read, beside the writer.

use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use crate::open;

/// Reads under way at most; further ones wait.
const READERS: usize = 8;

/// A pool of connections.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    pub(crate) turns: Semaphore,
}

impl Readers {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::new(Vec::new()), turns: Semaphore::new(READERS) }
    }

    /// Lends a connection to `read`. Blocks the thread.
    pub(crate) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let kept = self.idle.lock().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => open::beside(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        };
        // One snapshot for all statements of a read.
        let transaction = connection.unchecked_transaction()?;
        let answer = read(&transaction);
        drop(transaction);
        self.idle.lock().push(connection);
        answer
    }
}
