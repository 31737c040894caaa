//! A soak: one server under steady mixed load, for a minute in `make test`, for an hour by
//! hand (`make soak SECONDS=3600`). At the end memory, threads, open files and files on disk
//! must be what they were, nothing may be lost, and nothing sent twice without a cause.
//!
//! The server's clock runs so fast that a tenth of the run is a day: retention deletes what
//! is older, and the database stays as large as it is. `docs/internals/soak.md` has the
//! table of an hour.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by panicking"
)]

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/sqlite.rs"]
mod place;
#[path = "../faults/process.rs"]
mod process;
#[allow(dead_code, reason = "the tests of faults use all of it")]
#[path = "../faults/shim.rs"]
mod shim;

mod cast;
mod changes;
mod ledger;
mod plan;
mod publishers;
mod readers;
mod samples;
mod verdict;

use std::sync::Arc;

use cast::Cast;
use harness::World;
use ledger::Ledger;
use plan::Plan;
use samples::Sampler;
use shim::{Faults, Knob};
use tokio::{task::JoinSet, time::Instant};

/// Everything that goes on needs these.
pub(crate) struct Stage {
    pub(crate) plan: Plan,
    pub(crate) server: harness::Server,
    pub(crate) cast: Cast,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) until: Instant,
}

impl Stage {
    /// Whether the load goes on.
    pub(crate) fn goes_on(&self) -> bool {
        Instant::now() < self.until
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_under_steady_load_stays_as_it_is_and_loses_nothing() {
    let plan = Plan::of_environment();
    println!("{plan:?}");
    let world = World::new();
    let faults = Arc::new(Faults::new(&world));
    faults.set(Knob::Dropping, 0);
    let settings = plan.settings();
    let borrowed: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let server = faults.serve(&world, &borrowed).await;
    let ledger = Arc::new(Ledger::default());
    let cast = Cast::begin(&world, &server, &ledger).await;
    let until = Instant::now() + plan.length;
    let stage = Arc::new(Stage { plan, server, cast, ledger, until });
    // Goes on until everything has arrived: what waits for its time needs it.
    let clock = tokio::spawn(plan::hurry(faults, stage.plan.speed));
    let mut sampler = Sampler::start(&world, &stage);
    let mut load = JoinSet::new();
    load.spawn(publishers::run(Arc::clone(&stage)));
    load.spawn(readers::run(Arc::clone(&stage)));
    load.spawn(changes::send_again(Arc::clone(&stage)));
    load.spawn(changes::pause(Arc::clone(&stage)));
    load.spawn(changes::make_and_delete(Arc::clone(&stage)));
    load.spawn(changes::explain(Arc::clone(&stage)));
    sampler.run(&stage).await;
    while let Some(ended) = load.join_next().await {
        ended.unwrap();
    }
    verdict::everything_arrived(&stage).await;
    clock.abort();
    verdict::flat(&stage.plan, &sampler.samples);
    let stage = Arc::into_inner(stage).unwrap();
    stage.server.stop().await;
}
