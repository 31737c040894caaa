//! The HTTPS sender: hyper over rustls, with a pool of its own.
//!
//! Connections are kept by host, because a fresh TLS connection costs as much as
//! twenty deliveries. Every new one goes to an address that was checked against
//! the target policy a moment before. Certificates are always verified.

mod connect;
mod errors;
mod exchange;
pub mod identity;
mod pool;
pub mod proxy;
mod resolve;
pub mod retry_after;
mod tls;
pub mod tokens;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderValue;
use waxwing_core::{AttemptError, Clock, Outcome, TargetPolicy};
use waxwing_store::{Metrics, delivery::MAX_RESPONSE_BODY};

use crate::{Request, Response, Sender};
use connect::Connector;
use exchange::{Message, Phase, outcome};
pub use pool::IDLE;
use pool::Pool;
use proxy::Proxy;

pub use resolve::Lookup;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// How the sender is to work.
pub struct SenderOptions {
    /// Which URLs and addresses may be reached.
    pub policy: Arc<TargetPolicy>,
    /// What connections go through, if they go out by a proxy.
    pub proxy: Option<Proxy>,
    /// PEM roots trusted besides the public ones.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// The `User-Agent` of every request.
    pub user_agent: String,
    /// The bound of a TCP connection attempt, within the request's own bound.
    pub connect_timeout: Duration,
    /// How long a connection is kept without use. Below the minute or more after
    /// which most servers close theirs, so that both seldom happen at once.
    pub idle_timeout: Duration,
    /// Connections to one host, used and unused.
    pub max_connections_per_host: usize,
    /// The time, for `Retry-After` with a date.
    pub clock: Arc<dyn Clock>,
    /// Where connections are counted.
    pub metrics: Arc<Metrics>,
}

/// Why a sender cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// The extra roots cannot be used.
    #[error("the extra CA file holds no usable certificate: {0}")]
    ExtraCa(String),
    /// The user agent is no header value.
    #[error("the user agent cannot be sent in a header")]
    UserAgent,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Sends requests over HTTPS.
pub struct HttpsSender {
    connector: Connector,
    pool: Pool,
    clock: Arc<dyn Clock>,
    user_agent: HeaderValue,
}

impl HttpsSender {
    /// A sender without connections.
    ///
    /// # Errors
    /// [`SenderError`] when the options cannot be used.
    pub fn new(options: SenderOptions) -> Result<Self, SenderError> {
        let tls = tls::config(options.extra_ca_pem.as_deref())?;
        let user_agent = HeaderValue::try_from(options.user_agent).map_err(|_| SenderError::UserAgent)?;
        let SenderOptions { policy, proxy, connect_timeout, metrics, .. } = options;
        Ok(Self {
            connector: Connector::new(tls, policy, proxy, connect_timeout, metrics),
            pool: Pool::new(options.idle_timeout, options.max_connections_per_host),
            clock: options.clock,
            user_agent,
        })
    }

    /// The same, but names are looked up in another way than by the system. What
    /// is found is judged by the policy all the same.
    #[must_use]
    pub fn resolving_by(mut self, lookup: Arc<dyn Lookup>) -> Self {
        self.connector.resolve_by(lookup);
        self
    }
}

impl HttpsSender {
    async fn deliver(&self, request: Request, phase: &Phase) -> Result<Response, AttemptError> {
        let Request { url, headers, body, identity, tokens, .. } = request;
        let (content_type, user_agent) = (JSON, self.user_agent.clone());
        let keep = MAX_RESPONSE_BODY;
        let mut message = Message { url, headers, content_type, user_agent, body, identity, keep };
        let (head, body) = match tokens {
            None => self.exchange(&message, phase).await?,
            Some(tokens) => Box::pin(self.with_token(&mut message, &tokens, phase)).await?,
        };
        Ok(Response { outcome: outcome(head.status, &head.headers, self.clock.now()), body })
    }
}

#[async_trait]
impl Sender for HttpsSender {
    async fn send(&self, request: Request) -> Response {
        let (limit, phase) = (request.timeout, Phase::default());
        match tokio::time::timeout(limit, self.deliver(request, &phase)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => failed(error),
            Err(_) => failed(AttemptError::Timeout { phase: phase.now(), limit }),
        }
    }
}

fn failed(error: AttemptError) -> Response {
    Response { outcome: Outcome::Failed(error), body: Bytes::new() }
}
