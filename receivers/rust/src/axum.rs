//! An extractor for axum 0.8: what a handler gets is verified.

use axum_core::{
    body::Body,
    extract::{FromRef, FromRequest, Request},
    response::{IntoResponse, Response},
};

use crate::{
    Data, Error, Event, Once, OnceError, Receiver,
    receiver::{duplicate, not_known, refusal},
};

/// A verified event, out of the request's body.
///
/// Secrets and options come from the router's state, which must give a [`Receiver`]. What is
/// refused is answered with the reason in JSON. It takes the body, so it is the last argument.
///
/// An event whose data is no `T` is refused too. Where several types come, `webhook.test` among
/// them, take [`ByType`](crate::ByType) or `serde_json::Value`.
///
/// ```
/// use axum::{Router, http::StatusCode, routing::post};
/// use serde_json::Value;
/// use waxwing_receiver::{Receiver, Secrets, axum::Webhook};
///
/// async fn receive(Webhook(event): Webhook<Value>) -> StatusCode {
///     println!("{} {}: {}", event.id, event.event_type, event.data);
///     StatusCode::NO_CONTENT
/// }
///
/// # fn main() -> Result<(), waxwing_receiver::Error> {
/// let secrets = Secrets::new(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])?;
/// let app: Router = Router::new().route("/webhooks", post(receive)).with_state(Receiver::new(secrets));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook<T>(pub Event<T>);

impl<S, T> FromRequest<S> for Webhook<T>
where
    S: Send + Sync,
    Receiver: FromRef<S>,
    T: Data,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let (event, _) = Receiver::from_ref(state).receive(&parts.headers, body).await?;
        Ok(Self(event))
    }
}

/// The reason in JSON, with its status.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        refusal(&self).map(Body::new)
    }
}

/// A duplicate is answered with 200, so that it does not come again.
impl<T: IntoResponse> IntoResponse for Once<T> {
    fn into_response(self) -> Response {
        match self {
            Self::Done(done) => done.into_response(),
            Self::Duplicate => duplicate().map(Body::new),
        }
    }
}

/// The answer of the work that failed; 500 when it was not begun.
impl<E: IntoResponse, S> IntoResponse for OnceError<E, S> {
    fn into_response(self) -> Response {
        match self {
            Self::Work(work) | Self::NotForgotten { work, .. } => work.into_response(),
            Self::Seen(_) => not_known().map(Body::new),
        }
    }
}
