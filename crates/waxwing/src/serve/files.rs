//! Whether this process may open as many files as its bounds let it need.
//!
//! With too few the server goes on: connections wait and attempts fail, as data. But
//! then it is too late to find out why, so it is told at the start.

use waxwing_delivery::https;

use crate::{
    config::{Database, Settings},
    system,
};

/// Files of a database, look-ups of names, standard streams and the like.
const OTHERS: usize = 256;

/// Tells the operator when the system allows fewer than could be needed.
pub(super) fn warn_if_few(settings: &Settings) {
    let needed = u64::try_from(needed(settings)).unwrap_or(u64::MAX);
    if let Some(limit) = system::file_limit()
        && limit < needed
    {
        tracing::warn!(
            "this process may open {limit} files, but its bounds let it need {needed}: when they are used up, connections wait and attempts fail. Allow more (ulimit -n, LimitNOFILE= in systemd, --ulimit nofile= of a container), or lower in_flight and max_connections"
        );
    }
}

/// One for each attempt under way, each connection that is kept, each that is accepted.
fn needed(settings: &Settings) -> usize {
    let listeners = 1 + usize::from(settings.metrics_listen.is_some());
    let accepted = listeners * settings.limits.connections;
    let database = match settings.database {
        Database::Sqlite(_) => 0,
        Database::Postgres(_) => settings.database_connections,
    };
    settings.sending.in_flight + https::IDLE + accepted + database + OTHERS
}
