//! Group commit: whatever has queued up while the last commit ran becomes the
//! next transaction.
//!
//! Writers push a job and wait for its answer; the store's one committer takes
//! up to a bound and commits them together. The queue is bounded too: past it a
//! push is refused at once, which the API turns into 503 with `Retry-After`.

use std::{collections::VecDeque, time::Duration};

use parking_lot::{Condvar, Mutex};
use tokio::time::Instant;

use crate::StoreError;

/// Jobs that wait at most. With commits of [`MAX_BATCH`] that is some 100 ms of work.
pub const MAX_WAITING: usize = 8_192;
/// Jobs of one transaction at most.
pub const MAX_BATCH: usize = 1_024;
/// Part of the queue that only outcomes and upkeep may use, so that accepting
/// events never keeps the engine from recording what it did.
const RESERVED: usize = MAX_WAITING / 4;

/// Which part of the queue a job may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Accepting events: refused first.
    Publish,
    /// Outcomes, configuration, upkeep.
    Record,
}

/// The queue in front of a committer.
#[derive(Debug)]
pub struct Group<J> {
    state: Mutex<State<J>>,
    arrived: Condvar,
}

#[derive(Debug)]
struct State<J> {
    jobs: VecDeque<J>,
    closed: bool,
}

impl<J> Default for Group<J> {
    fn default() -> Self {
        Self { state: Mutex::new(State { jobs: VecDeque::new(), closed: false }), arrived: Condvar::new() }
    }
}

impl<J> Group<J> {
    /// Adds a job.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too many wait, [`StoreError::Stopped`] after
    /// [`Group::close`].
    pub fn push(&self, lane: Lane, job: J) -> Result<(), StoreError> {
        let bound = match lane {
            Lane::Publish => MAX_WAITING - RESERVED,
            Lane::Record => MAX_WAITING,
        };
        let mut state = self.state.lock();
        if state.closed {
            return Err(StoreError::Stopped("it is closed".into()));
        }
        if state.jobs.len() >= bound {
            return Err(StoreError::Busy);
        }
        state.jobs.push_back(job);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for jobs and takes at most [`MAX_BATCH`] of them, oldest first;
    /// `None` when the queue is closed and empty. Blocks the thread.
    pub fn take(&self) -> Option<Vec<J>> {
        self.gather(0, Duration::ZERO)
    }

    /// As [`Group::take`], but takes none when none wait. Never blocks.
    pub fn take_waiting(&self) -> Vec<J> {
        Self::batch(&mut self.state.lock())
    }

    /// As [`Group::take`], but waits `pause` for `enough` jobs once there is one.
    pub fn gather(&self, enough: usize, pause: Duration) -> Option<Vec<J>> {
        let mut state = self.state.lock();
        while state.jobs.is_empty() {
            if state.closed {
                return None;
            }
            self.arrived.wait(&mut state);
        }
        let until = Instant::now() + pause;
        while state.jobs.len() < enough && !state.closed {
            if self.arrived.wait_until(&mut state, until.into_std()).timed_out() {
                break;
            }
        }
        Some(Self::batch(&mut state))
    }

    fn batch(state: &mut State<J>) -> Vec<J> {
        let count = state.jobs.len().min(MAX_BATCH);
        state.jobs.drain(..count).collect()
    }

    /// Takes no more jobs; those that wait are still handed out.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.arrived.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use super::*;

    fn closed() -> StoreError {
        StoreError::Stopped("it is closed".into())
    }

    #[test]
    fn jobs_are_taken_in_the_order_in_which_they_came() {
        let group = Group::default();
        for job in 0..5 {
            group.push(if job % 2 == 0 { Lane::Publish } else { Lane::Record }, job).unwrap();
        }
        assert_eq!(group.take(), Some(vec![0, 1, 2, 3, 4]));
    }

    #[test]
    fn a_transaction_holds_so_many_jobs_at_most() {
        let group = Group::default();
        for job in 0..=MAX_BATCH {
            group.push(Lane::Record, job).unwrap();
        }
        assert_eq!(group.take().map(|jobs| jobs.len()), Some(MAX_BATCH));
        assert_eq!(group.take(), Some(vec![MAX_BATCH]));
    }

    #[test]
    fn accepting_events_is_refused_before_recording_is() {
        let group = Group::default();
        while group.push(Lane::Publish, ()).is_ok() {}
        assert_eq!(group.push(Lane::Publish, ()), Err(StoreError::Busy));
        let recorded = (0..=MAX_WAITING).take_while(|_| group.push(Lane::Record, ()).is_ok()).count();
        assert_eq!(recorded, RESERVED);
        assert_eq!(group.push(Lane::Record, ()), Err(StoreError::Busy));
        group.take();
        assert_eq!(group.push(Lane::Record, ()), Ok(()));
    }

    #[test]
    fn a_closed_queue_hands_out_what_waits_and_takes_nothing_more() {
        let group = Group::default();
        group.push(Lane::Publish, 1).unwrap();
        group.close();
        assert_eq!(group.push(Lane::Publish, 2), Err(closed()));
        assert_eq!(group.push(Lane::Record, 2), Err(closed()));
        assert_eq!(group.take(), Some(vec![1]));
        assert_eq!(group.take(), None);
        assert_eq!(group.take(), None);
    }

    #[test]
    fn who_does_not_wait_takes_what_is_there() {
        let group = Group::default();
        assert!(group.take_waiting().is_empty());
        for job in 0..=MAX_BATCH {
            group.push(Lane::Record, job).unwrap();
        }
        assert_eq!(group.take_waiting().len(), MAX_BATCH);
        assert_eq!(group.take_waiting(), [MAX_BATCH]);
    }

    #[test]
    fn a_committer_that_gathers_takes_what_came_when_it_is_enough_or_the_pause_ends() {
        let group = Group::default();
        for job in 0..3 {
            group.push(Lane::Publish, job).unwrap();
        }
        assert_eq!(group.gather(3, Duration::from_hours(1)), Some(vec![0, 1, 2]));
        group.push(Lane::Publish, 3).unwrap();
        assert_eq!(group.gather(2, Duration::from_millis(1)), Some(vec![3]));
        group.push(Lane::Publish, 4).unwrap();
        group.close();
        assert_eq!(group.gather(2, Duration::from_hours(1)), Some(vec![4]));
        assert_eq!(group.gather(2, Duration::from_hours(1)), None);
    }

    #[test]
    fn a_committer_that_waits_is_woken_by_a_job_and_by_the_end() {
        let group = Arc::new(Group::default());
        let committer = thread::spawn({
            let group = Arc::clone(&group);
            move || {
                let mut taken = Vec::new();
                while let Some(jobs) = group.take() {
                    taken.extend(jobs);
                }
                taken
            }
        });
        for job in 0..100 {
            group.push(Lane::Publish, job).unwrap();
        }
        group.close();
        assert_eq!(committer.join().unwrap(), (0..100).collect::<Vec<_>>());
    }
}
