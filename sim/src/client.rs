//! Those who call the API: over a network that may lose a request or its answer, at
//! whichever machine, with patience.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::{gateway::Answer, machine::Machine, tally::Fault, world::World};

/// The operator's key.
pub(crate) const OPERATOR: &str = "wxo_operator";
/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// A client of the API.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) world: Arc<World>,
    pub(crate) machines: Vec<Arc<Machine>>,
}

/// What a client knows afterwards: `None` if nobody answered, and it may be done or not.
pub(crate) struct Heard(Option<Answer>);

impl Heard {
    /// Whether the answer has this status.
    pub(crate) fn is(&self, status: u16) -> bool {
        self.0.as_ref().is_some_and(|answer| answer.status.as_u16() == status)
    }

    pub(crate) fn body(&self) -> Value {
        let body = self.0.as_ref().map(|answer| answer.body.clone()).unwrap_or_default();
        serde_json::from_slice(&body).unwrap_or_default()
    }
}

impl Client {
    /// Asks any machine that runs something; `None` when there is none. `begun` is told
    /// which process it is before the request arrives there.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        begun: impl FnOnce(&str),
    ) -> Option<Heard> {
        let world = &self.world;
        let machine = world.chance.pick(&self.machines).clone();
        let process = machine.process()?;
        let gateway = process.gateway.lock().clone()?;
        begun(&process.name);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {OPERATOR}"))
            .header("waxwing-account", world.account.as_str())
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(if body.is_null() { String::new() } else { body.to_string() })))
            .expect("a request");
        let (there, back) = (world.chance.millis(1..10), world.chance.millis(1..10));
        let lost = world.is_trouble() && world.chance.percent(3);
        let unanswered = world.is_trouble() && world.chance.percent(3);
        let name = process.name.clone();
        let answering = async {
            sleep(there).await;
            if lost || machine.is_isolated() {
                world.tally.count(Fault::ClientUnheard);
                return None;
            }
            process.runs().await;
            let answer = gateway.answer(request).await;
            process.runs().await;
            sleep(back).await;
            if unanswered || machine.is_isolated() {
                world.tally.count(Fault::ClientUnanswered);
                return None;
            }
            Some(answer)
        };
        // A process that dies answers nothing.
        let answering = async {
            tokio::select! {
                biased;
                () = process.ended() => None,
                answer = answering => answer,
            }
        };
        let answer = timeout(PATIENCE, answering).await.ok().flatten();
        let said = answer.as_ref().map_or_else(|| "no answer".to_owned(), Answer::shown);
        world.trace.note("client", format_args!("{} at {name}: {said}", self.shown(method, path, body)));
        Some(Heard(answer))
    }

    /// A request in few words: hosts in place of ids, and of the body what it is about.
    fn shown(&self, method: &str, path: &str, body: &Value) -> String {
        let hosts: Vec<_> = self.world.oracle.with(|state| {
            let known = state.hooks.iter().filter_map(|(host, hook)| Some((host.clone(), hook.id.clone()?)));
            known.collect()
        });
        let path = hosts.iter().fold(path.to_owned(), |path, (host, id)| path.replace(id.as_str(), host));
        let about = ["id", "url", "status"].into_iter().find_map(|member| body[member].as_str());
        about.map_or_else(|| format!("{method} {path}"), |about| format!("{method} {path} ({about})"))
    }
}
