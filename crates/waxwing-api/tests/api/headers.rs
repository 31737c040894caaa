//! What every answer carries, and what none does; and the answer after a panic.

use std::sync::Arc;

use serde_json::Value;
use waxwing_api::openapi_json;

use crate::harness::{Answer, Server};

#[track_caller]
fn is_harmless(answer: &Answer, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.headers.get(name).map(|value| value.to_str().unwrap()), Some(value), "{what}");
    }
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; "), "{what}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
    for word in ["unsafe", "script-src", "*", "http:", "data:"] {
        assert!(!policy.contains(word), "{what}: {policy}");
    }
    let absent = ["server", "x-powered-by", "strict-transport-security"];
    for name in absent.into_iter().chain(["access-control-allow-origin", "set-cookie"]) {
        assert!(!answer.headers.contains_key(name), "{what}: {name}");
    }
}

#[tokio::test]
async fn every_answer_of_every_route_is_harmless_to_a_browser() {
    let server = Server::with_acme().await;
    let document: Value = serde_json::from_str(&openapi_json()).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let filled = path.replace("{id}", "wh_1").replace("{event_id}", "e").replace("{key_id}", "k");
        let filled = filled.replace("{type}", "a.b");
        for method in methods.as_object().unwrap().keys().map(|method| method.to_uppercase()) {
            let call = server.call(&method, &filled).acting_for("acme");
            is_harmless(&call.send().await, &format!("{method} {path}"));
            let call = server.call(&method, &filled).header("origin", "https://evil.example");
            is_harmless(&call.send().await, &format!("{method} {path} without a key"));
        }
    }
    for (method, path) in [("GET", "/nothing"), ("PATCH", "/api/events"), ("OPTIONS", "/api/events")] {
        is_harmless(&server.call(method, path).send().await, &format!("{method} {path}"));
    }
}

#[tokio::test]
async fn no_other_origin_is_allowed_to_ask() {
    let server = Server::new().await;
    let asked = server.call("OPTIONS", "/api/events").header("origin", "https://evil.example");
    let answer = asked.header("access-control-request-method", "POST").send().await;
    answer.refused(405, "method_not_allowed");
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")));
}

#[tokio::test]
async fn a_page_has_no_script_and_one_style_that_its_policy_names() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};
    let server = Server::new().await;
    let page = server.get("/docs").send().await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    let (_, rest) = page.text.split_once("<style>").unwrap();
    let (style, rest) = rest.split_once("</style>").unwrap();
    let hash = STANDARD.encode(Sha256::digest(style));
    assert!(policy.contains(&format!("style-src 'sha256-{hash}';")), "{policy}");
    for forbidden in ["<style", "<script", " style=", " onclick", "javascript:", "<iframe", "src="] {
        assert!(!rest.contains(forbidden), "{forbidden}");
    }
}

#[tokio::test]
async fn a_panic_is_answered_as_an_error_of_ours_and_the_server_goes_on() {
    let server = Server::new().await;
    let mut api = server.api.clone();
    api.ready = Arc::new(|| panic!("a bug, with sent-by-a-stranger in it"));
    let broken = server.with_api(api);
    for _ in 0..3 {
        let answer = broken.get("/readyz").send().await;
        answer.refused(500, "internal");
        is_harmless(&answer, "a panic");
        assert!(!answer.text.contains("stranger"), "{answer:?}");
    }
    assert_eq!(broken.get("/healthz").send().await.status, 200);
    let text = broken.get("/metrics").send().await.text;
    let line = r#"waxwing_api_requests_total{route="/readyz",status="500"} 3"#;
    assert!(text.contains(line), "{text}");
}
