//! A lane: what waits for one webhook, and how much of it may be under way.
//!
//! A lane keeps a bounded window of each queue in memory and knows whether the
//! store holds more. It does no IO: the dispatcher loads its pages and starts
//! its attempts. What always holds: a delivery that is in hand (in the window or
//! under way) is never handed out a second time.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;
use waxwing_core::Timestamp;
use waxwing_store::{Due, LanePage, Queue};

use crate::{
    options::{EngineOptions, LANE_WINDOW},
    route::Route,
};

/// Failures in a row after which a lane goes slowly: a dead server with a long
/// backlog must not cost the processor time that the others need.
const SLOW_AFTER: u32 = 16;
/// The pause between two attempts of such a lane.
const SLOW_PAUSE: Duration = Duration::from_millis(10);

/// Every so manieth turn of a lane goes to retries first, so that a steady stream
/// of fresh events does not starve them.
const AGAIN_TURN: u8 = 4;

/// What waits for one webhook.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    pub(crate) route: Option<Arc<Route>>,
    /// Whether it stands in the dispatcher's round of turns.
    pub(crate) queued: bool,
    first: VecDeque<Due>,
    again: VecDeque<Due>,
    /// The last event row that came into the window of first attempts.
    cursor: i64,
    first_in_store: bool,
    /// The earliest event that was left to the store, perhaps behind the cursor: rows
    /// that were taken over from another node need not be older than those that this
    /// node commits afterwards.
    behind: Option<i64>,
    again_at: Option<Timestamp>,
    /// Counts what was left to the store, so that a page that was read before
    /// does not claim to be the end.
    left: u64,
    rereads: u64,
    loading: Option<Queue>,
    /// Events under way or in a window.
    in_hand: HashMap<i64, Version>,
    /// Events that were under way at the last rewind.
    older: HashSet<i64>,
    /// Events that ended or were replayed while a page was being read: the page may
    /// still hold them as they were.
    ended: HashMap<i64, Option<Version>>,
    /// Retries that a page showed while the attempt before them was still in hand, and
    /// when they were due.
    passed_over: HashMap<i64, Timestamp>,
    turn: u8,
    in_flight: usize,
    again_in_flight: usize,
    failures: u32,
    allowed: usize,
    resume_at: Option<Instant>,
    bytes: usize,
}

/// Which attempt of a delivery is meant: how often it was replayed, and its position in
/// the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    generation: u32,
    step: u32,
}

impl Version {
    fn of(due: &Due) -> Self {
        Self { generation: due.generation, step: due.step }
    }
}

/// What windows hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) deliveries: usize,
    /// Bytes of bodies.
    pub(crate) bytes: usize,
}

impl Held {
    /// One of the lanes held `before` and holds `now`.
    pub(crate) fn changed(&mut self, before: Self, now: Self) {
        self.deliveries = self.deliveries + now.deliveries - before.deliveries;
        self.bytes = self.bytes + now.bytes - before.bytes;
    }
}

/// How many attempts a lane may have under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// In all.
    pub(crate) lane: usize,
    /// Of retries and replays.
    pub(crate) again: usize,
    /// Whether slots are scarce: then a failing lane gets fewer.
    pub(crate) scarce: bool,
}

impl Bounds {
    /// With so many attempts under way in all, and of retries and replays.
    pub(crate) fn of(options: &EngineOptions, in_flight: usize, again_in_flight: usize) -> Self {
        let again_free = again_in_flight < options.slots_for_again();
        Self {
            lane: options.in_flight_per_webhook,
            again: if again_free { options.lane_slots_for_again() } else { 0 },
            scarce: in_flight * 2 >= options.in_flight,
        }
    }
}

/// A page that the lane wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) queue: Queue,
    pub(crate) after: i64,
    pub(crate) limit: usize,
    left: u64,
    rereads: u64,
}

impl Lane {
    /// Takes a fresh delivery into the window, or leaves it to the store.
    pub(crate) fn offer(&mut self, due: Due, room: bool) {
        if self.in_hand.contains_key(&due.key.event) {
            return;
        }
        // Behind the cursor it may be done already: the store knows.
        let known = due.key.event <= self.cursor;
        if known || self.first_in_store || self.first.len() >= LANE_WINDOW || !(room || self.first.is_empty())
        {
            self.missed(due.key.event);
        } else {
            self.cursor = due.key.event;
            self.hold(due);
        }
    }

    /// The store holds first attempts that are not in the window, this one first.
    pub(crate) fn missed(&mut self, event: i64) {
        self.behind = Some(self.behind.map_or(event, |known| known.min(event)));
        self.leave_to_store();
    }

    /// The store holds first attempts that are not in the window.
    pub(crate) fn leave_to_store(&mut self) {
        self.first_in_store = true;
        self.left += 1;
    }

    /// The store holds a retry, due at `at`.
    pub(crate) fn again_at(&mut self, at: Timestamp) {
        self.again_at = Some(self.again_at.map_or(at, |known| known.min(at)));
        self.left += 1;
    }

    /// When the lane wants to look for retries in the store.
    pub(crate) fn wakes_at(&self) -> Option<Timestamp> {
        self.again_at
    }

    /// Begins anew with what the store says: for a lane that was paused, released
    /// or handed work. What is under way meanwhile may have been moved in the store.
    pub(crate) fn rewind(&mut self, now: Timestamp) {
        self.reread(now);
        self.older = self.in_hand.keys().copied().collect();
    }

    /// Forgets the windows: everything that is not under way is read anew, from
    /// the beginning.
    pub(crate) fn reread(&mut self, now: Timestamp) {
        for due in self.first.drain(..).chain(self.again.drain(..)) {
            self.in_hand.remove(&due.key.event);
        }
        self.bytes = 0;
        self.cursor = 0;
        self.rereads += 1;
        self.leave_to_store();
        self.again_at(now);
    }

    /// What the windows hold.
    pub(crate) fn held(&self) -> Held {
        Held { deliveries: self.first.len() + self.again.len(), bytes: self.bytes }
    }

    /// Whether there is nothing to do, now or later, that the lane knows of.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_hand.is_empty() && !self.first_in_store && self.again_at.is_none() && self.loading.is_none()
    }

    /// The page that should be read now, if any; marks it as being read.
    pub(crate) fn ask(&mut self, now: Timestamp, room: bool) -> Option<Ask> {
        if self.loading.is_some() {
            return None;
        }
        let queue =
            if self.first_in_store && self.first.len() < LANE_WINDOW / 2 && (room || self.first.is_empty()) {
                Queue::First
            } else if self.again.is_empty() && self.again_at.is_some_and(|at| at <= now) {
                Queue::Again
            } else {
                return None;
            };
        let window = if room { LANE_WINDOW - self.window(queue).len() } else { 1 };
        let behind = self.behind.take_if(|_| queue == Queue::First).filter(|event| *event <= self.cursor);
        if let Some(event) = behind {
            self.cursor = (event - 1).max(0);
        }
        // Those in hand still stand in the store, ahead of the others.
        let in_hand = match queue {
            Queue::First if behind.is_some() => self.in_hand.len(),
            Queue::First if self.cursor == 0 => self.in_flight,
            Queue::First => 0,
            Queue::Again => self.in_flight,
        };
        let limit = window + in_hand;
        self.loading = Some(queue);
        Some(Ask { queue, after: self.cursor, limit, left: self.left, rereads: self.rereads })
    }

    /// Takes in the page that was asked for.
    pub(crate) fn loaded(&mut self, ask: Ask, page: LanePage) {
        self.loading = None;
        let ended = std::mem::take(&mut self.ended);
        let unchanged = self.left == ask.left;
        if ask.rereads != self.rereads {
            return; // What it shows may be gone, and `ended` may hide what is new: read again.
        }
        // With what ended while the page was read, it may hold more than the window takes.
        let mut more = page.more || !unchanged;
        for due in page.due {
            if self.window(ask.queue).len() >= LANE_WINDOW {
                more = true;
                break;
            }
            if ask.queue == Queue::First {
                self.cursor = self.cursor.max(due.key.event);
            }
            match (self.in_hand.get(&due.key.event), ended.get(&due.key.event)) {
                // Its attempt failed and is recorded, and its retry is due already: only that
                // it ended is not known here yet.
                (Some(shown), _) if ask.queue == Queue::Again && *shown != Version::of(&due) => {
                    self.passed_over.insert(due.key.event, due.due_at);
                }
                (None, None) => self.hold(due),
                (None, Some(Some(shown))) if *shown != Version::of(&due) => self.hold(due),
                _ => {}
            }
        }
        match ask.queue {
            Queue::First => self.first_in_store = more,
            Queue::Again if more => {}
            Queue::Again => self.again_at = page.next_due_at,
        }
    }

    /// A delivery was replayed: what the window holds of it, and what a page that
    /// is being read may show, is out of date.
    pub(crate) fn replayed(&mut self, event: i64) {
        for queue in [&mut self.first, &mut self.again] {
            if let Some(at) = queue.iter().position(|due| due.key.event == event)
                && let Some(due) = queue.remove(at)
            {
                self.bytes -= due.body.len();
                self.in_hand.remove(&event);
            }
        }
        if self.loading.is_some() {
            self.ended.insert(event, None);
        }
    }

    /// The page could not be read; the lane will ask again.
    pub(crate) fn load_failed(&mut self) {
        self.loading = None;
        self.ended.clear();
    }

    /// The next delivery to attempt, if the bounds allow one.
    pub(crate) fn next(&mut self, bounds: Bounds, now: Instant) -> Option<Due> {
        if self.in_flight >= self.slots(bounds) || self.resume_at.is_some_and(|at| at > now) {
            return None;
        }
        let may_again = bounds.again > 0 && self.again_in_flight < bounds.again;
        self.turn = self.turn.wrapping_add(1);
        let due = match (self.turn.is_multiple_of(AGAIN_TURN), may_again) {
            (true, true) => self.again.pop_front().or_else(|| self.first.pop_front())?,
            (false, true) => self.first.pop_front().or_else(|| self.again.pop_front())?,
            (_, false) => self.first.pop_front()?,
        };
        self.bytes -= due.body.len();
        self.in_flight += 1;
        self.pace(now);
        if due.queue == Queue::Again {
            self.again_in_flight += 1;
        }
        Some(due)
    }

    /// When a lane that goes slowly may go on.
    pub(crate) fn resumes_at(&self) -> Option<Instant> {
        self.resume_at
    }

    /// Whether something waits in the windows.
    pub(crate) fn has_work(&self) -> bool {
        !self.first.is_empty() || !self.again.is_empty()
    }

    /// An attempt ended. Whether the lane was rewound meanwhile.
    pub(crate) fn done(
        &mut self,
        event: i64,
        queue: Queue,
        succeeded: bool,
        bounds: Bounds,
        now: Instant,
    ) -> bool {
        self.in_flight -= 1;
        if queue == Queue::Again {
            self.again_in_flight -= 1;
        }
        let shown = self.in_hand.remove(&event);
        if self.loading.is_some() {
            self.ended.insert(event, shown);
        }
        if let Some(at) = self.passed_over.remove(&event) {
            self.again_at(at);
        }
        let allowed = self.slots(Bounds { scarce: true, ..bounds });
        if succeeded {
            self.failures = 0;
            self.allowed = (allowed + 1).min(bounds.lane);
            self.resume_at = None;
        } else {
            self.failures = self.failures.saturating_add(1);
            self.allowed = (allowed / 2).max(1);
            if self.failures == SLOW_AFTER {
                self.pace(now);
            }
        }
        self.older.remove(&event)
    }

    /// Lets a lane that fails all the time wait before its next attempt.
    fn pace(&mut self, now: Instant) {
        if self.failures >= SLOW_AFTER {
            self.resume_at = Some(now + SLOW_PAUSE);
        }
    }

    fn window(&self, queue: Queue) -> &VecDeque<Due> {
        match queue {
            Queue::First => &self.first,
            Queue::Again => &self.again,
        }
    }

    fn hold(&mut self, due: Due) {
        self.in_hand.insert(due.key.event, Version::of(&due));
        self.bytes += due.body.len();
        match due.queue {
            Queue::First => self.first.push_back(due),
            Queue::Again => self.again.push_back(due),
        }
    }

    fn slots(&self, bounds: Bounds) -> usize {
        match self.allowed {
            0 => bounds.lane, // nothing has ended yet
            allowed if bounds.scarce => allowed,
            _ => bounds.lane,
        }
    }
}

#[cfg(test)]
mod tests;
