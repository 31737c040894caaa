//! What holds for a file that is read out: pages, refusals, and that it stays as it is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::{fs, path::Path, sync::Arc, time::Duration};

use waxwing_core::{AccountId, EventId, EventType, Timestamp};
use waxwing_sqlite::{OpenError, SqliteSource, SqliteStore, migrate};
use waxwing_store::{
    Actor, NewAccount, NewEvent, Store,
    transfer::{Cursor, PAGE_ROWS, Page, Source, Table, Value},
};

const LEASE: Duration = Duration::from_mins(1);

fn event(number: usize, bytes: usize) -> NewEvent {
    NewEvent {
        id: EventId::parse(&format!("e{number}")).unwrap(),
        chosen: true,
        account: AccountId::parse("acme").unwrap(),
        event_type: EventType::parse("deposit.created").unwrap(),
        body: vec![b'x'; bytes].into(),
        created_at: Timestamp::from_millis(7),
        idempotency_key: Some(format!("key {number}\n")),
        only: None,
    }
}

/// A database with events of a size, which nobody uses.
async fn filled(path: &Path, events: usize, bytes: usize) {
    let store = SqliteStore::open(path, Arc::default()).unwrap();
    let node = store.register("local", Timestamp::EPOCH, LEASE).await.unwrap();
    let id = AccountId::parse("acme").unwrap();
    let name = Some("a\0b".to_owned());
    store
        .create_account(
            NewAccount { id, name, created_at: Timestamp::EPOCH },
            &Actor::server(Timestamp::EPOCH),
        )
        .await
        .unwrap();
    let numbers: Vec<usize> = (0..events).collect();
    for numbers in numbers.chunks(500) {
        store.publish(node, numbers.iter().map(|number| event(*number, bytes)).collect()).await.unwrap();
    }
    store.close().await;
}

fn pages(source: &mut SqliteSource, table: Table) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = source.read(table, cursor.as_ref()).unwrap();
        cursor.clone_from(&page.last);
        let more = page.more;
        pages.push(page);
        if !more {
            return pages;
        }
    }
}

#[tokio::test]
async fn every_row_comes_once_in_pages_of_bounded_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waxwing.db");
    filled(&path, PAGE_ROWS * 2 + 1, 3).await;
    let mut source = SqliteSource::open(&path).unwrap();
    for table in [Table::Event, Table::Idempotency] {
        let pages = pages(&mut source, table);
        assert_eq!(pages.iter().map(|page| page.rows.len()).collect::<Vec<_>>(), [PAGE_ROWS, PAGE_ROWS, 1]);
        let mut keys: Vec<String> =
            pages.iter().flat_map(|page| &page.rows).map(|row| format!("{:?}", row[0])).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), PAGE_ROWS * 2 + 1);
        assert_eq!(source.count(table).unwrap(), keys.len() as u64);
    }
    // The page after the last row of all, as a move that goes on asks for it.
    let last = pages(&mut source, Table::Event).pop().unwrap().last;
    let after = source.read(Table::Event, last.as_ref()).unwrap();
    assert!(after.rows.is_empty() && after.last.is_none() && !after.more);
}

#[tokio::test]
async fn a_page_of_large_events_is_bounded_by_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waxwing.db");
    filled(&path, 10, 3 << 20).await;
    let pages = pages(&mut SqliteSource::open(&path).unwrap(), Table::Event);
    assert_eq!(pages.iter().map(|page| page.rows.len()).collect::<Vec<_>>(), [3, 3, 3, 1]);
}

#[tokio::test]
async fn the_file_stays_as_it_is_and_is_told_from_itself_after_a_server_used_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waxwing.db");
    filled(&path, 3, 3).await;
    let content = fs::read(&path).unwrap();
    let mut source = SqliteSource::open(&path).unwrap();
    let accounts = pages(&mut source, Table::Account);
    assert_eq!(accounts[0].rows[0][2], Value::Text("a\u{fffd}b".into()), "as every store can keep it");
    let identity = source.identity().unwrap();
    assert!(matches!(SqliteSource::open(&path), Err(OpenError::InUse(_))));
    assert!(matches!(SqliteStore::open(&path, Arc::default()), Err(OpenError::InUse(_))));
    drop(source);
    assert_eq!(SqliteSource::open(&path).unwrap().identity().unwrap(), identity);
    assert!(fs::read(&path).unwrap() == content, "it was changed");
    let store = SqliteStore::open(&path, Arc::default()).unwrap();
    store.register("local", Timestamp::EPOCH, LEASE).await.unwrap();
    store.close().await;
    drop(store);
    assert_ne!(SqliteSource::open(&path).unwrap().identity().unwrap(), identity);
}

#[test]
fn a_file_that_is_missing_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waxwing.db");
    assert!(matches!(SqliteSource::open(&path), Err(OpenError::Missing(_))));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(migrate(&path).unwrap().applied, migrate(&path).unwrap().version);
    assert_eq!(migrate(&path).unwrap().applied, 0);
    assert!(SqliteSource::open(&path).is_ok());
}
