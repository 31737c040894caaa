//! Accounts and API keys.

use waxwing_core::{AccountId, KeyId, Role, Timestamp};

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
    /// The account that it acts for; `None` for the operator's own keys.
    pub account: Option<AccountId>,
    /// What it may do.
    pub role: Role,
    /// What its maker calls it.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is not accepted any more.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, give or take a minute.
    pub last_used_at: Option<Timestamp>,
    /// Whether it is a portal token: short-lived, and removed some time after its end.
    pub portal: bool,
}

impl Key {
    /// Whether it lets its holder do an operator's work at this moment.
    pub fn is_operator_at(&self, now: Timestamp) -> bool {
        self.role == Role::Operator && self.expires_at.is_none_or(|end| now < end)
    }
}

/// An API key to be kept.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Everything but the key.
    pub key: Key,
    /// SHA-256 of the key. Keys hold 256 random bits, so that a fast hash suffices.
    pub hash: [u8; 32],
}

/// Who a key speaks for, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The key's public name.
    pub key: KeyId,
    /// What it may do.
    pub role: Role,
    /// The account that it sees alone; `None` for the operator's own keys.
    pub account: Option<AccountId>,
    /// From when on it is not accepted any more.
    pub expires_at: Option<Timestamp>,
    /// Whether the key is a portal token.
    pub portal: bool,
}

impl Principal {
    /// Who this key speaks for.
    pub fn of(key: &Key) -> Self {
        Self {
            key: key.id.clone(),
            role: key.role,
            account: key.account.clone(),
            expires_at: key.expires_at,
            portal: key.portal,
        }
    }
}
