//! What the tests stand on: an authority, a sender that trusts it, servers with
//! its certificates, and a clock that stands still.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, mpsc},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use waxwing_core::{
    Clock, TargetPolicy, Timestamp,
    target::{TargetRules, TargetUrl},
};
use waxwing_delivery::{
    Request, Response, Sender,
    https::{HttpsSender, Lookup, SenderOptions},
};
use waxwing_peers::{
    Alpn, Ca, Handler, Received, Receiver, ReceiverOptions, Reply, ScriptedPeer, ServerCert, Step, tls_config,
};
use waxwing_store::Metrics;

/// The bound of a request, unless a test says otherwise.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);
/// The bound of a TCP connection.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// How long an unused connection is kept.
pub(crate) const IDLE: Duration = Duration::from_secs(50);
/// The time of the sender's clock: Sun, 06 Nov 1994 08:49:37 GMT.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(784_111_777_000);
/// No test takes longer, unless it fails.
const DEADLINE: Duration = Duration::from_mins(1);

/// An authority, and how to make senders that trust it.
pub(crate) struct World {
    pub(crate) ca: Ca,
    pub(crate) metrics: Arc<Metrics>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { ca: Ca::generate("Waxwing tests").unwrap(), metrics: Arc::default() }
    }

    /// A sender that may reach this machine.
    pub(crate) fn sender(&self) -> HttpsSender {
        self.sender_with(|_| {})
    }

    pub(crate) fn sender_with(&self, change: impl FnOnce(&mut SenderOptions)) -> HttpsSender {
        let mut options = SenderOptions {
            policy: policy(&["127.0.0.0/8", "::1/128"]),
            proxy: None,
            extra_ca_pem: Some(self.ca.pem().into()),
            user_agent: "Waxwing/test".into(),
            connect_timeout: CONNECT_LIMIT,
            idle_timeout: IDLE,
            max_connections_per_host: 64,
            clock: Arc::new(FixedClock),
            metrics: Arc::clone(&self.metrics),
        };
        change(&mut options);
        HttpsSender::new(options).unwrap()
    }

    /// A certificate for this machine, by name and by address.
    pub(crate) fn cert(&self) -> ServerCert {
        self.ca.issue(&["localhost", "127.0.0.1"]).unwrap()
    }

    pub(crate) async fn receiver(&self, alpn: Alpn, handler: impl Handler) -> Receiver {
        let options = ReceiverOptions { alpn, ..ReceiverOptions::local(self.cert(), handler) };
        Receiver::start(options).await.unwrap()
    }

    /// A receiver that always answers the same.
    pub(crate) async fn answering(&self, alpn: Alpn, reply: Reply) -> Receiver {
        self.receiver(alpn, move |_: Received| reply.clone()).await
    }

    /// A receiver that shows this certificate.
    pub(crate) async fn showing(&self, cert: ServerCert) -> Receiver {
        Receiver::start(ReceiverOptions::local(cert, |_: Received| Reply::status(200))).await.unwrap()
    }

    /// A server that follows a script: the steps of each connection, counted from 1.
    pub(crate) async fn scripted(
        &self,
        alpn: Alpn,
        script: impl Fn(u64) -> Vec<Step> + Send + 'static,
    ) -> ScriptedPeer {
        ScriptedPeer::start(tls_config(self.cert(), alpn).unwrap(), script).await.unwrap()
    }

    /// A server that does the same on every HTTP/1.1 connection.
    pub(crate) async fn doing(&self, steps: Vec<Step>) -> ScriptedPeer {
        self.scripted(Alpn::Http1, move |_| steps.clone()).await
    }
}

pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// Public addresses and these networks.
pub(crate) fn policy(allowed: &[&str]) -> Arc<TargetPolicy> {
    Arc::new(TargetPolicy::new(allowed.iter().map(|network| network.parse().unwrap()).collect()))
}

/// As much as any rules can open. A metadata service is opened by its own address.
pub(crate) fn open_policy() -> TargetPolicy {
    let services = ["169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.0.23", "100.100.100.200"];
    let more = ["168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"];
    let services = services.into_iter().chain(more).map(|address| address.parse::<IpAddr>().unwrap().into());
    let all = ["0.0.0.0/0", "::/0"].into_iter().map(|network| network.parse().unwrap());
    TargetPolicy::of(TargetRules {
        allowed_networks: all.chain(services).collect(),
        allowed_ports: vec![1..=u16::MAX],
        ..TargetRules::default()
    })
}

/// A URL, whatever the sender's policy thinks of it.
pub(crate) fn target(url: &str) -> Arc<TargetUrl> {
    Arc::new(open_policy().check_url(url).unwrap())
}

/// A request as the engine makes them.
pub(crate) fn post(url: &str) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("webhook-id"), HeaderValue::from_static("evt_1"));
    let body = Bytes::from_static(br#"{"id":"evt_1","type":"deposit.completed"}"#);
    Request { url: target(url), headers, body, identity: None, tokens: None, timeout: LIMIT }
}

/// A request to a server that listens there, called by its address.
pub(crate) fn post_to(addr: SocketAddr) -> Request {
    post(&format!("https://{addr}/hook"))
}

/// The status of a success.
#[track_caller]
pub(crate) fn success(response: &Response) -> u16 {
    assert_eq!(response.outcome.error().map(ToString::to_string), None);
    response.outcome.status_code().unwrap()
}

/// Why it failed, as a customer reads it.
#[track_caller]
pub(crate) fn error(response: &Response) -> String {
    response.outcome.error().unwrap_or_else(|| panic!("no error but {:?}", response.outcome)).to_string()
}

/// The error that a single request to this server leads to.
pub(crate) async fn error_of(world: &World, addr: SocketAddr) -> String {
    error(&within(world.sender().send(post_to(addr))).await)
}

/// The future's result, or a failed test.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work).await.expect("nothing happened within the deadline")
}

/// Looks names up in a list. A name that is not there does not exist.
pub(crate) struct Names(Vec<(&'static str, Vec<IpAddr>)>);

impl Names {
    pub(crate) fn of(names: &[(&'static str, &[&str])]) -> Arc<Self> {
        let parse = |addresses: &[&str]| addresses.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self(names.iter().map(|(name, addresses)| (*name, parse(addresses))).collect()))
    }
}

#[async_trait::async_trait]
impl Lookup for Names {
    async fn lookup(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        let known = self.0.iter().find(|(name, _)| *name == host);
        let missing = "failed to lookup address information: Name or service not known";
        known.map(|(_, addresses)| addresses.clone()).ok_or_else(|| std::io::Error::other(missing))
    }
}

/// Makes time stand still, but for [`StoppedClock::advance`]. Bytes flow on.
///
/// A paused clock of tokio leaps to the next timer as soon as nothing is left to
/// do, even while an answer is on its way; not while a blocking task runs.
pub(crate) struct StoppedClock(#[expect(dead_code, reason = "its end ends the task")] mpsc::Sender<()>);

impl StoppedClock {
    pub(crate) fn stop() -> Self {
        let (held, released) = mpsc::channel();
        drop(tokio::task::spawn_blocking(move || released.recv_timeout(DEADLINE)));
        tokio::time::pause();
        Self(held)
    }

    /// Lets everything happen that can, then this much time pass.
    pub(crate) async fn advance(&self, time: Duration) {
        settle().await;
        tokio::time::advance(time).await;
        settle().await;
    }
}

impl Drop for StoppedClock {
    fn drop(&mut self) {
        tokio::time::resume();
    }
}

/// Lets everything happen that can without time passing: what was written on this
/// machine can be read at once.
pub(crate) async fn settle() {
    for _ in 0..256 {
        tokio::task::yield_now().await;
    }
}
