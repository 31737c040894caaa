//! What holds for the file: durability, exclusiveness, clear refusals.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::{fs, path::Path, sync::Arc, time::Duration};

use tokio::time::Instant;
use waxwing_core::{AccountId, ErasureId, EventId, EventType, Timestamp};
use waxwing_sqlite::{OpenError, SqliteStore};
use waxwing_store::{Actor, CreateAccountError, NewAccount, NewEvent, Store, StoreError};

fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(path, Arc::default())
}

fn account(id: &str) -> NewAccount {
    NewAccount { id: AccountId::parse(id).unwrap(), name: None, created_at: Timestamp::EPOCH }
}

#[tokio::test]
async fn what_was_answered_is_there_after_the_next_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waxwing.db");
    let store = open(&path).unwrap();
    store.create_account(account("acme"), &Actor::server(Timestamp::EPOCH)).await.unwrap();
    drop(store);
    let store = open(&path).unwrap();
    assert!(store.account(&AccountId::parse("acme").unwrap()).await.unwrap().is_some());
    assert!(store.directory().account(&AccountId::parse("acme").unwrap()).is_some());
}

#[tokio::test]
async fn the_file_of_a_store_that_was_closed_is_the_whole_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waxwing.db");
    let store = open(&path).unwrap();
    store.create_account(account("acme"), &Actor::server(Timestamp::EPOCH)).await.unwrap();
    assert!(store.account(&AccountId::parse("acme").unwrap()).await.unwrap().is_some(), "a reader is open");
    store.close().await;
    let copy = folder.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    let copied = open(&copy).unwrap();
    assert!(copied.directory().account(&AccountId::parse("acme").unwrap()).is_some());
}

#[tokio::test]
async fn what_a_crash_left_in_the_log_is_in_the_file_before_anything_is_added_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let acme = AccountId::parse("acme").unwrap();
    let store = open(&path("waxwing.db")).unwrap();
    store.create_account(account("acme"), &Actor::server(Timestamp::EPOCH)).await.unwrap();
    // As a crash would have left both.
    fs::copy(path("waxwing.db"), path("crashed.db")).unwrap();
    fs::copy(path("waxwing.db-wal"), path("crashed.db-wal")).unwrap();
    assert!(fs::metadata(path("crashed.db-wal")).unwrap().len() > 0);
    let crashed = open(&path("crashed.db")).unwrap();
    fs::copy(path("crashed.db"), path("alone.db")).unwrap();
    assert!(open(&path("alone.db")).unwrap().directory().account(&acme).is_some());
    drop(crashed);
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waxwing.db");
    let _first = open(&path).unwrap();
    let refused = open(&path).err().unwrap();
    assert!(matches!(refused, OpenError::InUse(_)), "{refused}");
}

#[test]
fn a_file_that_is_something_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waxwing.db");
    let text = "this is a letter, not a database. ".repeat(1_000);
    fs::write(&path, &text).unwrap();
    let refused = open(&path).err().unwrap();
    assert!(matches!(refused, OpenError::NotADatabase(_)), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waxwing.db");
    drop(open(&path).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let refused = open(&path).err().unwrap();
    assert!(matches!(refused, OpenError::Newer { found: 99, .. }), "{refused}");
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let refused = open(Path::new("/nowhere/at/all/waxwing.db")).err().unwrap().to_string();
    assert!(refused.contains("/nowhere/at/all"), "{refused}");
}

#[tokio::test]
async fn a_commit_that_fails_stops_the_store_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waxwing.db");
    let store = open(&path).unwrap();
    store.create_account(account("before"), &Actor::server(Timestamp::EPOCH)).await.unwrap();
    // Another connection holds the write lock for longer than the store waits.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = store.create_account(account("during"), &Actor::server(Timestamp::EPOCH)).await;
    assert!(matches!(refused, Err(CreateAccountError::Store(StoreError::Stopped(_)))), "{refused:?}");
    other.execute_batch("ROLLBACK").unwrap();
    let later = store.create_account(account("later"), &Actor::server(Timestamp::EPOCH)).await;
    assert!(matches!(later, Err(CreateAccountError::Store(StoreError::Stopped(_)))), "{later:?}");
    assert!(store.health().is_err());
    drop(store);
    let log = fs::metadata(folder.path().join("waxwing.db-wal")).unwrap();
    assert!(log.len() > 0, "a store that stopped leaves the log to the next start");
    let store = open(&path).unwrap();
    assert!(store.account(&AccountId::parse("before").unwrap()).await.unwrap().is_some());
    assert!(store.account(&AccountId::parse("during").unwrap()).await.unwrap().is_none());
}

/// An event of 256 KiB: a few hundred of them make the write-ahead log long.
fn large_event(number: usize) -> NewEvent {
    NewEvent {
        id: EventId::parse(&format!("large-{number}")).unwrap(),
        chosen: true,
        account: AccountId::parse("acme").unwrap(),
        event_type: EventType::parse("deposit.created").unwrap(),
        body: vec![b'x'; 256 << 10].into(),
        created_at: Timestamp::EPOCH,
        idempotency_key: None,
        only: None,
    }
}

#[tokio::test]
async fn another_programs_long_read_neither_holds_writes_up_nor_is_disturbed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waxwing.db");
    let store = open(&path).unwrap();
    let node = store.register("local", Timestamp::EPOCH, Duration::from_mins(1)).await.unwrap();
    store.create_account(account("acme"), &Actor::server(Timestamp::EPOCH)).await.unwrap();
    let reader = rusqlite::Connection::open(&path).unwrap();
    let events = || reader.query_row("SELECT count(*) FROM event", [], |row| row.get::<_, i64>(0)).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(events(), 0);
    let mut slowest = Duration::ZERO;
    for number in 0..600 {
        let began = Instant::now();
        store.publish(node, vec![large_event(number)]).await.unwrap();
        slowest = slowest.max(began.elapsed());
    }
    // An erasure wants the log emptied, which cannot be as long as somebody reads in it.
    let (id, event) = (ErasureId::generate(Timestamp::EPOCH, [7; 10]), EventId::parse("large-7").unwrap());
    store.erase_event(id.clone(), &event, &Actor::server(Timestamp::EPOCH)).await.unwrap();
    let began = Instant::now();
    assert!(!store.erase_step(Timestamp::EPOCH, 200).await.unwrap());
    slowest = slowest.max(began.elapsed());
    assert_eq!(events(), 0, "its snapshot is as it was");
    assert!(slowest < Duration::from_secs(3), "a write waited for {slowest:?}");
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(events(), 600);
    let log_len = || fs::metadata(folder.path().join("waxwing.db-wal")).map_or(0, |log| log.len());
    assert!(log_len() > 150 << 20, "it grew meanwhile");
    let shrinks = async {
        for number in 600.. {
            let event = NewEvent { body: vec![b'x'; 100].into(), ..large_event(number) };
            store.publish(node, vec![event]).await.unwrap();
            if log_len() <= 128 << 20 {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), shrinks).await.expect("it gives its room back");
    while store.erase_step(Timestamp::EPOCH, 200).await.unwrap() {}
    assert!(store.erasure(&id).await.unwrap().unwrap().completed_at.is_some());
    store.close().await;
    assert_eq!(log_len(), 0, "it was emptied once nobody was in the way");
}
