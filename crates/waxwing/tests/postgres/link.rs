//! The link between servers and their database is cut, hangs, is slow, and comes back.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use waxwing_peers::Reply;

use crate::{
    book::Book,
    harness::{DEADLINE, Hook, Inbox, Server, World, inbox::header},
    nodes::{self, Load, ready, until},
    proxy::{Link, Proxy},
};

const LEASE: Duration = Duration::from_secs(3);

/// A server that reaches its database through a proxy.
async fn behind(world: &World, proxy: &Proxy, name: &str, extra: &[(&str, &str)]) -> Server {
    let database = world.place.database();
    let port = database.url.rsplit_once('/').and_then(|(host, _)| host.rsplit_once(':')).unwrap().1;
    let url = database.url.replace(port, &proxy.port.to_string());
    let lease = format!("{}s", LEASE.as_secs());
    let settings = [
        ("DATABASE", url.as_str()),
        ("NODE", name),
        ("LEASE", &lease),
        ("REQUEST_TIMEOUT", "1s"),
        ("IN_FLIGHT", "16"),
        ("RETRY_SCHEDULE", "50ms,50ms,100ms,200ms,500ms,1s,1s,1s"),
    ];
    world.serve(&[&settings, extra].concat()).await
}

async fn proxy(world: &World) -> Proxy {
    let url = &world.place.database().url;
    let port = url.rsplit_once('/').and_then(|(host, _)| host.rsplit_once(':')).unwrap().1;
    Proxy::before(port.parse().unwrap()).await
}

/// Publishes while the database is out of reach: an honest refusal.
async fn refused(server: &Server, hook: &Hook, id: &str) {
    let event = json!({ "account_id": hook.account, "type": "a.b", "id": id, "data": {} });
    let answer = server.api.post("/api/events", Some(event)).await.unwrap();
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
}

/// Waits until the book's last event is delivered, as the database says too.
async fn settled(world: &World, server: &Server, book: &Book) {
    book.until("delivering", DEADLINE, |book| book.missing().is_empty()).await;
    let count = |sql: &str| world.place.database().execute(sql).trim().parse::<usize>().unwrap();
    until("nothing waits", server, async || count("SELECT count(*) FROM pending") == 0).await;
    assert!(count("SELECT count(*) FROM event") >= book.acknowledged(), "what was acknowledged is there");
}

/// Breaks the link of a single server under load, waits for `enough`, and restores it.
async fn broken_under_load(link: Link, enough: impl AsyncFn(&Server)) {
    let world = World::new();
    let book = Arc::new(Book::failing(5));
    let receiver = nodes::receiver(&world, &book).await;
    let proxy = proxy(&world).await;
    let server = behind(&world, &proxy, "one", &[]).await;
    let hooks = nodes::webhooks(&server, &receiver, 2).await;
    let load = Load::start(4, &hooks, &book, "load");
    load.to([&server]);
    book.until("publishing", DEADLINE, |book| book.acknowledged() >= 100).await;
    proxy.set(link);
    ready(&server, 503).await;
    refused(&server, &hooks[0], "refused").await;
    enough(&server).await;
    let before = book.acknowledged();
    proxy.set(Link::Whole);
    ready(&server, 200).await;
    book.until("publishing again", DEADLINE, |book| book.acknowledged() >= before + 100).await;
    load.end().await;
    settled(&world, &server, &book).await;
    server.stop().await;
}

/// Waits until the server has sent nothing for want of a lease.
async fn lease_ran_out(_: &Server) {
    // Measured from a renewal at the latest, which the cut link does not let through.
    let began = tokio::time::Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    while began.elapsed() < LEASE {
        tick.tick().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_link_is_told_and_heals_by_itself() {
    broken_under_load(Link::Cut, async |_| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_cut_for_longer_than_the_lease_heals_by_itself() {
    broken_under_load(Link::Cut, lease_ran_out).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_hangs_is_told_and_heals_by_itself() {
    broken_under_load(Link::Hung, async |_| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_slow_link_everything_takes_its_time() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let proxy = proxy(&world).await;
    let server = behind(&world, &proxy, "one", &[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    proxy.set(Link::Slow(Duration::from_millis(50)));
    for n in 0..5 {
        let event = server.publish("acme", "a.b", json!({ "n": n })).await;
        assert_eq!(header(&inbox.next().await, "webhook-id"), event);
        server.until(&hook, &event, "delivered").await;
    }
    assert_eq!(server.api.get("/readyz").await.unwrap().status, 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_under_way_are_finished_and_recorded_once_the_link_is_back() {
    let world = World::new();
    let slow = Reply::Delay(Duration::from_millis(400), Box::new(Reply::status(200)));
    let mut inbox = Inbox::scripted(&world, [slow]).await;
    let proxy = proxy(&world).await;
    let server = behind(&world, &proxy, "one", &[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event = server.publish("acme", "a.b", json!({})).await;
    inbox.next().await;
    proxy.set(Link::Cut);
    ready(&server, 503).await;
    refused(&server, &hook, "refused").await;
    proxy.set(Link::Whole);
    let detail = server.until(&hook, &event, "delivered").await;
    assert_eq!(detail["attempt_count"], 1, "{detail}");
    assert_eq!(inbox.waiting(), 0);
    ready(&server, 200).await;
    server.stop().await;
}

/// What the node's row says of its lease: -1 when its work is another node's.
fn lease_of(world: &World, name: &str) -> i64 {
    let sql = format!("SELECT lease_until FROM node WHERE name = '{name}'");
    world.place.database().execute(&sql).trim().parse().unwrap()
}

async fn taken_over(world: &World, name: &str, by: &Server) {
    until("the work is taken over", by, async || lease_of(world, name) == -1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_cut_off_for_longer_than_its_lease_is_replaced_and_joins_again() {
    let world = World::new();
    let book = Arc::new(Book::failing(5));
    let receiver = nodes::receiver(&world, &book).await;
    let proxy = proxy(&world).await;
    let cut_off = behind(&world, &proxy, "one", &[]).await;
    let whole_link = self::proxy(&world).await;
    let other = behind(&world, &whole_link, "two", &[]).await;
    let hooks = nodes::webhooks(&cut_off, &receiver, 2).await;
    let load = Load::start(4, &hooks, &book, "load");
    load.to([&cut_off]);
    book.until("publishing", DEADLINE, |book| book.acknowledged() >= 200).await;
    proxy.set(Link::Cut);
    ready(&cut_off, 503).await;
    assert!(cut_off.log().contains("database cannot be used"), "{}", cut_off.log());
    load.to([&cut_off, &other]);
    taken_over(&world, "one", &other).await;
    refused(&cut_off, &hooks[0], "refused").await;
    proxy.set(Link::Whole);
    ready(&cut_off, 200).await;
    until("it joins again", &cut_off, async || cut_off.log().contains("has a lease again")).await;
    assert!(cut_off.log().contains("lease was lost"), "{}", cut_off.log());
    let id = cut_off.publish(&hooks[0].account, "a.b", json!({})).await;
    cut_off.until(&hooks[0], &id, "delivered").await;
    load.end().await;
    settled(&world, &other, &book).await;
    assert!(book.duplicates() <= 16, "{} duplicates with 16 in flight", book.duplicates());
    cut_off.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_slept_past_its_lease_sends_nothing_of_what_was_taken_over() {
    let world = World::new();
    let mut inbox = Inbox::scripted(&world, [Reply::Hang, Reply::status(200)]).await;
    let proxy = proxy(&world).await;
    let settings = [("IN_FLIGHT_PER_WEBHOOK", "1")];
    let asleep = behind(&world, &proxy, "one", &settings).await;
    let hook = asleep.webhook("acme", &inbox.url("/"), &["*"]).await;
    let mut events = Vec::new();
    for n in 0..20 {
        events.push(asleep.publish("acme", "a.b", json!({ "n": n })).await);
    }
    // Its first attempt hangs, the others wait in its memory.
    assert_eq!(header(&inbox.next().await, "webhook-id"), events[0]);
    asleep.signal("STOP");
    let other = behind(&world, &proxy, "two", &settings).await;
    taken_over(&world, "one", &other).await;
    let mut arrived = inbox.take(20).await;
    arrived.sort_by_key(|received| header(received, "webhook-id").to_owned());
    let arrived: Vec<&str> = arrived.iter().map(|received| header(received, "webhook-id")).collect();
    assert_eq!(arrived, events, "each once");
    asleep.signal("CONT");
    until("it joins again", &asleep, async || asleep.log().contains("has a lease again")).await;
    let last = asleep.publish("acme", "a.b", json!({})).await;
    assert_eq!(header(&inbox.next().await, "webhook-id"), last, "nothing came in between");
    asleep.until(&hook, &last, "delivered").await;
    assert_eq!(inbox.waiting(), 0);
    let first = asleep.detail(&hook, &events[0]).await;
    assert_eq!(first["status"], "delivered", "its own first attempt ends nothing: {first}");
    asleep.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_under_the_same_name_ends_the_first() {
    let world = World::new();
    let proxy = proxy(&world).await;
    let mut first = behind(&world, &proxy, "one", &[]).await;
    let second = behind(&world, &proxy, "one", &[]).await;
    assert_eq!(first.ended().await.code(), Some(6), "{}", first.log());
    assert!(first.log().contains("another server registered under this one's name"), "{}", first.log());
    assert_eq!(second.api.get("/readyz").await.unwrap().status, 200);
    second.stop().await;
}
