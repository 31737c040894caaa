//! What has to be done from time to time: the lease renewed, the work of dead
//! nodes taken over, deleted webhooks' leftovers ended, old rows deleted, personal data
//! erased, secrets sealed anew, what was counted rolled up.
//!
//! Everything that can be long goes in bites, so that live traffic never waits
//! for more than one of them.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;
use tracing::{info, warn};
use waxwing_core::Timestamp;
use waxwing_store::{Node, StoreError, counts::ROLL_UP_BITE};

use crate::{
    engine::Shared,
    options::BITE,
    resealing::{self, Looked},
};

/// Idempotency holds for at least this long (the contract), whatever the retention.
const MIN_RETENTION: Duration = Duration::from_hours(24);
/// Who comes with a portal token is told for this long that it has expired; after that it
/// is as unknown as any other text.
const TOKENS_KEPT: Duration = Duration::from_hours(24);
/// Events that one bite of retention looks at: each brings its deliveries and attempts.
const RETAIN_BITE: usize = 200;
/// Events that one bite of an erasure deletes at most, with deliveries and attempts.
const ERASE_BITE: usize = 200;
/// How often what was counted is rolled up: what is not makes looking at it slower.
const ROLL_UP_EVERY: Duration = Duration::from_secs(5);
/// The pauses before a release is tried again.
const BUSY_PAUSE: Duration = Duration::from_millis(50);
const RELEASE_PAUSE: Duration = Duration::from_secs(1);
/// After this a takeover that nobody heard of was made, or never will be.
const LATEST: Duration = Duration::from_secs(15);
/// A lease is renewed this many times in its length.
const RENEWALS: u32 = 6;

/// The lease as this node knows it. Measured with the monotonic clock from
/// before the renewal was asked for: the store's view can only be longer.
#[derive(Debug)]
pub(crate) struct Lease {
    until: Instant,
}

impl Lease {
    /// Before the first renewal, which comes at once: how long ago the node registered is not
    /// known, as the process may have been stopped since.
    pub(crate) fn unknown() -> Self {
        Self { until: Instant::now() }
    }

    /// Whether an attempt of this length would end while the lease runs. A node
    /// that was cut off or stopped for too long must not send what another may
    /// have taken over.
    pub(crate) fn covers(&self, attempt: Duration) -> bool {
        Instant::now() + attempt < self.until
    }
}

/// Runs until the engine ends.
pub(crate) async fn run(shared: Arc<Shared>, node: Node) {
    let lease = shared.options.lease;
    let mut renew = tokio::time::interval(lease / RENEWALS);
    let mut upkeep = tokio::time::interval(shared.options.upkeep_every);
    renew.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    upkeep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut look = tokio::time::interval(resealing::LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut count = tokio::time::interval(ROLL_UP_EVERY);
    count.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // Long sweeps must not keep the lease from being renewed.
    let (mut takeover, mut sweeper) = (Alone::default(), Alone::default());
    let (mut eraser, mut resealer, mut counter) = (Alone::default(), Alone::default(), Alone::default());
    let (looked, unheard) = (Arc::<Looked>::default(), Arc::<Unheard>::default());
    loop {
        tokio::select! {
            // The lease first; each of them has its turn, because all of them are rare.
            biased;
            _ = renew.tick() => {
                if let Err(error) = renew_lease(&shared, node).await {
                    shared.fail(&error);
                    return;
                }
                takeover.run(take_over(shared.clone(), node, unheard.clone()));
                eraser.run(erase(shared.clone()));
            }
            _ = upkeep.tick() => sweeper.run(sweep(shared.clone())),
            _ = count.tick() => counter.run(roll_up(shared.clone())),
            _ = look.tick() => {
                if looked.is_due(&shared) {
                    resealer.run(resealing::run(shared.clone(), looked.clone()));
                }
            }
        }
    }
}

/// A task of which one runs at a time, and which ends with its owner.
#[derive(Default)]
struct Alone(Option<tokio::task::JoinHandle<()>>);

impl Alone {
    fn run(&mut self, work: impl Future<Output = Result<(), StoreError>> + Send + 'static) {
        if self.0.as_ref().is_none_or(tokio::task::JoinHandle::is_finished) {
            self.0 = Some(tokio::spawn(async {
                if let Err(error) = work.await {
                    warn!(%error, "upkeep did not finish; it is tried again");
                }
            }));
        }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

async fn renew_lease(shared: &Shared, node: Node) -> Result<(), StoreError> {
    let asked = Instant::now();
    match shared.store.renew(node, shared.clock.now(), shared.options.lease).await {
        Ok(_) => {
            shared.lease.lock().until = asked + shared.options.lease;
            Ok(())
        }
        Err(error @ (StoreError::LeaseLost | StoreError::Stopped(_))) => Err(error),
        Err(error @ (StoreError::Busy | StoreError::Unreachable(_) | StoreError::Failed(_))) => {
            warn!(%error, "the lease could not be renewed; sending stops when it runs out");
            Ok(())
        }
    }
}

async fn sweep(shared: Arc<Shared>) -> Result<(), StoreError> {
    end_deleted(&shared).await;
    remove_tokens(&shared).await?;
    retain(&shared).await
}

/// Until when a takeover may be made whose answer was lost: the deliveries are this
/// node's then, and no lane knows of them.
#[derive(Default)]
struct Unheard(Mutex<Option<Instant>>);

impl Unheard {
    /// Has every lane with work begin anew while there is a doubt.
    async fn settle(&self, shared: &Shared, node: Node) -> Result<(), StoreError> {
        let Some(until) = *self.0.lock() else { return Ok(()) };
        let now = Instant::now();
        for start in shared.store.lanes(node).await? {
            shared.store.feed().changed(start.webhook);
        }
        if now >= until {
            *self.0.lock() = None;
        }
        Ok(())
    }
}

async fn take_over(shared: Arc<Shared>, node: Node, unheard: Arc<Unheard>) -> Result<(), StoreError> {
    unheard.settle(&shared, node).await?;
    let mut deliveries = 0;
    loop {
        let taken = shared.store.take_over(node, shared.clock.now(), BITE).await.inspect_err(|_| {
            *unheard.0.lock() = Some(Instant::now() + LATEST);
        })?;
        deliveries += taken.deliveries;
        for webhook in taken.webhooks {
            shared.store.feed().changed(webhook);
        }
        if !taken.more {
            break;
        }
    }
    if deliveries > 0 {
        info!(deliveries, "took over the deliveries of a node whose lease ran out");
    }
    Ok(())
}

async fn retain(shared: &Shared) -> Result<(), StoreError> {
    let cutoff: Timestamp = shared.clock.now().before(shared.options.retention.max(MIN_RETENTION));
    let mut from = Some(0);
    while let Some(row) = from {
        from = shared.store.retain(cutoff, row, RETAIN_BITE).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn remove_tokens(shared: &Shared) -> Result<(), StoreError> {
    let cutoff = shared.clock.now().before(TOKENS_KEPT);
    while shared.store.remove_portal_tokens(cutoff, BITE).await? == BITE {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Erases what was asked to be erased, here or on a node that did not finish.
async fn erase(shared: Arc<Shared>) -> Result<(), StoreError> {
    while shared.store.erase_step(shared.clock.now(), ERASE_BITE).await? {
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn roll_up(shared: Arc<Shared>) -> Result<(), StoreError> {
    while shared.store.roll_up(shared.clock.now(), ROLL_UP_BITE).await? {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Puts the deliveries of a webhook that was made active back in order.
pub(crate) async fn release(shared: Arc<Shared>, webhook: i64) {
    loop {
        match shared.store.release(webhook, BITE, shared.clock.now()).await {
            Ok(true) => return,
            Ok(false) => tokio::task::yield_now().await,
            Err(StoreError::Busy) => tokio::time::sleep(BUSY_PAUSE).await,
            Err(error) => {
                warn!(%error, "held deliveries could not be released; tried again");
                tokio::time::sleep(RELEASE_PAUSE).await;
            }
        }
    }
}

/// Ends what waited for deleted webhooks.
pub(crate) async fn end_deleted(shared: &Shared) {
    loop {
        match shared.store.cancel_deleted(BITE, shared.clock.now()).await {
            Ok(ended) if ended == BITE => tokio::task::yield_now().await,
            Ok(_) => return,
            Err(error) => {
                warn!(%error, "a deleted webhook's leftovers are still there; tried again with the next upkeep");
                return;
            }
        }
    }
}
