//! What happens on one connection: enough to tell a client at work from one that only
//! holds its place.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use tokio::sync::Notify;

use super::GIVEN_UP;

/// Counts of one connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// Requests that began.
    begun: AtomicUsize,
    /// Requests that were answered.
    answered: AtomicUsize,
    /// Requests that the client gave up.
    given_up: AtomicUsize,
    /// Answers that are not taken yet: those of this period, those of the one before.
    untaken: [AtomicUsize; 2],
    /// Which of the two is this period's.
    period: AtomicUsize,
    /// Told when the client gives up too much.
    abused: Notify,
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Handling {
    activity: Arc<Activity>,
    answered: bool,
}

/// An answer on its way out.
#[derive(Debug)]
pub(super) struct Untaken {
    activity: Arc<Activity>,
    /// Since when there is something to be taken; `None` while all is taken and more will
    /// come: then it is as if the request were not answered yet.
    period: Option<usize>,
}

impl Activity {
    /// A request begins.
    pub(super) fn begin(self: &Arc<Self>) -> Handling {
        self.begun.fetch_add(1, Relaxed);
        Handling { activity: Arc::clone(self), answered: false }
    }

    /// Something is there to be taken from now on: this period.
    fn give(&self) -> usize {
        let period = self.period.load(Relaxed);
        self.untaken[period].fetch_add(1, Relaxed);
        period
    }

    /// Waits until the client has given up more requests than one that means well.
    pub(super) async fn abused(&self) {
        self.abused.notified().await;
    }

    /// A period ends that began when `begun` requests had begun: how many have now, if the
    /// connection is worth keeping.
    pub(super) fn look(&self, begun: usize) -> Option<usize> {
        let now = self.begun.load(Relaxed);
        let handling = now > self.answered.load(Relaxed) + self.given_up.load(Relaxed);
        // Answers of the period before this one have waited for all of this one.
        let next = 1 - self.period.load(Relaxed);
        let stuck = self.untaken[next].load(Relaxed) > 0;
        self.period.store(next, Relaxed);
        (!stuck && (handling || now != begun)).then_some(now)
    }
}

impl Handling {
    /// It is answered; the answer still has to be taken.
    pub(super) fn answered(mut self) -> Untaken {
        self.answered = true;
        let activity = Arc::clone(&self.activity);
        let period = Some(activity.give());
        Untaken { activity, period }
    }
}

impl Untaken {
    /// All of it so far is taken, and more will come.
    pub(super) fn taken(&mut self) {
        if let Some(period) = self.period.take() {
            self.activity.untaken[period].fetch_sub(1, Relaxed);
            self.activity.answered.fetch_sub(1, Relaxed);
        }
    }

    /// There is something to be taken.
    pub(super) fn given(&mut self) {
        if self.period.is_none() {
            self.activity.answered.fetch_add(1, Relaxed);
            self.period = Some(self.activity.give());
        }
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        let activity = &self.activity;
        if self.answered {
            activity.answered.fetch_add(1, Relaxed);
            return;
        }
        let given_up = activity.given_up.fetch_add(1, Relaxed) + 1;
        if given_up >= GIVEN_UP && given_up > activity.answered.load(Relaxed) {
            activity.abused.notify_one();
        }
    }
}

impl Drop for Untaken {
    fn drop(&mut self) {
        match self.period {
            Some(period) => self.activity.untaken[period].fetch_sub(1, Relaxed),
            None => self.activity.answered.fetch_add(1, Relaxed),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_without_a_request_is_noticed() {
        let activity = Arc::new(Activity::default());
        assert_eq!(activity.look(0), None);
        drop(activity.begin().answered());
        assert_eq!(activity.look(0), Some(1));
        assert_eq!(activity.look(1), None);
    }

    #[test]
    fn a_request_under_way_keeps_its_connection_however_long_it_takes() {
        let activity = Arc::new(Activity::default());
        let slow = activity.begin();
        for begun in [0, 1, 1, 1] {
            assert_eq!(activity.look(begun), Some(1));
        }
        drop(slow.answered());
        assert_eq!(activity.look(1), None);
    }

    #[test]
    fn an_answer_that_goes_on_keeps_its_connection_while_it_is_taken() {
        let activity = Arc::new(Activity::default());
        let mut stream = activity.begin().answered();
        for _ in 0..3 {
            stream.taken();
            assert_eq!(activity.look(1), Some(1), "it waits for what comes");
            stream.given();
            stream.given();
        }
        assert_eq!(activity.look(1), None, "it was given something that it does not take");
        stream.taken();
        drop(stream);
        assert_eq!(activity.look(1), None, "it is over, and nothing else happens");
    }

    #[test]
    fn an_answer_that_nobody_takes_ends_a_connection_whatever_else_it_does() {
        let activity = Arc::new(Activity::default());
        let stuck = activity.begin().answered();
        assert_eq!(activity.look(0), Some(1), "it has just been given");
        let _busy = activity.begin();
        assert_eq!(activity.look(1), None, "it lay there for a whole period");
        drop(stuck);
    }
}
