//! What holds for copies of a file: they are of one moment, and what is none is told apart.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tempfile::TempDir;
use waxwing_core::{AccountId, EventId, EventType, Timestamp};
use waxwing_sqlite::{
    OpenError, SqliteStore,
    backup::{BackupError, CheckError, Contents, Progress, back_up, check},
};
use waxwing_store::{Actor, NewAccount, NewEvent, Node, Store};

/// A store with an account, on a file of its own.
struct World {
    folder: TempDir,
    store: SqliteStore,
    node: Node,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("waxwing.db"), Arc::default()).unwrap();
        let node = store.register("local", Timestamp::EPOCH, Duration::from_mins(1)).await.unwrap();
        let id = AccountId::parse("acme").unwrap();
        let account = NewAccount { id, name: None, created_at: Timestamp::EPOCH };
        store.create_account(account, &Actor::server(Timestamp::EPOCH)).await.unwrap();
        Self { folder, store, node }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Publishes events of 64 KiB with these numbers.
    async fn publish(&self, numbers: std::ops::Range<usize>) {
        let events = numbers.map(|number| NewEvent {
            id: EventId::parse(&format!("e{number}")).unwrap(),
            chosen: true,
            account: AccountId::parse("acme").unwrap(),
            event_type: EventType::parse("deposit.created").unwrap(),
            body: vec![b'x'; 64 << 10].into(),
            created_at: Timestamp::from_millis(7),
            idempotency_key: Some(format!("key {number}")),
            only: None,
        });
        self.store.publish(self.node, events.collect()).await.unwrap();
    }

    /// An empty file for a copy.
    fn empty(&self, name: &str) -> PathBuf {
        fs::write(self.path(name), "").unwrap();
        self.path(name)
    }

    /// A checked copy.
    fn copy(&self, name: &str) -> Contents {
        back_up(&self.path("waxwing.db"), &self.empty(name), |_| ControlFlow::Continue(())).unwrap();
        check(&self.path(name)).unwrap()
    }
}

fn spoil(path: &Path, spoil: impl FnOnce(&rusqlite::Connection)) {
    let connection = rusqlite::Connection::open(path).unwrap();
    spoil(&connection);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_of_the_moment_at_which_it_began_however_much_is_written_meanwhile() {
    let world = Arc::new(World::new().await);
    world.publish(0..400).await;
    let runtime = tokio::runtime::Handle::current();
    let writing = Arc::clone(&world);
    let (steps, logs) = tokio::task::spawn_blocking(move || {
        let (mut steps, mut logs) = (0, Vec::new());
        let (from, into) = (writing.path("waxwing.db"), writing.empty("copy.db"));
        back_up(&from, &into, |Progress { copied, total, log }| {
            assert!(copied <= total && total >= 400 * (64 << 10));
            logs.push(log);
            // Many commits between any two steps.
            for at in 0..10 {
                runtime.block_on(writing.publish(400 + steps * 10 + at..401 + steps * 10 + at));
            }
            steps += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
        (steps, logs)
    })
    .await
    .unwrap();
    assert!(steps > 3, "{steps}");
    assert!(logs.is_sorted() && logs.last() > logs.first(), "{logs:?}");
    let copied = check(&world.path("copy.db")).unwrap();
    assert_eq!((copied.accounts, copied.events, copied.webhooks), (1, 400, 0));
    assert_eq!(copied.newest_event_at, Some(Timestamp::from_millis(7)));
    assert_eq!(world.copy("later.db").events, 400 + u64::try_from(steps).unwrap() * 10);
    // It is a database of its own: a store opens it, and the next events get fresh rows.
    let store = SqliteStore::open(&world.path("copy.db"), Arc::default()).unwrap();
    assert!(store.event(&EventId::parse("e399").unwrap()).await.unwrap().is_some());
    assert!(store.event(&EventId::parse("e400").unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_copy_is_one_file_and_the_database_is_left_as_it_was() {
    let world = World::new().await;
    world.publish(0..10).await;
    let contents = world.copy("copy.db");
    assert_eq!(contents, world.copy("again.db"));
    assert!(fs::read(world.path("copy.db")).unwrap() == fs::read(world.path("again.db")).unwrap());
    let mut names: Vec<_> =
        fs::read_dir(world.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let expected =
        ["again.db", "copy.db", "waxwing.db", "waxwing.db-shm", "waxwing.db-wal", "waxwing.db.lock"];
    assert_eq!(names, expected);
    // Without a server, too.
    world.store.close().await;
    assert_eq!(world.copy("third.db").events, 10);
    // So is a copy that was made otherwise, and asks for a write-ahead log.
    fs::copy(world.path("waxwing.db"), world.path("other.db")).unwrap();
    assert_eq!(fs::read(world.path("other.db")).unwrap()[18..20], [2, 2]);
    assert_eq!(check(&world.path("other.db")).unwrap(), contents);
    assert_eq!(fs::read(world.path("other.db")).unwrap()[18..20], [1, 1]);
    assert!(!world.path("other.db-wal").exists() && !world.path("other.db-shm").exists());
}

#[tokio::test]
async fn a_copy_whose_file_is_gone_is_not_begun_anew() {
    let world = World::new().await;
    let gone = world.path("gone.db");
    back_up(&world.path("waxwing.db"), &gone, |_| ControlFlow::Continue(())).unwrap_err();
    check(&gone).unwrap_err();
    assert!(!gone.exists());
}

#[tokio::test]
async fn whoever_watches_a_copy_may_end_it() {
    let world = World::new().await;
    world.publish(0..400).await;
    let mut looks = 0;
    let ended = back_up(&world.path("waxwing.db"), &world.empty("copy.db"), |_| {
        looks += 1;
        ControlFlow::Break("enough".to_owned())
    });
    assert!(matches!(&ended, Err(BackupError::GivenUp(reason)) if reason == "enough"), "{ended:?}");
    assert_eq!(looks, 1);
    // What there is of it is not taken for a copy.
    let refused = check(&world.path("copy.db")).unwrap_err();
    assert!(matches!(refused, CheckError::Foreign | CheckError::CutOff { .. }), "{refused}");
}

#[tokio::test]
async fn what_is_no_whole_copy_is_told_apart() {
    let world = World::new().await;
    world.publish(0..50).await;
    let whole = world.copy("copy.db");
    let refused = |name: &str, change: &dyn Fn(&Path)| {
        fs::copy(world.path("copy.db"), world.path(name)).unwrap();
        change(&world.path(name));
        check(&world.path(name)).unwrap_err()
    };
    let length = fs::metadata(world.path("copy.db")).unwrap().len();
    for cut in [length - 1, length / 2, 8_192, 100] {
        let error = refused("cut.db", &|path| {
            fs::File::options().write(true).open(path).unwrap().set_len(cut).unwrap();
        });
        assert!(
            matches!(error, CheckError::CutOff { found, whole } if (found, whole) == (cut, length)),
            "{error}"
        );
    }
    let damaged = refused("damaged.db", &|path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        for page in bytes[8_192..middle].chunks_mut(8_192) {
            page[..16].fill(0xff);
        }
        fs::write(path, bytes).unwrap();
    });
    assert!(matches!(damaged, CheckError::Damaged(_)), "{damaged}");
    let newer = refused("newer.db", &|path| {
        spoil(path, |connection| connection.pragma_update(None, "user_version", 99).unwrap());
    });
    assert!(matches!(newer, CheckError::Newer { found: 99, .. }), "{newer}");
    for text in ["", "a letter", &"a long letter, and no database. ".repeat(1_000)] {
        let foreign = refused("foreign.db", &|path| fs::write(path, text).unwrap());
        assert!(matches!(foreign, CheckError::Foreign), "{foreign}");
    }
    let other = refused("other.db", &|path| {
        fs::remove_file(path).unwrap();
        spoil(path, |connection| {
            connection.execute_batch("CREATE TABLE event (seq); PRAGMA user_version = 3").unwrap();
        });
    });
    assert!(matches!(other, CheckError::Foreign), "{other}");
    assert_eq!(check(&world.path("copy.db")).unwrap(), whole, "a check changes nothing");
}

#[tokio::test]
async fn a_database_of_an_earlier_version_can_be_copied_and_one_that_is_not_there_not() {
    let world = World::new().await;
    world.store.close().await;
    spoil(&world.path("waxwing.db"), |connection| {
        connection.execute_batch("DROP TABLE data_key; PRAGMA user_version = 2").unwrap();
    });
    let contents = world.copy("copy.db");
    assert_eq!((contents.version, contents.data_keys), (2, Vec::new()));
    let missing = back_up(&world.path("missing.db"), &world.path("none.db"), |_| ControlFlow::Continue(()))
        .unwrap_err();
    assert!(matches!(missing, BackupError::Open(OpenError::Missing(_))), "{missing}");
    assert!(!world.path("missing.db").exists());
}
