//! Group commit: whatever has queued up while the last commit ran becomes the
//! next transaction.
//!
//! Writers queue a job and wait for its answer; the store's one committer takes
//! up to a bound and commits them together. Events wait in a queue of their own, behind
//! outcomes, so that accepting more than the disk takes never keeps what was accepted from
//! being delivered. That queue is bounded in size and in time: what comes to a full one, or
//! has waited too long for its commit to begin, is refused, which the API turns into 503
//! with `Retry-After`. So whatever is accepted was accepted soon.

use std::{collections::VecDeque, time::Duration};

use parking_lot::{Condvar, Mutex};
use prometheus_client::metrics::gauge::Gauge;
use tokio::{sync::oneshot, time::Instant};

use crate::{NewEvent, StoreError};

/// What waits at most, in each of the two queues: an outcome weighs 1, events see [`weight`].
pub const MAX_WAITING: usize = 8_192;
/// What one transaction takes at most; a last job may go beyond it.
pub const MAX_BATCH: usize = 1_024;
/// A publish whose commit has not begun after this time is refused.
pub const MAX_WAIT: Duration = Duration::from_secs(2);
/// Part of a transaction that outcomes leave to events that wait.
const EVENTS_SHARE: usize = MAX_BATCH / 2;
/// Bytes of a body that weigh as much as an event without any: a page of the database.
const BODY: usize = 8 << 10;

/// What these events weigh: 1 each, and 1 more for each 8 KiB of body.
pub fn weight(events: &[NewEvent]) -> usize {
    events.iter().map(|event| 1 + event.body.len() / BODY).sum()
}

/// The queues in front of a committer.
#[derive(Debug)]
pub struct Group<J> {
    state: Mutex<State<J>>,
    arrived: Condvar,
    /// Shows what waits in both.
    waiting: Gauge,
}

#[derive(Debug)]
struct State<J> {
    recording: VecDeque<J>,
    /// Numbered in the order in which they came.
    publishing: VecDeque<Waiting<J>>,
    /// What those weigh.
    events: usize,
    next: u64,
    closed: bool,
}

#[derive(Debug)]
struct Waiting<J> {
    number: u64,
    weight: usize,
    job: J,
}

impl<J> Default for State<J> {
    fn default() -> Self {
        let (recording, publishing) = (VecDeque::new(), VecDeque::new());
        Self { recording, publishing, events: 0, next: 0, closed: false }
    }
}

impl<J> State<J> {
    /// As it is when it takes one more job.
    fn open(&self, waiting: usize) -> Result<(), StoreError> {
        if self.closed {
            return Err(closed());
        }
        if waiting >= MAX_WAITING { Err(StoreError::Busy) } else { Ok(()) }
    }

    fn jobs(&self) -> usize {
        self.recording.len() + self.publishing.len()
    }

    /// Outcomes first, each queue in its order.
    fn batch(&mut self) -> Vec<J> {
        let share = MAX_BATCH - self.events.min(EVENTS_SHARE);
        let outcomes = self.recording.len().min(share);
        let mut jobs: Vec<J> = self.recording.drain(..outcomes).collect();
        let mut room = MAX_BATCH - outcomes;
        while room > 0
            && let Some(next) = self.publishing.pop_front()
        {
            room = room.saturating_sub(next.weight);
            self.events -= next.weight;
            jobs.push(next.job);
        }
        jobs
    }

    /// Takes a publish back, unless a transaction has it.
    fn withdraw(&mut self, number: u64) -> Option<Waiting<J>> {
        let at = self.publishing.binary_search_by_key(&number, |it| it.number).ok()?;
        let withdrawn = self.publishing.remove(at)?;
        self.events -= withdrawn.weight;
        Some(withdrawn)
    }
}

/// A publish that waits: withdrawn when its caller goes away.
struct Place<'a, J> {
    group: &'a Group<J>,
    number: u64,
    waits: bool,
}

impl<J> Place<'_, J> {
    /// Whether it was still there to be withdrawn.
    fn withdraw(&mut self) -> bool {
        self.waits = false;
        let mut state = self.group.state.lock();
        let withdrawn = state.withdraw(self.number);
        self.group.show(&state);
        drop(state);
        withdrawn.is_some()
    }
}

impl<J> Drop for Place<'_, J> {
    fn drop(&mut self) {
        if self.waits {
            self.withdraw();
        }
    }
}

fn closed() -> StoreError {
    StoreError::Stopped("it is closed".into())
}

impl<J> Group<J> {
    /// Two empty queues, which show in `waiting` what they hold.
    pub fn new(waiting: Gauge) -> Self {
        Self { state: Mutex::default(), arrived: Condvar::new(), waiting }
    }

    /// Queues a job that records an outcome or changes the configuration.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too many wait, [`StoreError::Stopped`] after
    /// [`Group::close`].
    pub fn record(&self, job: J) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        state.open(state.recording.len())?;
        state.recording.push_back(job);
        self.show(&state);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Queues a job that keeps events of this [`weight`], and waits for its answer. It is
    /// withdrawn when the caller goes away.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too much waits already, or a transaction has not begun with
    /// it within [`MAX_WAIT`]: then it never will. [`StoreError::Stopped`] after [`Group::close`].
    pub async fn publish<T>(
        &self,
        job: J,
        weight: usize,
        mut answered: oneshot::Receiver<T>,
    ) -> Result<T, StoreError> {
        let mut place = self.queue(job, weight)?;
        let answer = match tokio::time::timeout(MAX_WAIT, &mut answered).await {
            Ok(answer) => answer,
            Err(_) if place.withdraw() => return Err(StoreError::Busy),
            Err(_) => answered.await,
        };
        place.waits = false;
        answer.map_err(|_| closed())
    }

    fn queue(&self, job: J, weight: usize) -> Result<Place<'_, J>, StoreError> {
        let mut state = self.state.lock();
        state.open(state.events)?;
        let number = state.next;
        state.next += 1;
        state.events += weight;
        state.publishing.push_back(Waiting { number, weight, job });
        self.show(&state);
        drop(state);
        self.arrived.notify_one();
        Ok(Place { group: self, number, waits: true })
    }

    /// Waits for jobs and takes what one transaction may hold; `None` when the queues are
    /// closed and empty. Blocks the thread.
    pub fn take(&self) -> Option<Vec<J>> {
        self.gather(0, Duration::ZERO)
    }

    /// As [`Group::take`], but takes none when none wait. Never blocks.
    pub fn take_waiting(&self) -> Vec<J> {
        self.batch(&mut self.state.lock())
    }

    /// As [`Group::take`], but waits `pause` for `enough` jobs once there is one.
    pub fn gather(&self, enough: usize, pause: Duration) -> Option<Vec<J>> {
        let mut state = self.state.lock();
        loop {
            while state.jobs() == 0 {
                if state.closed {
                    return None;
                }
                self.arrived.wait(&mut state);
            }
            let until = Instant::now() + pause;
            while state.jobs() < enough && !state.closed {
                if self.arrived.wait_until(&mut state, until.into_std()).timed_out() {
                    break;
                }
            }
            // All of them may have been withdrawn meanwhile.
            if state.jobs() > 0 {
                return Some(self.batch(&mut state));
            }
        }
    }

    fn batch(&self, state: &mut State<J>) -> Vec<J> {
        let jobs = state.batch();
        self.show(state);
        jobs
    }

    fn show(&self, state: &State<J>) {
        self.waiting.set(i64::try_from(state.recording.len() + state.events).unwrap_or(i64::MAX));
    }

    /// Takes no more jobs; those that wait are still handed out.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.arrived.notify_all();
    }
}

#[cfg(test)]
mod tests;
