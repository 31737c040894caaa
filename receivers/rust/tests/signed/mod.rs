//! Requests that are signed now, for the tests of layer and extractor.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use sha2::Sha256;
use waxwing_receiver::{Receiver, Secrets};

/// Two secrets that are no base64, so that their own bytes are the keys.
pub(crate) const SECRET: &str = "my-own-secret-of-old";
pub(crate) const OTHER_SECRET: &str = "my-own-secret-of-new";

pub(crate) fn receiver() -> Receiver {
    Receiver::new(Secrets::new([SECRET]).unwrap())
}

/// The body of an event with this id.
pub(crate) fn event(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"deposit.completed","created_at":"2026-03-26T10:00:00.000Z","data":{{"amount":250.00}}}}"#
    )
}

/// A request with this body, signed with this secret a moment ago.
pub(crate) fn signed_with(secret: &str, id: &str, body: &str) -> Request<String> {
    #[allow(clippy::disallowed_methods, reason = "what is tested reads the same clock")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let message = format!("{id}.{now}.{body}");
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(message);
    Request::post("/webhooks")
        .header("webhook-id", id)
        .header("webhook-timestamp", now)
        .header("webhook-signature", format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
        .body(body.to_owned())
        .unwrap()
}

/// A request with the event of this id.
pub(crate) fn signed(id: &str) -> Request<String> {
    signed_with(SECRET, id, &event(id))
}

/// Status and body of an answer.
pub(crate) async fn shown<B: Body<Data = Bytes>>(response: Response<B>) -> (u16, String) {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.map_err(drop).unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Status and reason of an answer that must be JSON.
pub(crate) async fn refused<B: Body<Data = Bytes>>(response: Response<B>) -> (u16, String) {
    assert_eq!(response.headers()["content-type"], "application/json");
    let (status, body) = shown(response).await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert!(!body["detail"].as_str().unwrap().is_empty());
    (status, body["reason"].as_str().unwrap().to_owned())
}
