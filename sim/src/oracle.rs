//! What must hold, looked at while a history runs: when an attempt begins, what the
//! database says of it at that moment, and who else is at it.
//!
//! The oracle sees all of it: the database as it is committed, each clock, each process.
//! It never changes what happens.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{task::Id, time::Instant};
use waxwing_core::{
    AttemptError, DeliveryState, EventId, Outcome, Secret, WebhookId,
    signature::{verify_legacy, verify_standard},
};
use waxwing_delivery::Request;
use waxwing_store::{LogDetail, Store};

use crate::{process::Process, world::World};

/// How far a receiver lets a signature's time be off.
const TOLERANCE: Duration = Duration::from_mins(10);

/// An attempt, by its number in the history.
pub(crate) type Sending = usize;

/// One event on its way to one host.
pub(crate) type Key = (String, String);

/// An attempt as it was made.
pub(crate) struct Attempt {
    pub(crate) key: Key,
    pub(crate) engine: String,
    process: Arc<Process>,
    began: Instant,
    under_way: bool,
    pub(crate) outcome: Option<(Instant, Outcome)>,
    pub(crate) recorded: bool,
    pub(crate) arrived: u32,
}

/// A webhook, by its host.
#[derive(Default)]
pub(crate) struct Hook {
    pub(crate) id: Option<WebhookId>,
    pub(crate) kind: String,
    /// Every secret that it ever was to have.
    pub(crate) secrets: Vec<Secret>,
    /// Between these its creation was acknowledged and its deletion not yet asked for.
    pub(crate) created: Option<Instant>,
    pub(crate) deleting: Option<Instant>,
    /// Whether it ever was paused, released, or in any other way moved on purpose.
    pub(crate) moved: bool,
    /// Whether deliveries of it were to be sent again, and by which process.
    pub(crate) replays: Vec<(Option<String>, String)>,
}

/// An event, by its id.
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) began: Instant,
    pub(crate) acknowledged: Option<Instant>,
    pub(crate) erased: bool,
}

/// A process that took the name of one that was alive.
struct Heir {
    of: String,
    by: String,
    since: Instant,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) of: BTreeMap<Key, Vec<Sending>>,
    /// Only looked up in.
    by_task: HashMap<Id, Sending>,
    pub(crate) hooks: BTreeMap<String, Hook>,
    pub(crate) events: BTreeMap<String, Event>,
    /// Who registered under each name of a node last.
    holders: BTreeMap<String, Arc<Process>>,
    heirs: Vec<Heir>,
    violations: Vec<String>,
}

/// Who watches.
#[derive(Default)]
pub(crate) struct Oracle(Mutex<State>);

impl Oracle {
    /// Looks at what is known, or changes it.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock())
    }

    /// Something that must never be.
    pub(crate) fn violated(&self, world: &World, what: &str) {
        world.trace.note("ORACLE", format_args!("VIOLATION: {what}"));
        self.0.lock().violations.push(what.to_owned());
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.0.lock().violations.clone()
    }

    /// A process registered as this node: if another one holds the name, it is shut out.
    pub(crate) fn registered(&self, node: &str, process: &Arc<Process>) {
        let mut state = self.0.lock();
        let before = state.holders.insert(node.to_owned(), process.clone());
        if let Some(before) = before.filter(|before| !before.is_killed()) {
            let (of, by) = (before.name.clone(), process.name.clone());
            state.heirs.push(Heir { of, by, since: Instant::now() });
        }
    }

    /// An attempt begins.
    pub(crate) fn sends(
        &self,
        world: &World,
        process: &Arc<Process>,
        engine: &str,
        request: &Request,
    ) -> Sending {
        let key = key(request);
        let (host, event) = &key;
        let id = self.webhook_id(process, host);
        let detail = id.as_ref().and_then(|id| world.database.delivery(id, &EventId::parse(event).ok()?));
        let mut state = self.0.lock();
        let mut wrong = state.of_attempt(world, process, engine, &key, detail.as_ref());
        wrong.extend(state.of_bounds(world, engine, host));
        let sending = state.attempts.len();
        if let Some(task) = tokio::task::try_id() {
            state.by_task.insert(task, sending);
        }
        state.of.entry(key.clone()).or_default().push(sending);
        state.attempts.push(Attempt {
            key: key.clone(),
            engine: engine.to_owned(),
            process: process.clone(),
            began: Instant::now(),
            under_way: true,
            outcome: None,
            recorded: false,
            arrived: 0,
        });
        drop(state);
        let tries = detail.as_ref().map_or(0, |detail| detail.entry.attempt_count);
        world.trace.note(engine, format_args!("#{sending} sends {event} to {host} after {tries} attempts"));
        if id.is_none_or(|id| !takes_deliveries(process, &id)) {
            wrong.push("its own directory says that the webhook takes no deliveries".into());
        }
        for what in wrong {
            self.violated(world, &format!("#{sending} {event} to {host} by {engine}: {what}"));
        }
        sending
    }

    /// A request reached its receiver.
    pub(crate) fn arrives(&self, world: &World, request: &Request, sending: Sending) {
        let (host, event) = key(request);
        let mut state = self.0.lock();
        state.attempts[sending].arrived += 1;
        let known = state.events.contains_key(&event);
        let secrets = state.hooks.get(&host).map(|hook| hook.secrets.clone()).unwrap_or_default();
        drop(state);
        world.trace.note(&host, format_args!("#{sending} arrives with {event}"));
        let header = |name: &str| request.headers[name].to_str().unwrap_or_default();
        let (standard, legacy) = (header("webhook-signature"), header("x-webhook-signature"));
        let (time, now) = (header("webhook-timestamp"), world.true_time());
        let signed = secrets.iter().any(|secret| {
            verify_standard(secret, &event, time, &request.body, standard, now, TOLERANCE).is_ok()
        });
        let signed_too = secrets.iter().any(|secret| verify_legacy(secret, &request.body, legacy));
        if !signed || !signed_too {
            self.violated(world, &format!("#{sending}: the signature does not verify"));
        }
        if !known {
            self.violated(world, &format!("#{sending}: nobody published {event}"));
        }
    }

    /// What the sender made of it.
    pub(crate) fn answered(&self, world: &World, sending: Sending, outcome: &Outcome) {
        let mut state = self.0.lock();
        let attempt = &mut state.attempts[sending];
        attempt.outcome = Some((Instant::now(), outcome.clone()));
        let engine = attempt.engine.clone();
        drop(state);
        match outcome.error() {
            None => world.trace.note(&engine, format_args!("#{sending} succeeded")),
            Some(error) => world.trace.note(&engine, format_args!("#{sending} failed: {error}")),
        }
    }

    /// An attempt is no longer under way, however it ended.
    pub(crate) fn ended(&self, sending: Sending) {
        self.0.lock().attempts[sending].under_way = false;
    }

    /// The database answered a record, of the attempt that this task made: whether it is
    /// there now, the log says.
    pub(crate) fn recorded(&self, world: &World, task: Option<Id>) {
        let state = self.0.lock();
        let Some(sending) = task.and_then(|task| state.by_task.get(&task).copied()) else { return };
        let (host, event) = state.attempts[sending].key.clone();
        let id = state.hooks.get(&host).and_then(|hook| hook.id.clone());
        let known = state.attempts_of(&(host, event.clone())).filter(|attempt| attempt.recorded).count();
        drop(state);
        let detail = id.and_then(|id| world.database.delivery(&id, &EventId::parse(&event).ok()?));
        let recorded = detail.as_ref().is_some_and(|detail| detail.attempts.len() > known);
        self.0.lock().attempts[sending].recorded |= recorded;
        let found = if recorded { "is recorded" } else { "is not recorded" };
        let now = detail.map_or("gone", |detail| detail.entry.state.as_str());
        world.trace.note("database", format_args!("#{sending} {found}, the delivery is {now}"));
    }

    /// The id of the webhook at a host, which the process must know to send there.
    fn webhook_id(&self, process: &Process, host: &str) -> Option<WebhookId> {
        if let Some(id) = self.0.lock().hooks.get(host).and_then(|hook| hook.id.clone()) {
            return Some(id);
        }
        let directory = process.store.directory();
        let targets = directory.target_rows().into_iter().filter_map(|row| directory.target(row));
        let id = targets.into_iter().find(|target| target.url.contains(host)).map(|target| target.id.clone());
        self.0.lock().hooks.entry(host.to_owned()).or_default().id.clone_from(&id);
        id
    }
}

impl State {
    /// What is wrong with an attempt that begins now.
    fn of_attempt(
        &self,
        world: &World,
        process: &Process,
        engine: &str,
        key: &Key,
        detail: Option<&LogDetail>,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        let Some(detail) = detail else { return vec!["the database holds no such delivery".into()] };
        let elsewhere = self.replayed_elsewhere(key, process);
        let others = self.attempts_of(key).filter(|attempt| attempt.engine != engine);
        let shaky = elsewhere
            || self.is_shared(process, key)
            || world.setting.clocks_jump && others.clone().count() > 0;
        let state = detail.entry.state;
        if matches!(state, DeliveryState::Delivered | DeliveryState::Failed) && !shaky {
            wrong.push(format!("the database says that it is {state} already"));
        }
        // A clock that was set back takes nothing back that was due.
        let now = process.machine.clock.highest();
        let due = detail.entry.next_attempt_at.filter(|_| state == DeliveryState::Retrying);
        if let Some(due) = due.filter(|due| *due > now && !shaky) {
            wrong.push(format!("it is due at {due}, and it is {now} here"));
        }
        // A replay moves a delivery to the node that was asked, whoever is at it.
        let moved = shaky || self.is_replayed(key);
        for other in others.filter(|other| other.under_way && !moved && other.is_leased(world)) {
            wrong.push(format!("{} is at it, and its lease runs", other.engine));
        }
        for own in self.attempts_of(key).filter(|attempt| attempt.engine == engine) {
            if own.under_way {
                wrong.push("it is under way in the same engine".into());
            } else if !own.recorded {
                wrong.push("the attempt before in the same engine was not recorded".into());
            }
        }
        wrong.extend(self.too_early(world, key));
        wrong.extend(self.shut_out(world, process));
        wrong
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

    /// What is wrong with the number of attempts once another one begins.
    fn of_bounds(&self, world: &World, engine: &str, host: &str) -> Option<String> {
        let options = &world.setting.engine;
        let under_way = self.attempts.iter().filter(|attempt| attempt.under_way && attempt.engine == engine);
        let own = under_way.clone().filter(|attempt| attempt.key.0 == host).count();
        let all = under_way.count();
        (all >= options.in_flight || own >= options.in_flight_per_webhook)
            .then(|| format!("{all} attempts are under way, {own} of them to this host"))
    }

    pub(crate) fn attempts_of(&self, key: &Key) -> impl Iterator<Item = &Attempt> + Clone {
        self.of.get(key).into_iter().flatten().map(|sending| &self.attempts[*sending])
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

fn takes_deliveries(process: &Process, id: &WebhookId) -> bool {
    process.store.directory().target_named(id).is_some_and(|target| target.takes_deliveries())
}

fn key(request: &Request) -> Key {
    let host = request.url.host_and_port().split('.').next().unwrap_or_default();
    (host.to_owned(), request.headers["webhook-id"].to_str().unwrap_or_default().to_owned())
}
