//! The conformance suite, straight and through a pooler in transaction mode.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use waxwing_cluster::Database;
use waxwing_postgres::{PostgresOptions, PostgresStore};
use waxwing_store::Store;

async fn open(url: &str) -> Result<PostgresStore, waxwing_postgres::OpenError> {
    let options = PostgresOptions { clock_may_be_set: false, ..PostgresOptions::new(url) };
    PostgresStore::open(&options, Arc::default()).await
}

async fn direct() -> (Arc<dyn Store>, Database) {
    let database = Database::new().await;
    (Arc::new(open(&database.url).await.unwrap()), database)
}

async fn pooled() -> (Arc<dyn Store>, Database) {
    let database = Database::new().await;
    (Arc::new(open(&database.pooled).await.unwrap()), database)
}

waxwing_store::conformance_suite!(straight, direct());
waxwing_store::conformance_suite!(through_a_pooler, pooled());
