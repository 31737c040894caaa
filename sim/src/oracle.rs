//! What must hold, looked at while a history runs: when an attempt begins, what the
//! database says of it at that moment, and who else is at it.
//!
//! The oracle sees all of it: the database as it is committed, each clock, each process.
//! It never changes what happens. The rules themselves are in `rules`.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{task::Id, time::Instant};
use waxwing_core::{
    Clock, DeliveryState, EventId, Outcome, Secret, Timestamp, WebhookId,
    signature::{verify_legacy, verify_standard},
};
use waxwing_delivery::Request;
use waxwing_store::{LogDetail, Store};

use crate::{
    process::Process,
    rule::{Rule, Violation},
    tally::Fault,
    world::World,
};

/// How far a receiver lets a signature's time be off.
const TOLERANCE: Duration = Duration::from_mins(10);

/// The event type that every webhook subscribes to besides its own.
pub(crate) const FOR_ALL: &str = "to.all";

/// An attempt, by its number in the history.
pub(crate) type Sending = usize;

/// One event on its way to one host.
pub(crate) type Key = (String, String);

/// An attempt as it was made.
pub(crate) struct Attempt {
    pub(crate) key: Key,
    pub(crate) engine: String,
    pub(crate) process: Arc<Process>,
    pub(crate) began: Instant,
    /// When it began by its machine's clock, as the log has it.
    pub(crate) started_at: Timestamp,
    pub(crate) under_way: bool,
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

impl Hook {
    /// Whether it subscribes to an event's type.
    pub(crate) fn gets(&self, event: &Event) -> bool {
        event.kind == FOR_ALL || event.kind == self.kind
    }
}

/// An event, by its id.
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) began: Instant,
    pub(crate) acknowledged: Option<Instant>,
    /// The process that acknowledged it, if it was asked once only.
    pub(crate) by: Option<String>,
    pub(crate) erased: bool,
}

/// A process that took the name of one that was alive.
pub(crate) struct Heir {
    pub(crate) of: String,
    pub(crate) by: String,
    pub(crate) since: Instant,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) attempts: Vec<Attempt>,
    /// Those that are under way.
    pub(crate) under_way: BTreeSet<Sending>,
    pub(crate) of: BTreeMap<Key, Vec<Sending>>,
    /// Only looked up in.
    by_task: HashMap<Id, Sending>,
    pub(crate) hooks: BTreeMap<String, Hook>,
    pub(crate) events: BTreeMap<String, Event>,
    /// What each process accepted, in order.
    pub(crate) accepted: BTreeMap<String, Vec<String>>,
    /// Who registered under each name of a node last.
    holders: BTreeMap<String, Arc<Process>>,
    pub(crate) heirs: Vec<Heir>,
    violations: Vec<Violation>,
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
    pub(crate) fn violated(&self, world: &World, rule: Rule, what: String) {
        let violation = Violation { rule, what };
        world.trace.note("ORACLE", format_args!("VIOLATION of {violation}"));
        self.0.lock().violations.push(violation);
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
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
        if state.goes_on(process, &key) {
            world.tally.count(Fault::TakenOver);
        }
        let sending = state.attempts.len();
        if let Some(task) = tokio::task::try_id() {
            state.by_task.insert(task, sending);
        }
        state.of.entry(key.clone()).or_default().push(sending);
        state.under_way.insert(sending);
        state.attempts.push(Attempt {
            key: key.clone(),
            engine: engine.to_owned(),
            process: process.clone(),
            began: Instant::now(),
            started_at: process.machine.clock.now(),
            under_way: true,
            outcome: None,
            recorded: false,
            arrived: 0,
        });
        drop(state);
        let tries = detail.as_ref().map_or(0, |detail| detail.entry.attempt_count);
        world.trace.note(engine, format_args!("#{sending} sends {event} to {host} after {tries} attempts"));
        if detail.as_ref().is_some_and(|detail| detail.entry.attempt_count == 0) {
            let found = self.out_of_turn(world, engine, &key, id.as_ref());
            wrong.extend(found.map(|what| (Rule::Order, what)));
        }
        // What it learns at this very moment comes too late for an attempt that was begun.
        let learns = *process.learned.lock() == Some(Instant::now());
        if !learns && id.is_none_or(|id| !takes_deliveries(process, &id)) {
            let what = "its own directory says that the webhook takes no deliveries";
            wrong.push((Rule::Paused, what.into()));
        }
        for (rule, what) in wrong {
            self.violated(world, rule, format!("#{sending} {event} to {host} by {engine}: {what}"));
        }
        sending
    }

    /// A request reached its receiver.
    pub(crate) fn arrives(&self, world: &World, request: &Request, sending: Sending, taken: bool) {
        let (host, event) = key(request);
        let mut state = self.0.lock();
        state.attempts[sending].arrived += 1;
        let known = state.events.contains_key(&event);
        let secrets = state.hooks.get(&host).map(|hook| hook.secrets.clone()).unwrap_or_default();
        drop(state);
        let fate = if taken { "takes" } else { "does not take" };
        world.trace.note(&host, format_args!("#{sending} arrives; {fate} {event}"));
        let header = |name: &str| request.headers[name].to_str().unwrap_or_default();
        let (standard, legacy) = (header("webhook-signature"), header("x-webhook-signature"));
        let (time, now) = (header("webhook-timestamp"), world.true_time());
        let signed = secrets.iter().any(|secret| {
            verify_standard(secret, &event, time, &request.body, standard, now, TOLERANCE).is_ok()
        });
        let signed_too = secrets.iter().any(|secret| verify_legacy(secret, &request.body, legacy));
        if !signed || !signed_too {
            self.violated(world, Rule::Signed, format!("#{sending}: the signature does not verify"));
        }
        if !known {
            self.violated(world, Rule::Signed, format!("#{sending}: nobody published {event}"));
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

    /// Whether a process has attempts under way.
    pub(crate) fn is_sending(&self, process: &Process) -> bool {
        let state = self.0.lock();
        state.under_way.iter().any(|sending| state.attempts[*sending].process.name == process.name)
    }

    /// An attempt is no longer under way, however it ended.
    pub(crate) fn ended(&self, sending: Sending) {
        let mut state = self.0.lock();
        state.attempts[sending].under_way = false;
        state.under_way.remove(&sending);
    }

    /// The database answered a record, of the attempt that this task made: whether it is
    /// there now, the log says.
    pub(crate) fn recorded(&self, world: &World, task: Option<Id>) {
        let state = self.0.lock();
        let Some(sending) = task.and_then(|task| state.by_task.get(&task).copied()) else { return };
        let (key, started_at) = (state.attempts[sending].key.clone(), state.attempts[sending].started_at);
        let id = state.hooks.get(&key.0).and_then(|hook| hook.id.clone());
        let alike = state.attempts_of(&key).filter(|attempt| attempt.started_at == started_at);
        let known = alike.filter(|attempt| attempt.recorded).count();
        drop(state);
        let detail = id.and_then(|id| world.database.delivery(&id, &EventId::parse(&key.1).ok()?));
        let logged = |detail: &LogDetail| {
            detail.attempts.iter().filter(|attempt| attempt.started_at == started_at).count()
        };
        let recorded = detail.as_ref().is_some_and(|detail| logged(detail) > known);
        self.0.lock().attempts[sending].recorded |= recorded;
        let found = if recorded { "is recorded" } else { "is not recorded" };
        let now = detail.map_or("gone", |detail| detail.entry.state.as_str());
        world.trace.note("database", format_args!("#{sending} {found}, the delivery is {now}"));
    }

    /// Whether an event that was published before still waits for its first attempt.
    fn out_of_turn(&self, world: &World, engine: &str, key: &Key, id: Option<&WebhookId>) -> Option<String> {
        let before = self.0.lock().published_before(engine, key);
        let waits = |event: &&String| {
            let detail = EventId::parse(event).ok().and_then(|event| world.database.delivery(id?, &event));
            detail.is_some_and(|detail| detail.entry.state == DeliveryState::Pending)
        };
        before.iter().find(waits).map(|event| format!("{event} was published before, and waits"))
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

fn takes_deliveries(process: &Process, id: &WebhookId) -> bool {
    process.store.directory().target_named(id).is_some_and(|target| target.takes_deliveries())
}

fn key(request: &Request) -> Key {
    let host = request.url.host_and_port().split('.').next().unwrap_or_default();
    (host.to_owned(), request.headers["webhook-id"].to_str().unwrap_or_default().to_owned())
}
