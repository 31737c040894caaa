//! What a request is verified by, besides secrets.

use std::time::Duration;

use crate::clock;

/// How far a signed time may be from this machine's, unless [`Options::tolerance`] says otherwise.
pub const DEFAULT_TOLERANCE: Duration = Duration::from_secs(300);

/// Which of the two signatures of a request is verified.
///
/// There is no falling back from one to the other: who could choose the scheme could leave
/// the time out, and send an old request again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Scheme {
    /// `webhook-signature`: Standard Webhooks 1.0, which signs id and time too.
    #[default]
    Standard,
    /// `x-webhook-signature`: HMAC-SHA256 of the body, which says nothing about time.
    Plain,
}

/// What a request is verified by, besides secrets.
///
/// ```
/// use std::time::Duration;
/// use waxwing_receiver::{Options, Scheme};
///
/// let strict = Options::new().tolerance(Duration::from_secs(60));
/// let plain = Options::new().scheme(Scheme::Plain);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    scheme: Scheme,
    tolerance: Duration,
    now: Option<u64>,
}

impl Options {
    /// [`Scheme::Standard`], [`DEFAULT_TOLERANCE`], and this machine's clock.
    pub const fn new() -> Self {
        Self { scheme: Scheme::Standard, tolerance: DEFAULT_TOLERANCE, now: None }
    }

    /// Verifies another of the two signatures.
    #[must_use]
    pub const fn scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = scheme;
        self
    }

    /// Sets how far a signed time may be from now, in the past and in the future.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Takes these Unix seconds for now, instead of this machine's clock: for tests.
    #[must_use]
    pub const fn now(mut self, unix_seconds: u64) -> Self {
        self.now = Some(unix_seconds);
        self
    }

    pub(crate) fn chosen_scheme(&self) -> Scheme {
        self.scheme
    }

    pub(crate) fn greatest_distance(&self) -> Duration {
        self.tolerance
    }

    pub(crate) fn unix_seconds(&self) -> u64 {
        self.now.unwrap_or_else(clock::unix_seconds)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
