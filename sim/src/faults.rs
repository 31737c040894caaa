//! What goes wrong while a history runs, and the end of it.
//!
//! # The model
//!
//! Something is drawn every 20 ms to at most 0.8, 5 or 15 s, according to the history:
//!
//! - **Crash**: a process is killed at any of its await points. Its tasks are dropped, what
//!   was not committed is gone, what was sent arrives all the same. A supervisor starts the
//!   next one within 12 s.
//! - **Shutdown in the middle**: a process is told to end within 0 to 3 s, whatever is under way.
//! - **Stop** (SIGSTOP): whatever a process asks for is not answered, for up to 22 s at a
//!   lease of 9 s, while its clocks run. It may stop between looking at its lease and sending.
//! - **Partition**: a machine cannot reach the database, or neither clients nor receivers,
//!   for up to 22 s. Other machines go on.
//! - **Bad network**: for up to 8 s, and up to 20 s at the end, 2, 15 or 50 % of the calls to
//!   the database and as many of the commits' answers are lost, at once (a reset) or by silence.
//!   A lost answer means that the work was done and the caller hears that the database cannot be
//!   reached. A call in 33 is slow at any time. No message comes twice: a connection to a
//!   database has none of that.
//! - **Failed commit**, with one node: nothing of it is there, the store takes no more
//!   writes, and the process ends.
//! - **Clock**: the wall clock of a machine is set, 50 s back to 100 s forward. Monotonic
//!   clocks run alike.
//! - **Names**: a machine registers under a new name at each start, so that only a takeover
//!   brings its deliveries back; or starts under the name of another one that lives.
//! - **Receivers** (`receivers`): their moods change. Besides, 2 % of the requests are lost, and
//!   2 % arrive twice.
//! - **Clients** (`client`): 3 % of the API's requests and 3 % of its answers are lost.
//!
//! Takeovers and lost leases follow from these. `tally` counts each of them, and a test says
//! that each happens. How losses on the way to the database come about is in `link`.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    machine::{Machine, Order},
    receivers::Mood,
    tally::Fault,
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
    let several = world.setting.nodes > 1;
    match world.chance.among(0..17) {
        0..3 => kill(world, machine),
        3 => end(world, machine),
        4..6 => stop(world, machine),
        6..8 if several => cut_off(world, machine),
        6..8 => {
            happens(world, "database", Fault::CommitFailed, "fails the next commit");
            world.database.fail_next_commit();
        }
        8..10 | 12..16 if several => {
            lose_messages(world, world.chance.millis(500..8_000));
        }
        10 if world.setting.clocks_jump => {
            let off = i64::try_from(world.chance.among(0..150_000)).unwrap_or_default() - 50_000;
            happens(world, &machine.name, Fault::ClockSet, &format!("has a clock that is off by {off} ms"));
            machine.clock.set_off_by(off);
        }
        11 if several && world.chance.percent(50) => {
            happens(world, &machine.name, Fault::Renamed, "registers under new names from now on");
            machine.rename();
        }
        11 if several => take_name(world, machine, machines),
        16 => isolate(world, machine),
        _ => {}
    }
}

/// Notes a fault and counts it.
fn happens(world: &World, who: &str, fault: Fault, what: &str) {
    world.trace.note(who, format_args!("{what}"));
    world.tally.count(fault);
}

fn lose_messages(world: &Arc<World>, time: Duration) {
    world.trace.note("network", format_args!("loses messages to the database for {time:?}"));
    world.set_lossy(true);
    later(time, world.clone(), |world| world.set_lossy(false));
}

fn kill(world: &World, machine: &Machine) {
    let Some(process) = machine.process() else { return };
    happens(world, &machine.name, Fault::Killed, "is killed");
    if world.oracle.is_sending(&process) {
        world.tally.count(Fault::KilledSending);
    }
    machine.order(Order::Kill);
}

fn end(world: &World, machine: &Machine) {
    let deadline = world.chance.millis(0..3_000);
    if machine.process().is_some() {
        happens(world, &machine.name, Fault::ToldToEnd, &format!("is told to end within {deadline:?}"));
        machine.order(Order::End(deadline));
    }
}

fn stop(world: &World, machine: &Arc<Machine>) {
    let time = world.chance.millis(300..22_000);
    happens(world, &machine.name, Fault::Stopped, &format!("is stopped for {time:?}"));
    machine.sleep(true);
    later(time, machine.clone(), |machine| machine.sleep(false));
}

fn cut_off(world: &World, machine: &Arc<Machine>) {
    let time = world.chance.millis(100..22_000);
    let what = format!("is cut off from the database for {time:?}");
    happens(world, &machine.name, Fault::CutOff, &what);
    machine.cut_off(true);
    later(time, machine.clone(), |machine| machine.cut_off(false));
}

fn isolate(world: &World, machine: &Arc<Machine>) {
    let time = world.chance.millis(100..22_000);
    let what = format!("is cut off from clients and receivers for {time:?}");
    happens(world, &machine.name, Fault::Isolated, &what);
    machine.isolate(true);
    later(time, machine.clone(), |machine| machine.isolate(false));
}

fn take_name(world: &World, machine: &Machine, machines: &[Arc<Machine>]) {
    let others: Vec<_> = machines.iter().filter(|other| other.name != machine.name).collect();
    let other = world.chance.pick(&others);
    let what = format!("starts again under the name of {}", other.name);
    happens(world, &machine.name, Fault::NameTaken, &what);
    machine.take_name(Some(other));
    machine.order(Order::Kill);
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

/// Ends all trouble, but that the network may stay bad a while: what is taken over from
/// machines that died last is taken over then.
pub(crate) fn heal(world: &Arc<World>, machines: &[Arc<Machine>]) {
    world.trace.note("sim", format_args!("the trouble ends"));
    world.set_trouble(false);
    world.receivers.heal();
    for machine in machines {
        machine.sleep(false);
        machine.cut_off(false);
        machine.isolate(false);
        machine.clock.set_off_by(0);
        if machine.has_taken_a_name() {
            machine.take_name(None);
            machine.order(Order::Kill);
        }
    }
    if world.setting.nodes > 1 && world.chance.percent(50) {
        lose_messages(world, world.chance.millis(5_000..20_000));
    }
}
