//! Everything of a history that is there once: the database, the receivers, the network's
//! state, chance, the trace and the oracle.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use waxwing_core::{AccountId, Clock, Timestamp};

use crate::{
    chance::Chance, database::Database, machine::MachineClock, oracle::Oracle, receivers::Receivers,
    setting::Setting, tally::Tally, trace::Trace,
};

/// The surroundings of all processes.
pub(crate) struct World {
    pub(crate) setting: Setting,
    pub(crate) chance: Arc<Chance>,
    pub(crate) trace: Trace,
    pub(crate) tally: Tally,
    pub(crate) database: Database,
    pub(crate) receivers: Receivers,
    pub(crate) oracle: Oracle,
    pub(crate) account: AccountId,
    clock: MachineClock,
    trouble: AtomicBool,
    lossy: AtomicBool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        let chance = Arc::new(Chance::new(seed));
        let account = AccountId::parse("acme").expect("an id");
        let trace = Trace::new();
        let setting = Setting::draw(&chance);
        trace.note("sim", format_args!("seed {seed}"));
        for line in setting.to_string().lines() {
            trace.note("sim", format_args!("{line}"));
        }
        Arc::new(Self {
            setting,
            chance,
            trace,
            tally: Tally::default(),
            database: Database::new(account.clone()),
            receivers: Receivers::default(),
            oracle: Oracle::default(),
            account,
            clock: MachineClock::default(),
            trouble: AtomicBool::new(false),
            lossy: AtomicBool::new(false),
        })
    }

    /// The time of those whose clocks are right.
    pub(crate) fn true_time(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether faults are injected.
    pub(crate) fn is_trouble(&self) -> bool {
        self.trouble.load(Ordering::Relaxed)
    }

    pub(crate) fn set_trouble(&self, trouble: bool) {
        self.trouble.store(trouble, Ordering::Relaxed);
        self.set_lossy(false);
    }

    /// Has messages between nodes and database be lost from now on, or no longer.
    pub(crate) fn set_lossy(&self, lossy: bool) {
        self.lossy.store(lossy, Ordering::Relaxed);
    }

    /// Of a hundred messages to the database and back, how many are lost.
    pub(crate) fn loss(&self) -> u32 {
        if self.lossy.load(Ordering::Relaxed) { self.setting.loss } else { 0 }
    }

    /// How long a machine waits before it starts the next process.
    pub(crate) fn restart_after(&self) -> Duration {
        if self.is_trouble() { self.chance.millis(5..12_000) } else { self.chance.millis(5..500) }
    }
}
