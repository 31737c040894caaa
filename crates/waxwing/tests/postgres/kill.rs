//! Three nodes on one database, killed and started again at random moments under load.
//!
//! The moments follow from a seed, which is printed: `CHAOS_SEED` sets another one,
//! `CHAOS_SECONDS` says for how long.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    book::Book,
    harness::{Random, Server, World, setting},
    nodes::{self, Load},
};

const NODES: usize = 3;
const PUBLISHERS: usize = 6;
const WEBHOOKS: usize = 4;
const IN_FLIGHT: usize = 16;
/// For what was published last to be delivered, after the last takeover.
const PATIENCE: Duration = Duration::from_mins(1);

async fn start(world: &World, number: usize) -> Server {
    let (name, in_flight) = (format!("node-{number}"), IN_FLIGHT.to_string());
    let settings = [
        ("NODE", name.as_str()),
        ("IN_FLIGHT", &in_flight),
        ("LEASE", "4s"),
        ("REQUEST_TIMEOUT", "1s"),
        ("RETRY_SCHEDULE", "20ms,50ms,100ms,200ms,500ms,1s,1s,1s,1s"),
    ];
    world.serve(&settings).await
}

/// What the log shows as delivered, and a moment after it said so.
fn delivered(world: &World) -> (HashSet<String>, Instant) {
    let sql = "SELECT e.id FROM delivery d JOIN event e ON e.seq = d.event_seq WHERE d.state = 2";
    let ids = world.place.database().execute(sql).lines().map(str::to_owned).collect();
    (ids, Instant::now())
}

fn count(world: &World, sql: &str) -> usize {
    world.place.database().execute(sql).trim().parse().unwrap()
}

/// Waits until another node has everything that was this one's.
async fn taken_over(world: &World, number: usize, others: &Server) {
    let sql = format!("SELECT count(*) FROM node WHERE name = 'node-{number}' AND lease_until = -1");
    nodes::until("the killed node's work is taken over", others, async || count(world, &sql) == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_killed_under_load_and_nothing_acknowledged_is_lost() {
    let (seed, seconds) = (setting("CHAOS_SEED", 20_261_125), setting("CHAOS_SECONDS", 20));
    println!("CHAOS_SEED={seed} CHAOS_SECONDS={seconds}");
    let mut random = Random(seed);
    let world = World::new();
    let book = Arc::new(Book::failing(7));
    let receiver = nodes::receiver(&world, &book).await;
    let mut servers = Vec::new();
    for number in 0..NODES {
        servers.push(start(&world, number).await);
    }
    let hooks = nodes::webhooks(&servers[0], &receiver, WEBHOOKS).await;
    let load = Load::start(PUBLISHERS, &hooks, &book, "event");
    load.to(&servers);
    let (began, mut promises, mut kills) = (Instant::now(), Vec::new(), 0);
    while began.elapsed() < Duration::from_secs(seconds) {
        let wanted = book.acknowledged() + 1 + random.below(600);
        book.until("publishing", PATIENCE, |book| book.acknowledged() >= wanted).await;
        promises.push(delivered(&world));
        let further = book.acknowledged() + random.below(30);
        book.until("publishing", PATIENCE, |book| book.acknowledged() >= further).await;
        let number = random.below(NODES);
        let killed = servers.remove(number);
        load.to(&servers);
        killed.kill().await;
        kills += 1;
        // Now its work goes to another node, now it gets it back itself.
        if random.below(2) == 0 {
            taken_over(&world, number, &servers[0]).await;
        } else {
            let wanted = book.acknowledged() + random.below(300);
            book.until("publishing", PATIENCE, |book| book.acknowledged() >= wanted).await;
        }
        servers.insert(number, start(&world, number).await);
        load.to(&servers);
    }
    load.end().await;
    book.until("delivering what was acknowledged", PATIENCE, |book| book.missing().is_empty()).await;
    let waiting = "SELECT count(*) FROM pending";
    nodes::until("nothing waits any more", &servers[0], async || count(&world, waiting) == 0).await;
    check(&world, &book, &promises, kills);
    for server in servers {
        server.stop().await;
    }
}

fn check(world: &World, book: &Book, promises: &[(HashSet<String>, Instant)], kills: usize) {
    let arrivals = book.arrivals();
    for (kill, (ids, when)) in promises.iter().enumerate() {
        for id in ids {
            let late = arrivals[id].iter().filter(|it| it.at > *when).count();
            assert_eq!(
                late, 0,
                "{id} was sent {late} times after it was shown as delivered, before kill {kill}"
            );
        }
    }
    let (delivered, _) = delivered(world);
    let undelivered = count(world, "SELECT count(*) FROM delivery WHERE state <> 2");
    assert_eq!(undelivered, 0, "every delivery of this test ends well");
    // An attempt that took too long may have arrived; the log shows it as failed.
    let unanswered = count(world, "SELECT count(*) FROM attempt WHERE status_code IS NULL");
    let duplicates = book.duplicates();
    println!(
        "{} acknowledged, {} delivered, {kills} kills, {duplicates} duplicates, {unanswered} attempts without an answer",
        book.acknowledged(),
        delivered.len(),
    );
    assert!(delivered.iter().filter(|id| book.is_acknowledged(id)).count() == book.acknowledged());
    assert!(
        duplicates <= kills * IN_FLIGHT + unanswered,
        "{duplicates} duplicates of {kills} kills with {IN_FLIGHT} in flight"
    );
}
