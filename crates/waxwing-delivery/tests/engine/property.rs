//! Whatever happens in whatever order: nothing is lost, nothing is sent after it
//! was recorded as delivered, and once the trouble ends everything drains.

use std::{collections::HashMap, time::Duration};

use proptest::prelude::*;
use waxwing_core::{DeliveryState, RetrySchedule};
use waxwing_delivery::{EngineHandle, EngineOptions};
use waxwing_store::{StoreError, gated::Call};

use crate::{
    harness::{Fault, Hook, World, options},
    receivers::Answer,
};

const NAMES: [&str; 3] = ["a", "b", "c"];

#[derive(Debug, Clone)]
enum Step {
    Publish { hook: usize, count: usize },
    Answer { hook: usize, kind: usize },
    Active { hook: usize, active: bool },
    Replay { hook: usize, which: prop::sample::Index },
    Restart { deadline: Duration },
    BusyRecords(usize),
    UnreadablePages(usize),
    Pass(Duration),
}

fn step() -> impl Strategy<Value = Step> {
    let hook = 0..NAMES.len();
    prop_oneof![
        4 => (hook.clone(), 1..120_usize).prop_map(|(hook, count)| Step::Publish { hook, count }),
        3 => (hook.clone(), 0..4_usize).prop_map(|(hook, kind)| Step::Answer { hook, kind }),
        2 => (hook.clone(), any::<bool>()).prop_map(|(hook, active)| Step::Active { hook, active }),
        2 => (hook, any::<prop::sample::Index>()).prop_map(|(hook, which)| Step::Replay { hook, which }),
        1 => (0..4_u64).prop_map(|seconds| Step::Restart { deadline: Duration::from_secs(seconds) }),
        1 => (1..20_usize).prop_map(Step::BusyRecords),
        1 => (1..5_usize).prop_map(Step::UnreadablePages),
        4 => (1..100_000_u64).prop_map(|ms| Step::Pass(Duration::from_millis(ms))),
    ]
}

fn answer(kind: usize) -> Answer {
    match kind {
        0 => Answer::ok(),
        1 => Answer::status(500),
        2 => Answer::never(),
        _ => Answer::ok().after(Duration::from_millis(700)),
    }
}

/// What a history did to a world.
struct History {
    world: World,
    hooks: Vec<Hook>,
    published: Vec<Vec<String>>,
    /// Replays that were asked for, by event: each excuses one more delivery.
    replays: HashMap<String, usize>,
    /// Restarts: what was under way then may be sent once more.
    cut_off: HashMap<String, usize>,
    engine: Option<EngineHandle>,
}

fn small() -> EngineOptions {
    let schedule = RetrySchedule::parse("10s,1m").unwrap();
    EngineOptions { schedule, in_flight: 16, in_flight_per_webhook: 6, ..options() }
}

impl History {
    async fn new() -> Self {
        let world = World::new().await;
        let mut hooks = Vec::new();
        for name in NAMES {
            hooks.push(world.webhook(name).await);
        }
        let engine = Some(world.start(small()));
        let published = vec![Vec::new(); hooks.len()];
        Self { world, hooks, published, replays: HashMap::new(), cut_off: HashMap::new(), engine }
    }

    async fn take(&mut self, step: &Step) {
        let world = &self.world;
        match step {
            Step::Publish { hook, count } => {
                self.published[*hook].extend(world.publish(&self.hooks[*hook], *count).await);
            }
            Step::Answer { hook, kind } => world.receivers.always(&self.hooks[*hook], answer(*kind)),
            Step::Active { hook, active } => world.set_active(&self.hooks[*hook], *active).await,
            Step::Replay { hook, which } => self.replay(*hook, *which).await,
            Step::Restart { deadline } => self.restart(*deadline).await,
            Step::BusyRecords(times) => {
                world.faults.add(Call::Record, *times, &Fault::Refused(StoreError::Busy));
            }
            Step::UnreadablePages(times) => {
                let failed = StoreError::Failed("on demand".into());
                world.faults.add(Call::ReadLane, *times, &Fault::Refused(failed));
            }
            Step::Pass(time) => world.pass(*time).await,
        }
    }

    async fn replay(&mut self, hook: usize, which: prop::sample::Index) {
        let active = self.world.status(&self.hooks[hook]).await.is_active();
        if active && !self.published[hook].is_empty() {
            let event = which.get(&self.published[hook]).clone();
            self.world.retry(&self.hooks[hook], &event).await;
            *self.replays.entry(event).or_default() += 1;
        }
    }

    async fn restart(&mut self, deadline: Duration) {
        self.world.faults.clear();
        self.engine.take().unwrap().shutdown(deadline).await;
        for (hook, published) in self.hooks.iter().zip(&self.published) {
            for event in published {
                let recorded = self.world.detail(hook, event).await.attempts.len();
                let sent = self.world.receivers.events(hook).iter().filter(|sent| *sent == event).count();
                self.cut_off.insert(event.clone(), sent - recorded);
            }
        }
        self.world.node = self.world.register("one").await;
        self.engine = Some(self.world.start(small()));
    }

    /// Ends all trouble and waits until nothing is left to do.
    async fn drain(&mut self) {
        self.world.faults.clear();
        for hook in &self.hooks {
            self.world.receivers.always(hook, Answer::ok());
            self.world.set_active(hook, true).await;
        }
        self.world.pass(Duration::from_mins(5)).await;
        self.engine.as_ref().unwrap().health().unwrap();
    }

    async fn judge(&self) {
        for (hook, published) in self.hooks.iter().zip(&self.published) {
            let sent = self.world.receivers.events(hook);
            for event in published {
                let detail = self.world.detail(hook, event).await;
                let delivered = detail.attempts.iter().filter(|one| one.error.is_none()).count();
                let made = sent.iter().filter(|sent| *sent == event).count();
                match detail.entry.state {
                    DeliveryState::Delivered => assert!(delivered >= 1, "{event} has no successful attempt"),
                    DeliveryState::Failed => assert!(detail.attempts.len() >= 3, "{event} failed too soon"),
                    state => panic!("{event} is still {state}"),
                }
                let replays = self.replays.get(event).copied().unwrap_or_default();
                assert!(delivered <= 1 + replays, "{event} was delivered {delivered} times");
                let cut_off = self.cut_off.get(event).copied().unwrap_or_default();
                assert_eq!(made, detail.attempts.len() + cut_off, "{event}: every attempt is in the log");
            }
        }
        assert_eq!(self.world.store.backlog().await.unwrap(), waxwing_store::metrics::Backlog::default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_everything_drains(steps in prop::collection::vec(step(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut history = History::new().await;
            for step in &steps {
                history.take(step).await;
            }
            history.drain().await;
            history.judge().await;
        });
    }
}
