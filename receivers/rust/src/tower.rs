//! A layer for tower services: what comes through is verified, and new if so wished.

use std::{
    error,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{Either, Full};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    Once, OnceError, RawEvent, Receiver, Seen, once,
    receiver::{duplicate, not_known, refusal},
};

/// Verifies each request before the service behind it sees it.
///
/// The service gets the request with its body intact and the event in its extensions, as a
/// [`RawEvent`]. What is refused is answered with the reason in JSON. With
/// [`seen`](Self::seen) an event that was there before is answered with 200 and goes no further,
/// and one whose answer is no success is forgotten again, for the retry.
///
/// How long a body may take to come is the server's matter: bound it there. The layer wants a
/// tokio runtime.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response, StatusCode};
/// use http_body_util::Full;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
/// use waxwing_receiver::{MemorySeen, RawEvent, Receiver, Secrets, tower::VerifyLayer};
///
/// async fn handle(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
///     let event = request.extensions().get::<RawEvent>().expect("the layer is in front");
///     println!("{} {}", event.id, event.event_type);
///     let mut response = Response::default();
///     *response.status_mut() = StatusCode::NO_CONTENT;
///     Ok(response)
/// }
///
/// let secrets = Secrets::new(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])?;
/// let layer = VerifyLayer::new(Receiver::new(secrets)).seen(MemorySeen::new());
/// let service = ServiceBuilder::new().layer(layer).service(service_fn(handle));
///
/// let unsigned = Request::post("/webhooks").body(Full::new(Bytes::from("{}")))?;
/// assert_eq!(service.oneshot(unsigned).await?.status(), StatusCode::UNAUTHORIZED);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct VerifyLayer<S = ()> {
    receiver: Receiver,
    seen: S,
}

impl VerifyLayer {
    /// Verifies, and lets duplicates through.
    pub fn new(receiver: Receiver) -> Self {
        Self { receiver, seen: () }
    }
}

impl<S> VerifyLayer<S> {
    /// Lets each event through once.
    pub fn seen<N: Seen>(self, seen: N) -> VerifyLayer<N> {
        VerifyLayer { receiver: self.receiver, seen }
    }
}

impl<I, S: Clone> Layer<I> for VerifyLayer<S> {
    type Service = Verify<I, S>;

    fn layer(&self, inner: I) -> Self::Service {
        Verify { inner, receiver: self.receiver.clone(), seen: self.seen.clone() }
    }
}

/// The service that [`VerifyLayer`] makes of another one.
#[derive(Debug, Clone)]
pub struct Verify<I, S = ()> {
    inner: I,
    receiver: Receiver,
    seen: S,
}

impl<I, S, RequestBody, ResponseBody> Service<Request<RequestBody>> for Verify<I, S>
where
    I: Service<Request<Full<Bytes>>, Response = Response<ResponseBody>, Error: Send, Future: Send>
        + Clone
        + Send
        + 'static,
    S: Seen + Clone + 'static,
    RequestBody: Body<Data: Send, Error: Into<Box<dyn error::Error + Send + Sync>>> + Send + 'static,
    ResponseBody: Send + 'static,
{
    type Response = Response<Either<Full<Bytes>, ResponseBody>>;
    type Error = I::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        // The one that was asked whether it is ready, and not its clone, which was not.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let (receiver, seen) = (self.receiver.clone(), self.seen.clone());
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let verified = receiver.receive(&parts.headers, body).await;
            let (event, body): (RawEvent, Bytes) = match verified {
                Ok(verified) => verified,
                Err(error) => return Ok(refusal(&error).map(Either::Left)),
            };
            let id = event.id.clone();
            parts.extensions.insert(event);
            let work = async { success(inner.call(Request::from_parts(parts, Full::new(body))).await) };
            match once(&seen, &id, work).await {
                Ok(Once::Done(response)) => Ok(response.map(Either::Right)),
                Ok(Once::Duplicate) => Ok(duplicate().map(Either::Left)),
                Err(OnceError::Work(failure) | OnceError::NotForgotten { work: failure, .. }) => {
                    failure.map(|response| response.map(Either::Right))
                }
                Err(OnceError::Seen(_)) => Ok(not_known().map(Either::Left)),
            }
        })
    }
}

/// Everything but an answer that the sender takes for a success makes it try again.
fn success<B, E>(answered: Result<Response<B>, E>) -> Result<Response<B>, Result<Response<B>, E>> {
    match answered {
        Ok(response) if response.status().is_success() => Ok(response),
        failure => Err(failure),
    }
}
