//! Starting and ending the engine.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{sync::watch, task::JoinHandle};
use waxwing_core::{Clock, Entropy, TargetPolicy};
use waxwing_store::{Keyring, Metrics, Node, Store, StoreError};

use crate::{EngineOptions, Sender, dispatcher::Dispatcher, upkeep};

/// What the engine works with.
#[derive(Clone)]
pub struct EngineParts {
    /// Where deliveries are kept.
    pub store: Arc<dyn Store>,
    /// Who this node is, with its lease.
    pub node: Node,
    /// Who makes the requests.
    pub sender: Arc<dyn Sender>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Jitter comes from here.
    pub entropy: Arc<dyn Entropy>,
    /// Opens webhook secrets.
    pub keyring: Arc<Keyring>,
    /// Which URLs may be sent to.
    pub policy: Arc<TargetPolicy>,
    /// Where things are counted.
    pub metrics: Arc<Metrics>,
}

/// What all tasks of the engine share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) sender: Arc<dyn Sender>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) policy: Arc<TargetPolicy>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) options: EngineOptions,
    /// Until when the lease surely runs, by this machine's monotonic clock.
    pub(crate) lease: Mutex<upkeep::Lease>,
    /// Why the engine stopped by itself.
    pub(crate) failure: watch::Sender<Option<String>>,
}

impl Shared {
    /// Stops the engine for good; the program must start again.
    pub(crate) fn fail(&self, error: &StoreError) {
        self.failure.send_if_modified(|failure| {
            let first = failure.is_none();
            if first {
                *failure = Some(error.to_string());
            }
            first
        });
    }
}

/// The engine.
pub struct Engine;

/// A running engine. Dropping it ends the engine without waiting.
pub struct EngineHandle {
    shared: Arc<Shared>,
    stop: watch::Sender<Option<Duration>>,
    dispatcher: Task,
    upkeep: Task,
}

/// A task that ends with its handle, and takes those that it started with it.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Engine {
    /// Starts the engine on the present tokio runtime. Deliveries that the node
    /// owns in the store are taken up.
    pub fn start(parts: EngineParts, options: EngineOptions) -> EngineHandle {
        let (stop, stopped) = watch::channel(None);
        let shared = Arc::new(Shared {
            lease: Mutex::new(upkeep::Lease::unknown()),
            store: parts.store,
            sender: parts.sender,
            clock: parts.clock,
            entropy: parts.entropy,
            keyring: parts.keyring,
            policy: parts.policy,
            metrics: parts.metrics,
            options,
            failure: watch::Sender::new(None),
        });
        let dispatcher = tokio::spawn(Dispatcher::new(shared.clone(), parts.node, stopped).run());
        let upkeep = tokio::spawn(upkeep::run(shared.clone(), parts.node));
        EngineHandle { shared, stop, dispatcher: Task(dispatcher), upkeep: Task(upkeep) }
    }
}

impl EngineHandle {
    /// Whether deliveries are being made.
    ///
    /// # Errors
    /// Why not, in words for the operator.
    pub fn health(&self) -> Result<(), String> {
        if let Some(reason) = &*self.shared.failure.borrow() {
            return Err(reason.clone());
        }
        if self.dispatcher.0.is_finished() || self.upkeep.0.is_finished() {
            return Err("the delivery engine ended unexpectedly".into());
        }
        Ok(())
    }

    /// Waits until the engine stops by itself, which only a failure makes it do,
    /// and says why.
    pub async fn failed(&self) -> String {
        let mut failure = self.shared.failure.subscribe();
        match failure.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => "the delivery engine ended unexpectedly".into(),
        }
    }

    /// Starts no more attempts and waits for those under way, `deadline` at most.
    /// What is not finished then is cut off and stays in the store as it was.
    pub async fn shutdown(mut self, deadline: Duration) {
        self.stop.send_replace(Some(deadline));
        // A task that panicked has said so already.
        let _ = (&mut self.dispatcher.0).await;
    }
}
