//! The id of an event and its work, in one transaction of a real database.

use std::{sync::Barrier, thread, time::Duration};

use rusqlite::{Connection, Error, Result, Transaction};
use waxwing_examples::sql::{TABLE, drop_older_than, once};

/// A database in a file, with a table for the work.
fn database(folder: &tempfile::TempDir) -> Connection {
    let database = Connection::open(folder.path().join("receiver.db")).unwrap();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    database.execute_batch(&format!("{TABLE}; CREATE TABLE IF NOT EXISTS paid (id TEXT)")).unwrap();
    database
}

fn count(database: &Connection, table: &str) -> u32 {
    database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

fn pay(transaction: &Transaction<'_>) -> Result<()> {
    transaction.execute("INSERT INTO paid VALUES ('one')", []).map(drop)
}

#[test]
fn the_work_of_an_event_is_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = database(&folder);
    assert!(once(&mut database, "evt_1", pay).unwrap());
    assert!(!once(&mut database, "evt_1", pay).unwrap());
    assert!(once(&mut database, "evt_2", pay).unwrap());
    assert_eq!(count(&database, "paid"), 2);
}

#[test]
fn work_that_fails_leaves_no_trace_and_is_done_by_the_retry() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = database(&folder);
    let failed = once(&mut database, "evt_1", |transaction| {
        pay(transaction)?;
        Err(Error::InvalidQuery)
    });
    assert_eq!(failed, Err(Error::InvalidQuery));
    assert_eq!((count(&database, "paid"), count(&database, "webhook_seen")), (0, 0));
    assert!(once(&mut database, "evt_1", pay).unwrap());
    assert_eq!((count(&database, "paid"), count(&database, "webhook_seen")), (1, 1));
}

#[test]
fn of_many_at_once_one_does_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let connections: Vec<Connection> = (0..8).map(|_| database(&folder)).collect();
    let start = Barrier::new(connections.len());
    let did = thread::scope(|scope| {
        let threads = connections.into_iter().map(|mut connection| {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                once(&mut connection, "evt_1", pay).unwrap()
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|did| *did).count()
    });
    assert_eq!((did, count(&database(&folder), "paid")), (1, 1));
}

#[test]
fn old_ids_are_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = database(&folder);
    database.execute("INSERT INTO webhook_seen VALUES ('old', datetime('now', '-31 days'))", []).unwrap();
    assert!(once(&mut database, "new", pay).unwrap());
    assert_eq!(drop_older_than(&database, 30), Ok(1));
    assert!(!once(&mut database, "new", pay).unwrap());
}
