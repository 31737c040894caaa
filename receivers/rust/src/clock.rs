//! The real clocks, for those who bring none of their own.

#![allow(clippy::disallowed_methods, reason = "a library cannot leave the time to its caller's main")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Unix seconds of this machine; 0 if its clock stands before 1970, so that nothing is fresh.
pub(crate) fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A clock that is never set back, and counts from now on.
pub(crate) fn steady() -> impl Fn() -> Duration + Send + Sync + 'static {
    let start = Instant::now();
    move || start.elapsed()
}
