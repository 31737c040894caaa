//! The words that scenarios use for answers and paces.

use std::{fmt, time::Duration};

use serde::Deserialize;

/// The longest that a slow receiver takes.
const MAX_DELAY: Duration = Duration::from_mins(1);

/// What a receiver does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Answer {
    /// `"200"`, `"503"` or `"200 after 4s"`.
    Status(u16, Duration),
    /// `"nothing"`: the connection stays open.
    Nothing,
    /// `"refused"`: nobody listens there.
    Refused,
}

impl Answer {
    /// Whether a delivery succeeds at once.
    pub(super) fn is_good(self) -> bool {
        matches!(self, Self::Status(200..=299, Duration::ZERO))
    }
}

impl TryFrom<String> for Answer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (status, delay) = match (text.as_str(), text.split_once(" after ")) {
            ("nothing", _) => return Ok(Self::Nothing),
            ("refused", _) => return Ok(Self::Refused),
            (_, Some((status, delay))) => (status, humantime::parse_duration(delay).ok()),
            (status, None) => (status, Some(Duration::ZERO)),
        };
        let status = status.parse().ok().filter(|status| (200..=599).contains(status));
        match (status, delay.filter(|delay| *delay <= MAX_DELAY)) {
            (Some(status), Some(delay)) => Ok(Self::Status(status, delay)),
            _ => Err(format!(
                "{text:?} is no answer: write \"200\", \"503\", \"200 after 4s\" (at most 60s), \"nothing\" or \"refused\""
            )),
        }
    }
}

/// How fast events are published.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Pace {
    /// `"full speed"`: each connection sends the next as soon as it has its answer.
    Full,
    /// `"100/s"`
    Rate(f64),
    /// `"50%"` of the events that were delivered at full speed just before.
    Share(f64),
}

impl TryFrom<String> for Pace {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = |text: &str, most: f64| {
            text.trim().parse::<f64>().ok().filter(|number| *number > 0.0 && *number <= most)
        };
        let pace = if text == "full speed" {
            Some(Self::Full)
        } else if let Some(rate) = text.strip_suffix("/s") {
            number(rate, 1e6).map(Self::Rate)
        } else {
            text.strip_suffix('%')
                .and_then(|share| number(share, 1000.0))
                .map(|share| Self::Share(share / 100.0))
        };
        pace.ok_or_else(|| format!("{text:?} is no pace: write \"full speed\", \"100/s\" or \"50%\""))
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("full speed"),
            Self::Rate(rate) => write!(f, "{rate}/s"),
            Self::Share(share) => write!(f, "{}%", share * 100.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_paces_are_read() {
        let answer = |text: &str| Answer::try_from(text.to_owned());
        assert_eq!(answer("200 after 4s"), Ok(Answer::Status(200, Duration::from_secs(4))));
        assert_eq!(answer("503"), Ok(Answer::Status(503, Duration::ZERO)));
        assert!(answer("200").unwrap().is_good() && !answer("200 after 1ms").unwrap().is_good());
        for text in ["", "20", "600", "200 after", "200 after 2h", "slow"] {
            assert!(answer(text).is_err(), "{text}");
        }
        let pace = |text: &str| Pace::try_from(text.to_owned());
        assert_eq!(pace("full speed"), Ok(Pace::Full));
        assert_eq!((pace("100/s"), pace("50%")), (Ok(Pace::Rate(100.0)), Ok(Pace::Share(0.5))));
        for text in ["100", "0/s", "-1/s", "nan/s", "x%"] {
            assert!(pace(text).is_err(), "{text}");
        }
    }
}
