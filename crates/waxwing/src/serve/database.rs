//! The store that the settings ask for.

use std::sync::Arc;

use waxwing_postgres::{OpenError, PostgresOptions, PostgresStore};
use waxwing_sqlite::SqliteStore;
use waxwing_store::{Metrics, Store};

use crate::{
    config::{Database, Settings},
    exit::Exit,
};

/// Stretches of time into which PostgreSQL's tables are cut, for one retention: that
/// much, at most, is kept for longer than asked.
const PERIODS_PER_RETENTION: u32 = 6;

/// Opens it, and brings its schema up to date.
pub(super) async fn open(settings: &Settings, metrics: Arc<Metrics>) -> anyhow::Result<Arc<dyn Store>> {
    match &settings.database {
        Database::Sqlite(path) => {
            let store = SqliteStore::open(path, metrics).map_err(|error| Exit::Failed.because(error))?;
            Ok(Arc::new(store))
        }
        Database::Postgres(url) => {
            let store = PostgresStore::open(&postgres(settings, url), metrics).await;
            Ok(Arc::new(store.map_err(refusal)?))
        }
    }
}

/// Why a database on PostgreSQL cannot be used.
pub(crate) fn refusal(error: OpenError) -> anyhow::Error {
    let exit = match error {
        OpenError::Address(_) | OpenError::Tls(_) | OpenError::Passfile { .. } => Exit::Usage,
        OpenError::Connect { .. }
        | OpenError::Old { .. }
        | OpenError::Newer { .. }
        | OpenError::Moving(_) => Exit::Failed,
    };
    exit.because(error)
}

/// What the store on PostgreSQL needs to know.
pub(crate) fn postgres(settings: &Settings, url: &str) -> PostgresOptions {
    let home = || std::env::home_dir().map(|home| home.join(".pgpass"));
    PostgresOptions {
        passfile: settings.database_passfile.clone().or_else(home),
        connections: settings.database_connections,
        period: settings.sending.retention / PERIODS_PER_RETENTION,
        ..PostgresOptions::new(url)
    }
}

/// The name of a server that was given none: the same after a restart, and not that
/// of another one.
pub(super) fn node_name(database: &Database, port: u16) -> String {
    match database {
        Database::Sqlite(_) => "local".into(),
        Database::Postgres(_) => {
            let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
            format!("{host}-{port}")
        }
    }
}
