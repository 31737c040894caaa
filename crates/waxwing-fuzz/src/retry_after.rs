//! `Retry-After`: what a receiver asks for is bounded, and dates count from now.

use std::time::{Duration, UNIX_EPOCH};

use waxwing_core::{Timestamp, outcome::MAX_RETRY_AFTER};
use waxwing_delivery::https::retry_after::wait;

const NOW: Timestamp = Timestamp::from_millis(1_774_519_200_000);
/// 9999-12-31T23:59:59Z, in Unix seconds: the last date that HTTP can write.
const LAST_DATE: u64 = 253_402_300_799;

pub(super) fn run(bytes: &[u8]) {
    let asked = wait(bytes, NOW);
    assert!(asked.is_none_or(|asked| asked <= MAX_RETRY_AFTER));
    if !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit) {
        let seconds = crate::text(bytes).parse().map_or(MAX_RETRY_AFTER, Duration::from_secs);
        assert_eq!(asked, Some(seconds.min(MAX_RETRY_AFTER)));
    }
    if let Some((first, _)) = bytes.split_first_chunk() {
        date(u64::from_be_bytes(*first) % (LAST_DATE + 1));
    }
}

fn date(seconds: u64) {
    let written = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
    let now = u64::try_from(NOW.seconds()).unwrap_or_default();
    let expected = Duration::from_secs(seconds.saturating_sub(now)).min(MAX_RETRY_AFTER);
    assert_eq!(wait(written.as_bytes(), NOW), Some(expected), "{written}");
}
