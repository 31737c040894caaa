//! One look at a log for all who watch it.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::broadcast,
    time::{Instant, sleep},
};
use waxwing_core::EventId;
use waxwing_store::{LogEntry, PageRequest, StoreError};

use super::{Place, Streams};
use crate::Api;

/// Entries that are watched: as many as a page of the log shows by default.
const WATCHED: usize = 50;
/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// A look that takes long is followed by a pause this many times as long.
const REST: u32 = 20;
/// Changes that are kept for a stream that falls behind or comes back.
const KEPT: usize = 256;

/// An entry that is new or has changed, numbered.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) number: u64,
    pub(super) entry: LogEntry,
}

/// What is seen of a log.
#[derive(Debug)]
pub(super) struct Watch {
    /// Tells this watch's numbers from those of another one.
    pub(super) name: u64,
    seen: Mutex<Seen>,
    /// Closed when the webhook has no log any more.
    changes: broadcast::Sender<Change>,
}

#[derive(Debug, Default)]
struct Seen {
    entries: HashMap<EventId, LogEntry>,
    last: u64,
    /// The last changes.
    kept: VecDeque<Change>,
}

/// Where a stream goes on.
pub(super) enum Start {
    /// After these.
    After(Vec<Change>),
    /// Nobody knows what came in between.
    Anew,
}

impl Watch {
    /// Changes from now on, and those after `number` as far as they are kept.
    pub(super) fn follow(&self, after: Option<u64>) -> (Start, broadcast::Receiver<Change>) {
        let seen = self.seen.lock();
        let receiver = self.changes.subscribe();
        let Some(after) = after else { return (Start::After(Vec::new()), receiver) };
        let oldest = seen.last - seen.kept.len() as u64;
        if !(oldest..=seen.last).contains(&after) {
            return (Start::Anew, receiver);
        }
        let missed = seen.kept.iter().filter(|change| change.number > after);
        (Start::After(missed.cloned().collect()), receiver)
    }

    /// The number of the last change.
    pub(super) fn last(&self) -> u64 {
        self.seen.lock().last
    }

    /// What is new or has changed, oldest first, goes to everybody.
    fn see(&self, entries: Vec<LogEntry>) {
        let mut seen = self.seen.lock();
        let before = std::mem::take(&mut seen.entries);
        for entry in entries.into_iter().rev() {
            if before.get(&entry.event_id) != Some(&entry) {
                seen.last += 1;
                let change = Change { number: seen.last, entry: entry.clone() };
                if seen.kept.len() == KEPT {
                    seen.kept.pop_front();
                }
                seen.kept.push_back(change.clone());
                // Without a reader it is kept all the same.
                let _ = self.changes.send(change);
            }
            seen.entries.insert(entry.event_id.clone(), entry);
        }
    }
}

/// The watch of a place, made if there is none; `None` when there is no such webhook.
pub(super) async fn watch(api: &Arc<Api>, place: &Place) -> Result<Option<Arc<Watch>>, StoreError> {
    let known = |streams: &Streams| streams.watches.lock().get(place).and_then(Weak::upgrade);
    if let Some(watch) = known(&api.streams) {
        return Ok(Some(watch));
    }
    let Some(entries) = look(api, place).await? else { return Ok(None) };
    let seen = Seen {
        entries: entries.into_iter().map(|entry| (entry.event_id.clone(), entry)).collect(),
        ..Seen::default()
    };
    let name = u64::from_be_bytes(api.random());
    let made = Arc::new(Watch { name, seen: Mutex::new(seen), changes: broadcast::Sender::new(KEPT) });
    {
        let mut watches = api.streams.watches.lock();
        // Somebody else may have been faster.
        if let Some(watch) = watches.get(place).and_then(Weak::upgrade) {
            return Ok(Some(watch));
        }
        watches.retain(|_, watch| watch.strong_count() > 0);
        watches.insert(place.clone(), Arc::downgrade(&made));
    }
    tokio::spawn(keep_looking(Arc::clone(api), place.clone(), Arc::downgrade(&made)));
    Ok(Some(made))
}

/// Looks until nobody watches any more. A look that fails shows nothing; the next one does.
async fn keep_looking(api: Arc<Api>, place: Place, watch: Weak<Watch>) {
    let mut pause = PAUSE;
    loop {
        sleep(pause).await;
        let Some(watch) = watch.upgrade() else { return };
        let began = Instant::now();
        match look(&api, &place).await {
            Ok(Some(entries)) => watch.see(entries),
            Ok(None) => return,
            Err(error) => tracing::debug!(%error, webhook = %place.webhook, "a log could not be watched"),
        }
        pause = PAUSE.max(began.elapsed() * REST);
    }
}

async fn look(api: &Api, place: &Place) -> Result<Option<Vec<LogEntry>>, StoreError> {
    let page = PageRequest { limit: WATCHED, cursor: None };
    let found = api.store.log(&place.account, &place.webhook, place.filter.clone(), page).await?;
    Ok(found.map(|page| page.items))
}
