//! A name whose owner changes its addresses between two look-ups (DNS rebinding).

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use waxwing_delivery::{Sender, https::Lookup};
use waxwing_peers::{Alpn, Misbehaviour, RawListener, Reply};

use crate::harness::{StoppedClock, World, error, policy, post, success, within};

/// Longer than an answer of DNS is used.
const FORGOTTEN: Duration = Duration::from_secs(31);

/// Answers with the first list of addresses, then with the next, and with the last one
/// for good.
struct Rebinding {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Rebinding {
    fn through(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self { answers: answers.iter().map(parse).collect(), asked: AtomicUsize::new(0) })
    }
}

#[async_trait::async_trait]
impl Lookup for Rebinding {
    async fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        let asked = self.asked.fetch_add(1, SeqCst);
        Ok(self.answers[asked.min(self.answers.len() - 1)].clone())
    }
}

#[tokio::test]
async fn the_connection_goes_to_the_address_that_was_checked() {
    let world = World::new();
    let receiver = world.showing(world.ca.issue(&["hooks.example"]).unwrap()).await;
    let names = Rebinding::through(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let sender = world.sender_with(|options| options.policy = policy(&["127.0.0.1/32"]));
    let sender = sender.resolving_by(Arc::clone(&names) as Arc<dyn Lookup>);
    let url = format!("https://hooks.example:{}/", receiver.addr.port());
    assert_eq!(success(&within(sender.send(post(&url))).await), 200);
    assert_eq!(names.asked.load(SeqCst), 1, "asked once, checked, and used");
}

#[tokio::test]
async fn a_name_that_turns_inside_between_two_attempts_is_not_followed() {
    for inside in [&["127.0.0.2"][..], &["127.0.0.1", "127.0.0.2"], &["127.0.0.2", "127.0.0.1"]] {
        let world = World::new();
        // Closes each connection, so that the second attempt needs a new one.
        let closing = Reply::with_header(500, "connection", "close");
        let receiver = world.answering(Alpn::Http1, closing).await;
        let port = receiver.addr.port();
        let tripwire = RawListener::start_at(([127, 0, 0, 2], port).into(), Misbehaviour::CloseAtOnce);
        let tripwire = tripwire.await.unwrap();
        let names = Rebinding::through(&[&["127.0.0.1"], inside]);
        let sender = world.sender_with(|options| options.policy = policy(&["127.0.0.1/32"]));
        let sender = sender.resolving_by(Arc::clone(&names) as Arc<dyn Lookup>);
        let url = format!("https://localhost:{port}/");
        let clock = StoppedClock::stop();
        assert_eq!(error(&within(sender.send(post(&url))).await), "answered 500 instead of 2xx");
        clock.advance(FORGOTTEN).await;
        assert_eq!(
            error(&within(sender.send(post(&url))).await),
            "not sent: the host name leads to 127.0.0.2, which is not a public address: loopback (RFC 1122)"
        );
        assert_eq!(names.asked.load(SeqCst), 2);
        assert_eq!(tripwire.connections(), 0);
        assert_eq!(receiver.counters().connections(), 1, "not even to the address that is allowed");
    }
}

#[tokio::test]
async fn a_receiver_that_redirects_inside_is_not_followed() {
    let world = World::new();
    let tripwire = RawListener::start(Misbehaviour::CloseAtOnce).await.unwrap();
    for (alpn, scheme) in [(Alpn::Http1, "https"), (Alpn::Http1, "http"), (Alpn::Http2, "https")] {
        for status in [300, 301, 302, 303, 305, 307, 308] {
            let location = format!("{scheme}://{}/latest/meta-data/", tripwire.addr);
            let receiver = world.answering(alpn, Reply::with_header(status, "location", &location)).await;
            let response = within(world.sender().send(post(&receiver.url("/hook")))).await;
            assert_eq!(
                error(&response),
                format!(
                    "answered {status}: redirects are not followed, set the webhook's URL to the final address"
                )
            );
            assert_eq!(receiver.counters().requests(), 1);
        }
    }
    assert_eq!(tripwire.connections(), 0);
}
