//! Where requests may go: names, addresses, and the policy.

use std::{net::IpAddr, sync::Arc};

use waxwing_delivery::{Sender, https::Lookup};
use waxwing_peers::{Alpn, RawListener, Reply};

use crate::harness::{Names, World, error, policy, post, success, within};

/// What a request to this URL fails with, where deliveries may go to public
/// addresses and these networks only.
async fn refused(allowed: &[&str], url: &str) -> String {
    let sender = World::new().sender_with(|options| options.policy = policy(allowed));
    error(&within(sender.send(post(url))).await)
}

#[tokio::test]
async fn a_url_with_a_private_address_is_not_sent_to() {
    for (url, why) in [
        ("https://10.1.2.3/", "10.1.2.3, which is not a public address: private (RFC 1918)"),
        ("https://0x7f.1:8443/", "127.0.0.1, which is not a public address: loopback (RFC 1122)"),
        (
            "https://[::ffff:169.254.169.254]/",
            "169.254.169.254, which is not a public address: metadata service of a cloud",
        ),
        ("https://[fd00::1]/", "fd00::1, which is not a public address: unique local (RFC 4193)"),
    ] {
        assert_eq!(refused(&[], url).await, format!("not sent: the URL leads to {why}"), "{url}");
    }
}

#[tokio::test]
async fn localhost_is_not_sent_to_unless_loopback_is_allowed() {
    assert_eq!(
        refused(&["10.0.0.0/8"], "https://localhost/").await,
        "not sent: the URL leads to 127.0.0.1, which is not a public address: loopback (RFC 1122)"
    );
}

#[tokio::test]
async fn a_name_that_leads_to_a_forbidden_address_is_not_connected_to() {
    let world = World::new();
    let receiver = world.answering(Alpn::Both, Reply::status(200)).await;
    let sender = world.sender_with(|options| options.policy = policy(&[]));
    let sender = sender.resolving_by(Names::of(&[("hooks.example", &["127.0.0.1"])]));
    let url = format!("https://hooks.example:{}/", receiver.addr.port());
    let response = within(sender.send(post(&url))).await;
    assert_eq!(
        error(&response),
        "not sent: the host name leads to 127.0.0.1, which is not a public address: loopback (RFC 1122)"
    );
    assert_eq!(receiver.counters().connections(), 0);
}

#[tokio::test]
async fn one_forbidden_address_refuses_the_whole_answer() {
    let world = World::new();
    let receiver = world.showing(world.ca.issue(&["hooks.example"]).unwrap()).await;
    let url = format!("https://hooks.example:{}/", receiver.addr.port());
    for addresses in [["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"]] {
        let sender = world.sender_with(|options| options.policy = policy(&["127.0.0.0/8"]));
        let sender = sender.resolving_by(Names::of(&[("hooks.example", &addresses)]));
        let response = within(sender.send(post(&url))).await;
        assert_eq!(
            error(&response),
            "not sent: the host name leads to 10.0.0.1, which is not a public address: private (RFC 1918)"
        );
    }
    assert_eq!(receiver.counters().connections(), 0);
    let sender = world.sender().resolving_by(Names::of(&[("hooks.example", &["127.0.0.1"])]));
    assert_eq!(success(&within(sender.send(post(&url))).await), 200);
}

#[tokio::test]
async fn an_address_that_refuses_is_followed_by_the_next() {
    let world = World::new();
    let receiver = world.showing(world.ca.issue(&["hooks.example"]).unwrap()).await;
    // Nothing listens at 127.0.0.2 on the receiver's port.
    let sender = world.sender().resolving_by(Names::of(&[("hooks.example", &["127.0.0.2", "127.0.0.1"])]));
    let url = format!("https://hooks.example:{}/", receiver.addr.port());
    assert_eq!(success(&within(sender.send(post(&url))).await), 200);
}

#[tokio::test]
async fn a_connection_is_not_used_for_another_name_at_the_same_address() {
    let world = World::new();
    let receiver = world.showing(world.ca.issue(&["a.example"]).unwrap()).await;
    let names = Names::of(&[("a.example", &["127.0.0.1"]), ("b.example", &["127.0.0.1"])]);
    let sender = world.sender().resolving_by(names);
    let port = receiver.addr.port();
    assert_eq!(success(&within(sender.send(post(&format!("https://a.example:{port}/")))).await), 200);
    let response = within(sender.send(post(&format!("https://b.example:{port}/")))).await;
    assert_eq!(
        error(&response),
        "TLS handshake failed: the certificate is not for b.example, but for a.example"
    );
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told() {
    let sender = World::new().sender().resolving_by(Names::of(&[]));
    assert_eq!(
        error(&within(sender.send(post("https://hoooks.example/"))).await),
        "the host name could not be resolved: there is no such name; check the URL for a typing error and the DNS zone for the entry"
    );
}

#[tokio::test]
async fn a_name_without_an_address_is_told() {
    let sender = World::new().sender().resolving_by(Names::of(&[("mail.example", &[])]));
    assert_eq!(
        error(&within(sender.send(post("https://mail.example/"))).await),
        "the host name could not be resolved: it has no address"
    );
}

/// Fails as the resolver of some system does.
struct Failing(&'static str);

#[async_trait::async_trait]
impl Lookup for Failing {
    async fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        Err(std::io::Error::other(format!("failed to lookup address information: {}", self.0)))
    }
}

#[tokio::test]
async fn the_words_of_every_resolver_are_understood() {
    let no_such_name =
        "there is no such name; check the URL for a typing error and the DNS zone for the entry";
    let no_answer = "the name servers did not answer; check those of its zone";
    for (said, told) in [
        ("Name or service not known", no_such_name),
        ("No address associated with hostname", no_such_name),
        ("Name does not resolve", no_such_name),
        ("nodename nor servname provided, or not known", no_such_name),
        ("Temporary failure in name resolution", no_answer),
        ("Try again", no_answer),
        ("Non-recoverable failure", "failed to lookup address information: Non-recoverable failure"),
    ] {
        let sender = World::new().sender().resolving_by(Arc::new(Failing(said)));
        let response = within(sender.send(post("https://hooks.example/"))).await;
        assert_eq!(error(&response), format!("the host name could not be resolved: {told}"), "{said}");
    }
}

#[tokio::test]
async fn a_port_where_nothing_listens_is_told() {
    let world = World::new();
    let nothing = RawListener::closed_port().await.unwrap();
    assert_eq!(
        crate::harness::error_of(&world, nothing).await,
        "connection refused: nothing listens at this address and port"
    );
}
