//! When events were published and when they arrived.
//!
//! Event ids of the bench are `b<run>-<number>`; the number finds the moment at
//! which its publish was sent, in a table of fixed size.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};
use waxwing_peers::{Received, Reply};

use super::histogram::Histogram;

/// One run: a number of events and what became of them.
#[derive(Debug)]
pub(crate) struct Run {
    number: u64,
    began: Instant,
    /// Microseconds after `began`, by event; `u64::MAX` before it is sent.
    sent: Vec<AtomicU64>,
    /// Arrivals that end the run.
    expected: AtomicU64,
    arrived: AtomicU64,
    last: AtomicU64,
    done: Notify,
    /// From the sending of the publish to the arrival at the receiver.
    pub(crate) latency: Histogram,
}

/// What the receiver sees of all runs.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    run: std::sync::RwLock<Option<Arc<Run>>>,
    runs: AtomicU64,
}

impl Run {
    /// The id of an event.
    pub(crate) fn id(&self, event: usize) -> String {
        format!("b{}-{event}", self.number)
    }

    /// How many events it has.
    pub(crate) fn len(&self) -> usize {
        self.sent.len()
    }

    /// Notes that the publish of an event is being sent at `at`.
    pub(crate) fn sending(&self, event: usize, at: Instant) {
        self.sent[event].store(micros(at.saturating_duration_since(self.began)), Relaxed);
    }

    /// Deliveries that arrived.
    pub(crate) fn arrived(&self) -> u64 {
        self.arrived.load(Relaxed)
    }

    /// From the beginning to the last arrival.
    pub(crate) fn until_last(&self) -> Duration {
        Duration::from_micros(self.last.load(Relaxed))
    }

    fn arrive(&self, event: usize, at: Instant) {
        let at = micros(at.saturating_duration_since(self.began));
        let Some(sent) = self.sent.get(event).map(|sent| sent.load(Relaxed)) else {
            return;
        };
        if sent != u64::MAX {
            self.latency.add(Duration::from_micros(at.saturating_sub(sent)));
        }
        self.last.fetch_max(at, Relaxed);
        if self.arrived.fetch_add(1, Relaxed) + 1 >= self.expected.load(Relaxed) {
            self.done.notify_one();
        }
    }

    /// Waits until `deliveries` have arrived; `false` when `limit` passes first.
    pub(crate) async fn all_arrived(&self, deliveries: u64, limit: Duration) -> bool {
        self.expected.store(deliveries, Relaxed);
        let all = async {
            while self.arrived() < deliveries {
                self.done.notified().await;
            }
        };
        timeout(limit, all).await.is_ok()
    }
}

impl Arrivals {
    /// Numbers runs from `first` on: ids must not repeat in a database that outlives the
    /// bench.
    pub(crate) fn numbered_from(first: u64) -> Self {
        Self { runs: AtomicU64::new(first), ..Self::default() }
    }

    /// Begins a run of `events` events. Arrivals of earlier runs no longer count.
    pub(crate) fn begin(&self, events: usize) -> Arc<Run> {
        let run = Arc::new(Run {
            number: self.runs.fetch_add(1, Relaxed),
            began: Instant::now(),
            sent: (0..events).map(|_| AtomicU64::new(u64::MAX)).collect(),
            expected: AtomicU64::new(u64::MAX),
            arrived: AtomicU64::new(0),
            last: AtomicU64::new(0),
            done: Notify::new(),
            latency: Histogram::default(),
        });
        *self.run.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Arc::clone(&run));
        run
    }

    /// The receiver's part: counts, and answers 200, or never under `/hang`.
    pub(crate) fn receive(&self, received: &Received) -> Reply {
        if received.path == "/hang" {
            return Reply::Hang;
        }
        let run = self.run.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let id = received.headers.get("webhook-id").and_then(|id| id.to_str().ok());
        if let (Some(run), Some((number, event))) = (&*run, id.and_then(parse_id))
            && number == run.number
        {
            run.arrive(event, received.received_at);
        }
        Reply::status(200)
    }
}

fn parse_id(id: &str) -> Option<(u64, usize)> {
    let (run, event) = id.strip_prefix('b')?.split_once('-')?;
    Some((run.parse().ok()?, event.parse().ok()?))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_run_counts_its_own_events_only() {
        let arrivals = Arrivals::default();
        let old = arrivals.begin(1);
        let run = arrivals.begin(2);
        assert_eq!(parse_id(&old.id(0)), Some((0, 0)));
        run.sending(1, Instant::now());
        run.arrive(1, Instant::now());
        run.arrive(7, Instant::now());
        assert!(run.all_arrived(1, Duration::from_secs(1)).await);
        assert_eq!((run.arrived(), old.arrived(), run.latency.count()), (1, 0, 1));
    }
}
