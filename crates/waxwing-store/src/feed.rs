//! The one wake-up handle between a store and the delivery engine of its node.
//!
//! After a commit the store puts in what the engine can work on at once; the
//! engine takes everything in one go. What does not fit into the bound is not
//! lost: its lane is marked as missed, and the engine reads the store instead.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use tokio::sync::Notify;
use waxwing_core::Timestamp;

use crate::{DeliveryKey, Due, Queue};

/// Deliveries that a feed holds at most.
pub const MAX_ENTRIES: usize = 8_192;
/// Bytes of event bodies that a feed holds at most; shared bodies count again.
pub const MAX_BYTES: usize = 32 << 20;

/// What has come up since the engine looked last; webhooks in the order of their rows, so
/// that the same history goes the same way twice.
#[derive(Debug, Default)]
pub struct Wakeups {
    /// Fresh deliveries in publish order.
    pub fresh: Vec<Due>,
    /// Webhooks with fresh deliveries in the store beyond those above, and the row of
    /// the earliest such event.
    pub missed: BTreeMap<i64, i64>,
    /// Webhooks with retries in the store, and when the earliest is due.
    pub again: BTreeMap<i64, Timestamp>,
    /// Deliveries that were replayed: what was read of them before is out of date.
    pub replayed: Vec<DeliveryKey>,
    /// Webhooks whose configuration changed, or of which so much else did that
    /// everything is to be read anew.
    pub changed: BTreeSet<i64>,
    bytes: usize,
}

impl Wakeups {
    fn is_empty(&self) -> bool {
        self.fresh.is_empty()
            && self.missed.is_empty()
            && self.again.is_empty()
            && self.replayed.is_empty()
            && self.changed.is_empty()
    }

    fn miss(&mut self, webhook: i64, event: i64) {
        let earliest = self.missed.entry(webhook).or_insert(event);
        *earliest = event.min(*earliest);
    }
}

/// The handle. One reader; any number of writers.
#[derive(Debug, Default)]
pub struct Feed {
    waiting: Mutex<Wakeups>,
    notify: Notify,
}

impl Feed {
    /// Hands over deliveries that were just committed for this node.
    pub fn offer(&self, due: impl IntoIterator<Item = Due>) {
        let mut waiting = self.waiting.lock();
        for entry in due {
            if entry.queue == Queue::Again {
                let at = waiting.again.entry(entry.key.webhook).or_insert(entry.due_at);
                *at = entry.due_at.min(*at);
            } else if waiting.fresh.len() < MAX_ENTRIES && waiting.bytes + entry.body.len() <= MAX_BYTES {
                waiting.bytes += entry.body.len();
                waiting.fresh.push(entry);
            } else {
                waiting.miss(entry.key.webhook, entry.key.event);
            }
        }
        drop(waiting);
        self.notify.notify_one();
    }

    /// Says that the store holds first attempts for a webhook.
    pub fn first_in_store(&self, webhook: i64) {
        self.waiting.lock().miss(webhook, 0);
        self.notify.notify_one();
    }

    /// Says that the store holds a retry for a webhook, due at `at`.
    pub fn again_at(&self, webhook: i64, at: Timestamp) {
        let mut waiting = self.waiting.lock();
        let earliest = waiting.again.entry(webhook).or_insert(at);
        *earliest = at.min(*earliest);
        drop(waiting);
        self.notify.notify_one();
    }

    /// Says that a delivery was replayed: it waits in the store as a retry, due at `at`.
    pub fn replayed(&self, key: DeliveryKey, at: Timestamp) {
        {
            let mut waiting = self.waiting.lock();
            if waiting.replayed.len() < MAX_ENTRIES {
                waiting.replayed.push(key);
            } else {
                waiting.changed.insert(key.webhook);
            }
        }
        self.again_at(key.webhook, at);
    }

    /// Says that a webhook's configuration changed.
    pub fn changed(&self, webhook: i64) {
        self.waiting.lock().changed.insert(webhook);
        self.notify.notify_one();
    }

    /// Drops what waits, for a reader that begins with what the store holds: of what was
    /// put in before, much may be another node's by now.
    pub fn clear(&self) {
        *self.waiting.lock() = Wakeups::default();
    }

    /// Waits until there is something, then takes all of it.
    pub async fn take(&self) -> Wakeups {
        loop {
            let taken = std::mem::take(&mut *self.waiting.lock());
            if !taken.is_empty() {
                return taken;
            }
            self.notify.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        sync::Arc,
        task::{Context, Poll, Waker},
    };

    use bytes::Bytes;
    use waxwing_core::EventId;

    use super::*;

    fn due(webhook: i64, event: i64, body: &Bytes) -> Due {
        Due {
            replay: None,
            key: DeliveryKey { webhook, event },
            queue: Queue::First,
            due_at: Timestamp::EPOCH,
            event_id: EventId::parse("evt").unwrap(),
            body: body.clone(),
            published_at: Timestamp::EPOCH,
            step: 0,
            generation: 0,
        }
    }

    fn retry(webhook: i64, millis: i64) -> Due {
        let due_at = Timestamp::from_millis(millis);
        Due { queue: Queue::Again, due_at, ..due(webhook, 1, &Bytes::new()) }
    }

    fn now(feed: &Feed) -> Poll<Wakeups> {
        pin!(feed.take()).poll(&mut Context::from_waker(Waker::noop()))
    }

    fn taken(feed: &Feed) -> Wakeups {
        match now(feed) {
            Poll::Ready(wakeups) => wakeups,
            Poll::Pending => panic!("the feed is empty"),
        }
    }

    #[test]
    fn fresh_deliveries_come_in_the_order_of_their_offers() {
        let (feed, body) = (Feed::default(), Bytes::from_static(b"{}"));
        feed.offer([due(1, 1, &body), due(2, 1, &body)]);
        feed.offer([due(1, 2, &body)]);
        let keys: Vec<_> = taken(&feed).fresh.iter().map(|due| (due.key.event, due.key.webhook)).collect();
        assert_eq!(keys, [(1, 1), (1, 2), (2, 1)]);
    }

    #[test]
    fn an_empty_feed_waits() {
        let feed = Feed::default();
        assert!(now(&feed).is_pending());
        feed.changed(1);
        assert!(taken(&feed).changed.contains(&1));
        assert!(now(&feed).is_pending(), "it is taken once");
        feed.offer([]);
        assert!(now(&feed).is_pending(), "nothing was offered");
    }

    #[test]
    fn what_was_cleared_does_not_come() {
        let (feed, body) = (Feed::default(), Bytes::new());
        feed.offer([due(1, 1, &body)]);
        feed.changed(1);
        feed.clear();
        assert!(now(&feed).is_pending());
    }

    #[test]
    fn what_does_not_fit_is_missed_and_not_lost() {
        let (feed, body) = (Feed::default(), Bytes::new());
        let count = i64::try_from(MAX_ENTRIES).unwrap();
        feed.offer((0..count).map(|event| due(1, event, &body)));
        feed.offer([due(2, count, &body)]);
        let wakeups = taken(&feed);
        assert_eq!(wakeups.fresh.len(), MAX_ENTRIES);
        assert_eq!(wakeups.missed, BTreeMap::from([(2, count)]));
        feed.offer([due(2, count, &body)]);
        assert_eq!(taken(&feed).fresh.len(), 1, "there is room again");
    }

    #[test]
    fn bodies_count_each_time_although_they_are_shared() {
        let (feed, body) = (Feed::default(), Bytes::from(vec![b' '; MAX_BYTES / 2]));
        feed.offer([due(1, 1, &body), due(2, 1, &body), due(3, 1, &body)]);
        let wakeups = taken(&feed);
        assert_eq!(wakeups.fresh.len(), 2);
        assert_eq!(wakeups.missed, BTreeMap::from([(3, 1)]));
    }

    #[test]
    fn of_a_webhooks_retries_the_earliest_is_kept() {
        let feed = Feed::default();
        feed.offer([retry(1, 20), retry(1, 10), retry(2, 7)]);
        feed.again_at(1, Timestamp::from_millis(15));
        feed.again_at(2, Timestamp::from_millis(5));
        let wakeups = taken(&feed);
        let expected = [(1, Timestamp::from_millis(10)), (2, Timestamp::from_millis(5))];
        assert_eq!(wakeups.again, BTreeMap::from(expected));
        assert!(wakeups.fresh.is_empty());
    }

    #[test]
    fn replays_beyond_the_bound_have_the_webhook_read_anew() {
        let feed = Feed::default();
        let key = |event| DeliveryKey { webhook: 3, event };
        for event in 0..=i64::try_from(MAX_ENTRIES).unwrap() {
            feed.replayed(key(event), Timestamp::from_millis(9));
        }
        let wakeups = taken(&feed);
        assert_eq!((wakeups.replayed.len(), wakeups.replayed[7]), (MAX_ENTRIES, key(7)));
        assert_eq!(wakeups.changed, BTreeSet::from([3]));
        assert_eq!(wakeups.again, BTreeMap::from([(3, Timestamp::from_millis(9))]));
    }

    #[tokio::test]
    async fn a_reader_that_waits_is_woken() {
        let feed = Arc::new(Feed::default());
        let reader = tokio::spawn({
            let feed = Arc::clone(&feed);
            async move { feed.take().await }
        });
        tokio::task::yield_now().await;
        feed.first_in_store(4);
        assert_eq!(reader.await.unwrap().missed, BTreeMap::from([(4, 0)]));
    }
}
