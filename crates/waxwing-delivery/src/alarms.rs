//! When lanes want to be looked at again: one time for each, whatever the number
//! of turns in which it was said.

use std::collections::{BTreeSet, HashMap};

/// Times of lanes, on one clock.
#[derive(Debug)]
pub(crate) struct Alarms<T> {
    order: BTreeSet<(T, i64)>,
    of: HashMap<i64, T>,
}

impl<T> Default for Alarms<T> {
    fn default() -> Self {
        Self { order: BTreeSet::new(), of: HashMap::new() }
    }
}

impl<T: Ord + Copy> Alarms<T> {
    /// Sets a lane's alarm, in place of the one that it had.
    pub(crate) fn set(&mut self, lane: i64, at: T) {
        if let Some(before) = self.of.insert(lane, at) {
            if before == at {
                return;
            }
            self.order.remove(&(before, lane));
        }
        self.order.insert((at, lane));
    }

    /// Takes a lane whose time has come.
    pub(crate) fn pop(&mut self, now: T) -> Option<i64> {
        let (at, lane) = *self.order.first()?;
        if at > now {
            return None;
        }
        self.order.pop_first();
        self.of.remove(&lane);
        Some(lane)
    }

    /// The next time.
    pub(crate) fn next(&self) -> Option<T> {
        self.order.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_come_in_the_order_of_their_times_and_not_before() {
        let mut alarms = Alarms::default();
        alarms.set(1, 30);
        alarms.set(2, 10);
        alarms.set(3, 20);
        assert_eq!((alarms.next(), alarms.pop(9)), (Some(10), None));
        assert_eq!([alarms.pop(20), alarms.pop(20), alarms.pop(20)], [Some(2), Some(3), None]);
        assert_eq!((alarms.next(), alarms.pop(30), alarms.next()), (Some(30), Some(1), None));
    }

    #[test]
    fn a_lane_has_one_alarm_however_often_it_is_set() {
        let mut alarms = Alarms::default();
        for at in [50, 40, 40, 60, 45] {
            alarms.set(7, at);
        }
        assert_eq!((alarms.order.len(), alarms.of.len()), (1, 1));
        assert_eq!((alarms.pop(44), alarms.pop(45), alarms.pop(99)), (None, Some(7), None));
    }
}
