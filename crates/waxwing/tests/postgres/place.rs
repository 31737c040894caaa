//! Where the servers of this test binary keep everything: in a database of a cluster
//! that the tests share.

use waxwing_cluster::Database;

/// A sealing key of tests, the same for all nodes of a database.
pub(crate) const SEALING_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// A database, made or taken when it is first asked for.
#[derive(Debug, Default)]
pub(crate) struct Place(std::sync::OnceLock<Database>);

impl Place {
    /// The database.
    pub(crate) fn database(&self) -> &Database {
        self.0.get_or_init(Database::take)
    }

    /// The settings that lead there, for a server that keeps its name.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DATABASE", self.database().url.clone()),
            ("ENCRYPTION_KEY", SEALING_KEY.to_owned()),
            ("NODE", "one".to_owned()),
        ]
    }
}
