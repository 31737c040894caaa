//! What the program counts and times, in Prometheus' terms.
//!
//! One struct for the whole program, because store, engine and API each know a
//! part of the story and the reader wants one page. Names follow Prometheus'
//! conventions: base units, `_total` on counters.

use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use tokio::time::Instant;

/// Deliveries that wait, by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// First attempt not made yet.
    pub pending: u64,
    /// Another attempt is scheduled.
    pub retrying: u64,
    /// The webhook is not active.
    pub held: u64,
}

/// The outcome of an attempt: `succeeded` or an error's kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabel {
    /// The word.
    pub outcome: &'static str,
}

/// The state of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StateLabel {
    /// The word.
    pub state: &'static str,
}

/// A request to the API.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabel {
    /// The route's pattern, never the path itself.
    pub route: String,
    /// The status code of the answer.
    pub status: u16,
}

/// Every metric.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Events accepted.
    pub published: Counter,
    /// Deliveries made for them.
    pub deliveries: Counter,
    /// Attempts, by outcome.
    pub attempts: Family<OutcomeLabel, Counter>,
    /// Seconds of one attempt.
    pub attempt_seconds: Histogram,
    /// Seconds from publish to delivered.
    pub delivered_seconds: Histogram,
    /// Deliveries that ended, by state.
    pub finished: Family<StateLabel, Counter>,
    /// Deliveries that wait, by state; counted when the page is read.
    pub backlog: Family<StateLabel, Gauge>,
    /// Lanes with work in memory.
    pub lanes: Gauge,
    /// Attempts under way.
    pub in_flight: Gauge,
    /// Deliveries in memory that wait for their attempt.
    pub held_deliveries: Gauge,
    /// Webhooks that the service disabled.
    pub disabled: Counter,
    /// Jobs of one commit.
    pub commit_jobs: Histogram,
    /// Seconds of one commit, with its statements.
    pub commit_seconds: Histogram,
    /// Writes that wait for a commit.
    pub waiting: Gauge,
    /// Publishes refused because too much waited, or for too long.
    pub busy: Counter,
    /// Connections opened to receivers.
    pub connections: Counter,
    /// Connections to the API that are open.
    pub api_connections: Gauge,
    /// Connections to the API that were closed at once, because their address had its share.
    pub api_connections_refused: Counter,
    /// When the certificate of the API ends, in Unix seconds; 0 without TLS.
    pub tls_not_after: Gauge,
    /// Answers of the API.
    pub requests: Family<RequestLabel, Counter>,
    /// When the backlog was counted last.
    counted: Mutex<Option<Instant>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds = || Histogram::new(SECONDS);
        let mut metrics = Self {
            registry: Registry::with_prefix("waxwing"),
            published: Counter::default(),
            deliveries: Counter::default(),
            attempts: Family::default(),
            attempt_seconds: seconds(),
            delivered_seconds: seconds(),
            finished: Family::default(),
            backlog: Family::default(),
            lanes: Gauge::default(),
            in_flight: Gauge::default(),
            held_deliveries: Gauge::default(),
            disabled: Counter::default(),
            commit_jobs: Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0]),
            commit_seconds: seconds(),
            waiting: Gauge::default(),
            busy: Counter::default(),
            connections: Counter::default(),
            api_connections: Gauge::default(),
            api_connections_refused: Counter::default(),
            tls_not_after: Gauge::default(),
            requests: Family::default(),
            counted: Mutex::default(),
        };
        metrics.register();
        metrics
    }
}

/// How often the backlog is counted at most.
const BACKLOG_EVERY: Duration = Duration::from_secs(15);

/// Bounds in seconds: from a commit to a retry a day later.
const SECONDS: [f64; 17] = [
    0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 60.0, 600.0, 7_200.0,
    86_400.0,
];

impl Metrics {
    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("events_published", "Events accepted", self.published.clone());
        r.register("deliveries_created", "Deliveries made for accepted events", self.deliveries.clone());
        r.register("attempts", "Attempts by outcome", self.attempts.clone());
        r.register_with_unit("attempt", "Time of one attempt", Unit::Seconds, self.attempt_seconds.clone());
        r.register_with_unit(
            "delivered",
            "Time from publish to delivered",
            Unit::Seconds,
            self.delivered_seconds.clone(),
        );
        r.register("deliveries_finished", "Deliveries that ended, by state", self.finished.clone());
        r.register("backlog", "Deliveries that wait, by state", self.backlog.clone());
        r.register("lanes", "Webhooks with deliveries in memory", self.lanes.clone());
        r.register("attempts_in_flight", "Attempts under way", self.in_flight.clone());
        r.register("deliveries_in_memory", "Deliveries in memory that wait", self.held_deliveries.clone());
        r.register("webhooks_disabled", "Webhooks that the service disabled", self.disabled.clone());
        r.register("commit_jobs", "Writes in one commit", self.commit_jobs.clone());
        r.register_with_unit("commit", "Time of one commit", Unit::Seconds, self.commit_seconds.clone());
        r.register("writes_waiting", "Writes that wait for a commit", self.waiting.clone());
        let refused = "Publishes refused because too much waited, or for too long";
        r.register("publish_refused_busy", refused, self.busy.clone());
        r.register("connections_opened", "Connections opened to receivers", self.connections.clone());
        r.register("api_connections", "Open connections to the API", self.api_connections.clone());
        r.register(
            "api_connections_refused",
            "Connections to the API closed at once, because their address had its share",
            self.api_connections_refused.clone(),
        );
        r.register_with_unit(
            "tls_certificate_not_after",
            "When the certificate of the API ends, since 1970; 0 without TLS",
            Unit::Seconds,
            self.tls_not_after.clone(),
        );
        r.register("api_requests", "Answers of the API by route and status", self.requests.clone());
    }

    /// The page that Prometheus reads (OpenMetrics text format).
    pub fn encode(&self) -> String {
        let mut page = String::new();
        // Writing into a String cannot fail.
        let _ = text::encode(&mut page, &self.registry);
        page
    }

    /// Whether the backlog should be counted now; then the caller does it, and
    /// for a while nobody else. Counting a long backlog costs the database some
    /// milliseconds: not for every look at the page.
    pub fn is_backlog_due(&self) -> bool {
        let mut counted = self.counted.lock();
        let due = counted.is_none_or(|at| at.elapsed() >= BACKLOG_EVERY);
        if due {
            *counted = Some(Instant::now());
        }
        due
    }

    /// Shows how many deliveries wait.
    pub fn show_backlog(&self, backlog: Backlog) {
        for (state, count) in
            [("pending", backlog.pending), ("retrying", backlog.retrying), ("held", backlog.held)]
        {
            self.backlog.get_or_create(&StateLabel { state }).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// The backlog as it was shown last.
    pub fn shown_backlog(&self) -> Backlog {
        let count = |state| self.backlog.get_or_create(&StateLabel { state }).get().unsigned_abs();
        Backlog { pending: count("pending"), retrying: count("retrying"), held: count("held") }
    }
}
