//! A webhook's log, kept up to date for whoever looks at it.
//!
//! A stream tells what the first page of the log would show with the same filter: each
//! entry that is new there or has changed. One watch asks the store about once a second
//! for all streams of a webhook and filter, so that readers cost nothing but what is sent
//! to them, and what other nodes record is seen as well.

mod frames;
mod stream;
mod watch;

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch as signal};
use waxwing_core::{AccountId, WebhookId};
use waxwing_store::LogFilter;

pub(crate) use stream::{Asked, open};
use watch::Watch;

/// Streams of this server at most.
pub const MAX_STREAMS: usize = 1_000;
/// Streams of one account at most, on this server.
pub const MAX_STREAMS_OF_ACCOUNT: usize = 20;

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) account: AccountId,
    pub(crate) webhook: WebhookId,
    pub(crate) filter: LogFilter,
}

/// The streams of this server.
#[derive(Debug)]
pub struct Streams {
    room: Arc<Semaphore>,
    of_accounts: Mutex<HashMap<AccountId, Arc<Semaphore>>>,
    watches: Mutex<HashMap<Place, Weak<Watch>>>,
    /// Turns true when all are to end.
    ended: signal::Sender<bool>,
}

/// Why there is no room for a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRoom {
    OfServer,
    OfAccount,
}

/// The room that a stream takes up while it lives.
#[derive(Debug)]
pub(crate) struct Room {
    _server: OwnedSemaphorePermit,
    _account: OwnedSemaphorePermit,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            room: Arc::new(Semaphore::new(MAX_STREAMS)),
            of_accounts: Mutex::default(),
            watches: Mutex::default(),
            ended: signal::Sender::new(false),
        }
    }
}

impl Streams {
    /// Ends all of them; new ones end at once.
    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }

    fn room(&self, account: &AccountId) -> Result<Room, NoRoom> {
        let of_account = {
            let mut known = self.of_accounts.lock();
            // Accounts that have no stream any more.
            known.retain(|_, room| Arc::strong_count(room) > 1);
            let new = || Arc::new(Semaphore::new(MAX_STREAMS_OF_ACCOUNT));
            Arc::clone(known.entry(account.clone()).or_insert_with(new))
        };
        let account = of_account.try_acquire_owned().map_err(|_| NoRoom::OfAccount)?;
        let server = Arc::clone(&self.room).try_acquire_owned().map_err(|_| NoRoom::OfServer)?;
        Ok(Room { _server: server, _account: account })
    }
}
