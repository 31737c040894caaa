//! The database: SQLite in memory, stepped, with what a node of PostgreSQL reads of
//! changes beside it.
//!
//! A commit happens at one moment of virtual time, and is there or is not. What follows
//! from it for the engine of the node is handed back, because the answer that brings it
//! may be lost.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;
use tokio::task::unconstrained;
use waxwing_core::{AccountId, EventId, Timestamp, WebhookId};
use waxwing_sqlite::{SqliteStore, Stepper};
use waxwing_store::{
    Counting, Counts, EventDetail, Feed, LogDetail, LogFilter, PageRequest, Span, Step, Store, feed::Wakeups,
    metrics::Backlog, page::MAX_PAGE,
};

/// The database.
pub(crate) struct Database {
    inner: Mutex<Inner>,
    account: AccountId,
}

struct Inner {
    /// Taken out only while it is replaced.
    stepper: Option<Stepper>,
    /// Webhooks that changed, in the order of the commits.
    changes: Vec<i64>,
    /// The oracle's own way in.
    eye: Arc<SqliteStore>,
}

impl Database {
    pub(crate) fn new(account: AccountId) -> Self {
        let stepper = Stepper::in_memory().expect("memory for a database");
        let eye = Arc::new(stepper.store().expect("a store"));
        Self { inner: Mutex::new(Inner { stepper: Some(stepper), changes: Vec::new(), eye }), account }
    }

    /// Does something before a history begins.
    pub(crate) fn set_up<T>(&self, work: impl AsyncFnOnce(&SqliteStore) -> T) -> T {
        let (store, _) = self.open();
        let mut working = pin!(unconstrained(work(&store)));
        loop {
            if let Poll::Ready(done) = working.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return done;
            }
            self.commit(&store);
        }
    }

    /// What a process that starts now uses, and the last change that it knows.
    pub(crate) fn open(&self) -> (Arc<SqliteStore>, usize) {
        let inner = self.inner.lock();
        (Arc::new(inner.stepper().store().expect("a store")), inner.changes.len())
    }

    /// What a killed process had in its memory is gone.
    pub(crate) fn restart(&self) {
        let mut inner = self.inner.lock();
        let stepper = inner.stepper.take().expect("a database");
        let stepper = stepper.restarted().expect("memory for a database");
        inner.eye = Arc::new(stepper.store().expect("a store"));
        inner.stepper = Some(stepper);
    }

    pub(crate) fn fail_next_commit(&self) {
        self.inner.lock().stepper().fail_next_commit();
    }

    /// Commits what waits in a node's queue.
    pub(crate) fn commit(&self, store: &SqliteStore) -> Wakeups {
        let feed = Arc::<Feed>::default();
        let mut inner = self.inner.lock();
        inner.stepper.as_mut().expect("a database").step(store, &feed);
        let wakeups = match now(feed.take()) {
            Poll::Ready(wakeups) => wakeups,
            Poll::Pending => Wakeups::default(),
        };
        inner.changes.extend(&wakeups.changed);
        wakeups
    }

    /// Brings a node's directory up to date with the changes after `seen`; tells its engine.
    /// The rows that changed, and the last change that it knows now.
    pub(crate) fn refresh(&self, store: &SqliteStore, seen: usize) -> (Vec<i64>, usize) {
        let inner = self.inner.lock();
        let changes = inner.changes.get(seen..).unwrap_or_default().to_vec();
        for row in &changes {
            match inner.stepper().directory().target(*row) {
                Some(target) => store.directory().put_target((*target).clone()),
                None => store.directory().remove_target(*row),
            }
            store.feed().changed(*row);
        }
        // There is one, made by whoever starts first.
        for key in inner.stepper().directory().data_keys() {
            store.directory().put_data_key(key);
        }
        (changes, inner.changes.len())
    }

    /// A delivery as it is committed.
    pub(crate) fn delivery(&self, webhook: &WebhookId, event: &EventId) -> Option<LogDetail> {
        self.look(|eye| async move { eye.log_detail(&self.account, webhook, event).await })
    }

    pub(crate) fn event(&self, event: &EventId) -> Option<EventDetail> {
        self.look(|eye| async move { eye.event(event).await })
    }

    /// Everything of a webhook's log.
    pub(crate) fn log(&self, webhook: &WebhookId) -> Vec<LogDetail> {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = PageRequest { limit: MAX_PAGE, cursor };
            let filter = LogFilter::default();
            let page = self.look(|eye| async move { eye.log(&self.account, webhook, filter, page).await });
            let Some(page) = page else { return all };
            all.extend(page.items.iter().filter_map(|entry| self.delivery(webhook, &entry.event_id)));
            cursor = page.next;
            if cursor.is_none() {
                return all;
            }
        }
    }

    /// All that was counted of a webhook.
    pub(crate) fn counts(&self, webhook: &WebhookId) -> Counts {
        let always = Span { since: Timestamp::EPOCH, until: Timestamp::MAX, step: Step::Day };
        let points = self.look(|eye| async move { eye.counts(&self.account, webhook, always).await });
        let mut sum = Counts::default();
        for point in points.unwrap_or_default() {
            sum.add(&point.counts);
        }
        sum
    }

    /// Whether a webhook is there and takes no deliveries.
    pub(crate) fn is_held(&self, webhook: &WebhookId) -> bool {
        let target = self.inner.lock().stepper().directory().target_named(webhook);
        target.is_some_and(|target| !target.status.is_active())
    }

    pub(crate) fn backlog(&self) -> Backlog {
        self.look(|eye| async move { eye.backlog().await })
    }

    /// Reads at once.
    fn look<T, E: std::fmt::Debug, F: Future<Output = Result<T, E>>>(
        &self,
        read: impl FnOnce(Arc<SqliteStore>) -> F,
    ) -> T {
        let mut inner = self.inner.lock();
        let eye = Arc::clone(&inner.eye);
        // Without tokio's budget of a task, which would have it wait.
        let mut reading = pin!(unconstrained(read(Arc::clone(&eye))));
        let context = &mut Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(answer) = reading.as_mut().poll(context) {
                return answer.expect("the oracle can read");
            }
            inner.stepper.as_mut().expect("a database").read(&eye);
        }
    }
}

impl Inner {
    fn stepper(&self) -> &Stepper {
        self.stepper.as_ref().expect("a database")
    }
}

/// What a future answers at once, if it does.
fn now<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(unconstrained(future)).poll(&mut Context::from_waker(Waker::noop()))
}
