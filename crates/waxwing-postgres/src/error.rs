//! What can go wrong between this program and the database.

use std::{path::PathBuf, time::Duration};

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;
use waxwing_store::StoreError;

/// Why a database cannot be used. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is none.
    #[error("the database's address cannot be read: {0}; write postgres://user:password@host:5432/name")]
    Address(String),
    /// A certificate or key is not what it should be.
    #[error("TLS to the database cannot be set up: {0}")]
    Tls(String),
    /// The password file cannot be used.
    #[error("the password file {path} cannot be used: {reason}", path = path.display())]
    Passfile {
        /// Which file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Nobody answers, or not as hoped.
    #[error("the database at {address} cannot be used: {reason}")]
    Connect {
        /// Hosts and name.
        address: String,
        /// What happened, and what to do.
        reason: String,
    },
    /// The server is older than what this program is made for.
    #[error("the database server is PostgreSQL {found}; this program needs {needed} or later")]
    Old {
        /// Its major version.
        found: i32,
        /// The oldest that will do.
        needed: i32,
    },
    /// The database was written by a later version.
    #[error(
        "the database has schema version {found}, this program knows up to {known}: use the newer waxwing that wrote it"
    )]
    Newer {
        /// Its version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// Only a part of what is to be in it is there.
    #[error(
        "a move into the database at {0} is not finished: run the same `waxwing move` again, which goes on where it was"
    )]
    Moving(String),
}

/// An error of a statement or of getting a connection for it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{}", explain(.0))]
    Postgres(#[from] tokio_postgres::Error),
    #[error("no connection to the database: {0}")]
    Pool(String),
    #[error("no answer from the database within {} s", .0.as_secs())]
    Timeout(Duration),
    /// A value that no version of this program writes.
    #[error("the database holds what cannot be read: {0}")]
    Unreadable(String),
}

/// The server's own words, which the driver's error leaves to its source, and what
/// to do when that is known.
fn explain(error: &tokio_postgres::Error) -> String {
    let Some(db) = error.as_db_error() else {
        return match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
    };
    let advice = match *db.code() {
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "; check user, password and pg_hba.conf"
        }
        SqlState::INVALID_CATALOG_NAME => "; create it: createdb",
        SqlState::INSUFFICIENT_PRIVILEGE => {
            "; the user must own the database, or be granted CREATE on its schema"
        }
        SqlState::TOO_MANY_CONNECTIONS => "; raise max_connections, or lower database_connections",
        SqlState::READ_ONLY_SQL_TRANSACTION => {
            "; this is a standby: name every host, postgres://one,two/name, and the primary is found"
        }
        _ => "",
    };
    format!("{} (SQLSTATE {}){advice}", db.message(), db.code().code())
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::Postgres(error),
            other => Self::Pool(other.to_string()),
        }
    }
}

impl Error {
    fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Postgres(error) => error.code(),
            Self::Pool(_) | Self::Timeout(_) | Self::Unreadable(_) => None,
        }
    }

    /// Whether trying the same again may help: another transaction was in the way.
    pub(crate) fn is_conflict(&self) -> bool {
        self.code().is_some_and(|code| {
            [SqlState::UNIQUE_VIOLATION, SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED]
                .contains(code)
        })
    }

    /// Whether a lock could not be had in time.
    pub(crate) fn is_locked(&self) -> bool {
        self.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
    }

    /// Whether the database itself said so and can be asked again with hope; otherwise
    /// it is not known what was done. Classes 08, 53 and 57: the connection was lost,
    /// something is short, the server is going down; 25006: it is a standby now; 25P03:
    /// this node was silent for too long.
    pub(crate) fn is_answer(&self) -> bool {
        match self {
            Self::Postgres(_) => self.code().is_some_and(|code| {
                let passing = ["08", "53", "57"].iter().any(|class| code.code().starts_with(class));
                let ended = SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT;
                !passing && ![SqlState::READ_ONLY_SQL_TRANSACTION, ended].contains(code)
            }),
            Self::Pool(_) | Self::Timeout(_) => false,
            Self::Unreadable(_) => true,
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        if error.is_answer() { Self::Failed(text) } else { Self::Unreachable(text) }
    }
}
