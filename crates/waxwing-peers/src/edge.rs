//! What stands in front of a webhook's server: the end of TLS, and a switch.
//!
//! It hands requests on to a plain HTTP/1.1 server of this machine, which can be exchanged
//! while requests come in (blue and green), and it remembers what went through. For one
//! request it can stand for what goes wrong between both: a server that is down, or an
//! answer that is lost on its way, which makes the sender send again.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE},
};
use tokio::sync::watch;

use crate::{
    ApiClient, ApiError, ApiResponse, Handler, Received, Receiver, ReceiverError, ReceiverOptions, Reply,
    ServerCert,
};

/// How many requests are remembered. Those beyond it are answered 503.
pub const MAX_PASSAGES: usize = 20_000;

/// Headers that belong to one connection (RFC 9110, 7.6.1), not to what goes through.
const OF_ONE_CONNECTION: [HeaderName; 5] =
    [CONNECTION, CONTENT_LENGTH, HeaderName::from_static("keep-alive"), TRANSFER_ENCODING, UPGRADE];

/// What goes wrong with one request. The sender sees 500 either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The server is not asked.
    Down,
    /// The server is asked, and its answer thrown away.
    AnswerLost,
}

/// One request that came by.
#[derive(Debug, Clone)]
pub struct Passage {
    /// The request.
    pub request: Received,
    /// The server that was asked.
    pub upstream: Option<SocketAddr>,
    /// What it answered, or why it did not.
    pub upstream_answer: Option<Result<ApiResponse, String>>,
    /// What the sender was answered.
    pub status: StatusCode,
}

impl Passage {
    /// Its `webhook-id`; empty when there is none.
    pub fn id(&self) -> &str {
        id(&self.request)
    }

    /// The status that the server answered with.
    pub fn upstream_status(&self) -> Option<u16> {
        let answer = self.upstream_answer.as_ref()?.as_ref().ok()?;
        Some(answer.status.as_u16())
    }
}

/// A running edge. Dropping it closes everything at once.
#[derive(Debug)]
pub struct Edge {
    receiver: Receiver,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    upstream: watch::Sender<Option<SocketAddr>>,
    /// By the `webhook-id` that they wait for.
    faults: Mutex<HashMap<String, Fault>>,
    passages: watch::Sender<Vec<Passage>>,
}

impl Edge {
    /// Listens on a free port of `127.0.0.1`. Until it knows a server it answers 503.
    ///
    /// # Errors
    /// [`ReceiverError`] when no port is free or the certificate cannot be used.
    pub async fn start(cert: ServerCert) -> Result<Self, ReceiverError> {
        let state = Arc::new(State::default());
        let handler = HandOn(Arc::clone(&state));
        let receiver = Receiver::start(ReceiverOptions::local(cert, handler)).await?;
        Ok(Self { receiver, state })
    }

    /// `https://<addr><path>`
    pub fn url(&self, path: &str) -> String {
        self.receiver.url(path)
    }

    /// Hands on to this server from the next request on. Those under way stay where they are.
    pub fn switch_to(&self, upstream: SocketAddr) {
        self.state.upstream.send_replace(Some(upstream));
    }

    /// Lets this go wrong with the next request of this `webhook-id`, once.
    pub fn fail_once(&self, id: &str, fault: Fault) {
        if let Ok(mut faults) = self.state.faults.lock() {
            faults.insert(id.to_owned(), fault);
        }
    }

    /// What came by so far and was answered, in the order of the answers.
    pub fn passages(&self) -> Vec<Passage> {
        self.state.passages.borrow().clone()
    }

    /// Waits until what came by is this much.
    pub async fn until(&self, enough: impl Fn(&[Passage]) -> bool) {
        let mut passages = self.state.passages.subscribe();
        // It fails only when the edge is gone, and `self` holds it.
        let _ = passages.wait_for(|passages| enough(passages)).await;
    }
}

struct HandOn(Arc<State>);

#[async_trait]
impl Handler for HandOn {
    async fn handle(&self, request: Received) -> Reply {
        let upstream = *self.0.upstream.borrow();
        let full = self.0.passages.borrow().len() >= MAX_PASSAGES;
        let Some(upstream) = upstream.filter(|_| !full) else {
            return Reply::with_body(
                503,
                "this edge knows no server, or has seen as much as it can remember",
            );
        };
        let fault = self.0.faults.lock().ok().and_then(|mut faults| faults.remove(id(&request)));
        let passage = |upstream, upstream_answer, status| {
            let passage = Passage { request: request.clone(), upstream, upstream_answer, status };
            self.0.passages.send_modify(|passages| passages.push(passage));
        };
        if fault == Some(Fault::Down) {
            passage(None, None, StatusCode::INTERNAL_SERVER_ERROR);
            return Reply::status(500);
        }
        match ask(upstream, &request).await {
            Ok(answer) if fault == Some(Fault::AnswerLost) => {
                passage(Some(upstream), Some(Ok(answer)), StatusCode::INTERNAL_SERVER_ERROR);
                Reply::status(500)
            }
            Ok(answer) => {
                passage(Some(upstream), Some(Ok(answer.clone())), answer.status);
                hand_back(answer)
            }
            Err(error) => {
                passage(Some(upstream), Some(Err(error.to_string())), StatusCode::BAD_GATEWAY);
                Reply::with_body(502, error.to_string())
            }
        }
    }
}

fn id(request: &Received) -> &str {
    request.headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default()
}

/// A connection for each request: none can turn out to be closed just as it is used.
/// Of a header that is repeated the last value arrives.
async fn ask(upstream: SocketAddr, request: &Received) -> Result<ApiResponse, ApiError> {
    let client = ApiClient::new(&format!("http://{upstream}"), "")?;
    let headers = between_ends(request.headers.clone());
    client.request(request.method.clone(), &request.path, headers, request.body.clone()).await
}

fn hand_back(answer: ApiResponse) -> Reply {
    Reply::Status { status: answer.status, headers: between_ends(answer.headers), body: answer.body }
}

fn between_ends(mut headers: HeaderMap) -> HeaderMap {
    for name in &OF_ONE_CONNECTION {
        headers.remove(name);
    }
    headers
}
