//! Data keys as the store keeps them, and the columns that they seal.

use waxwing_core::{
    Timestamp,
    seal::{Sealed, SealedBy},
};

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

    /// The id of the root key that seals it, as people see it.
    pub fn root_key(&self) -> String {
        match self.sealed.by() {
            Ok(SealedBy::Number(id)) => shown(id),
            // Nothing writes one that says nothing.
            Ok(SealedBy::Root) | Err(_) => "unknown".to_owned(),
        }
    }
}

/// The id of a root key as people see it.
pub(crate) fn shown(id: u32) -> String {
    format!("{id:08x}")
}

/// A column of webhooks that holds sealed values, each bound to its webhook's id and a
/// suffix of the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    /// Its name in every store.
    pub name: &'static str,
    /// What follows the webhook's id in the place that a value is bound to.
    pub suffix: &'static str,
}

/// All of them: what is sealed anew when data keys are replaced. A value that moves from
/// column to column (with the same suffix) does so from an earlier to a later one, so
/// that whoever goes through them in this order meets it.
pub const SEALED_COLUMNS: &[SealedColumn] = &[
    SealedColumn { name: "secret", suffix: "" },
    SealedColumn { name: "previous_secret", suffix: "" },
    SealedColumn { name: "signing_key", suffix: "/signing-key" },
    SealedColumn { name: "previous_signing_key", suffix: "/signing-key" },
    SealedColumn { name: "sealed_headers", suffix: "/headers" },
    SealedColumn { name: "sealed_authorization", suffix: "/authorization" },
    SealedColumn { name: "sealed_certificate", suffix: "/client_certificate" },
];

/// A value of a sealed column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// The row of its webhook.
    pub row: i64,
    /// What it is bound to.
    pub place: String,
    /// The value.
    pub sealed: Sealed,
}

/// A value that was sealed anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resealed {
    /// The row of its webhook.
    pub row: i64,
    /// As it was.
    pub before: Sealed,
    /// As it shall be.
    pub after: Sealed,
}
