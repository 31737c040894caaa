//! Databases of the one cluster that the tests of a binary share.

use std::sync::{
    LazyLock, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use crate::cluster::{Cluster, Session, USER};

static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);
static DATABASES: AtomicUsize = AtomicUsize::new(0);
/// Databases that no test uses at the moment.
static FREE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// An empty database. It is emptied with this value and used again: to make or drop
/// one takes a checkpoint.
#[derive(Debug)]
pub struct Database {
    name: String,
    /// Its address.
    pub url: String,
    /// Its address through the pooler.
    pub pooled: String,
}

impl Database {
    /// Takes one that is free, or makes it. The first call starts the cluster.
    pub async fn new() -> Self {
        // Starting takes a while, and other tests of this thread need not wait.
        tokio::task::spawn_blocking(Self::take).await.unwrap()
    }

    /// The same, in the way of everything else of this thread.
    ///
    /// # Panics
    /// When the cluster does not start.
    pub fn take() -> Self {
        let cluster = &*CLUSTER;
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let name = free.unwrap_or_else(|| {
            let name = format!("test{}", DATABASES.fetch_add(1, Ordering::Relaxed));
            cluster.execute("postgres", &format!("CREATE DATABASE {name}"));
            name
        });
        let url = |port: u16| format!("postgres://{USER}@127.0.0.1:{port}/{name}");
        Self { url: url(cluster.port()), pooled: url(cluster.pooler()), name }
    }

    /// Runs SQL in it; what it prints.
    ///
    /// # Panics
    /// When it fails.
    pub fn execute(&self, sql: &str) -> String {
        CLUSTER.execute(&self.name, sql)
    }
}

impl Database {
    /// Runs SQL in it and holds the session, with its transaction.
    pub fn hold(&self, sql: &str) -> Session {
        CLUSTER.hold(&self.name, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // What the test left open would hold locks.
        self.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid(); \
             SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public",
        );
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut self.name));
    }
}
