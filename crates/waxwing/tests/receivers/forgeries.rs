//! What is not genuine is refused, with a reason that a customer can read.

use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use waxwing_core::{Secret, signature::Signer};
use waxwing_peers::{ApiClient, ApiResponse, Received};

use crate::{Kind, stage::Stage};

/// A little more than the five minutes that libraries allow.
const TOO_OLD_SECONDS: i64 = 310;

const SIGNED: [&str; 4] = ["webhook-id", "webhook-timestamp", "webhook-signature", "x-webhook-signature"];

/// A request that was delivered.
fn genuine(stage: &Stage) -> Received {
    let passages = stage.edge.passages();
    passages.into_iter().find(|passage| passage.status.is_success()).unwrap().request
}

fn signed(request: &Received) -> HeaderMap {
    let names = SIGNED.map(http::HeaderName::from_static);
    names.into_iter().map(|name| (name.clone(), request.headers[name].clone())).collect()
}

/// Sends to the receiver itself, past the edge.
async fn send(stage: &Stage, headers: HeaderMap, body: impl Into<bytes::Bytes>) -> ApiResponse {
    let client = ApiClient::new(&format!("http://{}", stage.first()), "").unwrap();
    client.post_raw(&stage.example.url_path, headers, body.into()).await.unwrap()
}

/// Libraries say why; others are free in how they refuse.
fn refused(kind: Kind, answer: &ApiResponse, why: &str) {
    if kind == Kind::Library {
        is_reason(answer.status.as_u16().into(), &answer.body, why);
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("application/json"));
    } else {
        assert!(matches!(answer.status.as_u16(), 400 | 401 | 403), "{why}: {answer:?}");
    }
}

fn is_reason(status: u64, body: &[u8], expected: &str) {
    let body = String::from_utf8_lossy(body);
    let answer: Value = serde_json::from_str(&body).unwrap_or_default();
    assert_eq!((status, answer["reason"].as_str()), (401, Some(expected)), "{body}");
    assert!(answer["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{body}");
}

/// The same request with one digit of its data changed.
fn changed(body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    let last = body.iter().rposition(u8::is_ascii_digit).unwrap();
    body[last] ^= 1;
    body
}

/// Requests that nobody who has the secret has just made.
pub(crate) async fn forgeries_are_refused(stage: &Stage, kind: Kind) {
    let genuine = genuine(stage);
    let forged = send(stage, signed(&genuine), changed(&genuine.body)).await;
    refused(kind, &forged, "no_matching_signature");
    let bare = send(stage, HeaderMap::new(), genuine.body.clone()).await;
    refused(kind, &bare, "missing_header");
    if kind != Kind::Plain {
        refused(kind, &old(stage, &genuine).await, "timestamp_too_old");
    }
    if kind == Kind::Library {
        // The way that they were sent is not what was refused.
        let again = send(stage, signed(&genuine), genuine.body.clone()).await;
        assert_eq!(
            (again.status.as_u16(), &again.body[..]),
            (200, &b"duplicate"[..]),
            "a duplicate: {again:?}"
        );
    }
}

/// An event that was signed properly, some time ago.
async fn old(stage: &Stage, genuine: &Received) -> ApiResponse {
    let time = |request: &Received| request.headers["webhook-timestamp"].to_str().unwrap().parse::<i64>();
    let (id, at) = (stage.new_id(), time(genuine).unwrap() - TOO_OLD_SECONDS);
    let body = format!(
        r#"{{"id":"{id}","type":"deposit.created","created_at":"2026-03-26T10:00:00.000Z","data":{{}}}}"#
    );
    let signer = Signer::new(&Secret::given(&stage.hook.secret).unwrap());
    let mut headers = HeaderMap::new();
    let values = [id.clone(), at.to_string(), signer.standard(&id, at, body.as_bytes())];
    for (name, value) in SIGNED.iter().zip(values) {
        headers.insert(*name, HeaderValue::from_str(&value).unwrap());
    }
    send(stage, headers, body).await
}

/// A receiver that was given the secret of another webhook: the event log says why its
/// deliveries fail.
pub(crate) async fn a_wrong_secret_is_told_in_the_log(stage: &Stage) {
    let url = stage.edge.url(&stage.example.url_path);
    let hook = stage.server.webhook("other", &url, &["*"]).await;
    let event = stage.server.publish("other", "deposit.created", serde_json::json!({})).await;
    let detail = stage.server.until(&hook, &event, "failed").await;
    let attempts = detail["attempts"].as_array().unwrap();
    assert!(!attempts.is_empty());
    for attempt in attempts {
        let said = attempt["response_body"].as_str().unwrap();
        is_reason(attempt["status_code"].as_u64().unwrap(), said.as_bytes(), "no_matching_signature");
    }
}
