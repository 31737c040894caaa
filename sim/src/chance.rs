//! The one source of chance. Whatever may go one way or another asks here, so that a
//! seed decides a whole history.

use std::{ops::Range, time::Duration};

use parking_lot::Mutex;
use waxwing_core::Entropy;

/// A stream of choices.
pub(crate) struct Chance(Mutex<fastrand::Rng>);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// Whether it happens, in so many of a hundred cases.
    pub(crate) fn percent(&self, percent: u32) -> bool {
        self.0.lock().u32(0..100) < percent
    }

    pub(crate) fn among(&self, range: Range<u64>) -> u64 {
        self.0.lock().u64(range)
    }

    pub(crate) fn millis(&self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.among(range))
    }

    /// One of these, of which there must be one.
    pub(crate) fn pick<'a, T>(&self, of: &'a [T]) -> &'a T {
        let index = self.0.lock().usize(0..of.len());
        &of[index]
    }
}

impl Entropy for Chance {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().fill(bytes);
    }
}
