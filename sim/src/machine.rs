//! A machine: its clock, its network, and the process that runs on it for the time being.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;
use waxwing_core::{Clock, Timestamp};

use crate::{process::Process, switch::Switch, world::World};

/// Where every history begins.
const BEGINNING: Timestamp = Timestamp::from_millis(1_774_519_200_000);

/// A wall clock: virtual time, and what it is off by.
pub(crate) struct MachineClock {
    started: Instant,
    off_ms: AtomicI64,
    /// The highest time that it showed before it was set last.
    highest_ms: AtomicI64,
}

impl Default for MachineClock {
    fn default() -> Self {
        Self { started: Instant::now(), off_ms: AtomicI64::new(0), highest_ms: AtomicI64::new(0) }
    }
}

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let true_time = BEGINNING.after(self.started.elapsed());
        Timestamp::from_millis(true_time.millis() + self.off_ms.load(Ordering::Relaxed))
    }
}

impl MachineClock {
    pub(crate) fn set_off_by(&self, millis: i64) {
        self.highest_ms.fetch_max(self.now().millis(), Ordering::Relaxed);
        self.off_ms.store(millis, Ordering::Relaxed);
    }

    /// The highest time that it ever showed.
    pub(crate) fn highest(&self) -> Timestamp {
        self.now().max(Timestamp::from_millis(self.highest_ms.load(Ordering::Relaxed)))
    }
}

/// What befalls the process from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Kill,
    End(Duration),
}

/// A machine.
pub(crate) struct Machine {
    pub(crate) name: String,
    pub(crate) clock: Arc<MachineClock>,
    /// Whether it cannot reach the database.
    cut_off: AtomicBool,
    /// Whether it can reach neither receivers nor clients.
    isolated: AtomicBool,
    asleep: Switch<bool>,
    order: Switch<Option<Order>>,
    process: Mutex<Option<Arc<Process>>>,
    processes: AtomicU32,
    /// Whether its processes register under another name each time.
    renames: AtomicBool,
    /// Another machine's name, under which its processes register by mistake.
    taken: Mutex<Option<String>>,
}

impl Machine {
    pub(crate) fn new(name: String) -> Arc<Self> {
        Arc::new(Self {
            name,
            clock: Arc::default(),
            cut_off: AtomicBool::new(false),
            isolated: AtomicBool::new(false),
            asleep: Switch::default(),
            order: Switch::default(),
            process: Mutex::default(),
            processes: AtomicU32::new(0),
            renames: AtomicBool::new(false),
            taken: Mutex::default(),
        })
    }

    /// Starts processes one after the other, as a supervisor does.
    pub(crate) async fn run(self: Arc<Self>, world: Arc<World>) {
        loop {
            let number = self.processes.fetch_add(1, Ordering::Relaxed) + 1;
            self.order.set(None);
            let process = Process::new(world.clone(), self.clone(), format!("{}.{number}", self.name));
            *self.process.lock() = Some(process.clone());
            tokio::select! {
                biased;
                () = self.killed() => {}
                end = process.run() => process.note(format_args!("ended: {end}")),
            }
            process.kill();
            *self.process.lock() = None;
            if world.setting.nodes == 1 {
                world.database.restart();
            }
            tokio::time::sleep(world.restart_after()).await;
        }
    }

    pub(crate) fn process(&self) -> Option<Arc<Process>> {
        self.process.lock().clone()
    }

    /// The name under which the present process registers.
    pub(crate) fn node_name(&self) -> String {
        let number = self.processes.load(Ordering::Relaxed);
        if let Some(taken) = &*self.taken.lock() {
            return taken.clone();
        }
        if self.renames.load(Ordering::Relaxed) {
            format!("{}-{number}", self.name)
        } else {
            self.name.clone()
        }
    }

    /// From the next start on, each process has a name of its own.
    pub(crate) fn rename(&self) {
        self.renames.store(true, Ordering::Relaxed);
    }

    /// From the next start on, its processes take another machine's name, or their own again.
    pub(crate) fn take_name(&self, of: Option<&Self>) {
        *self.taken.lock() = of.map(|of| of.name.clone());
    }

    pub(crate) fn has_taken_a_name(&self) -> bool {
        self.taken.lock().is_some()
    }

    /// Has something happen to the process, if there is one.
    pub(crate) fn order(&self, order: Order) {
        if order == Order::Kill
            && let Some(process) = self.process()
        {
            process.kill();
        }
        self.order.set(Some(order));
    }

    async fn killed(&self) {
        self.order.until(|order| (order == Some(Order::Kill)).then_some(())).await;
    }

    /// Waits until the process is told to end; how long it may take.
    pub(crate) async fn told_to_end(&self) -> Duration {
        let deadline = |order| match order {
            Some(Order::End(deadline)) => Some(deadline),
            _ => None,
        };
        self.order.until(deadline).await
    }

    pub(crate) fn sleep(&self, asleep: bool) {
        self.asleep.set(asleep);
    }

    pub(crate) async fn awake(&self) {
        self.asleep.until(|asleep| (!asleep).then_some(())).await;
    }

    pub(crate) fn cut_off(&self, cut_off: bool) {
        self.cut_off.store(cut_off, Ordering::Relaxed);
    }

    pub(crate) fn is_cut_off(&self) -> bool {
        self.cut_off.load(Ordering::Relaxed)
    }

    pub(crate) fn isolate(&self, isolated: bool) {
        self.isolated.store(isolated, Ordering::Relaxed);
    }

    pub(crate) fn is_isolated(&self) -> bool {
        self.isolated.load(Ordering::Relaxed)
    }
}
