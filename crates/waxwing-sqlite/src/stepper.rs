//! A database in memory whose writer runs when it is told to, on the caller's thread:
//! for simulations, in which nothing may depend on when a thread runs.
//!
//! Several stores may stand in front of it, each with a queue, a feed and a directory
//! of its own, as nodes of a cluster have them. How a transaction is made is what it is
//! in every other store; only who begins it, and where its effects go, is decided here.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rusqlite::Connection;
use waxwing_store::{Directory, Feed, Metrics, StoreError, group::Group};

use crate::{
    SqliteStore, load,
    open::{self, OpenError},
    store,
    writer::{Job, Writer},
};

/// The database, with its writer.
pub struct Stepper {
    writer: Writer,
    metrics: Arc<Metrics>,
    failing: Arc<AtomicBool>,
}

impl Stepper {
    /// Makes a database.
    ///
    /// # Errors
    /// [`OpenError::Sqlite`] when memory is short.
    pub fn in_memory() -> Result<Self, OpenError> {
        Self::on(open::in_memory()?)
    }

    fn on(mut connection: Connection) -> Result<Self, OpenError> {
        let failing = Arc::new(AtomicBool::new(false));
        let fails = Arc::clone(&failing);
        connection.commit_hook(Some(move || fails.swap(false, Ordering::Relaxed)))?;
        let metrics = Arc::<Metrics>::default();
        let writer = store::writer(connection, None, Arc::default(), Arc::clone(&metrics))?;
        Ok(Self { writer, metrics, failing })
    }

    /// Ends the writer and begins with another one, as a process does that starts on the
    /// file of one that was killed. Stores that stood in front of it are left without one.
    ///
    /// # Errors
    /// [`OpenError::Sqlite`] when memory is short.
    pub fn restarted(self) -> Result<Self, OpenError> {
        Self::on(self.writer.connection)
    }

    /// A store in front of it. Its directory is what the database holds now; whoever steps
    /// has to keep it up to date.
    ///
    /// # Errors
    /// [`OpenError::Sqlite`] when the configuration cannot be read.
    pub fn store(&self) -> Result<SqliteStore, OpenError> {
        Ok(SqliteStore::stepped(
            Arc::new(Group::new(self.metrics.waiting.clone())),
            Arc::new(load::directory(&self.writer.connection)?),
            Arc::clone(&self.writer.stopped),
            Arc::clone(&self.metrics),
        ))
    }

    /// The configuration as it was committed last.
    pub fn directory(&self) -> &Directory {
        &self.writer.directory
    }

    /// Has the next commit fail, as it does when a disk is full.
    pub fn fail_next_commit(&self) {
        self.failing.store(true, Ordering::Relaxed);
    }

    /// Commits what waits in a store's queue as one transaction, answers its callers, and
    /// puts what follows for the engine into `effects`. How many jobs it had.
    pub fn step(&mut self, store: &SqliteStore, effects: &Arc<Feed>) -> usize {
        let jobs = store.group.take_waiting();
        let count = jobs.len();
        if count > 0 {
            self.writer.feed = Arc::clone(effects);
            self.writer.take_on(jobs);
        }
        count
    }

    /// Answers what waits in a store's queue, which must be reads, without a transaction:
    /// as readers of a file do, which see what was committed last and wait for nobody.
    pub fn read(&mut self, store: &SqliteStore) {
        for job in store.group.take_waiting() {
            if let Job::Other(work, failed) = job {
                match work(&mut self.writer) {
                    Ok(answer) => answer(Ok(())),
                    Err(error) => failed(Err(StoreError::Failed(error.to_string()))),
                }
            }
        }
    }
}
