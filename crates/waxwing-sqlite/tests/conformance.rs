//! The conformance suite, on a database file and in memory.

#![allow(clippy::unwrap_used, clippy::unused_async, reason = "tests; the suite awaits what opens a store")]

use std::sync::Arc;

use tempfile::TempDir;
use waxwing_sqlite::SqliteStore;
use waxwing_store::Store;

async fn on_disk() -> (Arc<dyn Store>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("waxwing.db"), Arc::default()).unwrap();
    (Arc::new(store), folder)
}

async fn in_memory() -> (Arc<dyn Store>, ()) {
    (Arc::new(SqliteStore::in_memory(Arc::default()).unwrap()), ())
}

waxwing_store::conformance_suite!(disk, on_disk());
waxwing_store::conformance_suite!(memory, in_memory());
