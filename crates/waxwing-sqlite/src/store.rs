//! The store itself: how work reaches the writer and the readers.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    sync::Arc,
    thread::JoinHandle,
};

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::oneshot;
use waxwing_store::{Directory, Feed, Metrics, StoreError, group::Group};

use crate::{
    checkpoint::Checkpointer,
    damage, listing, load,
    open::{self, FileLock, OpenError},
    readers::Readers,
    retention,
    writer::{Effects, Job, Stopped, Writer, answer},
};

type Result<T, E = StoreError> = std::result::Result<T, E>;

/// A database file, or a database in memory, open for this process alone.
pub struct SqliteStore {
    pub(crate) group: Arc<Group<Job>>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) stopped: Arc<Stopped>,
    pub(crate) metrics: Arc<Metrics>,
    /// `None` in memory, where reads are the writer's work too.
    readers: Option<Arc<Readers>>,
    pub(crate) thread: Mutex<Option<JoinHandle<()>>>,
    /// The last to go: until then no other process may open the file.
    _lock: Option<FileLock>,
}

impl SqliteStore {
    /// Opens or makes the database file at `path`.
    ///
    /// # Errors
    /// [`OpenError`] says what is in the way; the file is then left as it was.
    pub fn open(path: &Path, metrics: Arc<Metrics>) -> std::result::Result<Self, OpenError> {
        let lock = open::lock(path)?;
        open::naming(Self::open_locked(path, lock, metrics), path)
    }

    fn open_locked(
        path: &Path,
        lock: FileLock,
        metrics: Arc<Metrics>,
    ) -> std::result::Result<Self, OpenError> {
        let connection = open::writer(path)?;
        let stopped = Arc::<Stopped>::default();
        let checkpointer = Checkpointer::start(path, Arc::clone(&stopped))?;
        let readers = Arc::new(Readers::new(path));
        Self::start(connection, stopped, Some(checkpointer), Some(readers), Some(lock), metrics)
    }

    /// Makes a database in memory: for tests and simulations.
    ///
    /// # Errors
    /// [`OpenError::Sqlite`] when memory is short.
    pub fn in_memory(metrics: Arc<Metrics>) -> std::result::Result<Self, OpenError> {
        Self::start(open::in_memory()?, Arc::default(), None, None, None, metrics)
    }

    fn start(
        connection: Connection,
        stopped: Arc<Stopped>,
        checkpointer: Option<Checkpointer>,
        readers: Option<Arc<Readers>>,
        lock: Option<FileLock>,
        metrics: Arc<Metrics>,
    ) -> std::result::Result<Self, OpenError> {
        let writer = writer(connection, checkpointer, stopped, Arc::clone(&metrics))?;
        let (directory, feed, stopped) = (&writer.directory, &writer.feed, &writer.stopped);
        let (directory, feed, stopped) = (Arc::clone(directory), Arc::clone(feed), Arc::clone(stopped));
        let group = Arc::new(Group::new(metrics.waiting.clone()));
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn({
                let group = Arc::clone(&group);
                move || writer.run(&group)
            })
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(Self {
            group,
            directory,
            feed,
            stopped,
            metrics,
            readers,
            thread: Mutex::new(Some(thread)),
            _lock: lock,
        })
    }

    /// In front of a writer without a thread of its own.
    pub(crate) fn stepped(
        group: Arc<Group<Job>>,
        directory: Arc<Directory>,
        stopped: Arc<Stopped>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let thread = Mutex::new(None);
        Self { group, directory, feed: Arc::default(), stopped, metrics, readers: None, thread, _lock: None }
    }

    /// Runs `work` in the writer's next transaction, in a savepoint of its own.
    pub(crate) async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Writer) -> rusqlite::Result<Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answered) = oneshot::channel();
        let reply = Arc::new(Mutex::new(Some(reply)));
        let failed = {
            let reply = Arc::clone(&reply);
            Box::new(move |committed: Result<()>| {
                let error = committed.err().unwrap_or_else(lost);
                if let Some(reply) = reply.lock().take() {
                    drop(reply.send(Err(E::from(error))));
                }
            })
        };
        let work = Box::new(move |writer: &mut Writer| {
            let result = work(writer)?;
            Ok(match reply.lock().take() {
                Some(reply) => answer(reply, result),
                None => Box::new(|_: Result<()>| {}),
            })
        });
        self.group.record(Job::Other(work, failed))?;
        answered.await.unwrap_or_else(|_| Err(lost().into()))
    }

    /// A write that can fail only because of the store.
    pub(crate) async fn write_plain<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.write(move |writer| work(writer).map(Ok)).await
    }

    /// Has the write-ahead log emptied into the file; whether that could be done.
    pub(crate) async fn fold(&self) -> Result<bool> {
        let (reply, folded) = oneshot::channel();
        let ask = move |writer: &mut Writer| {
            writer.effects.fold.push(reply);
            Ok(())
        };
        self.write_plain(ask).await?;
        Ok(folded.await.unwrap_or(false))
    }

    /// Runs `read` beside the writer.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let Some(readers) = &self.readers else {
            return self.write_plain(move |writer| read(&writer.connection)).await;
        };
        if self.thread.lock().is_none() {
            return Err(StoreError::Stopped("it is closed".into()));
        }
        let _turn = readers.turns.acquire().await.map_err(|_| lost())?;
        let readers = Arc::clone(readers);
        let answer = tokio::task::spawn_blocking(move || readers.with(read)).await;
        answer.map_err(|error| StoreError::Failed(error.to_string()))?.map_err(|error| {
            if damage::is_told_by(&error) {
                return self.stopped.because("a read", &error);
            }
            StoreError::Failed(error.to_string())
        })
    }
}

/// A writer for what the database holds.
pub(crate) fn writer(
    connection: Connection,
    checkpointer: Option<Checkpointer>,
    stopped: Arc<Stopped>,
    metrics: Arc<Metrics>,
) -> std::result::Result<Writer, OpenError> {
    Ok(Writer {
        directory: Arc::new(load::directory(&connection)?),
        next_event: retention::next_event(&connection)?,
        unlisted: listing::unlisted(&connection)?,
        connection,
        feed: Arc::default(),
        metrics,
        effects: Effects::default(),
        epochs: HashMap::new(),
        lost: HashSet::new(),
        health: HashMap::new(),
        progress: BTreeMap::new(),
        stopped,
        checkpointer,
    })
}

/// The writer is gone.
pub(crate) fn lost() -> StoreError {
    StoreError::Stopped("the writer ended".into())
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.group.close();
        if let Some(thread) = self.thread.lock().take() {
            drop(thread.join());
        }
    }
}
