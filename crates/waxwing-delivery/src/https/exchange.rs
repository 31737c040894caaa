//! One request and its answer, over a kept or a new connection.

use std::sync::atomic::{AtomicU8, Ordering};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use waxwing_core::{AttemptError, Outcome, TimeoutPhase, Timestamp, target::TargetUrl};
use waxwing_store::delivery::MAX_RESPONSE_BODY;

use super::{
    HttpsSender,
    connect::Opened,
    errors,
    pool::{Connection, Way},
    retry_after,
};
use crate::{Request, Response};

/// Bytes of an answer that are read so that the connection can be kept; with
/// more to come it is closed.
const READ_ON: usize = 64 << 10;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What an exchange waits for, for whoever ends it by a timeout.
#[derive(Default)]
pub(super) struct Phase(AtomicU8);

const PHASES: [TimeoutPhase; 5] = [
    TimeoutPhase::Resolve,
    TimeoutPhase::Connect,
    TimeoutPhase::Handshake,
    TimeoutPhase::Response,
    TimeoutPhase::Body,
];

impl Phase {
    pub(super) fn set(&self, phase: TimeoutPhase) {
        let at = PHASES.iter().position(|other| *other == phase).unwrap_or_default();
        self.0.store(u8::try_from(at).unwrap_or_default(), Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> TimeoutPhase {
        PHASES[usize::from(self.0.load(Ordering::Relaxed))]
    }
}

impl HttpsSender {
    pub(super) async fn exchange(&self, request: Request, phase: &Phase) -> Result<Response, AttemptError> {
        let key = request.url.host_and_port();
        phase.set(TimeoutPhase::Connect);
        let mut way = self.pool.way(key).await.ok_or(AttemptError::Reset)?;
        loop {
            let (mut connection, kept) = match way {
                Way::Kept(connection) => (connection, true),
                Way::New(permit) => (self.open(key, &request.url, permit, phase).await?, false),
            };
            phase.set(TimeoutPhase::Response);
            match self.send_on(&mut connection, &request).await {
                Ok(answer) => return self.finish(key, connection, answer, phase).await,
                // The server closed it while it was not used, perhaps just as the
                // request went out. Receivers know a request by its id: to send it
                // once more does no harm.
                Err(AttemptError::Reset) if kept => {
                    phase.set(TimeoutPhase::Connect);
                    let other = Box::pin(self.pool.instead_of(key, connection)).await;
                    way = other.ok_or(AttemptError::Reset)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn open(
        &self,
        key: &str,
        url: &TargetUrl,
        permit: OwnedSemaphorePermit,
        phase: &Phase,
    ) -> Result<Connection, AttemptError> {
        // In a box of its own: few requests need it, and every request would carry its size.
        Ok(match Box::pin(self.connector.open(url, phase)).await? {
            Opened::Http1(sender) => Connection::Http1(sender, permit),
            Opened::Http2(sender) => {
                let number = self.pool.share(key, &sender);
                Connection::Http2(sender, number)
            }
        })
    }

    async fn send_on(
        &self,
        connection: &mut Connection,
        request: &Request,
    ) -> Result<http::Response<Incoming>, AttemptError> {
        let failure = |error: hyper::Error| errors::exchange(&error);
        match connection {
            Connection::Http1(sender, _) => {
                sender.ready().await.map_err(failure)?;
                let uri = request.url.path_and_query().parse();
                let message = self.message(request, uri, true)?;
                sender.send_request(message).await.map_err(failure)
            }
            Connection::Http2(sender, _) => {
                sender.ready().await.map_err(failure)?;
                let uri = format!("https://{}{}", request.url.host_header(), request.url.path_and_query());
                let message = self.message(request, uri.parse(), false)?;
                sender.send_request(message).await.map_err(failure)
            }
        }
    }

    fn message(
        &self,
        request: &Request,
        uri: Result<Uri, http::uri::InvalidUri>,
        with_host: bool,
    ) -> Result<http::Request<Full<Bytes>>, AttemptError> {
        let internal = |error: String| AttemptError::Internal(error);
        let mut message = http::Request::new(Full::new(request.body.clone()));
        *message.method_mut() = http::Method::POST;
        *message.uri_mut() = uri.map_err(|error| internal(error.to_string()))?;
        let headers = message.headers_mut();
        *headers = request.headers.clone();
        if with_host {
            let host = HeaderValue::try_from(request.url.host_header().to_owned());
            headers.insert(header::HOST, host.map_err(|error| internal(error.to_string()))?);
        }
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert(header::USER_AGENT, self.user_agent.clone());
        Ok(message)
    }

    /// Reads the answer and keeps the connection if it was read to its end.
    async fn finish(
        &self,
        key: &str,
        connection: Connection,
        answer: http::Response<Incoming>,
        phase: &Phase,
    ) -> Result<Response, AttemptError> {
        phase.set(TimeoutPhase::Body);
        let (head, body) = answer.into_parts();
        let (body, complete) = read(body).await?;
        if complete {
            self.pool.give_back(key, connection);
        }
        Ok(Response { outcome: outcome(head.status, &head.headers, self.clock.now()), body })
    }
}

/// The beginning of a body, and whether its end was seen.
async fn read(mut body: Incoming) -> Result<(Bytes, bool), AttemptError> {
    let (mut kept, mut seen) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| errors::exchange(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        seen += data.len();
        let room = MAX_RESPONSE_BODY - kept.len();
        kept.extend_from_slice(&data[..data.len().min(room)]);
        if seen > READ_ON {
            return Ok((kept.freeze(), false));
        }
    }
    Ok((kept.freeze(), true))
}

fn outcome(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Outcome {
    if status.is_success() {
        return Outcome::Succeeded { status: status.as_u16() };
    }
    let asks = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let retry_after = headers.get(header::RETRY_AFTER).filter(|_| asks);
    let retry_after = retry_after.and_then(|value| retry_after::wait(value.as_bytes(), now));
    Outcome::Failed(AttemptError::Status { status: status.as_u16(), retry_after })
}
