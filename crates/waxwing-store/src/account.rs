//! Accounts and API keys.

use waxwing_core::{AccountId, KeyId, Timestamp};

/// One customer of the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id, generated or chosen by the operator.
    pub id: AccountId,
    /// What the operator calls it.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its id.
    pub id: AccountId,
    /// What the operator calls it.
    pub name: Option<String>,
    /// Now.
    pub created_at: Timestamp,
}

/// An API key as it is listed: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its public name.
    pub id: KeyId,
    /// The account that it acts for; `None` for an operator key.
    pub account: Option<AccountId>,
    /// What its maker calls it.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An API key to be kept.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Everything but the key.
    pub key: Key,
    /// SHA-256 of the key. Keys hold 256 random bits, so that a fast hash suffices.
    pub hash: [u8; 32],
}

/// Who a key speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// May do everything.
    Operator,
    /// Sees this account only.
    Account(AccountId),
}
