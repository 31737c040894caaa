//! A process's link to the database: a gate in front of its store.
//!
//! With one node it is a file beside the process: a commit takes a few milliseconds, and no
//! message is lost. With several it is a network: each call and each answer takes its
//! time, hangs while the machine is cut off, and may be lost; then the caller hears that
//! the database cannot be reached, whether its work was done or not. What PostgresStore
//! does beside the calls is done here too: it reads changes of the configuration when it is
//! notified and each second (`changes.rs`), and has lanes read anew of whose events nobody
//! knows whether they were kept (`doubts.rs`).

use std::{
    collections::BTreeSet,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::{Instant, sleep};
use waxwing_core::Timestamp;
use waxwing_store::{
    Store, StoreError, Wakeups,
    gated::{Call, Gate},
};

use crate::{process::Process, tally::Fault};

/// How long a process waits for an answer of the database.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How often it looks for changes of the configuration.
const POLL: Duration = Duration::from_secs(1);
/// After this a commit that nobody heard of is made, or never will be.
const LATEST: Duration = Duration::from_secs(15);

/// The link of a process.
#[derive(Clone)]
pub(crate) struct Link(pub(crate) Arc<Process>);

/// What a process remembers of its link.
pub(crate) struct Memory {
    /// What was committed and will be answered.
    effects: Vec<Wakeups>,
    /// Whether the answer to the last commit is lost.
    lost: bool,
    /// The last change of the configuration that it knows.
    seen: usize,
    doubts: Vec<(Instant, BTreeSet<i64>)>,
}

impl Memory {
    pub(crate) fn new(seen: usize) -> Self {
        Self { effects: Vec::new(), lost: false, seen, doubts: Vec::new() }
    }

    fn committed(&mut self, effects: Wakeups, lost: bool) {
        self.lost = lost;
        if lost { self.doubt(&effects) } else { self.effects.push(effects) }
    }

    /// Nobody will ever hear of what was committed, so the lanes of what may have been
    /// published or replayed are read anew, now and once more.
    fn doubt(&mut self, effects: &Wakeups) {
        let fresh = effects.fresh.iter().map(|due| due.key.webhook);
        let rows: BTreeSet<i64> = fresh.chain(effects.replayed.iter().map(|key| key.webhook)).collect();
        let now = Instant::now();
        self.doubts.extend([now, now + LATEST].map(|at| (at, rows.clone())));
    }
}

/// How one call fares.
#[derive(Debug, Clone, Copy)]
struct Trip {
    there: Duration,
    commit: Duration,
    back: Duration,
    call_lost: bool,
    answer_lost: bool,
    /// What is lost shows at once (a reset), or by nobody answering.
    at_once: bool,
}

impl Trip {
    fn draw(process: &Process) -> Self {
        let (world, chance) = (&process.world, &process.world.chance);
        if world.setting.nodes == 1 {
            let (there, back) = (Duration::ZERO, Duration::ZERO);
            let commit = chance.millis(1..4);
            return Self { there, commit, back, call_lost: false, answer_lost: false, at_once: true };
        }
        let loss = world.loss();
        let slow = if chance.percent(3) { 400 } else { 6 };
        if slow > 6 {
            world.tally.count(Fault::DatabaseSlow);
        }
        Self {
            there: chance.millis(0..slow),
            commit: chance.millis(1..5),
            back: chance.millis(0..slow),
            call_lost: chance.percent(loss),
            answer_lost: chance.percent(loss),
            at_once: chance.percent(50),
        }
    }
}

#[async_trait]
impl Gate for Link {
    async fn pass<T: Send>(
        &self,
        call: Call,
        inner: impl Future<Output = T> + Send,
    ) -> Result<T, StoreError> {
        let process = &self.0;
        process.runs().await;
        let (trip, began) = (Trip::draw(process), Instant::now());
        sleep(trip.there).await;
        process.runs().await;
        if trip.call_lost || process.machine.is_cut_off() {
            process.world.tally.count(Fault::CallLost);
            return Err(self.unreachable(call, "a call", trip, began).await);
        }
        let answer = self.work(trip, pin!(inner)).await;
        if call == Call::Record {
            process.world.oracle.recorded(&process.world, tokio::task::try_id());
        }
        if call == Call::Lease {
            // A call that took long tells less than one that began after it.
            let mut heard = process.heard.lock();
            *heard = (*heard).max(began);
        }
        let lost = process.memory.lock().lost;
        sleep(trip.back).await;
        process.runs().await;
        if lost || process.machine.is_cut_off() {
            if !lost {
                self.give_up();
            }
            return Err(self.unreachable(call, "an answer", trip, began).await);
        }
        self.show();
        Ok(answer)
    }
}

impl Link {
    /// Does a call's work at the database. Calls of a process that wait at the same time
    /// become one transaction.
    async fn work<T>(&self, trip: Trip, mut inner: Pin<&mut (impl Future<Output = T> + Send)>) -> T {
        let process = &self.0;
        loop {
            if let Poll::Ready(answer) = polled(inner.as_mut()).await {
                return answer;
            }
            sleep(trip.commit).await;
            process.runs().await;
            if let Poll::Ready(answer) = polled(inner.as_mut()).await {
                return answer;
            }
            let effects = process.world.database.commit(&process.store);
            if trip.answer_lost {
                process.world.tally.count(Fault::AnswerLost);
            }
            process.memory.lock().committed(effects, trip.answer_lost);
        }
    }

    async fn unreachable(&self, call: Call, what: &str, trip: Trip, began: Instant) -> StoreError {
        let cut_off = self.0.machine.is_cut_off();
        if cut_off || !trip.at_once {
            tokio::time::sleep_until(began + PATIENCE).await;
        }
        self.0.runs().await;
        self.0.note(format_args!("lost {what}: {call:?}"));
        StoreError::Unreachable(format!("{what} was lost"))
    }

    /// Shows the engine what the database did, which now is known.
    fn show(&self) {
        let process = &self.0;
        let effects = std::mem::take(&mut process.memory.lock().effects);
        for wakeups in effects {
            let feed = process.store.feed();
            feed.offer(wakeups.fresh);
            for row in wakeups.missed.into_keys() {
                feed.first_in_store(row);
            }
            for key in wakeups.replayed {
                let at = wakeups.again.get(&key.webhook).copied().unwrap_or(Timestamp::EPOCH);
                feed.replayed(key, at);
            }
            for (row, at) in wakeups.again {
                feed.again_at(row, at);
            }
        }
        self.refresh();
    }

    /// What was committed and not answered yet never will be.
    fn give_up(&self) {
        let mut memory = self.0.memory.lock();
        for effects in std::mem::take(&mut memory.effects) {
            memory.doubt(&effects);
        }
    }

    /// Takes in what changed of the configuration.
    fn refresh(&self) {
        let process = &self.0;
        let mut memory = process.memory.lock();
        let (changed, seen) = process.world.database.refresh(&process.store, memory.seen);
        memory.seen = seen;
        drop(memory);
        if !changed.is_empty() {
            *process.learned.lock() = Some(Instant::now());
        }
        for row in changed {
            let target = process.store.directory().target(row);
            match target.as_ref().map(|target| (target.url.as_str(), target.status.as_str())) {
                Some((url, status)) => process.note(format_args!("learns that {url} is {status}")),
                None => process.note(format_args!("learns that a webhook is deleted")),
            }
        }
    }

    /// Keeps the directory up to date for as long as the process lives.
    pub(crate) async fn follow(self) {
        let process = &self.0;
        loop {
            // A notification may come sooner, or be lost.
            sleep(process.world.chance.millis(1..u64::try_from(POLL.as_millis()).unwrap_or(1))).await;
            process.runs().await;
            if process.machine.is_cut_off() {
                continue;
            }
            self.refresh();
            let now = Instant::now();
            let mut memory = process.memory.lock();
            let due: Vec<_> = memory.doubts.extract_if(.., |(at, _)| *at <= now).collect();
            drop(memory);
            for row in due.into_iter().flat_map(|(_, rows)| rows) {
                process.store.feed().changed(row);
            }
        }
    }
}

/// Whether it is ready, and with what.
async fn polled<T>(mut future: Pin<&mut (impl Future<Output = T> + Send)>) -> Poll<T> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}
