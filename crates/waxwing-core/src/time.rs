//! Points in time, as the store and the contract see them: UTC, milliseconds.

use std::{fmt, time::Duration};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is not an RFC 3339 date and time within the years 1970 to 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a date and time such as 2026-03-26T10:00:00.000Z (RFC 3339)")]
pub struct InvalidTimestamp;

impl Timestamp {
    /// The first moment, earlier than everything that happens.
    pub const EPOCH: Self = Self(0);
    /// 9999-12-30T22:00:00.000Z, the last moment that `jiff` reads and prints:
    /// it lies in the year 9999 whatever the offset.
    pub const MAX: Self = Self(253_402_207_200_000);

    /// From milliseconds since 1970, moved into `EPOCH..=MAX`.
    pub const fn from_millis(millis: i64) -> Self {
        if millis < 0 {
            Self::EPOCH
        } else if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn seconds(self) -> i64 {
        self.0 / 1000
    }

    /// This moment and `wait` later, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(wait))
    }

    /// This moment and `span` earlier, at least [`Timestamp::EPOCH`].
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_sub(span))
    }

    /// The time from `earlier` until this moment; zero when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// Reads an RFC 3339 date and time with any offset. Digits past the
    /// millisecond are cut off.
    ///
    /// # Errors
    /// [`InvalidTimestamp`] for anything else, and for years outside 1970–9999.
    pub fn parse(text: &str) -> Result<Self, InvalidTimestamp> {
        let parsed: jiff::Timestamp = text.parse().map_err(|_| InvalidTimestamp)?;
        let millis = parsed.as_millisecond();
        if (0..=Self::MAX.0).contains(&millis) { Ok(Self(millis)) } else { Err(InvalidTimestamp) }
    }
}

/// RFC 3339 in UTC with three decimals: `2026-03-26T10:00:00.000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `EPOCH..=MAX` lies inside what jiff can represent.
        let time = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(f, "{time:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_rfc_3339_utc_with_milliseconds() {
        let time = Timestamp::from_millis(1_774_519_200_000);
        assert_eq!(time.to_string(), "2026-03-26T10:00:00.000Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-30T22:00:00.000Z");
    }

    #[test]
    fn reads_offsets_and_cuts_below_the_millisecond() {
        let time = Timestamp::parse("2026-03-26T12:00:00.0009+02:00").unwrap();
        assert_eq!(time.to_string(), "2026-03-26T10:00:00.000Z");
    }

    #[test]
    fn refuses_what_is_not_a_date_and_time() {
        for text in ["", "2026-03-26", "10:00", "1774519200", "1969-12-31T23:59:59Z"] {
            assert_eq!(Timestamp::parse(text), Err(InvalidTimestamp), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(millis in 0..=Timestamp::MAX.millis()) {
            let time = Timestamp::from_millis(millis);
            prop_assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
        }

        #[test]
        fn later_then_earlier_is_where_it_began(millis in 0..1_i64 << 42, wait in 0..1_u64 << 40) {
            let time = Timestamp::from_millis(millis);
            let wait = Duration::from_millis(wait);
            prop_assert_eq!(time.after(wait).before(wait), time);
            prop_assert_eq!(time.after(wait).since(time), wait);
        }
    }
}
