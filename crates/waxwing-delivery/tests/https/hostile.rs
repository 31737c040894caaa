//! Every hostile URL and answer of DNS through the real sender. Whatever it would
//! connect to, it would do through a proxy that trips; what is on this machine it would
//! reach by itself, at a listener that does.

use std::net::IpAddr;

use waxwing_delivery::{Sender, https::proxy::Proxy};
use waxwing_peers::{Misbehaviour, RawListener};

use crate::harness::{Names, World, error, open_policy, policy, post, within};

const URLS: &str = include_str!("../../../waxwing-core/src/target/hostile/urls.txt");
const ANSWERS: &str = include_str!("../../../waxwing-core/src/target/hostile/answers.txt");

fn rows(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The URLs of the table.
fn urls() -> impl Iterator<Item = String> {
    rows(URLS).map(|row| {
        let mut parts = row.split_once(' ').unwrap().1.split("\\u{");
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |whole, part| {
            let (code, rest) = part.split_once('}').unwrap();
            let escaped = char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap();
            format!("{whole}{escaped}{rest}")
        })
    })
}

/// Counts connections at every IPv4 address of this machine.
async fn tripwire() -> RawListener {
    RawListener::start_at(([0, 0, 0, 0], 0).into(), Misbehaviour::CloseAtOnce).await.unwrap()
}

fn through(tripwire: &RawListener) -> Proxy {
    Proxy::parse(&format!("http://127.0.0.1:{}", tripwire.addr.port())).unwrap()
}

#[tokio::test]
async fn no_hostile_url_is_ever_connected_to() {
    let (world, tripwire) = (World::new(), tripwire().await);
    let sender = world.sender_with(|options| {
        options.policy = policy(&[]);
        options.proxy = Some(through(&tripwire));
    });
    let (mut sent, mut no_request) = (0, 0);
    for url in urls() {
        // Of some, no rules at all make a request.
        if open_policy().check_url(&url).is_err() {
            no_request += 1;
            continue;
        }
        let said = error(&within(sender.send(post(&url))).await);
        assert!(said.starts_with("not sent: "), "{url}: {said}");
        sent += 1;
    }
    assert!(sent + no_request >= 200 && sent >= 150, "{sent} and {no_request}");
    assert_eq!(tripwire.connections(), 0);
}

#[tokio::test]
async fn no_spelling_of_this_machine_is_ever_connected_to() {
    let (world, tripwire) = (World::new(), tripwire().await);
    let sender = world.sender_with(|options| options.policy = policy(&[]));
    let mut sent = 0;
    for url in urls().filter(|url| url.starts_with("https://")) {
        let Ok(target) = open_policy().check_url(&url) else { continue };
        let here = |address: IpAddr| address.to_canonical().is_loopback() || address.is_unspecified();
        if target.address().map_or(!target.host().contains("localhost"), |address| !here(address)) {
            continue;
        }
        let host = url.strip_prefix("https://").unwrap().split(['/', '?']).next().unwrap();
        let host = host.strip_suffix(":8443").unwrap_or(host);
        let said =
            error(&within(sender.send(post(&format!("https://{host}:{}/", tripwire.addr.port())))).await);
        assert!(said.starts_with("not sent: "), "{url}: {said}");
        sent += 1;
    }
    assert!(sent >= 30, "{sent}");
    assert_eq!(tripwire.connections(), 0);
}

#[tokio::test]
async fn no_hostile_answer_is_ever_connected_to() {
    let (world, tripwire) = (World::new(), tripwire().await);
    let url = format!("https://hooks.example:{}/", tripwire.addr.port());
    let mut sent = 0;
    for row in rows(ANSWERS) {
        let addresses: Vec<&str> = row.split(' ').collect();
        for proxy in [None, Some(through(&tripwire))] {
            let sender = world.sender_with(|options| {
                options.policy = policy(&[]);
                options.proxy = proxy;
            });
            let sender = sender.resolving_by(Names::of(&[("hooks.example", &addresses)]));
            let said = error(&within(sender.send(post(&url))).await);
            assert!(said.starts_with("not sent: the host name leads to "), "{row}: {said}");
            sent += 1;
        }
    }
    assert!(sent >= 140, "{sent}");
    assert_eq!(tripwire.connections(), 0);
}

#[tokio::test]
async fn the_tripwire_trips_when_something_is_allowed() {
    let (world, tripwire) = (World::new(), tripwire().await);
    let url = format!("https://127.0.0.1:{}/", tripwire.addr.port());
    let direct = world.sender();
    assert!(error(&within(direct.send(post(&url))).await).starts_with("TLS handshake failed: "));
    assert_eq!(tripwire.connections(), 1);
    let proxied = world.sender_with(|options| {
        options.policy = policy(&[]);
        options.proxy = Some(through(&tripwire));
    });
    let said = error(&within(proxied.send(post("https://8.8.8.8/"))).await);
    assert!(said.starts_with("the operator's egress proxy "), "{said}");
    assert_eq!(tripwire.connections(), 2);
}
