//! Which events were there already: the same one comes again when an answer was lost.

use std::{
    collections::{HashSet, VecDeque},
    convert::Infallible,
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::clock;

/// How many ids [`MemorySeen`] keeps; the oldest go first.
pub const DEFAULT_CAPACITY: usize = 100_000;
/// How long [`MemorySeen`] keeps an id: retries end after some 33 hours.
pub const DEFAULT_TTL: Duration = Duration::from_secs(48 * 60 * 60);

/// Remembers the ids of events.
///
/// [`MemorySeen`] does for one process. Several share a database: `SET key NX EX` of Redis, or
/// a unique key of SQL, in the transaction that does the work.
pub trait Seen: Send + Sync {
    /// Why it could not be asked.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Whether this id was there before. It is remembered in the same step, so that of two
    /// requests at once exactly one is told that it is the first.
    fn seen(&self, id: &str) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Takes an id back because its handling failed, so that the retry is no duplicate.
    fn forget(&self, id: &str) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Remembers nothing: every event is the first of its id.
impl Seen for () {
    type Error = Infallible;

    async fn seen(&self, _id: &str) -> Result<bool, Infallible> {
        Ok(false)
    }

    async fn forget(&self, _id: &str) -> Result<(), Infallible> {
        Ok(())
    }
}

impl<S: Seen + ?Sized> Seen for Arc<S> {
    type Error = S::Error;

    fn seen(&self, id: &str) -> impl Future<Output = Result<bool, Self::Error>> + Send {
        (**self).seen(id)
    }

    fn forget(&self, id: &str) -> impl Future<Output = Result<(), Self::Error>> + Send {
        (**self).forget(id)
    }
}

/// Remembers ids in memory, bounded in number and time. Clones share what they remember.
#[derive(Clone)]
pub struct MemorySeen {
    capacity: usize,
    ttl: Duration,
    clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    ids: Arc<Mutex<Ids>>,
}

#[derive(Default)]
struct Ids {
    known: HashSet<Arc<str>>,
    /// The same ids by when they came, the oldest first.
    order: VecDeque<(Duration, Arc<str>)>,
}

impl MemorySeen {
    /// Remembers [`DEFAULT_CAPACITY`] ids, for [`DEFAULT_TTL`].
    pub fn new() -> Self {
        Self {
            capacity: DEFAULT_CAPACITY,
            ttl: DEFAULT_TTL,
            clock: Arc::new(clock::steady()),
            ids: Arc::default(),
        }
    }

    /// Sets how many ids are kept.
    #[must_use]
    pub fn capacity(mut self, ids: usize) -> Self {
        self.capacity = ids;
        self
    }

    /// Sets how long an id is kept.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Takes the time from here, counted from anywhere: for tests.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// A panic cannot leave them half changed: nothing in between can fail.
    fn locked(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ids {
    fn drop_while(&mut self, is_over: impl Fn(&Self, Duration) -> bool) {
        while let Some((since, id)) = self.order.front() {
            if !is_over(self, *since) {
                break;
            }
            self.known.remove(id);
            self.order.pop_front();
        }
    }
}

impl Seen for MemorySeen {
    type Error = Infallible;

    async fn seen(&self, id: &str) -> Result<bool, Infallible> {
        let mut ids = self.locked();
        let now = (self.clock)();
        ids.drop_while(|_, since| now.saturating_sub(since) >= self.ttl);
        let id: Arc<str> = id.into();
        if !ids.known.insert(Arc::clone(&id)) {
            return Ok(true);
        }
        ids.order.push_back((now, id));
        ids.drop_while(|ids, _| ids.order.len() > self.capacity);
        Ok(false)
    }

    async fn forget(&self, id: &str) -> Result<(), Infallible> {
        let mut ids = self.locked();
        if ids.known.remove(id) {
            // From the back: what failed came a moment ago.
            let place = ids.order.iter().rposition(|(_, other)| **other == *id);
            place.map(|place| ids.order.remove(place));
        }
        Ok(())
    }
}

impl Default for MemorySeen {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemorySeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemorySeen({} ids)", self.locked().order.len())
    }
}
