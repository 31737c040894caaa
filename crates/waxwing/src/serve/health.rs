//! Whether this server can do its work.
//!
//! `/readyz` shows it, and the process ends when it cannot get better by itself:
//! after a failed commit nobody knows for certain what is on disk, and under a name
//! that was taken another server does the work.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use waxwing_delivery::EngineHandle;
use waxwing_store::{Store, StoreError};

use crate::exit::Exit;

/// How often the server looks at itself.
const GLANCE: Duration = Duration::from_millis(250);

/// Why it delivers no more.
pub(super) enum Broken {
    /// Another server may have its deliveries; it may join again.
    LeaseLost,
    /// This ends the process.
    ForGood(anyhow::Error),
}

/// What it knows of itself.
pub(super) struct Health {
    store: Arc<dyn Store>,
    /// Taken out when it is told to end.
    engine: Mutex<Option<EngineHandle>>,
    leaving: AtomicBool,
}

impl Health {
    /// Of these two.
    pub(super) fn new(store: Arc<dyn Store>, engine: EngineHandle) -> Arc<Self> {
        Arc::new(Self { store, engine: Mutex::new(Some(engine)), leaving: AtomicBool::new(false) })
    }

    /// From now on it takes no more requests.
    pub(super) fn leave(&self) {
        self.leaving.store(true, Relaxed);
    }

    /// The engine, to be ended; only once.
    pub(super) fn take_engine(&self) -> Option<EngineHandle> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The engine that takes the place of one that was taken out.
    pub(super) fn put_engine(&self, engine: EngineHandle) {
        *self.engine.lock().unwrap_or_else(PoisonError::into_inner) = Some(engine);
    }

    fn engine(&self) -> Result<(), String> {
        match &*self.engine.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(engine) => engine.health(),
            None => Err("the delivery engine does not run at the moment".to_owned()),
        }
    }

    /// Why it is not ready, if it is not.
    pub(super) fn ready(&self) -> Result<(), String> {
        if self.leaving.load(Relaxed) {
            return Err("the server is shutting down".to_owned());
        }
        self.store.health().map_err(|error| error.to_string())?;
        self.engine()
    }

    /// Waits until it cannot go on.
    pub(super) async fn broken(&self) -> Broken {
        let mut glances = tokio::time::interval(GLANCE);
        loop {
            glances.tick().await;
            let (exit, reason) = match self.store.health() {
                // It comes back by itself, and is not needed for what is under way.
                Err(StoreError::Unreachable(_)) | Ok(()) => match self.engine() {
                    Err(reason) if reason == StoreError::LeaseLost.to_string() => return Broken::LeaseLost,
                    Err(reason) => (Exit::Failed, reason),
                    Ok(()) => continue,
                },
                Err(error) => (Exit::StoreStopped, error.to_string()),
            };
            return Broken::ForGood(end(exit, &reason));
        }
    }
}

/// The process ends for this reason.
pub(super) fn end(exit: Exit, reason: &str) -> anyhow::Error {
    if exit == Exit::StoreStopped {
        return exit.because(reason); // which says what is lost and what helps
    }
    exit.because(format_args!(
        "{reason}. Nothing acknowledged is lost; start the server again once the cause is gone."
    ))
}
