//! What was published and what arrived, event by event, and how long it took.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::cast::Kind;

/// An event: its number is its place, `soak-NUMBER` its id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    due: Instant,
    pub(crate) acknowledged: bool,
    /// Requests that arrived for it, and those that were answered with 200.
    pub(crate) requests: u32,
    pub(crate) good: u32,
    /// How often the API was told to send it again.
    pub(crate) resent: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Mutex<Vec<Entry>>,
    /// Latencies since the last sample.
    pub(crate) publishing: Latencies,
    pub(crate) delivering: Latencies,
    pub(crate) reading: Latencies,
    /// Publishes that were refused for the moment, and made again.
    pub(crate) refused: AtomicUsize,
    /// Events that arrived more often than they were sent by anybody's will.
    pub(crate) again: Mutex<Vec<usize>>,
    /// Those of them whose log tells of an attempt whose answer was lost.
    pub(crate) explained: AtomicUsize,
}

impl Ledger {
    /// The next event, which is to be published at `due`.
    pub(crate) fn begin(&self, due: Instant) -> usize {
        let mut entries = self.entries.lock().unwrap();
        let number = entries.len();
        let kind = Kind::of(number);
        entries.push(Entry { kind, due, acknowledged: false, requests: 0, good: 0, resent: 0 });
        number
    }

    pub(crate) fn acknowledge(&self, number: usize) {
        let mut entries = self.entries.lock().unwrap();
        let entry = &mut entries[number];
        entry.acknowledged = true;
        self.publishing.add(entry.due.elapsed());
    }

    /// Notes a request that arrived; whether it is to be answered with 200.
    pub(crate) fn arrive(&self, number: usize) -> bool {
        let mut entries = self.entries.lock().unwrap();
        let entry = &mut entries[number];
        entry.requests += 1;
        if entry.requests <= entry.kind.failures(number) {
            return false;
        }
        entry.good += 1;
        if entry.good == 1 && entry.kind == Kind::Healthy {
            self.delivering.add(entry.due.elapsed());
        }
        if entry.good > 1 + entry.resent {
            self.again.lock().unwrap().push(number);
        }
        true
    }

    /// The newest events of a kind that have been delivered, for sending them again.
    pub(crate) fn resend(&self, kind: Kind, count: usize) -> Vec<usize> {
        let mut entries = self.entries.lock().unwrap();
        let all = entries.iter_mut().enumerate().rev();
        let fit = all.filter(|(_, it)| it.kind == kind && it.acknowledged && it.good > 0 && it.resent == 0);
        fit.take(count).map(|(number, entry)| (entry.resent += 1, number).1).collect()
    }

    /// The newest event that was acknowledged.
    pub(crate) fn newest(&self) -> Option<usize> {
        self.entries.lock().unwrap().iter().rposition(|entry| entry.acknowledged)
    }

    pub(crate) fn kind_of(&self, number: usize) -> Kind {
        self.entries.lock().unwrap()[number].kind
    }

    pub(crate) fn published(&self) -> usize {
        self.entries.lock().unwrap().iter().filter(|entry| entry.acknowledged).count()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.entries.lock().unwrap().iter().map(|entry| u64::from(entry.requests)).sum()
    }

    /// Acknowledged events of which this does not hold.
    pub(crate) fn without(&self, holds: impl Fn(&Entry) -> bool) -> Vec<usize> {
        let entries = self.entries.lock().unwrap();
        let all = entries.iter().enumerate();
        all.filter(|(_, it)| it.acknowledged && !holds(it)).map(|(number, _)| number).collect()
    }
}

/// Latencies since they were taken the last time.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Mutex<Vec<Duration>>);

impl Latencies {
    pub(crate) fn add(&self, latency: Duration) {
        self.0.lock().unwrap().push(latency);
    }

    /// Median and 99th percentile in milliseconds, 0 if there were none.
    pub(crate) fn take(&self) -> (f64, f64) {
        let mut all = std::mem::take(&mut *self.0.lock().unwrap());
        all.sort_unstable();
        let at = |percent: usize| all.get(all.len() * percent / 100).map_or(0.0, |it| it.as_secs_f64() * 1e3);
        (at(50), at(99))
    }
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Relaxed);
}
