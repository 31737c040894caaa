//! The steps in which counts are kept, and stretches of time made of them.

use std::time::Duration;

use waxwing_core::Timestamp;

/// How wide a point of a series is. Days are those of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// 60 s.
    Minute,
    /// 60 min.
    Hour,
    /// 24 h.
    Day,
}

impl Step {
    /// All, the shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The step of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == word)
    }

    /// Its number in every store.
    pub fn number(self) -> i64 {
        match self {
            Self::Minute => 0,
            Self::Hour => 1,
            Self::Day => 2,
        }
    }

    /// How long it is.
    pub fn length(self) -> Duration {
        match self {
            Self::Minute => Duration::from_mins(1),
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }

    /// How long counts are kept in such steps before they become part of the next longer
    /// one; those of days go.
    pub fn kept(self) -> Duration {
        const DAY: Duration = Duration::from_hours(24);
        match self {
            Self::Minute => DAY * 2,
            Self::Hour => DAY * 40,
            Self::Day => DAY * 400,
        }
    }

    /// The step that comes after it.
    pub fn longer(self) -> Option<Self> {
        match self {
            Self::Minute => Some(Self::Hour),
            Self::Hour => Some(Self::Day),
            Self::Day => None,
        }
    }

    /// When the step begins that a moment lies in.
    pub fn begin(self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(at.millis() - at.millis() % self.millis())
    }

    /// From here on counts stand in such steps, unless in shorter ones: a whole longer step
    /// at a time moves on.
    pub fn kept_since(self, now: Timestamp) -> Timestamp {
        self.longer().unwrap_or(self).begin(now.before(self.kept()))
    }

    /// How long it is, in milliseconds.
    pub fn millis(self) -> i64 {
        i64::try_from(self.length().as_millis()).unwrap_or(i64::MAX)
    }
}

/// A stretch of time made of whole steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When its first step begins.
    pub since: Timestamp,
    /// When its last step ends.
    pub until: Timestamp,
    /// What it is made of.
    pub step: Step,
}

impl Span {
    /// The steps that `since` and `until` and what is between them lie in.
    pub fn covering(since: Timestamp, until: Timestamp, step: Step) -> Self {
        let begin = step.begin(until);
        let until = if begin < until { begin.after(step.length()) } else { until };
        Self { since: step.begin(since), until, step }
    }

    /// How many steps it has.
    pub fn points(&self) -> usize {
        let millis = self.until.millis().saturating_sub(self.since.millis());
        usize::try_from(millis / self.step.millis()).unwrap_or(0)
    }

    /// When each of its steps begins, in order.
    pub fn steps(&self) -> impl Iterator<Item = Timestamp> + use<> {
        let (since, length) = (self.since.millis(), self.step.millis());
        (since..self.until.millis()).step_by(usize::try_from(length).unwrap_or(1)).map(Timestamp::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_span_has_whole_steps() {
        let (since, until) = (time("2026-03-26T10:17:30Z"), time("2026-03-26T12:00:00Z"));
        let span = Span::covering(since, until, Step::Hour);
        assert_eq!((span.since, span.until), (time("2026-03-26T10:00:00Z"), until));
        let steps: Vec<_> = span.steps().collect();
        assert_eq!(steps, [time("2026-03-26T10:00:00Z"), time("2026-03-26T11:00:00Z")]);
        assert_eq!(span.points(), 2);
        let span = Span::covering(since, until.after(Duration::from_millis(1)), Step::Day);
        assert_eq!((span.since, span.until), (time("2026-03-26T00:00:00Z"), time("2026-03-27T00:00:00Z")));
    }

    #[test]
    fn whole_hours_of_minutes_move_on() {
        let now = time("2026-03-26T10:17:30Z");
        assert_eq!(Step::Minute.kept_since(now), time("2026-03-24T10:00:00Z"));
        assert_eq!(Step::Hour.kept_since(now), time("2026-02-14T00:00:00Z"));
    }
}
