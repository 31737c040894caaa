//! The tower layer, in front of a service that counts what comes through.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod signed;

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Full, Limited};
use signed::{OTHER_SECRET, SECRET, event, receiver, refused, shown, signed, signed_with};
use tower::{Layer, Service, ServiceExt, service_fn};
use waxwing_receiver::{MemorySeen, RawEvent, Receiver, Secrets, Seen, tower::VerifyLayer};

type Body = Full<Bytes>;

/// What came through the layer, and how it is answered.
#[derive(Clone)]
struct Handler {
    status: Arc<Mutex<StatusCode>>,
    came: Arc<Mutex<Vec<String>>>,
}

impl Handler {
    fn new() -> Self {
        Self { status: Arc::new(Mutex::new(StatusCode::NO_CONTENT)), came: Arc::default() }
    }

    fn answer_with(&self, status: StatusCode) {
        *self.status.lock().unwrap() = status;
    }

    fn came(&self) -> Vec<String> {
        self.came.lock().unwrap().clone()
    }

    async fn handle(self, request: Request<Body>) -> Result<Response<Body>, Infallible> {
        let event = request.extensions().get::<RawEvent>().unwrap().clone();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, signed::event(&event.id), "the body is intact");
        assert_eq!(event.data.get(), r#"{"amount":250.00}"#);
        self.came.lock().unwrap().push(event.id);
        let mut response = Response::new(Full::from("of the handler"));
        *response.status_mut() = *self.status.lock().unwrap();
        Ok(response)
    }

    /// This handler as what stands behind a layer.
    fn service(
        &self,
    ) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static
    + use<> {
        let handler = self.clone();
        service_fn(move |request| handler.clone().handle(request))
    }
}

#[tokio::test]
async fn what_is_signed_comes_through_with_its_event_and_its_body() {
    let handler = Handler::new();
    let response =
        VerifyLayer::new(receiver()).layer(handler.service()).oneshot(signed("evt_1")).await.unwrap();
    assert_eq!(shown(response).await, (204, "of the handler".to_owned()));
    assert_eq!(handler.came(), ["evt_1"]);
}

#[tokio::test]
async fn what_is_not_is_refused_with_its_reason_and_comes_no_further() {
    let handler = Handler::new();
    let layer = VerifyLayer::new(receiver());
    let forged = signed_with(OTHER_SECRET, "evt_1", &event("evt_1"));
    let mut unsigned = signed("evt_1");
    unsigned.headers_mut().remove("webhook-signature");
    let mut twice = signed("evt_1");
    twice.headers_mut().append("webhook-id", "evt_1".parse().unwrap());
    let no_event = signed_with(SECRET, "evt_1", "{}");
    for (request, status, reason) in [
        (forged, 401, "no_matching_signature"),
        (unsigned, 401, "missing_header"),
        (twice, 401, "repeated_header"),
        (no_event, 400, "not_an_event"),
    ] {
        let response = layer.layer(handler.service()).oneshot(request).await.unwrap();
        assert_eq!(refused(response).await, (status, reason.to_owned()));
    }
    assert!(handler.came().is_empty());
}

#[tokio::test]
async fn a_body_is_read_up_to_its_bound_and_no_further() {
    let handler = Handler::new();
    let length = event("evt_1").len();
    let fits = VerifyLayer::new(receiver().max_body(length));
    let response = fits.layer(handler.service()).oneshot(signed("evt_1")).await.unwrap();
    assert_eq!(response.status(), 204);
    let short = VerifyLayer::new(receiver().max_body(length - 1));
    let response = short.layer(handler.service()).oneshot(signed("evt_1")).await.unwrap();
    assert_eq!(refused(response).await, (413, "body_too_large".to_owned()));
}

#[tokio::test]
async fn a_bound_in_front_is_told_from_a_broken_stream() {
    let handler = Handler::new();
    let layer = VerifyLayer::new(receiver());
    let bounded = signed("evt_1").map(|body| Limited::new(body, 10));
    let response = layer.layer(handler.service()).oneshot(bounded).await.unwrap();
    assert_eq!(refused(response).await, (413, "body_too_large".to_owned()));
    let broken = signed("evt_1").map(|_| Broken);
    let response = layer.layer(handler.service()).oneshot(broken).await.unwrap();
    assert_eq!(refused(response).await, (500, "body_not_raw".to_owned()));
    assert!(handler.came().is_empty());
}

/// A body whose connection is reset.
struct Broken;

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())))
    }
}

#[tokio::test]
async fn secrets_are_asked_for_at_each_request() {
    let handler = Handler::new();
    let current = Arc::new(Mutex::new(Arc::new(Secrets::new([OTHER_SECRET]).unwrap())));
    let shared = Arc::clone(&current);
    let receiver = Receiver::with(move || Arc::clone(&shared.lock().unwrap()));
    let service = VerifyLayer::new(receiver).layer(handler.service());
    let refused = service.clone().oneshot(signed("evt_1")).await.unwrap();
    assert_eq!(refused.status(), 401);
    *current.lock().unwrap() = Arc::new(Secrets::new([OTHER_SECRET, SECRET]).unwrap());
    let accepted = service.clone().oneshot(signed("evt_1")).await.unwrap();
    assert_eq!(accepted.status(), 204);
}

#[tokio::test]
async fn a_duplicate_is_answered_and_comes_no_further() {
    let handler = Handler::new();
    let layer = VerifyLayer::new(receiver()).seen(MemorySeen::new());
    for (id, answer) in [
        ("evt_1", (204, "of the handler")),
        ("evt_1", (200, "duplicate")),
        ("evt_2", (204, "of the handler")),
    ] {
        let response = layer.layer(handler.service()).oneshot(signed(id)).await.unwrap();
        assert_eq!(shown(response).await, (answer.0, answer.1.to_owned()));
    }
    assert_eq!(handler.came(), ["evt_1", "evt_2"]);
}

#[tokio::test]
async fn a_forged_duplicate_is_refused() {
    let handler = Handler::new();
    let layer = VerifyLayer::new(receiver()).seen(MemorySeen::new());
    layer.layer(handler.service()).oneshot(signed("evt_1")).await.unwrap();
    let forged = signed_with(OTHER_SECRET, "evt_1", &event("evt_1"));
    let response = layer.layer(handler.service()).oneshot(forged).await.unwrap();
    assert_eq!(refused(response).await.0, 401);
}

#[tokio::test]
async fn the_retry_of_what_failed_is_no_duplicate() {
    let handler = Handler::new();
    let layer = VerifyLayer::new(receiver()).seen(MemorySeen::new());
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::FOUND, StatusCode::ACCEPTED] {
        handler.answer_with(status);
        let response = layer.layer(handler.service()).oneshot(signed("evt_1")).await.unwrap();
        assert_eq!(shown(response).await, (status.as_u16(), "of the handler".to_owned()));
    }
    let response = layer.layer(handler.service()).oneshot(signed("evt_1")).await.unwrap();
    assert_eq!(shown(response).await, (200, "duplicate".to_owned()));
    assert_eq!(handler.came().len(), 3);
}

#[tokio::test]
async fn without_an_answer_of_the_store_nothing_comes_through() {
    #[derive(Clone)]
    struct Away;
    impl Seen for Away {
        type Error = io::Error;
        async fn seen(&self, _id: &str) -> io::Result<bool> {
            Err(io::Error::other("redis://:password@host is away"))
        }
        async fn forget(&self, _id: &str) -> io::Result<()> {
            unreachable!("nothing was remembered")
        }
    }
    let handler = Handler::new();
    let layer = VerifyLayer::new(receiver()).seen(Away);
    let response = layer.layer(handler.service()).oneshot(signed("evt_1")).await.unwrap();
    assert_eq!(shown(response).await, (500, "the store of seen ids could not be asked".to_owned()));
    assert!(handler.came().is_empty());
}
