//! What must hold at the end, once everything has drained.

use waxwing_core::{DeliveryState, EventId, Outcome};
use waxwing_store::{LogDetail, LogEntry, metrics::Backlog};

use crate::{
    counted,
    oracle::{Attempt, Event, Hook, Key, State},
    rule::Rule,
    rules::Wrong,
    world::World,
};

/// Looks at all that was acknowledged, and at every attempt.
pub(crate) fn judge(world: &World) {
    let mut wrong = Vec::new();
    let backlog = world.database.backlog();
    if backlog != Backlog::default() {
        wrong.push((Rule::Drained, format!("not everything drained: {backlog:?}")));
    }
    world.oracle.with(|state| {
        for (host, hook) in &state.hooks {
            let webhook = hook.id.as_ref();
            let counted = webhook.and_then(|id| counted::otherwise(world, id));
            wrong.extend(counted.map(|what| (Rule::Counted, format!("{host}: {what}"))));
        }
        for (id, event) in &state.events {
            if event.acknowledged.is_some() {
                wrong.extend(of_event(world, state, id, event));
            }
        }
    });
    for (rule, what) in wrong {
        world.oracle.violated(world, rule, what);
    }
}

fn of_event(world: &World, state: &State, id: &str, event: &Event) -> Vec<Wrong> {
    let parsed = EventId::parse(id).ok();
    let Some(detail) = parsed.and_then(|id| world.database.event(&id)) else {
        return vec![(Rule::Deliveries, format!("{id} was acknowledged and is gone"))];
    };
    let mut wrong = Vec::new();
    for (host, hook) in &state.hooks {
        let Some(webhook) = &hook.id else { continue };
        let entry = detail.deliveries.iter().find(|(id, _)| id == webhook).map(|(_, entry)| entry);
        match entry {
            None if expects(hook, event) => {
                wrong.push((Rule::Deliveries, format!("{id} has no delivery to {host}")));
            }
            None => {}
            Some(entry) => {
                let log = EventId::parse(id).ok().and_then(|id| world.database.delivery(webhook, &id));
                let key = (host.clone(), id.to_owned());
                let found = of_delivery(world, state, &key, hook, event, entry, log.as_ref());
                wrong.extend(found.into_iter().map(|(rule, what)| (rule, format!("{id} to {host}: {what}"))));
            }
        }
    }
    wrong
}

/// Whether the webhook was there all the time while the event was published.
fn expects(hook: &Hook, event: &Event) -> bool {
    let there = hook.created.is_some_and(|created| created < event.began);
    let stays = hook.deleting.is_none_or(|deleting| event.acknowledged.is_some_and(|at| at < deleting));
    hook.gets(event) && there && stays
}

fn of_delivery(
    world: &World,
    state: &State,
    key: &Key,
    hook: &Hook,
    event: &Event,
    entry: &LogEntry,
    log: Option<&LogDetail>,
) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let made: Vec<&Attempt> = state.attempts_of(key).collect();
    let logged = log.map_or(0, |log| log.attempts.len());
    let recorded = made.iter().filter(|attempt| attempt.recorded).count();
    if logged < recorded {
        wrong.push((Rule::Log, format!("{recorded} attempts were recorded, the log has {logged}")));
    }
    if logged > made.len() {
        wrong.push((Rule::Log, format!("{} attempts were made, the log has {logged}", made.len())));
    }
    match entry.state {
        DeliveryState::Delivered => {
            if !made.iter().any(|attempt| arrived(attempt)) {
                wrong.push((Rule::Outcome, "it is delivered, but nothing ever arrived".into()));
            }
        }
        DeliveryState::Failed => {
            let found = exhausted(world, state, key, hook, &made, logged);
            wrong.extend(found.map(|what| (Rule::Outcome, what)));
        }
        DeliveryState::Canceled if hook.deleting.is_some() || event.erased => {}
        other => wrong.push((Rule::Outcome, format!("it is {other} at the end"))),
    }
    wrong
}

/// Whether a receiver got it and its 2xx came back.
fn arrived(attempt: &Attempt) -> bool {
    attempt.arrived > 0 && matches!(attempt.outcome, Some((_, Outcome::Succeeded { .. })))
}

/// What is wrong with a delivery that failed for good.
fn exhausted(
    world: &World,
    state: &State,
    key: &Key,
    hook: &Hook,
    made: &[&Attempt],
    logged: usize,
) -> Option<String> {
    let gone = made
        .iter()
        .any(|attempt| matches!(&attempt.outcome, Some((_, Outcome::Failed(error))) if error.is_gone()));
    let tries = world.setting.waits.len() + 1;
    if gone {
        return None;
    }
    if logged < tries {
        return Some(format!("it failed after {logged} attempts, not {tries}"));
    }
    let alone = made.iter().all(|attempt| attempt.engine == made[0].engine);
    (alone && !hook.moved && !state.is_replayed(key) && made.len() != tries)
        .then(|| format!("it failed after {} attempts, not {tries}", made.len()))
}
