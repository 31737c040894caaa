//! The rules that an attempt must keep when it begins. Who watches is in `oracle`.

use std::time::Duration;

use waxwing_core::{AttemptError, DeliveryState, Outcome};
use waxwing_delivery::options::LANE_WINDOW;
use waxwing_store::LogDetail;

use crate::{
    oracle::{Attempt, Event, Heir, Key, State},
    process::Process,
    rule::Rule,
    world::World,
};

/// A rule that is broken, and how.
pub(crate) type Wrong = (Rule, String);

/// How many events are looked at for one that should have had its turn before.
const LOOKED_BACK: usize = 30;

impl State {
    /// What is wrong with an attempt that begins now.
    pub(crate) fn of_attempt(
        &self,
        world: &World,
        process: &Process,
        engine: &str,
        key: &Key,
        detail: Option<&LogDetail>,
    ) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let Some(detail) = detail else {
            return vec![(Rule::Finished, "the database holds no such delivery".into())];
        };
        let elsewhere = self.replayed_elsewhere(key, process);
        let others = self.attempts_of(key).filter(|attempt| attempt.engine != engine);
        let shaky = elsewhere
            || self.is_shared(process, key)
            || world.setting.clocks_jump && others.clone().count() > 0;
        let state = detail.entry.state;
        if matches!(state, DeliveryState::Delivered | DeliveryState::Failed) && !shaky {
            wrong.push((Rule::Finished, format!("the database says that it is {state} already")));
        }
        // A clock that was set back takes nothing back that was due.
        let now = process.machine.clock.highest();
        let due = detail.entry.next_attempt_at.filter(|_| state == DeliveryState::Retrying);
        if let Some(due) = due.filter(|due| *due > now && !shaky) {
            wrong.push((Rule::Due, format!("it is due at {due}, and it is {now} here")));
        }
        // A replay moves a delivery to the node that was asked, whoever is at it.
        let moved = shaky || self.is_replayed(key);
        for other in others.filter(|other| other.under_way && !moved && other.is_leased(world)) {
            wrong.push((Rule::Lease, format!("{} is at it, and its lease runs", other.engine)));
        }
        for own in self.attempts_of(key).filter(|attempt| attempt.engine == engine) {
            if own.under_way {
                wrong.push((Rule::Lease, "it is under way in the same engine".into()));
            } else if !own.recorded {
                wrong.push((Rule::Recorded, "the attempt before in the same engine was not recorded".into()));
            }
        }
        wrong.extend(self.too_early(world, key).map(|what| (Rule::Due, what)));
        wrong.extend(Self::without_lease(world, process).map(|what| (Rule::Lease, what)));
        wrong.extend(self.shut_out(world, process).map(|what| (Rule::Lease, what)));
        wrong.extend(self.of_bounds(world, engine, &key.0));
        wrong.extend(of_memory(process).map(|what| (Rule::Bounds, what)));
        wrong
    }

    /// How long ago the lease ran out that the process last had the database hear of.
    fn without_lease(world: &World, process: &Process) -> Option<String> {
        let over = process.heard.lock().elapsed().checked_sub(world.setting.engine.lease)?;
        Some(format!("its lease ran out {over:?} ago"))
    }

    /// Whether another process took the name of this one's node, longer ago than a lease.
    fn shut_out(&self, world: &World, process: &Process) -> Option<String> {
        let lease = world.setting.engine.lease;
        let long_ago = |heir: &&Heir| heir.of == process.name && heir.since.elapsed() > lease;
        self.heirs.iter().find(long_ago).map(|heir| format!("{} took its name long ago", heir.by))
    }

    /// Whether a name was held by two at a time: then both are at its deliveries.
    fn is_shared(&self, process: &Process, key: &Key) -> bool {
        let others = self.attempts_of(key).map(|attempt| &attempt.process.name);
        let mut all = others.chain([&process.name]);
        all.any(|name| self.heirs.iter().any(|heir| heir.of == *name || heir.by == *name))
    }

    /// Whether less time passed since the last attempt than its receiver asked for, or
    /// than the schedule says.
    fn too_early(&self, world: &World, key: &Key) -> Option<String> {
        let hook = self.hooks.get(&key.0)?;
        if hook.moved || self.is_replayed(key) || world.setting.clocks_jump {
            return None;
        }
        let made: Vec<&Attempt> = self.attempts_of(key).collect();
        let last = made.last().filter(|last| last.recorded)?;
        let (ended, Outcome::Failed(error)) = last.outcome.as_ref()? else { return None };
        let asked = match error {
            AttemptError::Status { retry_after, .. } => retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        let alone = made.iter().all(|attempt| attempt.engine == last.engine);
        let wait = world.setting.waits.get(made.len() - 1).filter(|_| alone).copied().unwrap_or_default();
        let passed = ended.elapsed();
        (passed < asked.max(wait)).then(|| format!("only {passed:?} after the attempt before"))
    }

    /// Of the events that this engine's process accepted lately, those that it had
    /// acknowledged before it was asked for this one, and never attempted.
    pub(crate) fn published_before(&self, engine: &str, key: &Key) -> Vec<String> {
        let own = |event: &&Event| event.by.as_deref() == Some(engine);
        let this = self.events.get(&key.1).filter(own);
        let Some((this, hook)) = this.zip(self.hooks.get(&key.0)).filter(|_| !self.is_replayed(key)) else {
            return Vec::new();
        };
        let mut before = Vec::new();
        for id in self.accepted.get(engine).into_iter().flatten().rev().take(LOOKED_BACK) {
            let Some(event) = self.events.get(id) else { continue };
            let earlier = event.acknowledged.is_some_and(|at| at < this.began);
            let other = (key.0.clone(), id.clone());
            if earlier && hook.gets(event) && !self.of.contains_key(&other) && !self.is_replayed(&other) {
                before.push(id.clone());
            }
        }
        before
    }

    /// What is wrong with the number of attempts once another one begins.
    fn of_bounds(&self, world: &World, engine: &str, host: &str) -> Option<Wrong> {
        let options = &world.setting.engine;
        let under_way = self.under_way.iter().map(|sending| &self.attempts[*sending]);
        let under_way = under_way.filter(|attempt| attempt.engine == engine);
        let own = under_way.clone().filter(|attempt| attempt.key.0 == host).count();
        let all = under_way.count();
        (all >= options.in_flight || own >= options.in_flight_per_webhook)
            .then(|| (Rule::Bounds, format!("{all} attempts are under way, {own} of them to this host")))
    }

    pub(crate) fn attempts_of(&self, key: &Key) -> impl Iterator<Item = &Attempt> + Clone {
        self.of.get(key).into_iter().flatten().map(|sending| &self.attempts[*sending])
    }

    /// Whether the attempt before was made on another machine, and nobody asked for another one.
    pub(crate) fn goes_on(&self, process: &Process, key: &Key) -> bool {
        let before = self.attempts_of(key).last();
        before.is_some_and(|before| before.process.machine.name != process.machine.name)
            && !self.is_replayed(key)
    }

    pub(crate) fn is_replayed(&self, key: &Key) -> bool {
        self.replays_of(key).next().is_some()
    }

    /// Whether another node was asked to replay it, which this one is not told.
    fn replayed_elsewhere(&self, key: &Key, process: &Process) -> bool {
        self.replays_of(key).any(|by| *by != process.name)
    }

    fn replays_of(&self, key: &Key) -> impl Iterator<Item = &String> {
        let replays = self.hooks.get(&key.0).into_iter().flat_map(|hook| &hook.replays);
        replays.filter(|(event, _)| event.as_ref().is_none_or(|event| *event == key.1)).map(|(_, by)| by)
    }
}

/// What is wrong with the number of deliveries that an engine keeps in memory.
fn of_memory(process: &Process) -> Option<String> {
    let (held, lanes) = (process.metrics.held_deliveries.get(), process.metrics.lanes.get());
    let most = lanes * i64::try_from(2 * LANE_WINDOW).unwrap_or(i64::MAX);
    (held > most).then(|| format!("{held} deliveries are in memory, of {lanes} webhooks"))
}

impl Attempt {
    /// Whether its node surely holds its lease: it lives, and the database heard of that
    /// lately.
    fn is_leased(&self, world: &World) -> bool {
        let surely = world.setting.engine.lease * 4 / 6;
        !self.process.is_killed()
            && self.process.heard.lock().elapsed() < surely
            && self.began.elapsed() < surely
    }
}
