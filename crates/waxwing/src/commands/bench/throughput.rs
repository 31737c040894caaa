//! Rates and latencies, with few and with many events stored.

use std::{sync::Arc, time::Duration};

use anyhow::ensure;

use super::{
    Plan,
    load::{Load, data_of},
    progress,
    report::{Latency, Level, Report},
    rig::{Hook, Rig},
};

/// Events of one batch while the database is filled.
const FILL_BATCH: usize = 500;
/// Events of one run while the database is filled: bounds what waits for delivery.
const FILL_RUN: usize = 50_000;
/// How long the last deliveries of a run may take.
pub(super) const PATIENCE: Duration = Duration::from_mins(5);
/// Webhooks of each account in the fan-out.
const FAN_OUT: usize = 10;

/// Runs the levels one after the other on one database, then the fan-out.
pub(super) async fn measure(
    plan: &Plan,
    levels: bool,
    fan_out: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut rig = Rig::build(plan).await?;
    let hooks = rig.accounts("bench", plan.accounts, 1, &rig.receiver_url("/")).await?;
    // Connections are opened and code is paged in before anything counts.
    at_full_speed(&rig, plan, &hooks, 2_000, 1).await?;
    let mut stored = 2_000;
    if levels {
        for level in &plan.stored {
            stored += fill(&rig, plan, &hooks, level.saturating_sub(stored)).await?;
            let measured = one_level(&rig, plan, &hooks, stored).await?;
            stored = measured.stored_after;
            report.levels.push(measured);
        }
    }
    if fan_out {
        let url = rig.receiver_url("/");
        let hooks = rig.accounts("fan", (plan.accounts / FAN_OUT).max(1), FAN_OUT, &url).await?;
        progress(format_args!("{} events to {FAN_OUT} webhooks each", plan.events / FAN_OUT));
        let mut measured = at_full_speed(&rig, plan, &hooks, plan.events / FAN_OUT, FAN_OUT).await?;
        measured.stored = stored;
        report.fan_out = Some(measured);
    }
    rig.stop().await
}

async fn one_level(rig: &Rig, plan: &Plan, hooks: &[Hook], stored: usize) -> anyhow::Result<Level> {
    let (bytes, log) = (rig.disk(), rig.log());
    progress(format_args!("{} events at full speed with {stored} stored", plan.events));
    let mut level = at_full_speed(rig, plan, hooks, plan.events, 1).await?;
    progress(format_args!("100/s for {} s", plan.paced.as_secs()));
    let slow = at_rate(rig, plan, hooks, 100.0).await?;
    let half = level.delivered / 2.0;
    progress(format_args!("{half:.0}/s for {} s", plan.paced.as_secs()));
    let busy = at_rate(rig, plan, hooks, half).await?;
    level.stored = stored;
    level.stored_after = stored + plan.events + slow.events + busy.events;
    #[expect(clippy::cast_precision_loss, reason = "bytes and events are few enough")]
    let disk = bytes as f64 / stored as f64;
    level.disk = (bytes > 0).then_some(disk);
    level.log = (bytes > 0).then_some(log);
    level.slow = Some(slow);
    level.half = Some(busy);
    Ok(level)
}

/// Publishes and delivers `events` more; how many.
async fn fill(rig: &Rig, plan: &Plan, hooks: &[Hook], events: usize) -> anyhow::Result<usize> {
    let mut left = events;
    while left > 0 {
        progress(format_args!("storing {left} more events"));
        let run = rig.arrivals.begin(left.min(FILL_RUN));
        let load = load(rig, plan, hooks, &run);
        load.in_batches(FILL_BATCH, 4).await?;
        let all = run.all_arrived(run.len() as u64, PATIENCE).await;
        ensure!(all, "only {} of {} deliveries arrived. {}", run.arrived(), run.len(), rig.last_words());
        left -= run.len();
    }
    Ok(events)
}

async fn at_full_speed(
    rig: &Rig,
    plan: &Plan,
    hooks: &[Hook],
    events: usize,
    fan_out: usize,
) -> anyhow::Result<Level> {
    let run = rig.arrivals.begin(events);
    let ((servers, postgres), written) = (rig.cpu(), rig.written());
    let accepted = load(rig, plan, hooks, &run).at_full_speed(plan.connections).await?;
    let deliveries = (events * fan_out) as u64;
    let all = run.all_arrived(deliveries, PATIENCE).await;
    ensure!(all, "only {} of {deliveries} deliveries arrived. {}", run.arrived(), rig.last_words());
    let now = rig.cpu();
    let (servers, postgres) = (now.0.saturating_sub(servers), now.1.saturating_sub(postgres));
    let written = written.and_then(|before| rig.written()?.checked_sub(before));
    #[expect(clippy::cast_precision_loss, reason = "bytes and events are few enough")]
    let (events, deliveries, written) =
        (events as f64, deliveries as f64, written.map(|bytes| bytes as f64 / events as f64));
    Ok(Level {
        accepted: events / accepted.took.as_secs_f64(),
        delivered: deliveries / run.until_last().as_secs_f64(),
        cpu_micros: (servers + postgres).as_secs_f64() * 1e6 / deliveries,
        postgres_micros: rig.cpu_of_postgres_counts().then(|| postgres.as_secs_f64() * 1e6 / deliveries),
        refused: accepted.refused,
        written,
        peak_rss: rig.peak_rss(),
        ..Level::default()
    })
}

/// Latency at a rate.
pub(super) async fn at_rate(rig: &Rig, plan: &Plan, hooks: &[Hook], rate: f64) -> anyhow::Result<Latency> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rates are small and positive"
    )]
    let events = (rate * plan.paced.as_secs_f64()).ceil() as usize;
    let run = rig.arrivals.begin(events);
    // Enough connections that none is waited for unless the server is slow.
    let connections = plan.connections.min(events);
    load(rig, plan, hooks, &run).at_rate(rate, connections).await?;
    let all = run.all_arrived(events as u64, PATIENCE).await;
    ensure!(all, "only {} of {events} deliveries arrived. {}", run.arrived(), rig.last_words());
    Ok(Latency {
        rate,
        events,
        p50: run.latency.percentile(50.0).unwrap_or_default(),
        p99: run.latency.percentile(99.0).unwrap_or_default(),
        most: run.latency.percentile(100.0).unwrap_or_default(),
    })
}

/// A load of `run` upon the accounts of `hooks`.
pub(super) fn load(rig: &Rig, plan: &Plan, hooks: &[Hook], run: &Arc<super::arrivals::Run>) -> Load {
    let mut accounts: Vec<String> = hooks.iter().map(|hook| hook.account.clone()).collect();
    accounts.dedup();
    Load {
        servers: rig.addrs(),
        accounts: Arc::new(accounts),
        data: data_of(plan.event_bytes),
        run: Arc::clone(run),
    }
}
