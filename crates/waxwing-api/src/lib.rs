//! The HTTP API: one file for each resource in `routes`, authentication,
//! problem+json, OpenAPI.
//!
//! What always holds: an answer that says "kept" comes after the store's commit;
//! bad input is refused before anything is written; what belongs to another
//! account is answered like what does not exist.

mod access;
mod auth;
mod body;
pub mod cursor;
pub mod dashboard;
mod docs;
mod headers;
pub mod json;
pub mod listener;
pub mod live;
mod openapi;
mod panics;
mod problem;
mod query;
mod routes;
mod server;
mod shapes;

use std::{sync::Arc, time::Duration};

use waxwing_core::{Clock, Entropy, TargetPolicy, Timestamp};
use waxwing_store::{Keyring, Metrics, Node, Store, metrics::Backlog};

pub use access::{Access, AccessOptions, noting_uses};
pub use auth::hash_key;
pub use openapi::openapi_json;
pub use problem::Code;
pub use server::{Listeners, router, serve};

/// What the API works with.
#[derive(Clone)]
pub struct Api {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Who this node is: it owns what it accepts.
    pub node: Node,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids, keys and secrets come from here.
    pub entropy: Arc<dyn Entropy>,
    /// Seals webhook secrets.
    pub keyring: Arc<Keyring>,
    /// Which URLs may be registered.
    pub policy: Arc<TargetPolicy>,
    /// Where things are counted.
    pub metrics: Arc<Metrics>,
    /// Bounds of requests.
    pub limits: Limits,
    /// How long an old secret stays valid after a rotation, unless the request says.
    pub rotation_grace: Duration,
    /// Who asks how often, and when keys were used.
    pub access: Arc<Access>,
    /// The page for people, if it is served.
    pub dashboard: Option<Arc<dashboard::Dashboard>>,
    /// Who follows a log.
    pub streams: Arc<live::Streams>,
    /// Whether the rest of the program works; its words appear in `/readyz`.
    pub ready: Arc<dyn Fn() -> Result<(), String> + Send + Sync>,
}

/// Bounds of requests.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of one event's request.
    pub event_bytes: usize,
    /// Events of one batch.
    pub batch_events: usize,
    /// Webhooks of one account.
    pub webhooks_per_account: usize,
    /// Patterns of one webhook.
    pub patterns_per_webhook: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            event_bytes: 256 << 10,
            batch_events: 1_000,
            webhooks_per_account: 1_000,
            patterns_per_webhook: 100,
        }
    }
}

impl Api {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How many deliveries wait, as it was counted last: a moment ago at most.
    pub(crate) async fn backlog(&self) -> Backlog {
        if self.metrics.is_backlog_due()
            && let Ok(backlog) = self.store.backlog().await
        {
            self.metrics.show_backlog(backlog);
        }
        self.metrics.shown_backlog()
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        waxwing_core::clock::random(&*self.entropy)
    }
}
