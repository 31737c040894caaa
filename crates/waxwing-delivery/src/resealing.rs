//! Sealing secrets anew: after a rotation of data keys, and after an upgrade from a
//! version that sealed with the root key itself.
//!
//! Every node looks through what is kept when a data key is new to it, from its start
//! on, and from time to time; so a rotation that was interrupted goes on, and values
//! that a node sealed while it did not know the new key yet are met. Several nodes at
//! once do no harm: a value is replaced only if it is still as it was read.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;
use tracing::{info, warn};
use waxwing_store::{Actor, SEALED_COLUMNS, SealedColumn, StoreError};

use crate::engine::Shared;

/// How often a node looks whether there is a new data key.
pub(crate) const LOOK: Duration = Duration::from_secs(1);
/// How often it looks through everything although there is none.
const AGAIN: Duration = Duration::from_hours(1);
/// Values of one bite: some milliseconds of the store's writer.
const BITE: usize = 100;
/// The pause between two bites, in which others write.
const PAUSE: Duration = Duration::from_millis(10);
/// The pause after a failure of the store.
const FAILURE_PAUSE: Duration = Duration::from_secs(30);
/// How long an older data key is kept in any case: no value is under way for as long.
const KEEP: Duration = Duration::from_hours(1);

/// Up to which data key, and when, everything was looked through.
#[derive(Debug, Default)]
pub(crate) struct Looked(Mutex<Option<(u32, Instant)>>);

impl Looked {
    /// Whether there is something to look for.
    pub(crate) fn is_due(&self, shared: &Shared) -> bool {
        let newest = shared.store.directory().newest_data_key();
        match (newest, *self.0.lock()) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(newest), Some((number, at))) => newest != number || at.elapsed() >= AGAIN,
        }
    }
}

/// Looks through everything once.
pub(crate) async fn run(shared: Arc<Shared>, looked: Arc<Looked>) -> Result<(), StoreError> {
    let Some(newest) = shared.store.directory().newest_data_key() else { return Ok(()) };
    let result = look_through(&shared, newest).await;
    if result.is_err() {
        tokio::time::sleep(FAILURE_PAUSE).await;
        return result;
    }
    *looked.0.lock() = Some((newest, Instant::now()));
    drop_older(&shared, newest).await
}

async fn look_through(shared: &Shared, newest: u32) -> Result<(), StoreError> {
    let (mut resealed, mut unopened) = (0, 0);
    for column in SEALED_COLUMNS {
        let (found, failed) = column_through(shared, *column, newest).await?;
        resealed += found - failed;
        unopened += failed;
    }
    if resealed > 0 {
        info!(resealed, data_key = newest, "secrets were sealed anew");
    }
    if unopened > 0 {
        warn!(
            unopened,
            "secrets open with no encryption key of this server, so that they cannot be sealed anew; give the key that sealed them in previous_encryption_keys, or rotate them"
        );
    }
    Ok(())
}

/// How many values another key had sealed, and how many of them do not open.
async fn column_through(
    shared: &Shared,
    column: SealedColumn,
    newest: u32,
) -> Result<(usize, usize), StoreError> {
    let (mut after, mut found, mut unopened) = (0, 0, 0);
    loop {
        let page = shared.store.sealed_page(column, newest, after, BITE).await?;
        let (count, last) = (page.len(), page.last().map(|value| value.row));
        if count > 0 {
            unopened += shared.keyring.reseal(column, newest, page, &*shared.entropy).await?;
        }
        found += count;
        match last {
            Some(last) if count == BITE => after = last,
            _ => return Ok((found, unopened)),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Deletes data keys that nothing needs any more.
async fn drop_older(shared: &Shared, newest: u32) -> Result<(), StoreError> {
    let directory = shared.store.directory();
    let settled =
        directory.data_key(newest).is_some_and(|key| key.created_at.after(KEEP) <= shared.clock.now());
    if settled && directory.data_keys().len() > 1 {
        let deleted =
            shared.store.delete_data_keys_before(newest, &Actor::server(shared.clock.now())).await?;
        if deleted > 0 {
            info!(deleted, "older data keys were deleted; nothing is sealed with them any more");
        }
    }
    Ok(())
}
