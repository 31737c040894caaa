//! What webhooks that hang or refuse cost the others.
//!
//! Both bad webhooks are paused while their deliveries pile up; the healthy ones
//! are measured; then the bad ones are set active, and the healthy ones are
//! measured again while the server works on the heap.

use anyhow::ensure;
use serde_json::json;
use tokio::time::Instant;
use waxwing_peers::RawListener;

use super::{
    Plan, progress,
    report::Isolation,
    rig::{Hook, Rig},
    throughput::{PATIENCE, at_rate, load},
};
use crate::commands::server::expect;

/// Measures at 100/s and at half of what the server does at full speed.
pub(super) async fn measure(plan: &Plan) -> anyhow::Result<Vec<Isolation>> {
    let mut rig = Rig::build(plan).await?;
    let healthy = rig.accounts("healthy", plan.accounts, 1, &rig.receiver_url("/")).await?;
    let nothing = RawListener::closed_port().await?;
    let hangs = rig.accounts("hangs", 1, 1, &rig.receiver_url("/hang")).await?;
    let refuses = rig.accounts("refuses", 1, 1, &format!("https://{nothing}/")).await?;
    let full = full_speed(&rig, plan, &healthy).await?;
    let mut measured = Vec::new();
    for rate in [100.0, full / 2.0] {
        for hooks in [&hangs, &refuses] {
            set_status(&rig, hooks, "inactive").await?;
            pile_up(&rig, plan, hooks).await?;
        }
        progress(format_args!("healthy webhooks alone at {rate:.0}/s"));
        let without = at_rate(&rig, plan, &healthy, rate).await?;
        for hooks in [&hangs, &refuses] {
            set_status(&rig, hooks, "active").await?;
        }
        progress(format_args!("healthy webhooks at {rate:.0}/s beside one that hangs and one that refuses"));
        let with = at_rate(&rig, plan, &healthy, rate).await?;
        measured.push(Isolation { waiting: plan.waiting, without, with });
    }
    rig.stop().await?;
    Ok(measured)
}

async fn full_speed(rig: &Rig, plan: &Plan, healthy: &[Hook]) -> anyhow::Result<f64> {
    progress("full speed, to know what half of it is");
    let events = plan.events.min(50_000);
    let run = rig.arrivals.begin(events);
    load(rig, plan, healthy, &run).at_full_speed(plan.connections).await?;
    ensure!(
        run.all_arrived(events as u64, PATIENCE).await,
        "only {} of {events} deliveries arrived",
        run.arrived()
    );
    #[expect(clippy::cast_precision_loss, reason = "events are few enough")]
    let rate = events as f64 / run.until_last().as_secs_f64();
    Ok(rate)
}

async fn pile_up(rig: &Rig, plan: &Plan, hooks: &[Hook]) -> anyhow::Result<()> {
    progress(format_args!("{} deliveries pile up for {}", plan.waiting, hooks[0].account));
    let began = Instant::now();
    let run = rig.arrivals.begin(plan.waiting);
    load(rig, plan, hooks, &run).in_batches(500, 4).await?;
    progress(format_args!("… within {:.1} s", began.elapsed().as_secs_f64()));
    Ok(())
}

async fn set_status(rig: &Rig, hooks: &[Hook], status: &str) -> anyhow::Result<()> {
    for hook in hooks {
        let client = rig.client()?.account(&hook.account)?;
        let path = format!("/api/webhook/{}", hook.id);
        expect(200, &client.put(&path, Some(json!({ "status": status }))).await?)?;
    }
    Ok(())
}
