//! What was promised and what arrived, event by event.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};
use waxwing_peers::{Received, Reply};

/// A request that arrived, and whether it was answered with 200.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) accepted: bool,
}

/// The receiver's and the publishers' book.
#[derive(Debug, Default)]
pub(crate) struct Book {
    arrived: Mutex<HashMap<String, Vec<Arrival>>>,
    acknowledged: Mutex<HashSet<String>>,
    requests: AtomicUsize,
    changed: Notify,
    /// Every so manieth request is answered with 500; 0 for none.
    failing: usize,
}

impl Book {
    /// One whose receiver answers every so manieth request with 500.
    pub(crate) fn failing(every: usize) -> Self {
        Self { failing: every, ..Self::default() }
    }

    pub(crate) fn receive(&self, received: &Received) -> Reply {
        let number = self.requests.fetch_add(1, SeqCst) + 1;
        let accepted = self.failing == 0 || !number.is_multiple_of(self.failing);
        let id = received.headers["webhook-id"].to_str().unwrap().to_owned();
        let arrival = Arrival { at: received.received_at, accepted };
        self.arrived.lock().unwrap().entry(id).or_default().push(arrival);
        self.changed.notify_waiters();
        Reply::status(if accepted { 200 } else { 500 })
    }

    pub(crate) fn acknowledge(&self, id: String) {
        self.acknowledged.lock().unwrap().insert(id);
        self.changed.notify_waiters();
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    pub(crate) fn is_acknowledged(&self, id: &str) -> bool {
        self.acknowledged.lock().unwrap().contains(id)
    }

    /// Acknowledged events that have not arrived yet.
    pub(crate) fn missing(&self) -> Vec<String> {
        let arrived = self.arrived.lock().unwrap();
        let accepted = |id: &String| arrived.get(id).is_some_and(|all| all.iter().any(|it| it.accepted));
        self.acknowledged.lock().unwrap().iter().filter(|id| !accepted(id)).cloned().collect()
    }

    pub(crate) fn arrivals(&self) -> HashMap<String, Vec<Arrival>> {
        self.arrived.lock().unwrap().clone()
    }

    /// Requests for events that had been answered with 200 before.
    pub(crate) fn duplicates(&self) -> usize {
        let again = |all: &Vec<Arrival>| all.iter().skip_while(|it| !it.accepted).skip(1).count();
        self.arrived.lock().unwrap().values().map(again).sum()
    }

    /// Waits until something holds; fails with `what` after `deadline`.
    pub(crate) async fn until(&self, what: &str, deadline: Duration, holds: impl Fn(&Self) -> bool) {
        let met = tokio::time::timeout(deadline, async {
            loop {
                let changed = self.changed.notified();
                if holds(self) {
                    return;
                }
                // Not everything that is waited for is written here.
                let _ = tokio::time::timeout(Duration::from_millis(50), changed).await;
            }
        });
        let missing = || self.missing().into_iter().take(5).collect::<Vec<_>>();
        assert!(met.await.is_ok(), "{what}: {} acknowledged, missing {:?}", self.acknowledged(), missing());
    }
}
