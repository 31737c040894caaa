//! `Retry-After`: how long a server asks to wait (RFC 9110, 10.2.3).

use std::time::{Duration, UNIX_EPOCH};

use waxwing_core::{Timestamp, outcome::MAX_RETRY_AFTER};

/// The wait that a header's value asks for at `now`: seconds or a date, at most
/// [`MAX_RETRY_AFTER`]. Anything else asks for nothing.
pub fn wait(value: &[u8], now: Timestamp) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let wait = if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        // A number too large for any clock is the longest wait.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let date = httpdate::parse_http_date(text).ok()?;
        let millis = date.duration_since(UNIX_EPOCH).ok()?.as_millis();
        Timestamp::from_millis(i64::try_from(millis).ok()?).since(now)
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(784_111_777_000);

    fn wait_of(text: &str) -> Option<Duration> {
        wait(text.as_bytes(), NOW)
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        assert_eq!(wait_of("120"), Some(Duration::from_mins(2)));
        assert_eq!(wait_of("Sun, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_mins(1)));
        assert_eq!(wait_of("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
    }

    #[test]
    fn retry_after_is_bounded_and_nonsense_is_ignored() {
        assert_eq!(wait_of("99999999999999999999999"), Some(MAX_RETRY_AFTER));
        assert_eq!(wait_of("Thu, 31 Dec 2099 23:59:59 GMT"), Some(MAX_RETRY_AFTER));
        for text in ["", "-1", "soon", "1.5"] {
            assert_eq!(wait_of(text), None, "{text:?}");
        }
    }
}
