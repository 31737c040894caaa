//! Commits of which nobody knows whether they were made: the connection broke before
//! the answer.
//!
//! Their callers are told so and may ask again, to hear that the event was kept before;
//! then it must be on its way; and what was to be sent again may wait in the database
//! without the engine's knowledge. So the lanes of such events are read anew, as soon as the
//! database answers again and once more after a while: a commit may take its time.

use std::{collections::BTreeSet, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;
use waxwing_store::Feed;

use crate::{committer::Publishing, error::Error, sql::Result, store::Shared};

/// After this a commit that nobody heard of is made, or never will be.
const LATEST: Duration = Duration::from_secs(15);

/// Webhooks whose lanes are to be read anew, and when.
#[derive(Debug, Default)]
pub(crate) struct Doubts(Mutex<Vec<(Instant, BTreeSet<i64>)>>);

impl Doubts {
    fn add(&self, webhooks: &BTreeSet<i64>) {
        let now = Instant::now();
        let mut known = self.0.lock();
        for at in [now, now + LATEST] {
            known.push((at, webhooks.clone()));
        }
    }

    /// The database answers: has the lanes read whose time has come.
    pub(crate) fn settle(&self, feed: &Feed) {
        let now = Instant::now();
        let mut webhooks = BTreeSet::new();
        for (_, due) in self.0.lock().extract_if(.., |(at, _)| *at <= now) {
            webhooks.extend(due);
        }
        for webhook in webhooks {
            feed.changed(webhook);
        }
    }
}

/// A webhook of which it is not known what was committed, unless that is heard of.
pub(crate) struct Doubt<'a> {
    doubts: &'a Doubts,
    webhook: Option<i64>,
}

impl Doubt<'_> {
    /// What the database said settles it; that it said nothing does not.
    pub(crate) fn settled_by<T>(mut self, result: Result<T>) -> Result<T> {
        if result.as_ref().err().is_none_or(Error::is_answer) {
            self.webhook = None;
        }
        result
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if let Some(webhook) = self.webhook {
            self.doubts.add(&BTreeSet::from([webhook]));
        }
    }
}

impl Shared {
    /// Whether deliveries of this webhook are sent again is not known until the database
    /// has said so: it may be that nobody waits for its answer any more.
    pub(crate) fn doubt_replay(&self, webhook: Option<i64>) -> Doubt<'_> {
        Doubt { doubts: &self.doubts, webhook }
    }

    /// Whether these events were kept is not known.
    pub(crate) fn doubt(&self, publishing: &[Publishing]) {
        let mut webhooks = BTreeSet::new();
        for event in publishing.iter().flat_map(|(_, events)| events) {
            if let Some(account) = self.directory.account(&event.account) {
                let subscribers = self.directory.subscribers(account, &event.event_type);
                let only = event.only.as_ref().map(|_| self.directory.targets_of(account));
                webhooks.extend(only.unwrap_or(subscribers).iter().map(|target| target.row));
            }
        }
        if !webhooks.is_empty() {
            self.doubts.add(&webhooks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Webhooks whose lanes are to be read anew by now.
    async fn read_anew(doubts: &Doubts) -> Vec<i64> {
        let feed = Feed::default();
        doubts.settle(&feed);
        feed.changed(0);
        feed.take().await.changed.into_iter().filter(|webhook| *webhook != 0).collect()
    }

    #[tokio::test]
    async fn a_replay_of_which_nothing_was_heard_has_its_lane_read_anew() {
        let doubts = Doubts::default();
        let replay = |webhook| Doubt { doubts: &doubts, webhook: Some(webhook) };
        let silence: Result<()> = Err(Error::Timeout(LATEST));
        let answer: Result<()> = Err(Error::Unreadable("a state".into()));
        assert!(replay(1).settled_by(Ok(())).is_ok());
        assert!(replay(2).settled_by(answer).is_err(), "the database said so");
        assert!(replay(3).settled_by(silence).is_err());
        drop(replay(4));
        assert_eq!(read_anew(&doubts).await, [3, 4]);
        assert_eq!(doubts.0.lock().len(), 2, "each is read once more after a while");
    }
}
