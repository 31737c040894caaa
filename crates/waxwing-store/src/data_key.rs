//! Data keys as the store keeps them: sealed by a root key.

use waxwing_core::{Timestamp, seal::Sealed};

/// A key that seals values, itself sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKey {
    /// Counted from 1; the highest seals, the others open.
    pub number: u32,
    /// Its bytes, sealed by a root key and bound to [`DataKey::place`].
    pub sealed: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
}

impl DataKey {
    /// What the sealed bytes of a number are bound to.
    pub fn place(number: u32) -> String {
        format!("data-key/{number}")
    }
}
