//! How long a delivery waits between its attempts.
//!
//! A schedule is a list of waits; one more attempt than waits is made. Each wait
//! is lengthened by a random part of a tenth, so that deliveries that failed
//! together do not come back together. The random part comes in as an argument.

use std::{fmt, time::Duration};

/// The most waits of a schedule.
pub const MAX_WAITS: usize = 100;
/// The shortest wait.
pub const MIN_WAIT: Duration = Duration::from_millis(1);
/// The longest wait: 30 days.
pub const MAX_WAIT: Duration = Duration::from_hours(30 * 24);

/// The units of a duration and their milliseconds, the longest first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// How much of the longest lengthening (a tenth of the wait) is added, in
/// thousandths, `0..=1000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jitter(u16);

/// The waits between the attempts of a delivery: at most [`MAX_WAITS`], each
/// whole milliseconds from [`MIN_WAIT`] to [`MAX_WAIT`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySchedule {
    waits: Vec<Duration>,
}

/// A text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a duration: a whole number and ms, s, m, h or d, such as 500ms, 5s or 30d")]
pub struct InvalidDuration(String);

/// Why waits make no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchedule {
    /// More than [`MAX_WAITS`].
    #[error("{0} waits are too many: at most {MAX_WAITS}")]
    TooMany(usize),
    /// The wait of this number, from 1, is out of bounds.
    #[error("wait {0} is out of bounds: whole milliseconds, 1ms to 30d")]
    OutOfBounds(usize),
    /// One of the waits cannot be read.
    #[error(transparent)]
    Duration(#[from] InvalidDuration),
}

impl Jitter {
    /// Waits are not lengthened.
    pub const NONE: Self = Self(0);
    /// In thousandths: the whole tenth.
    const MOST: u16 = 1000;

    /// From two random bytes. The 1,001 steps come up equally often, but for
    /// one part in 65.
    pub const fn from_random(raw: u16) -> Self {
        Self(raw % (Self::MOST + 1))
    }
}

impl RetrySchedule {
    /// A schedule of these waits; none means that nothing is retried.
    ///
    /// # Errors
    /// [`InvalidSchedule`] when there are too many or one is out of bounds.
    pub fn new(waits: Vec<Duration>) -> Result<Self, InvalidSchedule> {
        if waits.len() > MAX_WAITS {
            return Err(InvalidSchedule::TooMany(waits.len()));
        }
        let fits = |wait: &Duration| {
            (MIN_WAIT..=MAX_WAIT).contains(wait) && wait.subsec_nanos().is_multiple_of(1_000_000)
        };
        match waits.iter().position(|wait| !fits(wait)) {
            Some(index) => Err(InvalidSchedule::OutOfBounds(index + 1)),
            None => Ok(Self { waits }),
        }
    }

    /// Reads waits separated by commas: `1m,5m,30m,2h,6h,24h`. Spaces around
    /// them are ignored; an empty text means that nothing is retried.
    ///
    /// # Errors
    /// [`InvalidSchedule`] as for [`RetrySchedule::new`], or when a wait cannot
    /// be read.
    pub fn parse(text: &str) -> Result<Self, InvalidSchedule> {
        if text.trim().is_empty() {
            return Self::new(Vec::new());
        }
        let waits = text.split(',').map(|wait| parse_duration(wait.trim()));
        Self::new(waits.collect::<Result<_, _>>()?)
    }

    /// How often a delivery is attempted before it has failed: waits and one.
    pub fn attempts(&self) -> u32 {
        self.waits.iter().fold(1, |attempts, _| attempts + 1)
    }

    /// The wait after the failed attempt `step`, counted from 0, lengthened by
    /// `jitter`; `None` when it was the last one.
    pub fn wait_after(&self, step: u32, jitter: Jitter) -> Option<Duration> {
        let wait = *self.waits.get(usize::try_from(step).ok()?)?;
        Some(wait + wait * u32::from(jitter.0) / (10 * u32::from(Jitter::MOST)))
    }
}

/// 7 attempts: after 1 min, 5 min, 30 min, 2 h, 6 h and 24 h.
impl Default for RetrySchedule {
    fn default() -> Self {
        let minutes = [1, 5, 30, 2 * 60, 6 * 60, 24 * 60];
        Self { waits: minutes.into_iter().map(Duration::from_mins).collect() }
    }
}

/// As [`RetrySchedule::parse`] reads it.
impl fmt::Display for RetrySchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, wait) in self.waits.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let millis = wait.as_millis();
            let whole = |unit: &&(&str, u64)| {
                // One day is written as 24h, as in the default.
                millis % u128::from(unit.1) == 0 && (unit.0 != "d" || millis > u128::from(unit.1))
            };
            let (name, length) = UNITS.iter().find(whole).unwrap_or(&("ms", 1));
            write!(f, "{comma}{}{name}", millis / u128::from(*length))?;
        }
        Ok(())
    }
}

/// Reads one duration: a whole number and a unit of `ms`, `s`, `m`, `h` or `d`,
/// with nothing between or around them. `0s` is one; bounds are the caller's.
///
/// # Errors
/// [`InvalidDuration`] for anything else, and past 2⁶⁴ milliseconds.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let read = || {
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
        number.parse::<u64>().ok()?.checked_mul(*length).map(Duration::from_millis)
    };
    read().ok_or_else(|| InvalidDuration(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOST: Jitter = Jitter(1000);

    #[test]
    fn the_default_is_the_schedule_of_the_contract() {
        let schedule = RetrySchedule::default();
        assert_eq!(schedule.to_string(), "1m,5m,30m,2h,6h,24h");
        assert_eq!(RetrySchedule::parse("1m,5m,30m,2h,6h,24h"), Ok(schedule.clone()));
        assert_eq!(schedule.attempts(), 7);
        assert_eq!(schedule.wait_after(0, Jitter::NONE), Some(Duration::from_mins(1)));
        assert_eq!(schedule.wait_after(5, Jitter::NONE), Some(Duration::from_hours(24)));
        assert_eq!(schedule.wait_after(6, Jitter::NONE), None);
        assert_eq!(schedule.wait_after(u32::MAX, MOST), None);
    }

    #[test]
    fn jitter_lengthens_by_a_tenth_at_most() {
        let schedule = RetrySchedule::parse("10s,30d").unwrap();
        assert_eq!(schedule.wait_after(0, MOST), Some(Duration::from_secs(11)));
        assert_eq!(schedule.wait_after(0, Jitter(500)), Some(Duration::from_millis(10_500)));
        assert_eq!(schedule.wait_after(1, MOST), Some(Duration::from_hours(33 * 24)));
    }

    #[test]
    fn an_empty_text_retries_nothing() {
        for text in ["", "  "] {
            let schedule = RetrySchedule::parse(text).unwrap();
            assert_eq!(schedule.attempts(), 1);
            assert_eq!(schedule.wait_after(0, MOST), None);
            assert_eq!(schedule.to_string(), "");
        }
    }

    #[test]
    fn refuses_waits_out_of_bounds_and_says_which() {
        assert_eq!(RetrySchedule::parse("1s, 0s"), Err(InvalidSchedule::OutOfBounds(2)));
        assert_eq!(RetrySchedule::parse("31d"), Err(InvalidSchedule::OutOfBounds(1)));
        let micros = vec![Duration::from_micros(1500)];
        assert_eq!(RetrySchedule::new(micros), Err(InvalidSchedule::OutOfBounds(1)));
        assert!(RetrySchedule::new(vec![MIN_WAIT; 100]).is_ok());
        assert_eq!(RetrySchedule::new(vec![MIN_WAIT; 101]), Err(InvalidSchedule::TooMany(101)));
    }

    #[test]
    fn reads_every_unit() {
        let read = |text| parse_duration(text).map(|duration| duration.as_millis());
        assert_eq!(read("500ms"), Ok(500));
        assert_eq!(read("0s"), Ok(0));
        assert_eq!(read("5s"), Ok(5_000));
        assert_eq!(read("2m"), Ok(120_000));
        assert_eq!(read("2h"), Ok(7_200_000));
        assert_eq!(read("30d"), Ok(2_592_000_000));
    }

    #[test]
    fn refuses_what_is_not_a_duration() {
        let past = "18446744073709551615d";
        for text in ["", "5", "s", "-5s", "+5s", "1.5s", "5 s", " 5s", "5S", "1m30s", "٣s", past] {
            assert_eq!(parse_duration(text), Err(InvalidDuration(text.to_owned())), "{text}");
            assert!(RetrySchedule::parse(&format!("1s,{text},1s")).is_err() || text == " 5s");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(millis in prop::collection::vec(1..=2_592_000_000_u64, 0..=100)) {
            let waits = millis.into_iter().map(Duration::from_millis).collect();
            let schedule = RetrySchedule::new(waits).unwrap();
            prop_assert_eq!(RetrySchedule::parse(&schedule.to_string()), Ok(schedule));
        }

        #[test]
        fn a_wait_lies_between_itself_and_a_tenth_more(millis in 1..=2_592_000_000_u64, raw: u16) {
            let wait = Duration::from_millis(millis);
            let schedule = RetrySchedule::new(vec![wait]).unwrap();
            let lengthened = schedule.wait_after(0, Jitter::from_random(raw)).unwrap();
            prop_assert!(wait <= lengthened && lengthened <= wait + wait / 10);
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = RetrySchedule::parse(&text);
            let _ = parse_duration(&text);
        }
    }
}
