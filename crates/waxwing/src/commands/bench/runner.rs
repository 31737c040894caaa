//! Takes the steps of a scenario, one after the other.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use tokio::time::Instant;

use super::{
    Plan,
    arrivals::Run,
    load::{Account, Data, Load},
    progress, queries,
    results::{Drained, Filled, Outcome, Restarted, ms},
    rig::Rig,
    scenario::{Scenario, Step},
};

/// Events of one run while the database is filled: bounds what waits for delivery.
const FILL_RUN: usize = 50_000;
/// How long the last deliveries of a run may take.
pub(super) const PATIENCE: Duration = Duration::from_mins(5);
/// How long a pile may take to be delivered.
const DRAIN_PATIENCE: Duration = Duration::from_mins(30);

/// A scenario under way.
pub(super) struct Runner<'a> {
    pub(super) plan: &'a Plan,
    pub(super) scenario: &'a Scenario,
    pub(super) rig: Rig,
    data: Arc<Data>,
    /// Events that were published so far, and entries of the log that they made.
    pub(super) stored: usize,
    entries: usize,
    piles: BTreeMap<String, Pile>,
    /// Of the measurements so far, by name.
    pub(super) p99_ms: BTreeMap<String, f64>,
    /// Events a second that were delivered at full speed.
    pub(super) full_speed: Option<f64>,
}

/// Deliveries that wait for some receivers.
struct Pile {
    runs: Vec<(Arc<Run>, u64)>,
    released: Option<Instant>,
    waiting: usize,
}

/// Why this server cannot run a scenario, if it cannot.
pub(super) fn obstacle(plan: &Plan, scenario: &Scenario) -> Option<String> {
    let of = |step: &Step| match step {
        Step::Pause { .. } | Step::Release { .. } => {
            plan.adapter.pause.is_none().then_some("the adapter cannot pause webhooks")
        }
        Step::Restart { .. } => plan.other.as_ref().map(|_| "only our own servers are started again"),
        Step::Query { .. } => plan.other.as_ref().map(|_| "only our own event log is read"),
        _ => None,
    };
    scenario.steps.iter().find_map(of).map(str::to_owned)
}

/// Runs a scenario; what came of its steps.
pub(super) async fn run(plan: &Plan, scenario: &Scenario) -> anyhow::Result<Vec<Outcome>> {
    let rig = Rig::build(plan, scenario).await?;
    let mut runner = Runner {
        plan,
        scenario,
        rig,
        data: Arc::new(Data::of(scenario.event_bytes)),
        stored: 0,
        entries: 0,
        piles: BTreeMap::new(),
        p99_ms: BTreeMap::new(),
        full_speed: None,
    };
    let mut outcomes = Vec::new();
    for (at, step) in scenario.steps.iter().enumerate() {
        let outcome = runner.take(step).await;
        let outcome =
            outcome.with_context(|| format!("step {} of scenario {} failed", at + 1, scenario.name))?;
        outcomes.extend(outcome);
    }
    runner.rig.stop().await?;
    Ok(outcomes)
}

impl Runner<'_> {
    async fn take(&mut self, step: &Step) -> anyhow::Result<Option<Outcome>> {
        Ok(Some(match step {
            Step::Store { receivers, events } => Outcome::Store(self.fill(receivers, *events, true).await?),
            Step::PileUp { receivers, events } => {
                Outcome::PileUp(self.fill(receivers, *events, false).await?)
            }
            Step::Pause { receivers } => {
                self.rig.switch(receivers, true).await?;
                return Ok(None);
            }
            Step::Release { receivers } => {
                self.rig.switch(receivers, false).await?;
                for name in receivers {
                    if let Some(pile) = self.piles.get_mut(name) {
                        pile.released = Some(Instant::now());
                    }
                }
                return Ok(None);
            }
            Step::Publish(publish) => Outcome::Publish(self.measure(publish).await?),
            Step::Drain { receivers } => Outcome::Drain(self.drain(receivers).await?),
            Step::Restart { seconds } => Outcome::Restart(self.restart(*seconds).await?),
            Step::Query { receivers, times } => {
                progress(format_args!("reading the event log, {} entries", self.entries));
                Outcome::Query(queries::measure(&self.rig, receivers, self.entries, *times).await?)
            }
        }))
    }

    /// A load of `run` upon the accounts of `receivers`, in turn.
    pub(super) fn load(&self, receivers: &[String], run: &Arc<Run>) -> Load {
        let groups = receivers.iter().filter_map(|name| self.rig.groups.get(name));
        let accounts: Vec<Arc<Account>> = groups.flat_map(|group| group.accounts.clone()).collect();
        Load {
            servers: Arc::clone(&self.rig.hosts),
            accounts: accounts.into(),
            data: Arc::clone(&self.data),
            run: Arc::clone(run),
        }
    }

    /// Counts what a run adds to the log.
    pub(super) fn add(&mut self, receivers: &[String], events: usize) {
        let groups = receivers.iter().filter_map(|name| self.rig.groups.get(name));
        let (accounts, webhooks) = groups.fold((0, 0), |(accounts, webhooks), group| {
            (accounts + group.accounts.len(), webhooks + group.webhooks.len())
        });
        self.stored += events;
        self.entries += events * webhooks / accounts.max(1);
    }

    /// Publishes in batches, waiting for delivery or not.
    async fn fill(&mut self, receivers: &[String], events: usize, wait: bool) -> anyhow::Result<Filled> {
        let names = receivers.join(", ");
        let what = if wait { "store" } else { "pile up" };
        let began = Instant::now();
        let mut left = events;
        while left > 0 {
            progress(format_args!("{left} events to {what} for {names}"));
            let run = self.rig.arrivals.begin(left.min(FILL_RUN));
            let load = self.load(receivers, &run);
            load.in_batches(self.connections()).await?;
            let deliveries = load.deliveries();
            if wait {
                self.arrived(&run, deliveries).await?;
            } else {
                self.pile(receivers, &run, deliveries);
            }
            left -= run.len();
        }
        self.add(receivers, events);
        let disk = self.rig.own.as_ref().and_then(super::own::Own::disk);
        Ok(Filled {
            receivers: receivers.to_vec(),
            events,
            seconds: began.elapsed().as_secs_f64(),
            events_stored: self.stored,
            disk_bytes: disk.map(|(file, _)| file),
            log_bytes: disk.map(|(_, log)| log),
            peak_rss_bytes: self.peak_rss(),
        })
    }

    fn pile(&mut self, receivers: &[String], run: &Arc<Run>, deliveries: u64) {
        let Some(name) = receivers.first() else { return };
        let empty = || Pile { runs: Vec::new(), released: None, waiting: 0 };
        let pile = self.piles.entry(name.clone()).or_insert_with(empty);
        pile.waiting += run.len();
        if deliveries > 0 {
            pile.runs.push((Arc::clone(run), deliveries));
        }
    }

    /// Waits until all of a run is delivered.
    pub(super) async fn arrived(&self, run: &Run, deliveries: u64) -> anyhow::Result<()> {
        let all = run.all_arrived(deliveries, PATIENCE).await;
        ensure!(all, "only {} of {deliveries} deliveries arrived. {}", run.arrived(), self.rig.last_words());
        Ok(())
    }

    async fn drain(&mut self, receivers: &[String]) -> anyhow::Result<Drained> {
        let names = receivers.join(", ");
        let pile = receivers.first().and_then(|name| self.piles.remove(name));
        let pile = pile.with_context(|| format!("nothing has piled up for {names}"))?;
        let released = pile.released.with_context(|| format!("{names} were not released"))?;
        let (mut deliveries, mut last) = (0, released);
        for (run, expected) in &pile.runs {
            let all = run.all_arrived(*expected, DRAIN_PATIENCE).await;
            ensure!(
                all,
                "only {} of {expected} deliveries arrived. {}",
                run.arrived(),
                self.rig.last_words()
            );
            deliveries += expected;
            last = last.max(run.last_arrival());
        }
        let seconds = last.saturating_duration_since(released).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "deliveries are few enough")]
        let delivered_per_second = deliveries as f64 / seconds.max(1e-6);
        Ok(Drained { receivers: receivers.to_vec(), deliveries, seconds, delivered_per_second })
    }

    async fn restart(&mut self, seconds: u64) -> anyhow::Result<Restarted> {
        progress("the server starts again");
        let ready = self.rig.restart().await?;
        progress(format_args!("it works for {seconds} s"));
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Ok(Restarted {
            waiting: self.piles.values().map(|pile| pile.waiting).sum(),
            ready_ms: ms(ready),
            seconds,
            rss_bytes: self.rig.own.as_ref().and_then(super::own::Own::rss),
            peak_rss_bytes: self.peak_rss(),
        })
    }

    pub(super) fn connections(&self) -> usize {
        self.plan.connections.unwrap_or(self.scenario.connections)
    }

    pub(super) fn peak_rss(&self) -> Option<u64> {
        self.rig.own.as_ref()?.peak_rss()
    }
}
