//! One request and its answer, over a kept or a new connection.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use waxwing_core::{AttemptError, Outcome, TimeoutPhase, Timestamp, target::TargetUrl};

use super::{
    HttpsSender,
    connect::Opened,
    errors,
    identity::ClientIdentity,
    pool::{Connection, Way},
    retry_after,
};
/// Bytes of an answer that are read so that the connection can be kept; with
/// more to come it is closed.
pub(super) const READ_ON: usize = 64 << 10;

/// The head of an answer and the beginning of its body.
pub(super) type Answer = (http::response::Parts, Bytes);

/// What an exchange waits for, for whoever ends it by a timeout.
#[derive(Default)]
pub(super) struct Phase(AtomicU8);

const PHASES: [TimeoutPhase; 6] = [
    TimeoutPhase::Token,
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

/// What is sent.
pub(super) struct Message {
    pub(super) url: Arc<TargetUrl>,
    /// Without those that HTTP itself asks for, and the next two.
    pub(super) headers: HeaderMap,
    pub(super) content_type: HeaderValue,
    pub(super) user_agent: HeaderValue,
    pub(super) body: Bytes,
    /// The certificate to present.
    pub(super) identity: Option<Arc<ClientIdentity>>,
    /// Bytes of the answer's body that are wanted.
    pub(super) keep: usize,
}

impl Message {
    /// Messages with the same key can share a connection.
    fn key(&self) -> Cow<'_, str> {
        let place = self.url.host_and_port();
        match &self.identity {
            None => Cow::Borrowed(place),
            Some(identity) => Cow::Owned(format!("{place} {}", identity.number())),
        }
    }
}

impl HttpsSender {
    pub(super) async fn exchange(&self, request: &Message, phase: &Phase) -> Result<Answer, AttemptError> {
        let key = &*request.key();
        phase.set(TimeoutPhase::Connect);
        let mut way = self.pool.way(key).await.ok_or(AttemptError::Reset)?;
        loop {
            let (mut connection, kept) = match way {
                Way::Kept(connection) => (connection, true),
                Way::New(permit) => (self.open(key, request, permit, phase).await?, false),
            };
            phase.set(TimeoutPhase::Response);
            match send_on(&mut connection, request).await {
                Ok(answer) => {
                    return self.finish(key, connection, answer, request.keep, phase).await;
                }
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
        request: &Message,
        permit: OwnedSemaphorePermit,
        phase: &Phase,
    ) -> Result<Connection, AttemptError> {
        // In a box of its own: few requests need it, and every request would carry its size.
        Ok(match Box::pin(self.connector.open(&request.url, request.identity.as_deref(), phase)).await? {
            Opened::Http1(sender) => Connection::Http1(sender, permit),
            Opened::Http2(sender) => {
                let number = self.pool.share(key, &sender);
                Connection::Http2(sender, number)
            }
        })
    }

    /// Reads the answer and keeps the connection if it was read to its end.
    async fn finish(
        &self,
        key: &str,
        connection: Connection,
        answer: http::Response<Incoming>,
        keep: usize,
        phase: &Phase,
    ) -> Result<Answer, AttemptError> {
        phase.set(TimeoutPhase::Body);
        let (head, body) = answer.into_parts();
        let (body, complete) = read(body, keep).await?;
        if complete {
            self.pool.give_back(key, connection);
        }
        Ok((head, body))
    }
}

async fn send_on(
    connection: &mut Connection,
    request: &Message,
) -> Result<http::Response<Incoming>, AttemptError> {
    let failure = |error: hyper::Error| errors::exchange(&error);
    match connection {
        Connection::Http1(sender, _) => {
            sender.ready().await.map_err(failure)?;
            let uri = request.url.path_and_query().parse();
            let message = message(request, uri, true)?;
            sender.send_request(message).await.map_err(failure)
        }
        Connection::Http2(sender, _) => {
            sender.ready().await.map_err(failure)?;
            let uri = format!("https://{}{}", request.url.host_header(), request.url.path_and_query());
            let message = message(request, uri.parse(), false)?;
            sender.send_request(message).await.map_err(failure)
        }
    }
}

fn message(
    request: &Message,
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
    headers.insert(header::CONTENT_TYPE, request.content_type.clone());
    headers.insert(header::USER_AGENT, request.user_agent.clone());
    Ok(message)
}

/// The beginning of a body, and whether its end was seen.
async fn read(mut body: Incoming, keep: usize) -> Result<(Bytes, bool), AttemptError> {
    let (mut kept, mut seen) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| errors::exchange(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        seen += data.len();
        let room = keep - kept.len();
        kept.extend_from_slice(&data[..data.len().min(room)]);
        if seen > READ_ON {
            return Ok((kept.freeze(), false));
        }
    }
    Ok((kept.freeze(), true))
}

pub(super) fn outcome(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Outcome {
    if status.is_success() {
        return Outcome::Succeeded { status: status.as_u16() };
    }
    let asks = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let retry_after = headers.get(header::RETRY_AFTER).filter(|_| asks);
    let retry_after = retry_after.and_then(|value| retry_after::wait(value.as_bytes(), now));
    Outcome::Failed(AttemptError::Status { status: status.as_u16(), retry_after })
}
