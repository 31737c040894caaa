//! Where a receiver is put to the test: a server, an edge in front of the receiver, and
//! the book of what it must do.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
};

use http::HeaderMap;
use serde_json::Value;
use tokio::sync::watch;
use waxwing_peers::{Edge, Fault, Passage};

use crate::{
    contract::Example,
    harness::{DEADLINE, Hook, Server, World, server::expect},
    process::{Done, Printed, Process},
};

pub(crate) const ACCOUNT: &str = "acme";

/// The receiver's home, a folder of its own.
const HOME: &str = "home";

/// One request in one line.
pub(crate) fn brief(passage: &Passage) -> String {
    let said = passage.upstream_answer.as_ref().map(|answer| match answer {
        Ok(answer) => format!("{} {}", answer.status.as_u16(), String::from_utf8_lossy(&answer.body)),
        Err(why) => why.clone(),
    });
    format!("{}: {:?} said {said:?}, answered {}\n", passage.id(), passage.upstream, passage.status.as_u16())
}

pub(crate) struct Stage {
    pub(crate) example: Example,
    pub(crate) server: Server,
    pub(crate) edge: Edge,
    pub(crate) hook: Hook,
    world: World,
    printed: watch::Sender<Printed>,
    processes: Vec<Process>,
    /// What must be done in the end, once each, and nothing else.
    expected: RefCell<Vec<Done>>,
    ids: Cell<u32>,
}

impl Stage {
    /// Starts everything; the receiver has the webhook's secret.
    pub(crate) async fn open(example: Example) -> Self {
        let world = World::new();
        std::fs::create_dir(world.path(HOME)).unwrap();
        let edge = Edge::start(world.ca.issue(&["127.0.0.1"]).unwrap()).await.unwrap();
        let server = world.serve(&[]).await;
        let hook = server.webhook(ACCOUNT, &edge.url(&example.url_path), &["*"]).await;
        let (printed, processes, expected) = (watch::Sender::default(), Vec::new(), RefCell::default());
        let mut stage =
            Self { example, server, edge, hook, world, printed, processes, expected, ids: Cell::new(0) };
        let first = stage.start_process(&stage.hook.secret).await;
        stage.edge.switch_to(first.addr);
        stage.processes.push(first);
        stage
    }

    /// One more process of the same receiver.
    pub(crate) async fn start_process(&self, secrets: &str) -> Process {
        Process::start(&self.example, secrets, &self.world.path(HOME), &self.printed).await
    }

    /// The receiver itself, behind the edge.
    pub(crate) fn first(&self) -> SocketAddr {
        self.processes[0].addr
    }

    /// Ends it together with the others.
    pub(crate) fn keep(&mut self, process: Process) {
        self.processes.push(process);
    }

    /// An id that no other run has used.
    pub(crate) fn new_id(&self) -> String {
        self.ids.set(self.ids.get() + 1);
        format!("{}_{}", self.hook.id.replace("wh_", "evt_"), self.ids.get())
    }

    /// Publishes one of the samples, byte for byte, and expects that its work is done.
    pub(crate) async fn publish(&self, id: &str, sample: &str) {
        let sample = sample.trim_start().strip_prefix('{').unwrap();
        let event = format!(r#"{{"account_id":"{ACCOUNT}","id":"{id}",{sample}"#);
        let kind = serde_json::from_str::<Value>(&event).unwrap()["type"].as_str().unwrap().to_owned();
        self.expected.borrow_mut().push((id.to_owned(), kind));
        let answer = self.server.api.post_raw("/api/events", HeaderMap::new(), event.into()).await.unwrap();
        expect(202, answer);
    }

    /// The same, and something goes wrong with the first request.
    pub(crate) async fn publish_with(&self, fault: Fault, sample: &str) -> String {
        let id = self.new_id();
        self.edge.fail_once(&id, fault);
        self.publish(&id, sample).await;
        id
    }

    /// Waits until everything that was published is done and recorded as delivered.
    pub(crate) async fn until_done(&self) {
        let mut printed = self.printed.subscribe();
        let all = self.expected.borrow().clone();
        let done = |printed: &Printed| all.iter().all(|event| printed.done.contains(event));
        self.wait("every event is done", async { printed.wait_for(done).await.map(drop).unwrap() }).await;
        for (id, _) in &all {
            self.server.until(&self.hook, id, "delivered").await;
        }
    }

    /// Waits until the edge has seen this.
    pub(crate) async fn until_seen(&self, what: &str, enough: impl Fn(&[Passage]) -> bool) {
        self.wait(what, self.edge.until(enough)).await;
    }

    async fn wait(&self, what: &str, work: impl Future<Output = ()>) {
        let ended = tokio::time::timeout(DEADLINE, work).await;
        assert!(ended.is_ok(), "not within {DEADLINE:?}: {what}\n{}", self.seen());
    }

    /// What a failed test has to show.
    fn seen(&self) -> String {
        let passages = self.edge.passages();
        let passages = passages.iter().rev().take(20).map(brief);
        let printed = self.printed.borrow();
        let done = printed.done.iter().rev().take(20).map(|(id, kind)| format!("done {id} {kind}\n"));
        let (passages, done): (String, String) = (passages.collect(), done.collect());
        format!(
            "the newest requests:\n{passages}the newest done:\n{done}printed:\n{}",
            printed.lines.join("\n")
        )
    }

    /// Ends everything: what was done over all processes is what was expected.
    pub(crate) async fn close(mut self) {
        for process in self.processes.drain(..) {
            process.end().await;
        }
        let (mut done, mut expected) = (self.printed.borrow().done.clone(), self.expected.take());
        done.sort();
        expected.sort();
        let missing: Vec<_> = expected.iter().filter(|event| !done.contains(event)).collect();
        let unexpected: Vec<_> = done.iter().filter(|event| !expected.contains(event)).collect();
        assert!(missing.is_empty() && unexpected.is_empty(), "missing: {missing:?}, extra: {unexpected:?}");
        let twice: Vec<_> = done.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "done more than once: {twice:?}\n{}", self.seen());
        self.server.stop().await;
    }
}
