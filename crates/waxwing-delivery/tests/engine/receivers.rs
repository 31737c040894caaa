//! Receivers that follow a script, in place of the HTTPS sender.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use waxwing_core::{AttemptError, Clock, Outcome, TimeoutPhase, Timestamp};
use waxwing_delivery::{Request, Response, Sender};

use crate::harness::{Hook, TestClock};

/// How a receiver answers, after a while.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    outcome: Outcome,
    after: Duration,
}

impl Answer {
    pub(crate) fn ok() -> Self {
        Self { outcome: Outcome::Succeeded { status: 204 }, after: Duration::ZERO }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::failed(AttemptError::Status { status, retry_after: None })
    }

    pub(crate) fn retry_after(status: u16, seconds: u64) -> Self {
        Self::failed(AttemptError::Status { status, retry_after: Some(Duration::from_secs(seconds)) })
    }

    pub(crate) fn refused() -> Self {
        Self::failed(AttemptError::Refused)
    }

    pub(crate) fn failed(error: AttemptError) -> Self {
        Self { outcome: Outcome::Failed(error), after: Duration::ZERO }
    }

    /// Never answers: the attempt ends with its timeout.
    pub(crate) fn never() -> Self {
        Self { after: Duration::MAX, ..Self::ok() }
    }

    pub(crate) fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }
}

/// A request that was made.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// The host's first label.
    pub(crate) hook: String,
    pub(crate) event: String,
    pub(crate) at: Timestamp,
    pub(crate) request: Request,
}

#[derive(Default)]
struct State {
    sent: Vec<Sent>,
    /// What a receiver answers next, and always after that.
    next: HashMap<String, VecDeque<Answer>>,
    always: HashMap<String, Answer>,
    under_way: HashMap<String, usize>,
    most: HashMap<String, usize>,
    most_in_all: usize,
}

/// All receivers of a world; who has no script answers 204 at once.
pub(crate) struct Receivers {
    clock: Arc<TestClock>,
    state: Mutex<State>,
}

impl Receivers {
    pub(crate) fn new(clock: Arc<TestClock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// The next answers of a webhook's receiver; then it goes on as before.
    pub(crate) fn next(&self, hook: &Hook, answers: impl IntoIterator<Item = Answer>) {
        self.state.lock().next.entry(hook.name.to_owned()).or_default().extend(answers);
    }

    /// What it answers from now on.
    pub(crate) fn always(&self, hook: &Hook, answer: Answer) {
        self.state.lock().always.insert(hook.name.to_owned(), answer);
    }

    /// What was sent to a webhook, in order.
    pub(crate) fn sent(&self, hook: &Hook) -> Vec<Sent> {
        self.state.lock().sent.iter().filter(|sent| sent.hook == hook.name).cloned().collect()
    }

    /// The events that were sent to a webhook, in order.
    pub(crate) fn events(&self, hook: &Hook) -> Vec<String> {
        self.sent(hook).into_iter().map(|sent| sent.event).collect()
    }

    /// The most requests that were under way at a time for a webhook.
    pub(crate) fn most(&self, hook: &Hook) -> usize {
        self.state.lock().most.get(hook.name).copied().unwrap_or_default()
    }

    /// The most requests that were under way at a time.
    pub(crate) fn most_in_all(&self) -> usize {
        self.state.lock().most_in_all
    }

    /// Requests that are under way for a webhook now.
    pub(crate) fn under_way(&self, hook: &Hook) -> usize {
        self.state.lock().under_way.get(hook.name).copied().unwrap_or_default()
    }

    fn begin(&self, hook: &str, request: &Request) -> Answer {
        let event = request.headers["webhook-id"].to_str().unwrap().to_owned();
        let at = self.clock.now();
        let mut state = self.state.lock();
        state.sent.push(Sent { hook: hook.to_owned(), event, at, request: request.clone() });
        let under_way = state.under_way.entry(hook.to_owned()).or_default();
        *under_way += 1;
        let (own, all) = (*under_way, state.under_way.values().sum());
        let most = state.most.entry(hook.to_owned()).or_default();
        *most = own.max(*most);
        state.most_in_all = state.most_in_all.max(all);
        let next = state.next.get_mut(hook).and_then(VecDeque::pop_front);
        next.or_else(|| state.always.get(hook).cloned()).unwrap_or_else(Answer::ok)
    }
}

/// Counts a request as ended, also when it is cut off.
struct UnderWay<'a>(&'a Receivers, String);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        *self.0.state.lock().under_way.get_mut(&self.1).unwrap() -= 1;
    }
}

#[async_trait]
impl Sender for Receivers {
    async fn send(&self, request: Request) -> Response {
        let host = request.url.host_and_port();
        let hook = host.split('.').next().unwrap().to_owned();
        let answer = self.begin(&hook, &request);
        let _under_way = UnderWay(self, hook);
        let outcome = if answer.after < request.timeout {
            tokio::time::sleep(answer.after).await;
            answer.outcome
        } else {
            tokio::time::sleep(request.timeout).await;
            Outcome::Failed(AttemptError::Timeout { phase: TimeoutPhase::Response, limit: request.timeout })
        };
        Response { outcome, body: Bytes::from_static(b"said the receiver") }
    }
}
