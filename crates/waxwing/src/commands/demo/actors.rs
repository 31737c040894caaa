//! The customers' servers: one is well, one fails at first, one hangs, one is
//! not there.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::mpsc::UnboundedSender;
use waxwing_peers::{Received, Reply};

/// Attempts that the failing one answers with 500.
pub(super) const FAILURES: u32 = 2;

/// One customer's server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Actor {
    /// Its name, and the path of its URL.
    pub(super) name: &'static str,
    /// What it subscribes to.
    pub(super) events: &'static [&'static str],
    /// How it behaves.
    pub(super) habit: &'static str,
}

/// Answers at once.
pub(super) const SHOP: Actor = Actor { name: "shop", events: &["*"], habit: "healthy" };
/// Fails twice for each event.
pub(super) const CRM: Actor =
    Actor { name: "crm", events: &["deposit.*", "customer.*"], habit: "answers 500 twice, then recovers" };
/// Accepts and never answers.
pub(super) const BOOKS: Actor =
    Actor { name: "books", events: &["payout.*", "withdrawal.*"], habit: "accepts and never answers" };
/// Does not listen.
pub(super) const LEGACY: Actor =
    Actor { name: "legacy", events: &["card.*", "swap.*"], habit: "is down, nothing listens" };

/// All of them, in the order of the story.
pub(super) const ALL: [Actor; 4] = [SHOP, CRM, BOOKS, LEGACY];

/// A request that reached one of them.
#[derive(Debug)]
pub(super) struct Arrival {
    /// Which one.
    pub(super) name: String,
    /// How often this event reached it, counted from 1.
    pub(super) attempt: u32,
    /// What it answers; `None` when it never does.
    pub(super) status: Option<u16>,
    /// The request.
    pub(super) received: Received,
}

/// How they behave now, and who is told.
#[derive(Debug)]
pub(super) struct Actors {
    told: UnboundedSender<Arrival>,
    attempts: Mutex<HashMap<(String, String), u32>>,
    repaired: AtomicBool,
}

impl Actors {
    /// As the story begins. The number of requests is bounded by the story.
    pub(super) fn new(told: UnboundedSender<Arrival>) -> Arc<Self> {
        Arc::new(Self { told, attempts: Mutex::default(), repaired: AtomicBool::new(false) })
    }

    /// From now on everybody answers.
    pub(super) fn repair(&self) {
        self.repaired.store(true, Relaxed);
    }

    /// The answer to a request.
    pub(super) fn answer(&self, received: Received) -> Reply {
        let name = received.path.trim_start_matches('/').to_owned();
        let id =
            received.headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
        let attempt = {
            let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
            let attempt = attempts.entry((name.clone(), id)).or_default();
            *attempt += 1;
            *attempt
        };
        let (status, reply) = match name.as_str() {
            "crm" if attempt <= FAILURES => (Some(500), Reply::with_body(500, "the database is restarting")),
            "books" if !self.repaired.load(Relaxed) => (None, Reply::Hang),
            _ => (Some(200), Reply::with_body(200, "thank you")),
        };
        // Nobody listens once the story is over.
        let _ = self.told.send(Arrival { name, attempt, status, received });
        reply
    }
}

/// The waits between attempts: four attempts in about eight seconds.
pub(super) const SCHEDULE: &str = "1s,1s,2s";
/// Attempts until a delivery has failed.
pub(super) const ATTEMPTS: u64 = 4;
/// The bound of one attempt.
pub(super) const TIMEOUT: Duration = Duration::from_secs(1);
