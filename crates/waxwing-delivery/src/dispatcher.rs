//! The one task that owns all lanes and decides what is attempted next.
//!
//! It takes what the feed brings, lets lanes with work and a free slot take
//! turns, has pages loaded for lanes that want one, and hears how attempts
//! ended. Everything slow happens in other tasks.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::watch, task::JoinSet, time::Instant};
use tracing::warn;
use waxwing_core::Timestamp;
use waxwing_store::{LanePage, Node, Queue, StoreError, Wakeups};

use crate::{
    alarms::Alarms,
    attempt::{self, Done},
    engine::Shared,
    lane::{Ask, Bounds, Held, Lane},
    options::{IDLE_LANES, LOAD_PAUSE, UNREACHABLE_PAUSE, WINDOW_BYTES},
    route::Route,
    upkeep,
};

/// The longest sleep: the wall clock may be set forward at any time.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// A page that was read for a lane.
struct Loaded {
    webhook: i64,
    ask: Ask,
    page: Result<LanePage, StoreError>,
}

pub(crate) struct Dispatcher {
    shared: Arc<Shared>,
    node: Node,
    stop: watch::Receiver<Option<Duration>>,
    lanes: HashMap<i64, Lane>,
    /// Lanes with work, in turn.
    ready: VecDeque<i64>,
    /// Lanes whose work waits for a slot that retries may use.
    blocked: Vec<i64>,
    /// Lanes whose retries are due then.
    due: Alarms<Timestamp>,
    /// Lanes that go slowly, until then.
    slow: Alarms<Instant>,
    attempts: JoinSet<Done>,
    loads: JoinSet<Loaded>,
    releases: JoinSet<i64>,
    releasing: HashSet<i64>,
    again_in_flight: usize,
    /// What the windows of all lanes hold.
    held: Held,
}

impl Dispatcher {
    pub(crate) fn new(shared: Arc<Shared>, node: Node, stop: watch::Receiver<Option<Duration>>) -> Self {
        Self {
            shared,
            node,
            stop,
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            blocked: Vec::new(),
            due: Alarms::default(),
            slow: Alarms::default(),
            attempts: JoinSet::new(),
            loads: JoinSet::new(),
            releases: JoinSet::new(),
            releasing: HashSet::new(),
            again_in_flight: 0,
            held: Held::default(),
        }
    }

    /// Runs until it is told to stop or the store fails.
    pub(crate) async fn run(mut self) {
        while let Err(error) = self.take_up().await {
            if !matches!(error, StoreError::Unreachable(_)) {
                self.shared.fail(&error);
                return;
            }
            warn!(%error, "what waits could not be looked up; tried again");
            let mut stop = self.stop.clone();
            let stopped = stop.wait_for(Option::is_some);
            if tokio::time::timeout(UNREACHABLE_PAUSE, stopped).await.is_ok() {
                return;
            }
        }
        let shared = self.shared.clone();
        let mut failure = shared.failure.subscribe();
        let mut stop = self.stop.clone();
        loop {
            self.pump();
            let wake = self.sleep();
            tokio::select! {
                // In any order, as what else is ready follows at once; so in a known one.
                biased;
                _ = stop.wait_for(Option::is_some) => break,
                _ = failure.wait_for(Option::is_some) => return,
                wakeups = shared.store.feed().take() => self.woken(wakeups),
                Some(done) = self.attempts.join_next() => self.ended(done),
                Some(loaded) = self.loads.join_next() => self.loaded(loaded),
                Some(Ok(webhook)) = self.releases.join_next() => self.released(webhook),
                () = tokio::time::sleep(wake) => {}
            }
            self.catch_up();
        }
        self.drain().await;
    }

    /// Hears of everything that ended meanwhile: a steady feed must not keep it waiting.
    fn catch_up(&mut self) {
        while let Some(done) = self.attempts.try_join_next() {
            self.ended(done);
        }
        while let Some(loaded) = self.loads.try_join_next() {
            self.loaded(loaded);
        }
        while let Some(Ok(webhook)) = self.releases.try_join_next() {
            self.released(webhook);
        }
    }

    /// Takes up what the store holds for this node.
    async fn take_up(&mut self) -> Result<(), StoreError> {
        self.shared.store.feed().clear();
        for row in self.shared.store.directory().target_rows() {
            self.released(row);
        }
        for start in self.shared.store.lanes(self.node).await? {
            let lane = self.lanes.entry(start.webhook).or_default();
            if start.first {
                lane.leave_to_store();
            }
            if let Some(at) = start.again_at {
                lane.again_at(at);
            }
            self.touch(start.webhook);
        }
        Ok(())
    }

    fn woken(&mut self, wakeups: Wakeups) {
        for row in wakeups.changed {
            self.changed(row);
        }
        for due in wakeups.fresh {
            let room = self.held.bytes < WINDOW_BYTES;
            self.on_lane(due.key.webhook, |lane| lane.offer(due, room));
        }
        for (row, earliest) in wakeups.missed {
            self.on_lane(row, |lane| lane.missed(earliest));
        }
        for key in wakeups.replayed {
            self.on_lane(key.webhook, |lane| lane.replayed(key.event));
        }
        for (row, at) in wakeups.again {
            self.on_lane(row, |lane| lane.again_at(at));
        }
    }

    /// A webhook was changed, paused, released or deleted, or work was taken
    /// over for it: begin anew with what the store says.
    fn changed(&mut self, row: i64) {
        let now = self.shared.clock.now();
        let target = self.shared.store.directory().target(row);
        self.on_lane(row, |lane| {
            lane.route = None;
            lane.rewind(now);
        });
        match target {
            Some(target) if target.releasing => self.release(row),
            Some(_) => {}
            None => {
                let shared = self.shared.clone();
                self.releases.spawn(async move {
                    upkeep::end_deleted(&shared).await;
                    row
                });
            }
        }
    }

    fn release(&mut self, row: i64) {
        if self.releasing.insert(row) {
            let shared = self.shared.clone();
            self.releases.spawn(async move {
                upkeep::release(shared, row).await;
                row
            });
        }
    }

    /// Its release ended, or was never begun here. A webhook that was paused and made
    /// active again just before the end needs another one.
    fn released(&mut self, row: i64) {
        self.releasing.remove(&row);
        if self.shared.store.directory().target(row).is_some_and(|target| target.releasing) {
            self.release(row);
        }
    }

    /// Changes a lane and lets it take its turn; keeps count of the windows.
    fn on_lane(&mut self, row: i64, change: impl FnOnce(&mut Lane)) {
        let lane = self.lanes.entry(row).or_default();
        let before = lane.held();
        change(lane);
        self.held.changed(before, lane.held());
        self.touch(row);
    }

    /// Puts a lane into the round of turns.
    fn touch(&mut self, row: i64) {
        let Some(lane) = self.lanes.get_mut(&row) else {
            return;
        };
        if !lane.queued {
            lane.queued = true;
            self.ready.push_back(row);
        }
    }

    /// Lets lanes take turns until nobody can start anything.
    fn pump(&mut self) {
        if !self.shared.lease.lock().covers(self.shared.options.request_timeout) {
            return; // The sleep that follows is short; then it is looked at again.
        }
        while self.attempts.len() < self.shared.options.in_flight {
            let Some(row) = self.ready.pop_front() else {
                break;
            };
            self.turn(row);
        }
        let (metrics, shown) = (&self.shared.metrics, |count| i64::try_from(count).unwrap_or(i64::MAX));
        metrics.in_flight.set(shown(self.attempts.len()));
        metrics.lanes.set(shown(self.lanes.len()));
        metrics.held_deliveries.set(shown(self.held.deliveries));
    }

    /// One lane's turn: a page asked for if it wants one, one attempt started.
    fn turn(&mut self, row: i64) {
        let bounds = self.bounds();
        let now = self.shared.clock.now();
        let room = self.held.bytes < WINDOW_BYTES;
        let Some(lane) = self.lanes.get_mut(&row) else {
            return;
        };
        lane.queued = false;
        let route = match &lane.route {
            Some(route) => route.clone(),
            None => match self.shared.store.directory().target(row) {
                Some(target) => {
                    let route = Arc::new(Route::new(target, &self.shared.policy, &self.shared.keyring));
                    lane.route = Some(route.clone());
                    route
                }
                None => return self.forget_if_idle(row),
            },
        };
        if !route.target.takes_deliveries() {
            return; // Woken by `changed` when that changes.
        }
        let ask = lane.ask(now, room);
        if ask.is_none()
            && let Some(at) = lane.wakes_at().filter(|at| *at > now)
        {
            self.due.set(row, at);
        }
        let before = lane.held();
        let instant = Instant::now();
        let due = lane.next(bounds, instant);
        self.held.changed(before, lane.held());
        let has_work = lane.has_work();
        if let Some(at) = lane.resumes_at().filter(|at| *at > instant && has_work) {
            self.slow.set(row, at);
        }
        if let Some(ask) = ask {
            self.load(row, ask);
        }
        match due {
            Some(due) => {
                self.again_in_flight += usize::from(due.queue == Queue::Again);
                self.attempts.spawn(Box::pin(attempt::run(self.shared.clone(), self.node, route, due)));
                if has_work {
                    self.touch(row);
                }
            }
            None if has_work && bounds.again == 0 => self.blocked.push(row),
            None => self.forget_if_idle(row),
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds::of(&self.shared.options, self.attempts.len(), self.again_in_flight)
    }

    fn load(&mut self, webhook: i64, ask: Ask) {
        let (shared, node) = (self.shared.clone(), self.node);
        self.loads.spawn(async move {
            let now = shared.clock.now();
            let page = shared.store.lane_page(node, webhook, ask.queue, ask.after, now, ask.limit).await;
            if let Err(error) = &page {
                warn!(%error, "waiting deliveries could not be read; tried again");
                tokio::time::sleep(LOAD_PAUSE).await;
            }
            Loaded { webhook, ask, page }
        });
    }

    fn loaded(&mut self, loaded: Result<Loaded, tokio::task::JoinError>) {
        match loaded {
            Ok(Loaded { webhook, ask, page: Ok(page) }) => {
                self.on_lane(webhook, |lane| lane.loaded(ask, page));
            }
            Ok(Loaded { webhook, page: Err(_), .. }) => self.on_lane(webhook, Lane::load_failed),
            Err(error) => self.panicked(&error),
        }
    }

    fn ended(&mut self, done: Result<Done, tokio::task::JoinError>) {
        let done = match done {
            Ok(done) => done,
            Err(error) => return self.panicked(&error),
        };
        if done.queue == Queue::Again {
            self.again_in_flight -= 1;
            for row in std::mem::take(&mut self.blocked) {
                self.touch(row);
            }
        }
        let (bounds, now) = (self.bounds(), self.shared.clock.now());
        self.on_lane(done.webhook, |lane| {
            let rewound = lane.done(done.event, done.queue, done.succeeded, bounds, Instant::now());
            // Replayed while it was under way, or released before its failure was recorded, it
            // stands in the store anew, in either queue; unrecorded, as it did: in any case
            // perhaps before what was read last.
            let in_place = matches!(&done.recorded, Ok(recorded) if recorded.applied
                && (recorded.state.is_finished() || !rewound));
            if !in_place {
                lane.reread(now);
            }
        });
        match &done.recorded {
            Err(error @ StoreError::Failed(_)) => {
                warn!(%error, "an outcome was not recorded; it will be sent again");
            }
            Err(error) => {
                attempt::explain(error);
                self.shared.fail(error);
            }
            Ok(_) => {}
        }
    }

    fn panicked(&mut self, error: &tokio::task::JoinError) {
        self.shared.fail(&StoreError::Failed(format!("a task of the engine ended unexpectedly: {error}")));
    }

    fn forget_if_idle(&mut self, row: i64) {
        if self.lanes.len() > IDLE_LANES && self.lanes.get(&row).is_some_and(Lane::is_idle) {
            self.lanes.remove(&row);
        }
    }

    /// Wakes lanes whose time has come; how long to sleep until the next one's.
    fn sleep(&mut self) -> Duration {
        let now = self.shared.clock.now();
        while let Some(row) = self.due.pop(now) {
            self.touch(row);
        }
        let instant = Instant::now();
        while let Some(row) = self.slow.pop(instant) {
            self.touch(row);
        }
        if !self.ready.is_empty() && self.attempts.len() < self.shared.options.in_flight {
            return Duration::from_millis(1);
        }
        let due = self.due.next().map(|at| at.since(now));
        let slow = self.slow.next().map(|at| at.duration_since(instant));
        due.into_iter().chain(slow).fold(LONGEST_SLEEP, Duration::min).max(Duration::from_millis(1))
    }

    /// Waits for the attempts under way, as long as it may.
    async fn drain(&mut self) {
        let deadline = self.stop.borrow().unwrap_or_default();
        let finished =
            tokio::time::timeout(deadline, async { while self.attempts.join_next().await.is_some() {} });
        if finished.await.is_err() {
            warn!(
                attempts = self.attempts.len(),
                "attempts were cut off by the deadline; they are made again at the next start"
            );
        }
    }
}
