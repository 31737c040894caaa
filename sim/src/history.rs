//! One history, from its seed to its judgement.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{
    runtime::Builder,
    task::JoinSet,
    time::{Instant, sleep},
};
use waxwing_api::hash_key;
use waxwing_core::{KeyId, Role, Timestamp};
use waxwing_store::{Actor, Key, NewAccount, NewKey, Store, metrics::Backlog};

use crate::{
    client::{Client, OPERATOR},
    faults, judge,
    machine::Machine,
    operators,
    rule::Violation,
    tally::Fault,
    world::World,
};

/// How long everything may take to drain once faults stop.
const DRAIN: Duration = Duration::from_mins(12);
/// How often it is looked whether it has.
const GLANCE: Duration = Duration::from_secs(2);

/// What came of a history.
pub struct Report {
    /// What happened.
    pub trace: Vec<String>,
    /// What must not have happened.
    pub violations: Vec<Violation>,
    /// Events that were acknowledged.
    pub acknowledged: usize,
    /// Attempts that were made.
    pub attempts: usize,
    /// How often each kind of fault happened, if it did.
    pub faults: BTreeMap<Fault, u64>,
}

/// Runs the history of a seed.
///
/// # Panics
/// When the simulation itself cannot go on.
pub fn run(seed: u64) -> Report {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(history(seed))
}

async fn history(seed: u64) -> Report {
    let world = World::new(seed);
    set_up(&world);
    let machines: Vec<_> =
        (1..=world.setting.nodes).map(|number| Machine::new(format!("n{number}"))).collect();
    let mut running = JoinSet::new();
    for machine in &machines {
        running.spawn(machine.clone().run(world.clone()));
    }
    let client = Client { world: world.clone(), machines: machines.clone() };
    for number in 1..=world.setting.webhooks {
        while !operators::create(&client, &format!("h{number}")).await {
            sleep(Duration::from_millis(100)).await;
        }
    }
    world.set_trouble(true);
    let mut busy = JoinSet::new();
    for number in 1..=world.setting.publishers {
        busy.spawn(operators::publish(client.clone(), number));
    }
    busy.spawn(operators::operate(client.clone()));
    busy.spawn(faults::inject(world.clone(), machines.clone()));
    sleep(world.setting.trouble).await;
    faults::heal(&world, &machines);
    while let Some(ended) = busy.join_next().await {
        ended.expect("a task of the history");
    }
    drain(&client).await;
    judge::judge(&world);
    report(&world)
}

/// An account, and a key to work with.
fn set_up(world: &World) {
    let (now, by) = (world.true_time(), Actor::server(Timestamp::EPOCH));
    let account = NewAccount { id: world.account.clone(), name: None, created_at: now };
    let key = Key {
        id: KeyId::generate(now, [1; 10]),
        account: None,
        role: Role::Operator,
        name: None,
        created_at: now,
        expires_at: None,
        last_used_at: None,
        portal: false,
    };
    let key = NewKey { key, hash: hash_key(OPERATOR) };
    world.database.set_up(async |store| {
        store.create_account(account, &by).await.expect("an account");
        store.create_key(key, &by).await.expect("a key");
    });
}

/// Waits until nothing waits any more, with every webhook active.
async fn drain(client: &Client) {
    let (world, began) = (&client.world, Instant::now());
    while began.elapsed() < DRAIN {
        sleep(GLANCE).await;
        let hooks: Vec<_> = world.oracle.with(|state| {
            let there = state.hooks.iter().filter(|(_, hook)| hook.deleting.is_none());
            there.filter_map(|(host, hook)| Some((host.clone(), hook.id.clone()?))).collect()
        });
        for (host, id) in hooks {
            if world.database.is_held(&id) {
                operators::set_active(client, &host, &id, true).await;
            }
        }
        if world.database.backlog() == Backlog::default() {
            return;
        }
    }
}

fn report(world: &Arc<World>) -> Report {
    let (acknowledged, attempts) = world.oracle.with(|state| {
        let acknowledged = state.events.values().filter(|event| event.acknowledged.is_some()).count();
        (acknowledged, state.attempts.len())
    });
    let (violations, trace, faults) = (world.oracle.violations(), world.trace.take(), world.tally.take());
    Report { trace, violations, acknowledged, attempts, faults }
}
