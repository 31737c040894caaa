//! The extractor for axum, with its keys in the state of a router.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod signed;

use axum::{
    Router,
    body::Body,
    extract::{FromRef, State},
    http::{Request, StatusCode},
    response::IntoResponse,
    routing::post,
};
use serde::Deserialize;
use serde_json::Value;
use signed::{OTHER_SECRET, SECRET, event, receiver, refused, shown, signed, signed_with};
use tower::ServiceExt;
use waxwing_receiver::{
    ByType, MemorySeen, Options, RawEvent, Receiver, Scheme, axum::Webhook, once, tower::VerifyLayer,
};

#[derive(Clone)]
struct App {
    receiver: Receiver,
    seen: MemorySeen,
}

impl FromRef<App> for Receiver {
    fn from_ref(app: &App) -> Self {
        app.receiver.clone()
    }
}

#[derive(Deserialize)]
struct Deposit {
    amount: f64,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "data")]
enum Payments {
    #[serde(rename = "deposit.completed")]
    DepositCompleted(Deposit),
}

async fn typed(Webhook(event): Webhook<Deposit>) -> String {
    format!("{} {} {}", event.id, event.event_type, event.data.amount)
}

async fn by_type(Webhook(event): Webhook<ByType<Payments>>) -> String {
    let ByType(Payments::DepositCompleted(deposit)) = event.data;
    format!("{} {}", event.id, deposit.amount)
}

/// Fails for the ids that say so.
async fn deduplicated(State(app): State<App>, Webhook(event): Webhook<Value>) -> impl IntoResponse {
    let work = async {
        if event.id == "failing" { Err(StatusCode::SERVICE_UNAVAILABLE) } else { Ok(StatusCode::NO_CONTENT) }
    };
    once(&app.seen, &event.id, work).await
}

fn router(receiver: Receiver) -> Router {
    let app = App { receiver, seen: MemorySeen::new() };
    Router::new()
        .route("/webhooks", post(typed))
        .route("/by-type", post(by_type))
        .route("/deduplicated", post(deduplicated))
        .with_state(app)
}

fn to(path: &str, mut request: Request<String>) -> Request<String> {
    *request.uri_mut() = path.parse().unwrap();
    request
}

#[tokio::test]
async fn a_handler_gets_the_verified_event() {
    let response = router(receiver()).oneshot(signed("evt_1")).await.unwrap();
    assert_eq!(shown(response).await, (200, "evt_1 deposit.completed 250".to_owned()));
    let response = router(receiver()).oneshot(to("/by-type", signed("evt_1"))).await.unwrap();
    assert_eq!(shown(response).await, (200, "evt_1 250".to_owned()));
}

#[tokio::test]
async fn what_is_refused_is_answered_with_its_reason() {
    let forged = signed_with(OTHER_SECRET, "evt_1", &event("evt_1"));
    let other_data = event("evt_1").replace("amount", "amounts");
    let large = "x".repeat(1024 * 1024 + 1);
    for (request, status, reason) in [
        (forged, 401, "no_matching_signature"),
        (signed_with(SECRET, "evt_1", &other_data), 400, "not_an_event"),
        (signed_with(SECRET, "evt_1", &large), 413, "body_too_large"),
    ] {
        let response = router(receiver()).oneshot(request).await.unwrap();
        assert_eq!(refused(response).await, (status, reason.to_owned()));
    }
}

#[tokio::test]
async fn the_options_of_the_state_count() {
    let plain = receiver().options(Options::new().scheme(Scheme::Plain));
    let response = router(plain).oneshot(signed("evt_1")).await.unwrap();
    assert_eq!(refused(response).await, (401, "missing_header".to_owned()));
}

#[tokio::test]
async fn a_handler_acts_once_and_again_after_a_failure() {
    let router = router(receiver());
    for (id, status) in [("evt_1", 204), ("evt_1", 200), ("failing", 503), ("failing", 503)] {
        let request = to("/deduplicated", signed(id));
        assert_eq!(router.clone().oneshot(request).await.unwrap().status(), status, "{id}");
    }
}

#[tokio::test]
async fn the_layer_fits_a_router() {
    async fn handle(request: Request<Body>) -> String {
        request.extensions().get::<RawEvent>().unwrap().data.get().to_owned()
    }
    let layer = VerifyLayer::new(receiver()).seen(MemorySeen::new());
    let router = Router::new().route("/webhooks", post(handle)).layer(layer);
    let response = router.clone().oneshot(signed("evt_1")).await.unwrap();
    assert_eq!(shown(response).await, (200, r#"{"amount":250.00}"#.to_owned()));
    let response = router.clone().oneshot(signed("evt_1")).await.unwrap();
    assert_eq!(shown(response).await, (200, "duplicate".to_owned()));
    let response = router.oneshot(signed_with(OTHER_SECRET, "evt_2", &event("evt_2"))).await.unwrap();
    assert_eq!(refused(response).await.0, 401);
}
