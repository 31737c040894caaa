//! The real clock, the real randomness, and the limits of this process.
//!
//! The one place that asks the operating system for them. Everything else takes
//! [`Clock`] and [`Entropy`] as parameters, so that it can be tested.

use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::{Resource, getrlimit, setrlimit};
use waxwing_core::{Clock, Entropy, Timestamp};

/// The wall clock of this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one real clock")]
    fn now(&self) -> Timestamp {
        // A clock before 1970 is shown as 1970.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The operating system's random number generator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OsEntropy;

impl OsEntropy {
    /// Whether the operating system gives random bytes at all. Asked once at
    /// start, so that a broken system is refused in plain words.
    pub(crate) fn check() -> anyhow::Result<Self> {
        fill(&mut [0; 1]).map_err(|error| {
            anyhow::anyhow!(
                "the operating system gives no random bytes: {error}. Secrets cannot be made without."
            )
        })?;
        Ok(Self)
    }
}

impl Entropy for OsEntropy {
    #[expect(clippy::panic, reason = "a weak secret is worse than an end; check() has shown that it works")]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = fill(bytes) {
            panic!("the operating system stopped giving random bytes: {error}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one real source of randomness")]
fn fill(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
    getrandom::fill(bytes)
}

/// Lets this process open as many files as the administrator allows it to.
///
/// Shells start programs with a soft limit of 1,024, for the sake of programs
/// that still call `select`; each attempt under way needs one, and so does each
/// connection that is kept.
pub(crate) fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Refused only by a sandbox; the limit that it set holds then.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// How many files this process may open; `None` if there is no limit.
pub(crate) fn file_limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}
