//! The figures, as tables and as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::terminal::{Paint, Table, grouped};

/// Latency at a rate.
#[derive(Debug, Clone, Default)]
pub(super) struct Latency {
    pub(super) rate: f64,
    pub(super) events: usize,
    pub(super) p50: Duration,
    pub(super) p99: Duration,
    pub(super) most: Duration,
}

/// What was measured with a number of events stored.
#[derive(Debug, Clone, Default)]
pub(super) struct Level {
    pub(super) stored: usize,
    pub(super) stored_after: usize,
    pub(super) accepted: f64,
    pub(super) delivered: f64,
    /// Of servers and database.
    pub(super) cpu_micros: f64,
    /// Of these, PostgreSQL's.
    pub(super) postgres_micros: Option<f64>,
    pub(super) refused: u64,
    pub(super) peak_rss: Option<u64>,
    pub(super) disk: Option<f64>,
    pub(super) log: Option<u64>,
    pub(super) written: Option<f64>,
    pub(super) slow: Option<Latency>,
    pub(super) half: Option<Latency>,
}

/// Healthy webhooks without and with bad ones beside them.
#[derive(Debug, Clone)]
pub(super) struct Isolation {
    pub(super) waiting: usize,
    pub(super) without: Latency,
    pub(super) with: Latency,
}

/// A start with a backlog.
#[derive(Debug, Clone)]
pub(super) struct Backlog {
    pub(super) pending: usize,
    pub(super) start: Duration,
    pub(super) rss: Option<u64>,
    pub(super) peak_rss: Option<u64>,
    pub(super) peak_rss_while_accepting: Option<u64>,
    pub(super) disk: u64,
}

/// Everything.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) levels: Vec<Level>,
    pub(super) fan_out: Option<Level>,
    pub(super) isolation: Vec<Isolation>,
    pub(super) backlog: Option<Backlog>,
}

impl Isolation {
    fn ratio(&self) -> f64 {
        self.with.p99.as_secs_f64() / self.without.p99.as_secs_f64().max(1e-6)
    }
}

impl Report {
    /// For people.
    pub(super) fn lines(&self, paint: Paint) -> Vec<String> {
        let mut lines = Vec::new();
        let mut section = |title: &str, table: &Table| {
            lines.push(String::new());
            lines.push(paint.bold(title));
            lines.extend(table.lines(paint, 2));
        };
        if !self.levels.is_empty() {
            section("One webhook for each event", &self.level_table());
            section("From publish to delivered", &self.latency_table());
        }
        if let Some(fan_out) = &self.fan_out {
            let mut table = Table::new(["accepted events/s", "delivered/s", "CPU µs a delivery"]);
            table.plain([count(fan_out.accepted), count(fan_out.delivered), cpu(fan_out)]);
            section("Ten webhooks for each event", &table);
        }
        if !self.isolation.is_empty() {
            section("Healthy webhooks beside one that hangs and one that refuses", &self.isolation_table());
        }
        if let Some(backlog) = &self.backlog {
            let mut table = Table::new([
                "pending",
                "start until ready",
                "RSS",
                "peak RSS",
                "peak RSS while accepting",
                "disk",
            ]);
            table.plain([
                grouped(backlog.pending as u64),
                millis(backlog.start),
                mebibytes(backlog.rss),
                mebibytes(backlog.peak_rss),
                mebibytes(backlog.peak_rss_while_accepting),
                mebibytes(Some(backlog.disk)),
            ]);
            section("Start with a backlog", &table);
        }
        lines
    }

    fn level_table(&self) -> Table {
        let mut table = Table::new([
            "stored before",
            "accepted events/s",
            "delivered/s",
            "CPU µs a delivery",
            "peak RSS",
            "disk bytes an event",
            "write-ahead log",
            "written bytes an event",
            "refused busy",
        ]);
        for level in &self.levels {
            table.plain([
                grouped(level.stored as u64),
                count(level.accepted),
                count(level.delivered),
                cpu(level),
                mebibytes(level.peak_rss),
                level.disk.map_or_else(|| "–".to_owned(), count),
                mebibytes(level.log),
                level.written.map_or_else(|| "–".to_owned(), count),
                grouped(level.refused),
            ]);
        }
        table
    }

    fn latency_table(&self) -> Table {
        let mut table = Table::new(["stored before", "rate", "p50", "p99", "longest"]);
        for level in &self.levels {
            for latency in [&level.slow, &level.half].into_iter().flatten() {
                let [p50, p99, most] = [latency.p50, latency.p99, latency.most].map(millis);
                table.plain([
                    grouped(level.stored as u64),
                    format!("{}/s", count(latency.rate)),
                    p50,
                    p99,
                    most,
                ]);
            }
        }
        table
    }

    fn isolation_table(&self) -> Table {
        let mut table = Table::new([
            "rate",
            "waiting for each",
            "p99 without",
            "p99 with",
            "ratio",
            "p50 without",
            "p50 with",
        ]);
        for measured in &self.isolation {
            table.plain([
                format!("{}/s", count(measured.without.rate)),
                grouped(measured.waiting as u64),
                millis(measured.without.p99),
                millis(measured.with.p99),
                format!("{:.2}", measured.ratio()),
                millis(measured.without.p50),
                millis(measured.with.p50),
            ]);
        }
        table
    }

    /// For programs. Times in milliseconds, sizes in bytes.
    pub(super) fn json(&self) -> Value {
        let isolation: Vec<Value> = self
            .isolation
            .iter()
            .map(|measured| {
                json!({
                    "waiting": measured.waiting,
                    "without": latency_json(&measured.without),
                    "with": latency_json(&measured.with),
                    "p99_ratio": measured.ratio(),
                })
            })
            .collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "levels": self.levels.iter().map(level_json).collect::<Vec<_>>(),
            "fan_out": self.fan_out.as_ref().map(level_json),
            "isolation": isolation,
            "backlog": self.backlog.as_ref().map(|backlog| json!({
                "pending": backlog.pending,
                "start_ms": ms(backlog.start),
                "rss_bytes": backlog.rss,
                "peak_rss_bytes": backlog.peak_rss,
                "peak_rss_while_accepting_bytes": backlog.peak_rss_while_accepting,
                "disk_bytes": backlog.disk,
            })),
        })
    }
}

fn cpu(level: &Level) -> String {
    match level.postgres_micros {
        None => format!("{:.1}", level.cpu_micros),
        Some(postgres) => format!("{:.1}, PostgreSQL {postgres:.1} of it", level.cpu_micros),
    }
}

fn level_json(level: &Level) -> Value {
    json!({
        "stored": level.stored,
        "accepted_per_second": level.accepted,
        "delivered_per_second": level.delivered,
        "cpu_us_per_delivery": level.cpu_micros,
        "postgres_cpu_us_per_delivery": level.postgres_micros,
        "refused_busy": level.refused,
        "peak_rss_bytes": level.peak_rss,
        "disk_bytes_per_event": level.disk,
        "write_ahead_log_bytes": level.log,
        "written_bytes_per_event": level.written,
        "at_100_per_second": level.slow.as_ref().map(latency_json),
        "at_half_load": level.half.as_ref().map(latency_json),
    })
}

fn latency_json(latency: &Latency) -> Value {
    json!({
        "rate_per_second": latency.rate,
        "events": latency.events,
        "p50_ms": ms(latency.p50),
        "p99_ms": ms(latency.p99),
        "max_ms": ms(latency.most),
    })
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn millis(duration: Duration) -> String {
    format!("{:.2} ms", ms(duration))
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn mebibytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "–".to_owned(), |bytes| format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "for people; never negative")]
fn count(number: f64) -> String {
    grouped(number.round() as u64)
}
