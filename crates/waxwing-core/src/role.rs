//! What an API key may do.

/// The role of an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// May do everything, for every account.
    Operator,
    /// May publish events, for every account, and nothing else.
    Publisher,
    /// May read and change what belongs to its account.
    Account,
    /// May read what belongs to its account.
    AccountReadOnly,
}

/// A word that is no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role: operator, publisher, account or account_read_only")]
pub struct InvalidRole;

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Operator, Self::Publisher, Self::Account, Self::AccountReadOnly];

    /// The word that the API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Publisher => "publisher",
            Self::Account => "account",
            Self::AccountReadOnly => "account_read_only",
        }
    }

    /// The role of this word.
    ///
    /// # Errors
    /// [`InvalidRole`] when there is none.
    pub fn parse(word: &str) -> Result<Self, InvalidRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == word).ok_or(InvalidRole)
    }

    /// Whether a key of this role belongs to one account.
    pub fn is_of_an_account(self) -> bool {
        matches!(self, Self::Account | Self::AccountReadOnly)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_read_from_its_own_word() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Ok(role));
        }
        for word in ["", "Operator", "account_readonly", "admin"] {
            assert_eq!(Role::parse(word), Err(InvalidRole), "{word}");
        }
    }
}
