//! Nodes whose clocks disagree, and are set while they run: leases are in the database's
//! time, so that nobody takes a living node's work over.

use std::sync::Arc;

use crate::{
    book::Book,
    harness::{DEADLINE, Server, World},
    nodes::{self, Load},
    shim::{Faults, Knob},
};

const HOUR: i64 = 3_600_000;

async fn start(world: &World, faults: &Faults, name: &str) -> Server {
    let settings = [
        ("NODE", name),
        ("LEASE", "4s"),
        ("REQUEST_TIMEOUT", "1s"),
        ("RETRY_SCHEDULE", "20ms,50ms,100ms,1s"),
    ];
    faults.serve(world, &settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_clock_is_set_takes_nothing_over_and_loses_nothing() {
    let world = World::new();
    let (steady, moved) = (Faults::named(&world, "steady"), Faults::named(&world, "moved"));
    let book = Arc::new(Book::default());
    let receiver = nodes::receiver(&world, &book).await;
    let servers = [start(&world, &steady, "one").await, start(&world, &moved, "two").await];
    let hooks = nodes::webhooks(&servers[0], &receiver, 2).await;
    let load = Load::start(4, &hooks, &book, "load");
    load.to(&servers);
    // Each for longer than a lease is renewed in.
    for ahead in [HOUR, -HOUR, 24 * HOUR, 0] {
        moved.set(Knob::ClockMs, ahead);
        let renewed = world.place.database().execute("SELECT max(lease_until) FROM node");
        let renewed: i64 = renewed.trim().parse().unwrap();
        nodes::until("both leases are renewed", &servers[1], async || {
            let sql = format!("SELECT count(*) FROM node WHERE lease_until > {renewed}");
            world.place.database().execute(&sql).trim() == "2"
        })
        .await;
        let wanted = book.acknowledged() + 50;
        book.until("publishing", DEADLINE, |book| book.acknowledged() >= wanted).await;
    }
    load.end().await;
    book.until("delivering", DEADLINE, |book| book.missing().is_empty()).await;
    let waits = "SELECT count(*) FROM pending";
    nodes::until("nothing waits", &servers[0], async || world.place.database().execute(waits).trim() == "0")
        .await;
    assert_eq!(book.duplicates(), 0, "nobody sends what another one sends");
    for server in servers {
        let log = server.log();
        assert!(!log.contains("took over") && !log.contains("lease was lost"), "{log}");
        server.stop().await;
    }
}
