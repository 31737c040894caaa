//! The store itself: its connections, and the tasks that live as long as it does.

use std::{path::PathBuf, sync::Arc, thread, time::Duration};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use parking_lot::Mutex;
use tokio::{task::JoinHandle, time::Instant};
use waxwing_store::{Directory, Feed, Metrics, StoreError, group::Group};

use crate::{
    address::Address,
    changes,
    committer::{self, Job},
    doubts::Doubts,
    error::{Error, OpenError},
    migrate,
    periods::Period,
    sql::Result,
    transfer,
};

/// How long to wait for an answer of the database.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a store on PostgreSQL needs to know.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/name?parameters`, several hosts separated
    /// by commas.
    pub url: String,
    /// Where a password is looked for when the URL has none (`~/.pgpass`).
    pub passfile: Option<PathBuf>,
    /// Connections at most, three or more: one commits, one listens, the rest reads
    /// and configures.
    pub connections: usize,
    /// The length of the stretches of time that are deleted at once: a part of the
    /// retention, so that little is kept for longer.
    pub period: Duration,
    /// Whether the clock that calls tell the time by may be set meanwhile: how far the
    /// database's is ahead is then asked with each lease. Not for a clock that a test moves.
    pub clock_may_be_set: bool,
}

impl PostgresOptions {
    /// The defaults, for a database.
    pub fn new(url: impl Into<String>) -> Self {
        let period = Duration::from_hours(5 * 24);
        Self { url: url.into(), passfile: None, connections: 10, period, clock_may_be_set: true }
    }
}

/// A PostgreSQL database, shared with other nodes.
pub struct PostgresStore {
    pub(crate) shared: Arc<Shared>,
    committer: Mutex<Option<thread::JoinHandle<()>>>,
    follower: JoinHandle<()>,
}

/// What the store's tasks work with.
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    pub(crate) address: Address,
    pub(crate) group: Group<Job>,
    pub(crate) directory: Directory,
    pub(crate) feed: Arc<Feed>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) period_length: Duration,
    /// How much the database's clock is ahead of this node's, in milliseconds: leases of
    /// all nodes are kept in the database's time.
    pub(crate) ahead_ms: Mutex<Option<i64>>,
    pub(crate) clock_may_be_set: bool,
    /// The period that events were put into last.
    pub(crate) period: Mutex<Option<Period>>,
    /// The last change of the configuration that the directory reflects.
    pub(crate) seen: tokio::sync::Mutex<i64>,
    /// Commits of which it is not known whether they were made.
    pub(crate) doubts: Doubts,
    /// Why the database cannot be used at the moment.
    trouble: Mutex<Option<String>>,
    /// Connections made before this moment may hang.
    suspect: Arc<Mutex<Option<std::time::Instant>>>,
}

impl PostgresStore {
    /// Connects, brings the schema up to date, and reads the configuration. Needs
    /// a tokio runtime, on which it stays.
    ///
    /// # Errors
    /// [`OpenError`] says what is in the way.
    pub async fn open(options: &PostgresOptions, metrics: Arc<Metrics>) -> Result<Self, OpenError> {
        let address = Address::parse(&options.url, options.passfile.as_deref())?;
        let suspect = Arc::default();
        let connections = options.connections.saturating_sub(2).max(1);
        let pool = pool(&address, connections, &suspect).map_err(|reason| unusable(&address, &reason))?;
        migrate::bring_up_to_date(&address).await?;
        let shared = Arc::new(Shared {
            pool,
            address,
            group: Group::new(metrics.waiting.clone()),
            directory: Directory::default(),
            feed: Arc::default(),
            metrics,
            period_length: options.period,
            ahead_ms: Mutex::default(),
            clock_may_be_set: options.clock_may_be_set,
            period: Mutex::default(),
            seen: tokio::sync::Mutex::new(0),
            doubts: Doubts::default(),
            trouble: Mutex::default(),
            suspect,
        });
        let moving = match shared.connection().await {
            Ok(connection) => transfer::is_under_way(&**connection).await,
            Err(error) => Err(error),
        };
        if moving.map_err(|error| unusable(&shared.address, &error))? {
            return Err(OpenError::Moving(shared.address.to_string()));
        }
        changes::load(&shared).await.map_err(|error| unusable(&shared.address, &error))?;
        let follower = tokio::spawn(changes::follow(Arc::clone(&shared)));
        let committer = committer::start(Arc::clone(&shared))
            .map_err(|error| unusable(&shared.address, &format!("no thread can be started: {error}")))?;
        Ok(Self { shared, committer: Mutex::new(Some(committer)), follower })
    }

    /// Waits for what is under way, then ends.
    pub(crate) async fn end(&self) {
        self.shared.group.close();
        let committer = self.committer.lock().take();
        if let Some(committer) = committer {
            // A committer that panicked has said so already.
            drop(tokio::task::spawn_blocking(move || committer.join()).await);
        }
        self.follower.abort();
        self.shared.pool.close();
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.shared.group.close();
        self.follower.abort();
    }
}

/// The database cannot be used, for this reason.
pub(crate) fn unusable(address: &Address, reason: &dyn ToString) -> OpenError {
    OpenError::Connect { address: address.to_string(), reason: reason.to_string() }
}

fn pool(
    address: &Address,
    connections: usize,
    suspect: &Arc<Mutex<Option<std::time::Instant>>>,
) -> Result<Pool, String> {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let patience = address.patience();
    let suspect = Arc::clone(suspect);
    Pool::builder(Manager::from_connect(address.config.clone(), address.clone(), recycling))
        .max_size(connections)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(patience))
        .create_timeout(Some(patience))
        .pre_recycle(Hook::sync_fn(move |_, metrics| {
            let hangs = suspect.lock().is_some_and(|moment| metrics.created <= moment);
            if hangs { Err(HookError::message("it may hang")) } else { Ok(()) }
        }))
        .build()
        .map_err(|error| error.to_string())
}

impl Shared {
    /// A connection, for one transaction or one statement.
    pub(crate) async fn connection(&self) -> Result<Object> {
        Ok(self.pool.get().await?)
    }

    /// Does something with the database that must not take long.
    pub(crate) async fn within<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.within_for(PATIENCE, work).await
    }

    /// The same, with less patience, if any.
    pub(crate) async fn within_for<T>(
        &self,
        patience: Duration,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let patience = patience.min(PATIENCE);
        if let Ok(result) = tokio::time::timeout(patience, work).await {
            return result;
        }
        *self.suspect.lock() = Some(Instant::now().into_std());
        Err(Error::Timeout(patience))
    }

    /// Remembers whether the database could be used.
    pub(crate) fn noticed(&self, result: &Result<()>) {
        let trouble = result.as_ref().err().map(ToString::to_string);
        let mut known = self.trouble.lock();
        match (&*known, &trouble) {
            (None, Some(reason)) => tracing::error!(reason, "the database cannot be used; tried again"),
            (Some(_), None) => tracing::info!("the database can be used again"),
            _ => {}
        }
        *known = trouble;
    }

    pub(crate) fn check(&self) -> std::result::Result<(), StoreError> {
        match &*self.trouble.lock() {
            None => Ok(()),
            Some(reason) => Err(StoreError::Unreachable(reason.clone())),
        }
    }
}
