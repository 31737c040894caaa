//! The rows of events that come from a store without periods.
//!
//! A row is its period's number followed by the row that it had: the order of
//! publishing stays, and the old row can be had back. A period begins where an
//! event's time lies outside the one before; which events are in which follows from
//! the first row of each, so that a move that goes on numbers as before.

use std::time::Duration;

use waxwing_core::Timestamp;

use crate::{
    periods::{COUNT_BITS, MAX_PERIODS, Period},
    rows::unreadable,
    sql::Result,
};

/// Periods at most: half of all, so that there is room for those to come.
const MAX_MOVED: usize = MAX_PERIODS / 2;

/// What becomes of the periods when an event comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The last one takes it.
    Stay,
    /// This one begins.
    Begin(Period),
    /// The last one goes on, for longer than it should: it is this now.
    Lengthen(Period),
}

/// The periods so far, each with the row that its first event had.
#[derive(Debug)]
pub(super) struct Numbering {
    periods: Vec<(i64, Period)>,
    length: Duration,
}

impl Numbering {
    /// `periods` in their order, each with a first row as the source counts.
    pub(super) fn new(periods: Vec<(i64, Period)>, length: Duration) -> Self {
        Self { periods, length }
    }

    /// Takes in an event; rows come in ascending order.
    pub(super) fn put(&mut self, old: i64, created_at: Timestamp) -> Result<Step> {
        if !(0..1_i64 << COUNT_BITS).contains(&old) {
            return Err(unreadable(format!("the row {old} of an event is out of bounds")));
        }
        let last = self.periods.last().map(|(_, period)| *period);
        if last.is_some_and(|last| last.takes(created_at)) {
            return Ok(Step::Stay);
        }
        let next = Period::of(last.map_or(1, |last| last.number + 1), created_at, self.length);
        if let Some((_, last)) = self.periods.last_mut().filter(|_| MAX_MOVED <= last.map_or(0, count)) {
            // An event from before it is in good hands too.
            if next.ends_at <= last.ends_at {
                return Ok(Step::Stay);
            }
            last.ends_at = next.ends_at;
            return Ok(Step::Lengthen(*last));
        }
        self.periods.push((old, next));
        Ok(Step::Begin(next))
    }

    /// The row of an event that has been taken in.
    pub(super) fn row(&self, old: i64) -> Result<i64> {
        let after = self.periods.partition_point(|(first, _)| *first <= old);
        let period = after.checked_sub(1).and_then(|at| self.periods.get(at));
        let (_, period) = period.ok_or_else(|| unreadable(format!("there is no event {old}")))?;
        Ok(Period::first_row(period.number) | old)
    }

    /// The row that an event had; an error for one that [`Numbering::row`] did not give.
    pub(super) fn old(&self, row: i64) -> Result<i64> {
        let old = row & ((1 << COUNT_BITS) - 1);
        if self.row(old)? == row {
            Ok(old)
        } else {
            Err(unreadable(format!("the row {row} of an event is not the one that it was given")))
        }
    }
}

/// How many periods there are when this is the last.
fn count(last: Period) -> usize {
    usize::try_from(last.number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn numbering() -> Numbering {
        Numbering::new(Vec::new(), Duration::from_hours(24))
    }

    fn put(numbering: &mut Numbering, old: i64, created_at: i64) -> Step {
        numbering.put(old, Timestamp::from_millis(created_at)).unwrap()
    }

    #[test]
    fn rows_keep_their_order_and_can_be_had_back() {
        let mut numbering = numbering();
        let events = [(3, 0), (4, 5), (9, DAY - 1), (10, DAY), (11, DAY - 7), (500, 40 * DAY)];
        for (old, at) in events {
            put(&mut numbering, old, at);
        }
        let rows: Vec<i64> = events.iter().map(|(old, _)| numbering.row(*old).unwrap()).collect();
        let number = |row: &i64| row >> COUNT_BITS;
        assert_eq!(rows.iter().map(number).collect::<Vec<_>>(), [1, 1, 1, 2, 2, 3]);
        assert!(rows.is_sorted());
        for ((old, _), row) in events.iter().zip(&rows) {
            assert_eq!(numbering.old(*row).unwrap(), *old);
        }
        assert!(numbering.old(rows[3] - (1 << COUNT_BITS)).is_err(), "the right event in another period");
        assert!(numbering.row(2).is_err(), "an event that never was");
    }

    #[test]
    fn a_move_that_goes_on_numbers_as_before() {
        let mut whole = numbering();
        let events: Vec<(i64, i64)> = (1..200).map(|at| (at * 3, at * DAY / 10)).collect();
        for (old, at) in &events {
            put(&mut whole, *old, *at);
        }
        let mut first = numbering();
        for (old, at) in &events[..77] {
            put(&mut first, *old, *at);
        }
        let mut second = Numbering::new(first.periods.clone(), first.length);
        for (old, at) in &events[77..] {
            put(&mut second, *old, *at);
        }
        assert_eq!(second.periods, whole.periods);
    }

    #[test]
    fn a_clock_that_jumps_begins_no_more_periods_than_are_allowed() {
        let mut numbering = numbering();
        for old in 0..1_000 {
            put(&mut numbering, old, if old % 2 == 0 { old * DAY } else { 0 });
        }
        assert_eq!(numbering.periods.len(), MAX_MOVED);
        let rows: Vec<i64> = (0..1_000).map(|old| numbering.row(old).unwrap()).collect();
        assert!(rows.is_sorted());
        assert!(numbering.periods.last().unwrap().1.ends_at >= 998 * DAY, "nothing is dropped too early");
    }

    #[test]
    fn a_row_beyond_the_bits_is_refused() {
        assert!(numbering().put(1 << COUNT_BITS, Timestamp::EPOCH).is_err());
        assert!(numbering().put(-1, Timestamp::EPOCH).is_err());
    }
}
