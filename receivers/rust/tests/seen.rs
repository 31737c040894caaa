//! Remembering ids: in one step, within bounds, and taken back when the work fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};
use waxwing_receiver::{MemorySeen, Once, OnceError, Seen, once};

/// How long a test waits for what happens at once, or never.
const PATIENCE: Duration = Duration::from_secs(10);

async fn seen(seen: &impl Seen, id: &str) -> bool {
    seen.seen(id).await.unwrap()
}

#[tokio::test]
async fn an_id_is_new_once() {
    let memory = MemorySeen::new();
    assert!(!seen(&memory, "a").await);
    assert!(seen(&memory, "a").await);
    assert!(!seen(&memory, "b").await);
    assert!(seen(&memory.clone(), "b").await, "clones share what they remember");
}

#[tokio::test]
async fn a_forgotten_id_is_new_again() {
    let memory = MemorySeen::new();
    assert!(!seen(&memory, "a").await);
    memory.forget("a").await.unwrap();
    memory.forget("never seen").await.unwrap();
    assert!(!seen(&memory, "a").await);
    assert!(seen(&memory, "a").await);
}

#[tokio::test]
async fn the_oldest_ids_go_when_there_are_too_many() {
    let memory = MemorySeen::new().capacity(2);
    for id in ["a", "b", "c"] {
        assert!(!seen(&memory, id).await);
    }
    assert!(seen(&memory, "b").await && seen(&memory, "c").await);
    assert_eq!(format!("{memory:?}"), "MemorySeen(2 ids)");
    assert!(!seen(&memory, "a").await, "it went");
}

#[tokio::test]
async fn what_comes_and_goes_takes_no_room() {
    let memory = MemorySeen::new().capacity(2);
    assert!(!seen(&memory, "kept").await);
    for _ in 0..100 {
        assert!(!seen(&memory, "failing").await);
        memory.forget("failing").await.unwrap();
    }
    assert!(seen(&memory, "kept").await);
    assert_eq!(format!("{memory:?}"), "MemorySeen(1 ids)");
}

#[tokio::test]
async fn an_id_expires() {
    let seconds = Arc::new(AtomicU64::new(7));
    let clock = Arc::clone(&seconds);
    let ttl = Duration::from_secs(10);
    let memory = MemorySeen::new().ttl(ttl).clock(move || Duration::from_secs(clock.load(Relaxed)));
    assert!(!seen(&memory, "a").await);
    seconds.store(16, Relaxed);
    assert!(seen(&memory, "a").await, "seeing it again does not keep it for longer");
    seconds.store(17, Relaxed);
    assert!(!seen(&memory, "a").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_is_the_first() {
    let memory = MemorySeen::new();
    for id in 0..20 {
        let asked = (0..16).map(|_| {
            let memory = memory.clone();
            tokio::spawn(async move { seen(&memory, &id.to_string()).await })
        });
        let mut first = 0;
        for answer in asked.collect::<Vec<_>>() {
            first += usize::from(!answer.await.unwrap());
        }
        assert_eq!(first, 1);
    }
}

#[tokio::test]
async fn work_that_fails_is_done_again() {
    let memory = MemorySeen::new();
    let failed = once(&memory, "a", async { Err::<(), _>("no room") }).await;
    assert!(matches!(failed, Err(OnceError::Work("no room"))));
    let done = once(&memory, "a", async { Ok::<_, &str>(1) }).await;
    assert_eq!(done.unwrap(), Once::Done(1));
    let again = once(&memory, "a", async { Ok::<_, &str>(2) }).await;
    assert_eq!(again.unwrap(), Once::Duplicate);
}

/// Tells what it is asked to forget, which is how a test waits for it.
#[derive(Clone)]
struct Watched {
    memory: MemorySeen,
    forgotten: mpsc::UnboundedSender<String>,
}

impl Watched {
    fn new() -> (Self, mpsc::UnboundedReceiver<String>) {
        let (forgotten, watch) = mpsc::unbounded_channel();
        (Self { memory: MemorySeen::new(), forgotten }, watch)
    }
}

/// What was forgotten next.
async fn next(forgotten: &mut mpsc::UnboundedReceiver<String>) -> String {
    let forgotten = tokio::time::timeout(PATIENCE, forgotten.recv()).await;
    forgotten.expect("nothing is forgotten").unwrap()
}

impl Seen for Watched {
    type Error = Infallible;

    async fn seen(&self, id: &str) -> Result<bool, Infallible> {
        self.memory.seen(id).await
    }

    async fn forget(&self, id: &str) -> Result<(), Infallible> {
        self.memory.forget(id).await?;
        self.forgotten.send(id.to_owned()).unwrap();
        Ok(())
    }
}

#[tokio::test]
async fn work_that_is_dropped_half_way_is_forgotten() {
    let (watched, mut forgotten) = Watched::new();
    let (begun, begins) = oneshot::channel();
    let store = watched.clone();
    let task = tokio::spawn(async move {
        let work = async {
            begun.send(()).unwrap();
            pending::<Result<(), ()>>().await
        };
        once(&store, "a", work).await.map_err(drop)
    });
    begins.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(next(&mut forgotten).await, "a");
    assert!(!seen(&watched, "a").await);
}

#[tokio::test]
async fn work_that_panics_is_forgotten() {
    let (watched, mut forgotten) = Watched::new();
    let store = watched.clone();
    let work = async { panic!("a bug of the receiver") };
    let task = tokio::spawn(async move { once::<_, (), ()>(&store, "a", work).await.map_err(drop) });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(next(&mut forgotten).await, "a");
    assert!(!seen(&watched, "a").await);
}

#[tokio::test]
async fn what_is_dropped_while_it_asks_is_forgotten_if_it_was_the_first() {
    let (watched, mut forgotten) = Watched::new();
    let mut asking = Box::pin(once(&watched, "a", pending::<Result<(), ()>>()));
    // Polled once, the question is on its way and the answer is not there.
    assert!(tokio::time::timeout(Duration::ZERO, &mut asking).await.is_err());
    drop(asking);
    assert_eq!(next(&mut forgotten).await, "a");
}

#[derive(Debug, thiserror::Error)]
#[error("the store is away")]
struct Away;

/// A store that fails from its n-th use on.
#[derive(Clone)]
struct Failing {
    good: u64,
    used: Arc<AtomicU64>,
}

impl Failing {
    fn after(good: u64) -> Self {
        Self { good, used: Arc::default() }
    }

    fn used(&self) -> Result<(), Away> {
        if self.used.fetch_add(1, Relaxed) < self.good { Ok(()) } else { Err(Away) }
    }
}

impl Seen for Failing {
    type Error = Away;

    async fn seen(&self, _id: &str) -> Result<bool, Away> {
        self.used().map(|()| false)
    }

    async fn forget(&self, _id: &str) -> Result<(), Away> {
        self.used()
    }
}

#[tokio::test]
async fn nothing_is_done_while_the_store_is_away() {
    let mut worked = false;
    let work = async {
        worked = true;
        Ok::<_, ()>(())
    };
    let result = once(&Failing::after(0), "a", work).await;
    assert!(matches!(result, Err(OnceError::Seen(Away))));
    assert!(!worked);
}

#[tokio::test]
async fn an_id_that_could_not_be_forgotten_is_told_of() {
    let result = once(&Failing::after(1), "a", async { Err::<(), _>("no room") }).await;
    let error = result.unwrap_err();
    assert_eq!(error.to_string(), "the work failed, and its id could not be forgotten: the store is away");
    assert!(matches!(error, OnceError::NotForgotten { work: "no room", seen: Away }));
}
