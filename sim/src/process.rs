//! One process on a machine: what `waxwing serve` is made of, in the order in which
//! `crates/waxwing/src/serve/run.rs` starts and ends it.
//!
//! A process that is killed does nothing from then on, at whatever await point it was: its
//! tasks are dropped, and whatever it asks of its surroundings is never answered. One
//! that is stopped (SIGSTOP) gets no answer until it goes on, while its clock runs.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;
use waxwing_core::{Clock, TargetPolicy, seal::SealingKey};
use waxwing_delivery::{Engine, EngineHandle, EngineParts};
use waxwing_sqlite::SqliteStore;
use waxwing_store::{Keyring, KeyringError, Metrics, RootKeys, Store, StoreError, gated::Gated};

use crate::{
    gateway::Gateway,
    link::{Link, Memory},
    machine::Machine,
    sender::SimSender,
    switch::Switch,
    tally::Fault,
    world::World,
};

/// How often a process looks at itself, and asks for a lease again after it lost it.
const GLANCE: Duration = Duration::from_millis(250);

/// One process.
pub(crate) struct Process {
    pub(crate) world: Arc<World>,
    pub(crate) machine: Arc<Machine>,
    /// The machine's name, and how many processes ran there.
    pub(crate) name: String,
    pub(crate) store: Arc<SqliteStore>,
    /// What it remembers of its link to the database.
    pub(crate) memory: Mutex<Memory>,
    pub(crate) metrics: Arc<Metrics>,
    killed: Switch<bool>,
    /// Answers requests, once it does.
    pub(crate) gateway: Mutex<Option<Gateway>>,
    /// When it learned last that the configuration had changed.
    pub(crate) learned: Mutex<Option<Instant>>,
    /// When the database heard from it last that it lives.
    pub(crate) heard: Mutex<Instant>,
    engines: AtomicU32,
}

/// Why a process ended by itself.
pub(crate) type End = String;

impl Process {
    pub(crate) fn new(world: Arc<World>, machine: Arc<Machine>, name: String) -> Arc<Self> {
        let (store, seen) = world.database.open();
        let process = Self {
            world,
            machine,
            name,
            store,
            memory: Mutex::new(Memory::new(seen)),
            metrics: Arc::default(),
            killed: Switch::default(),
            gateway: Mutex::default(),
            learned: Mutex::default(),
            heard: Mutex::new(Instant::now()),
            engines: AtomicU32::new(0),
        };
        Arc::new(process)
    }

    /// From now on it does nothing.
    pub(crate) fn kill(&self) {
        self.killed.set(true);
        *self.gateway.lock() = None;
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.killed.get()
    }

    /// Waits until it is killed.
    pub(crate) async fn ended(&self) {
        self.killed.until(|killed| killed.then_some(())).await;
    }

    /// Waits while it is stopped; for ever once it is killed.
    pub(crate) async fn runs(&self) {
        self.machine.awake().await;
        if self.is_killed() {
            pending::<()>().await;
        }
    }

    /// Runs until it is told to end, or cannot go on.
    pub(crate) async fn run(self: &Arc<Self>) -> End {
        match self.serve().await {
            Ok(end) => end,
            Err(error) => format!("it could not start: {error}"),
        }
    }

    async fn serve(self: &Arc<Self>) -> Result<End, StoreError> {
        let world = &self.world;
        let store: Arc<dyn Store> = Arc::new(Gated::new(self.store.clone(), Link(self.clone())));
        let _follower = Follower(tokio::spawn(Link(self.clone()).follow()));
        let roots = RootKeys::only(SealingKey::from_slice(&[7; 32]).expect("a key"));
        let (clock, entropy) = (self.machine.clock.clone(), world.chance.clone());
        let keyring = Keyring::unlock(store.clone(), roots, &*clock, &*entropy).await;
        let keyring = Arc::new(keyring.map_err(|error| match error {
            KeyringError::Store(error) => error,
            KeyringError::WrongKey => StoreError::Stopped("the key is wrong".into()),
        })?);
        let lease = world.setting.engine.lease;
        let node_name = self.machine.node_name();
        let node = store.register(&node_name, clock.now(), lease).await?;
        let mut parts = EngineParts {
            store: store.clone(),
            node,
            sender: Arc::new(SimSender::new(self.clone(), self.next_engine())),
            clock,
            entropy,
            keyring,
            policy: Arc::new(TargetPolicy::new(Vec::new())),
            metrics: self.metrics.clone(),
        };
        world.oracle.registered(&node_name, self);
        let mut engine = Engine::start(parts.clone(), world.setting.engine.clone());
        *self.gateway.lock() = Some(Gateway::new(&parts));
        self.note(format_args!("runs as node {node_name} in epoch {}", node.epoch));
        let mut glances = tokio::time::interval(GLANCE);
        loop {
            tokio::select! {
                biased;
                deadline = self.machine.told_to_end() => {
                    self.close(engine, &parts, deadline).await;
                    return Ok("it was told to end".into());
                }
                _ = glances.tick() => {}
            }
            self.runs().await;
            match (self.store.health(), engine.health()) {
                (Err(error), _) => return Ok(error.to_string()),
                (Ok(()), Ok(())) => {}
                (Ok(()), Err(reason)) if reason == StoreError::LeaseLost.to_string() => {
                    world.tally.count(Fault::LeaseLost);
                    self.note(format_args!("lost its lease"));
                    engine.shutdown(Duration::ZERO).await;
                    match self.join_again(&mut parts).await {
                        Ok(()) => engine = Engine::start(parts.clone(), world.setting.engine.clone()),
                        Err(error) => return Ok(error.to_string()),
                    }
                    self.note(format_args!("joined again"));
                }
                (Ok(()), Err(reason)) => return Ok(reason),
            }
        }
    }

    async fn join_again(self: &Arc<Self>, parts: &mut EngineParts) -> Result<(), StoreError> {
        loop {
            let now = self.machine.clock.now();
            match parts.store.rejoin(parts.node, now, self.world.setting.engine.lease).await {
                Ok(node) => parts.node = node,
                Err(error @ (StoreError::LeaseLost | StoreError::Stopped(_))) => return Err(error),
                Err(_) => {
                    tokio::time::sleep(GLANCE).await;
                    continue;
                }
            }
            parts.sender = Arc::new(SimSender::new(self.clone(), self.next_engine()));
            return Ok(());
        }
    }

    /// No new requests, deliveries under way, the lease.
    async fn close(&self, engine: EngineHandle, parts: &EngineParts, deadline: Duration) {
        *self.gateway.lock() = None;
        if self.world.oracle.is_sending(self) {
            self.world.tally.count(Fault::EndedSending);
        }
        engine.shutdown(deadline).await;
        if let Err(error) = parts.store.leave(parts.node).await {
            self.note(format_args!("could not give its lease back: {error}"));
        }
    }

    fn next_engine(&self) -> String {
        let number = self.engines.fetch_add(1, Ordering::Relaxed);
        if number == 0 { self.name.clone() } else { format!("{}+{number}", self.name) }
    }

    pub(crate) fn note(&self, what: std::fmt::Arguments<'_>) {
        self.world.trace.note(&self.name, what);
    }
}

/// Ends with the process.
struct Follower(tokio::task::JoinHandle<()>);

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.abort();
    }
}
