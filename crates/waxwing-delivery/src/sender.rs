//! What the engine asks of whoever makes the HTTP requests.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use waxwing_core::{Outcome, target::TargetUrl};

use crate::https::{identity::ClientIdentity, tokens::TokenSource};

/// One HTTP request, ready to be made.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where to.
    pub url: Arc<TargetUrl>,
    /// Headers besides `Host`, `Content-Type`, `Content-Length` and `User-Agent`.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The certificate to present, if the server asks for one.
    pub identity: Option<Arc<ClientIdentity>>,
    /// Where the access token comes from that goes with it.
    pub tokens: Option<Arc<TokenSource>>,
    /// The bound of the whole exchange: resolving, connecting, sending, and
    /// reading the answer.
    pub timeout: Duration,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Response {
    /// A 2xx, or why not.
    pub outcome: Outcome,
    /// The beginning of the answer, bounded by `waxwing_store::delivery::MAX_RESPONSE_BODY`.
    pub body: Bytes,
}

/// Makes HTTP requests. Cancelling the future ends the request.
#[async_trait]
pub trait Sender: Send + Sync + 'static {
    /// Makes one request. Every failure is an [`Outcome`].
    async fn send(&self, request: Request) -> Response;
}
