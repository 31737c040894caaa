//! What a receiver is asked and what it can answer.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use tokio::time::Instant;

/// One request that arrived in full.
#[derive(Debug, Clone)]
pub struct Received {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Every header. HTTP/2 has no `host`: see [`Received::host`].
    pub headers: HeaderMap,
    /// `Host`, or `:authority` in HTTP/2.
    pub host: String,
    /// The body, at most [`MAX_REQUEST_BODY`] bytes.
    pub body: Bytes,
    /// HTTP/1.1 or HTTP/2.
    pub version: http::Version,
    /// The number of its connection, counted from 1.
    pub connection: u64,
    /// The name that the client asked for in TLS (SNI); none for IP addresses.
    pub server_name: Option<Arc<str>>,
    /// The certificate that the client presented, in DER.
    pub client_certificate: Option<Bytes>,
    /// When its last byte was here.
    pub received_at: Instant,
}

/// The longest request body that a receiver takes, in bytes; a longer one is
/// answered with 413.
pub const MAX_REQUEST_BODY: usize = 16 << 20;

/// What to answer.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A proper answer.
    Status {
        /// The status code.
        status: StatusCode,
        /// Headers besides `Content-Length`.
        headers: HeaderMap,
        /// The body.
        body: Bytes,
    },
    /// Never anything; the connection stays open.
    Hang,
    /// This one after a while.
    Delay(Duration, Box<Reply>),
    /// Abort the TCP connection (RST).
    Reset,
    /// Close the connection properly, without an answer.
    CloseWithoutAnswer,
    /// These bytes instead of HTTP, then close.
    Garbage(Bytes),
    /// 200 and a body that never ends, as fast as it is read.
    EndlessBody,
    /// 200 and a body of one byte each time this has passed, without end.
    SlowBody(Duration),
    /// 200 with a megabyte of headers.
    HugeHeaders,
}

impl Reply {
    /// This status with neither headers nor body; 500 when it is none of 100 to 999.
    pub fn status(status: u16) -> Self {
        Self::with_body(status, Bytes::new())
    }

    /// This status and body.
    pub fn with_body(status: u16, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::Status { status, headers: HeaderMap::new(), body: body.into() }
    }

    /// This status and one header, left out when it is not valid.
    pub fn with_header(status: u16, name: &str, value: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut headers = HeaderMap::new();
        if let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), value.parse()) {
            headers.insert(name, value);
        }
        Self::Status { status, headers, body: Bytes::new() }
    }
}

/// Decides what to answer. Closures from [`Received`] to [`Reply`] do too.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// The answer to one request. Dropped when the client goes away.
    async fn handle(&self, received: Received) -> Reply;
}

#[async_trait]
impl<F> Handler for F
where
    F: Fn(Received) -> Reply + Send + Sync + 'static,
{
    async fn handle(&self, received: Received) -> Reply {
        self(received)
    }
}
