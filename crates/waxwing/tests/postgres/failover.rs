//! The primary is lost and its standby promoted, under load: nodes find the way by
//! themselves, because their address names both hosts.

use std::{sync::Arc, time::Duration};

use tokio::task::spawn_blocking;
use waxwing_cluster::Cluster;

use crate::{
    book::Book,
    harness::{DEADLINE, Server, World},
    nodes::{self, Load, ready},
    proxy::{Link, Proxy},
};

const PATIENCE: Duration = Duration::from_mins(1);

async fn node(world: &World, url: &str, name: &str) -> Server {
    let settings = [
        ("DATABASE", url),
        ("NODE", name),
        ("LEASE", "4s"),
        ("REQUEST_TIMEOUT", "1s"),
        ("RETRY_SCHEDULE", "50ms,50ms,100ms,200ms,500ms,1s,1s,1s"),
    ];
    world.serve(&settings).await
}

async fn pair() -> (Cluster, Cluster) {
    let start = || {
        let primary = Cluster::durable();
        let standby = primary.standby();
        (primary, standby)
    };
    spawn_blocking(start).await.unwrap()
}

/// Loses the primary by `lose`, promotes the standby, and checks that nothing is lost.
async fn fails_over(primary: Cluster, standby: Cluster, proxy: Option<Proxy>) {
    let world = World::new();
    let first = proxy.as_ref().map_or(primary.port(), |proxy| proxy.port);
    let url = format!("postgres://waxwing@127.0.0.1:{first},127.0.0.1:{}/postgres", standby.port());
    let book = Arc::new(Book::failing(5));
    let receiver = nodes::receiver(&world, &book).await;
    let servers = [node(&world, &url, "one").await, node(&world, &url, "two").await];
    let hooks = nodes::webhooks(&servers[0], &receiver, 2).await;
    let load = Load::start(4, &hooks, &book, "load");
    load.to(&servers);
    book.until("publishing", DEADLINE, |book| book.acknowledged() >= 200).await;
    let standby = spawn_blocking(move || {
        if let Some(proxy) = &proxy {
            proxy.set(Link::Hung);
        } else {
            primary.kill();
        }
        standby.promote();
        (standby, primary, proxy)
    });
    let (standby, _primary, _proxy) = standby.await.unwrap();
    let before = book.acknowledged();
    for server in &servers {
        ready(server, 200).await;
    }
    book.until("publishing to the new primary", PATIENCE, |book| book.acknowledged() >= before + 200).await;
    load.end().await;
    book.until("delivering", PATIENCE, |book| book.missing().is_empty()).await;
    let count = |sql: &str| standby.execute("postgres", sql).trim().parse::<usize>().unwrap();
    nodes::until("nothing waits", &servers[0], async || count("SELECT count(*) FROM pending") == 0).await;
    let kept = count("SELECT count(*) FROM event");
    assert!(kept >= book.acknowledged(), "{kept} kept, {} acknowledged", book.acknowledged());
    for server in servers {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_primary_is_replaced_by_its_synchronous_standby() {
    let (primary, standby) = pair().await;
    fails_over(primary, standby, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_takes_connections_and_says_nothing_is_passed_by() {
    let (primary, standby) = pair().await;
    let proxy = Proxy::before(primary.port()).await;
    fails_over(primary, standby, Some(proxy)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_killed_and_started_again_has_everything_it_acknowledged() {
    let world = World::new();
    let mut cluster = spawn_blocking(Cluster::durable).await.unwrap();
    let book = Arc::new(Book::failing(5));
    let receiver = nodes::receiver(&world, &book).await;
    let server = node(&world, &cluster.url("postgres"), "one").await;
    let hooks = nodes::webhooks(&server, &receiver, 2).await;
    let load = Load::start(4, &hooks, &book, "load");
    load.to([&server]);
    book.until("publishing", DEADLINE, |book| book.acknowledged() >= 200).await;
    let cluster = spawn_blocking(move || {
        cluster.kill();
        cluster.restart();
        cluster
    });
    let cluster = cluster.await.unwrap();
    let before = book.acknowledged();
    book.until("publishing again", PATIENCE, |book| book.acknowledged() >= before + 200).await;
    load.end().await;
    book.until("delivering", PATIENCE, |book| book.missing().is_empty()).await;
    let kept: usize = cluster.execute("postgres", "SELECT count(*) FROM event").trim().parse().unwrap();
    assert!(kept >= book.acknowledged(), "{kept} kept, {} acknowledged", book.acknowledged());
    server.stop().await;
}
