//! When events were published and when they arrived.
//!
//! Events of the bench are named `b<run>-<number>`; the number finds the moment at
//! which its publish was sent, in a table of fixed size. Several runs may be under way: a
//! pile of earlier events is delivered while others are measured.

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{
        Arc, PoisonError, RwLock, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};
use waxwing_peers::{Received, Reply};

use super::{adapter::Arrives, histogram::Histogram, words::Answer};

/// One run: a number of events and what became of them.
#[derive(Debug)]
pub(super) struct Run {
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
    pub(super) latency: Histogram,
}

/// What the receiver sees of all runs.
#[derive(Debug)]
pub(super) struct Arrivals {
    arrives: Arrives,
    /// By number, those of the paths `/0`, `/1`, …
    answers: Vec<Answer>,
    runs: RwLock<HashMap<u64, Weak<Run>>>,
    next: AtomicU64,
}

impl Run {
    /// Writes the name of an event.
    pub(super) fn write_id(&self, event: usize, into: &mut String) {
        let _ = write!(into, "b{}-{event}", self.number); // a String takes everything
    }

    /// Writes a UUID of an event, for servers that ask for one.
    pub(super) fn write_uuid(&self, event: usize, into: &mut String) {
        let (high, low) = (self.number >> 16 & 0xffff_ffff, self.number & 0xffff);
        let _ = write!(into, "{high:08x}-{low:04x}-4000-8000-{event:012x}");
    }

    /// How many events it has.
    pub(super) fn len(&self) -> usize {
        self.sent.len()
    }

    /// Notes that the publish of an event is being sent at `at`.
    pub(super) fn sending(&self, event: usize, at: Instant) {
        self.sent[event].store(micros(at.saturating_duration_since(self.began)), Relaxed);
    }

    /// Deliveries that arrived.
    pub(super) fn arrived(&self) -> u64 {
        self.arrived.load(Relaxed)
    }

    /// From the beginning to the last arrival.
    pub(super) fn until_last(&self) -> Duration {
        Duration::from_micros(self.last.load(Relaxed))
    }

    /// The moment of the last arrival.
    pub(super) fn last_arrival(&self) -> Instant {
        self.began + self.until_last()
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
    pub(super) async fn all_arrived(&self, deliveries: u64, limit: Duration) -> bool {
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
    /// For receivers that answer so. Runs are numbered from `first` on: names must not
    /// repeat in a database that outlives the bench.
    pub(super) fn new(first: u64, arrives: Arrives, answers: Vec<Answer>) -> Self {
        Self { arrives, answers, runs: RwLock::default(), next: AtomicU64::new(first) }
    }

    /// Begins a run of `events` events. Arrivals count as long as it is kept.
    pub(super) fn begin(&self, events: usize) -> Arc<Run> {
        let run = Arc::new(Run {
            number: self.next.fetch_add(1, Relaxed),
            began: Instant::now(),
            sent: (0..events).map(|_| AtomicU64::new(u64::MAX)).collect(),
            expected: AtomicU64::new(u64::MAX),
            arrived: AtomicU64::new(0),
            last: AtomicU64::new(0),
            done: Notify::new(),
            latency: Histogram::default(),
        });
        let mut runs = self.runs.write().unwrap_or_else(PoisonError::into_inner);
        runs.retain(|_, run| run.strong_count() > 0);
        runs.insert(run.number, Arc::downgrade(&run));
        run
    }

    /// The receiver's part: counts what succeeds at once, and answers.
    pub(super) fn receive(&self, received: &Received) -> Reply {
        let number = received.path.strip_prefix('/').and_then(|path| path.parse::<usize>().ok());
        let answer = number.and_then(|number| self.answers.get(number)).copied();
        if answer.is_some_and(Answer::is_good) {
            self.count(received);
        }
        match answer {
            Some(Answer::Status(status, Duration::ZERO)) => Reply::status(status),
            Some(Answer::Status(status, delay)) => Reply::Delay(delay, Box::new(Reply::status(status))),
            Some(Answer::Nothing) => Reply::Hang,
            Some(Answer::Refused) | None => Reply::status(404),
        }
    }

    fn count(&self, received: &Received) {
        let event = self.arrives.event(received);
        let Some((number, event)) = event.as_deref().and_then(parse_id) else { return };
        let runs = self.runs.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = runs.get(&number).and_then(Weak::upgrade) {
            run.arrive(event, received.received_at);
        }
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

    fn received(path: &str, event: &str) -> Received {
        Received {
            method: http::Method::POST,
            path: path.to_owned(),
            host: String::new(),
            headers: http::HeaderMap::new(),
            body: format!(r#"{{"data":{{"id":"{event}"}}}}"#).into(),
            version: http::Version::HTTP_2,
            connection: 1,
            server_name: None,
            client_certificate: None,
            received_at: Instant::now(),
        }
    }

    #[tokio::test]
    async fn a_run_counts_its_own_events_where_they_succeed_at_once() {
        let good = Answer::Status(200, Duration::ZERO);
        let arrivals = Arrivals::new(7, Arrives::Body("/data/id".into()), vec![good, Answer::Nothing]);
        let (old, run) = (arrivals.begin(1), arrivals.begin(2));
        run.sending(1, Instant::now());
        for (path, event) in [("/0", "b8-1"), ("/0", "b8-9"), ("/1", "b8-1"), ("/0", "b9-1"), ("/2", "x")] {
            arrivals.receive(&received(path, event));
        }
        assert!(run.all_arrived(1, Duration::from_secs(1)).await);
        assert_eq!((run.arrived(), old.arrived(), run.latency.count()), (1, 0, 1));
        arrivals.receive(&received("/0", "b7-0"));
        assert_eq!((run.arrived(), old.arrived()), (1, 1));
    }

    #[test]
    fn names_and_uuids_are_of_their_run_and_event() {
        let run = Arrivals::new(0x0123_4567_89ab, Arrives::Header("x".into()), Vec::new()).begin(300);
        let (mut id, mut uuid) = (String::new(), String::new());
        run.write_id(255, &mut id);
        run.write_uuid(255, &mut uuid);
        assert_eq!(parse_id(&id), Some((0x0123_4567_89ab, 255)));
        assert_eq!(uuid, "01234567-89ab-4000-8000-0000000000ff");
    }
}
