//! The figures as tables for people.

use super::{
    results::{Filled, Outcome, Published, Results, Scenario as Measured},
    scenario::Scenario,
};
use crate::terminal::{self, Paint, Table, grouped};

/// Prints the names of scenarios, and what they show.
pub(super) fn list(scenarios: &[Scenario]) -> anyhow::Result<()> {
    let mut table = Table::new(["scenario", "shows"]);
    for scenario in scenarios {
        table.plain([scenario.name.as_str(), scenario.shows.as_str()]);
    }
    for line in table.lines(Paint::of_stdout(), 0) {
        terminal::print(line)?;
    }
    Ok(())
}

/// Everything that was measured.
pub(super) fn lines(results: &Results, paint: Paint) -> Vec<String> {
    let mut lines = vec![header(results)];
    for scenario in &results.scenarios {
        lines.push(String::new());
        lines.push(format!("{}  {}", paint.bold(&scenario.name), paint.dim(&scenario.shows)));
        if let Some(why) = &scenario.skipped {
            lines.push(format!("  left out: {why}"));
        }
        for table in tables(scenario) {
            lines.extend(table.lines(paint, 2));
        }
    }
    lines
}

fn header(results: &Results) -> String {
    let server = &results.server;
    let database = server.database.as_ref().map(|it| format!(" on {it}")).unwrap_or_default();
    let machine = &results.machine;
    let cpu = machine.cpu.as_deref().unwrap_or("a processor of unknown make");
    let sync = machine.disk.fsync_p50_ms.map(|it| format!(", fsync {it:.2} ms")).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "cores are few")]
    let busy = machine.load.filter(|load| *load > machine.cores as f64 / 2.0);
    let busy = busy.map(|load| format!("; BUSY with something else: load {load:.1}")).unwrap_or_default();
    format!("{}{database}; {} cores of {cpu}{sync}{busy}", server.name, machine.cores)
}

/// A table for each kind of step that the scenario has.
fn tables(scenario: &Measured) -> Vec<Table> {
    let mut filled =
        Table::new(["before", "events", "seconds", "stored", "disk", "write-ahead log", "peak RSS"]);
    let mut rates = Table::new([
        "published",
        "accepted events/s",
        "delivered/s",
        "CPU µs a delivery",
        "written bytes an event",
        "refused busy",
        "peak RSS",
    ]);
    let mut latencies = Table::new(["published", "p50", "p99", "longest", "ratio of p99"]);
    let mut others = Vec::new();
    let mut used = [false; 2];
    for step in &scenario.steps {
        match step {
            Outcome::Store(it) => fill(&mut filled, "stored", it, &mut used[0]),
            Outcome::PileUp(it) => fill(&mut filled, "piled up", it, &mut used[0]),
            Outcome::Publish(it) => {
                used[1] = true;
                published(&mut rates, &mut latencies, it);
            }
            other => others.push(other_table(other)),
        }
    }
    let mut tables = Vec::new();
    if used[0] {
        tables.push(filled);
    }
    if used[1] {
        tables.extend([rates, latencies]);
    }
    tables.extend(others.into_iter().flatten());
    tables
}

fn fill(table: &mut Table, what: &str, it: &Filled, used: &mut bool) {
    *used = true;
    table.plain([
        format!("{what} for {}", it.receivers.join(", ")),
        grouped(it.events as u64),
        format!("{:.1}", it.seconds),
        grouped(it.events_stored as u64),
        mebibytes(it.disk_bytes),
        mebibytes(it.log_bytes),
        mebibytes(it.peak_rss_bytes),
    ]);
}

fn published(rates: &mut Table, latencies: &mut Table, it: &Published) {
    let name = match it.rate_per_second {
        Some(rate) => format!("{}, {}/s", it.name, count(rate)),
        None => format!("{}, full speed", it.name),
    };
    rates.plain([
        name.clone(),
        count(it.accepted_per_second),
        count(it.delivered_per_second),
        cpu(it),
        it.written_bytes_per_event.map_or_else(none, count),
        grouped(it.refused_busy),
        mebibytes(it.peak_rss_bytes),
    ]);
    let ratio = it.against.as_ref().map(|it| format!("{:.2} of {}", it.p99_ratio, it.name));
    let [p50, p99, max] = [it.latency_ms.p50, it.latency_ms.p99, it.latency_ms.max].map(millis);
    latencies.plain([name, p50, p99, max, ratio.unwrap_or_else(none)]);
}

fn other_table(step: &Outcome) -> Option<Table> {
    match step {
        Outcome::Drain(it) => {
            let mut table = Table::new(["drained", "deliveries", "seconds", "delivered/s"]);
            table.plain([
                it.receivers.join(", "),
                grouped(it.deliveries),
                format!("{:.1}", it.seconds),
                count(it.delivered_per_second),
            ]);
            Some(table)
        }
        Outcome::Restart(it) => {
            let mut table = Table::new(["waiting", "start until ready", "RSS", "peak RSS"]);
            let waiting = grouped(it.waiting as u64);
            table.plain([
                waiting,
                millis(it.ready_ms),
                mebibytes(it.rss_bytes),
                mebibytes(it.peak_rss_bytes),
            ]);
            Some(table)
        }
        Outcome::Query(it) => {
            let title = format!("asked of {} entries", grouped(it.entries as u64));
            let mut table = Table::new([title.as_str(), "times", "rows", "p50", "p99", "longest"]);
            for query in &it.queries {
                let [p50, p99, max] =
                    [query.latency_ms.p50, query.latency_ms.p99, query.latency_ms.max].map(millis);
                let (times, rows) = (grouped(query.times as u64), grouped(query.rows as u64));
                table.plain([query.name.to_owned(), times, rows, p50, p99, max]);
            }
            Some(table)
        }
        Outcome::Store(_) | Outcome::PileUp(_) | Outcome::Publish(_) => None,
    }
}

fn cpu(it: &Published) -> String {
    match (it.cpu_us_per_delivery, it.database_cpu_us_per_delivery) {
        (None, _) => none(),
        (Some(cpu), None) => format!("{cpu:.1}"),
        (Some(cpu), Some(postgres)) => format!("{cpu:.1}, PostgreSQL {postgres:.1} of it"),
    }
}

fn none() -> String {
    "–".to_owned()
}

fn millis(ms: f64) -> String {
    format!("{ms:.2} ms")
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn mebibytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(none, |bytes| format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "for people; never negative")]
fn count(number: f64) -> String {
    grouped(number.round() as u64)
}
