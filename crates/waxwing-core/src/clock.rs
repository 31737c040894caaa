//! Where time and randomness come from.
//!
//! The binary holds the one real implementation of each; tests and simulations
//! bring their own. Everything else takes them as a parameter.

use crate::Timestamp;

/// The wall clock.
pub trait Clock: Send + Sync + 'static {
    /// The present moment, to the millisecond. May go back when an
    /// administrator sets the system clock back.
    fn now(&self) -> Timestamp;
}

/// A source of randomness fit for secrets.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` unpredictable bytes.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}
