//! How fast the server starts, and how much memory it takes, with a large
//! backlog of pending deliveries.

use std::time::Duration;

use super::{Plan, progress, report::Backlog, rig::Rig, throughput::load};

/// How long the server works on the backlog before its memory is looked at.
const SETTLE: Duration = Duration::from_secs(10);

/// Piles up deliveries for a webhook that hangs, starts the server again and
/// lets it work.
pub(super) async fn measure(plan: &Plan) -> anyhow::Result<Backlog> {
    let mut rig = Rig::build(plan).await?;
    let hangs = rig.accounts("hangs", plan.accounts.min(100), 1, &rig.receiver_url("/hang")).await?;
    progress(format_args!("{} deliveries pile up", plan.backlog));
    let run = rig.arrivals.begin(plan.backlog);
    load(&rig, plan, &hangs, &run).in_batches(500, 4).await?;
    let while_accepting = rig.peak_rss();
    progress("the server starts again");
    let start = rig.restart().await?;
    progress(format_args!("it works for {} s", SETTLE.as_secs()));
    tokio::time::sleep(SETTLE).await;
    let measured = Backlog {
        pending: plan.backlog,
        start,
        rss: rig.rss(),
        peak_rss: rig.peak_rss(),
        peak_rss_while_accepting: while_accepting,
        disk: rig.disk(),
    };
    rig.stop().await?;
    Ok(measured)
}
