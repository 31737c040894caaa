//! What goes wrong while a history runs, and the end of it.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    machine::{Machine, Order},
    receivers::Mood,
    world::World,
};

/// Injects faults until trouble ends.
pub(crate) async fn inject(world: Arc<World>, machines: Vec<Arc<Machine>>) {
    let longest = *world.chance.pick(&[800, 5_000, 15_000]);
    loop {
        sleep(world.chance.millis(20..longest)).await;
        if !world.is_trouble() {
            return;
        }
        if world.chance.percent(40) {
            change_mood(&world);
        } else {
            let machine = world.chance.pick(&machines).clone();
            befall(&world, &machine, &machines);
        }
    }
}

fn befall(world: &Arc<World>, machine: &Arc<Machine>, machines: &[Arc<Machine>]) {
    let (chance, name) = (&world.chance, machine.name.as_str());
    let several = world.setting.nodes > 1;
    match chance.among(0..16) {
        0..3 => {
            world.trace.note(name, format_args!("is killed"));
            machine.order(Order::Kill);
        }
        3 => {
            let deadline = chance.millis(0..3_000);
            world.trace.note(name, format_args!("is told to end within {deadline:?}"));
            machine.order(Order::End(deadline));
        }
        4..6 => {
            let time = chance.millis(300..22_000);
            world.trace.note(name, format_args!("is stopped for {time:?}"));
            machine.sleep(true);
            later(time, machine.clone(), |machine| machine.sleep(false));
        }
        6..8 if several => {
            let time = chance.millis(100..22_000);
            world.trace.note(name, format_args!("is cut off for {time:?}"));
            machine.cut_off(true);
            later(time, machine.clone(), |machine| machine.cut_off(false));
        }
        8..10 | 12..16 if several => {
            let time = chance.millis(500..8_000);
            world.trace.note("network", format_args!("loses messages for {time:?}"));
            world.set_lossy(true);
            later(time, world.clone(), |world| world.set_lossy(false));
        }
        6..8 => {
            world.trace.note("database", format_args!("fails the next commit"));
            world.database.fail_next_commit();
        }
        10 if world.setting.clocks_jump => {
            let off = i64::try_from(chance.among(0..150_000)).unwrap_or_default() - 50_000;
            world.trace.note(name, format_args!("has a clock that is off by {off} ms"));
            machine.clock.set_off_by(off);
        }
        11 if several && chance.percent(50) => machine.rename(),
        11 if several => {
            let other = chance.pick(machines);
            world.trace.note(name, format_args!("starts again under the name of {}", other.name));
            machine.take_name(Some(other));
            machine.order(Order::Kill);
        }
        _ => {}
    }
}

fn change_mood(world: &World) {
    let hosts: Vec<String> = world.oracle.with(|state| state.hooks.keys().cloned().collect());
    if !hosts.is_empty() {
        let host = world.chance.pick(&hosts);
        let mood = Mood::draw(&world.chance);
        world.trace.note(host, format_args!("is {mood:?} from now on"));
        world.receivers.set(&format!("{host}.example:443"), mood);
    }
}

/// Does something after a while.
fn later<T: Send + Sync + 'static>(time: Duration, to: Arc<T>, what: impl FnOnce(&T) + Send + 'static) {
    tokio::spawn(async move {
        sleep(time).await;
        what(&to);
    });
}

/// Ends all trouble.
pub(crate) fn heal(world: &World, machines: &[Arc<Machine>]) {
    world.trace.note("sim", format_args!("the trouble ends"));
    world.set_trouble(false);
    world.receivers.heal();
    for machine in machines {
        machine.sleep(false);
        machine.cut_off(false);
        machine.clock.set_off_by(0);
        if machine.has_taken_a_name() {
            machine.take_name(None);
            machine.order(Order::Kill);
        }
    }
}
