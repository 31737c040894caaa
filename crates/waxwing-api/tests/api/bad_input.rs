//! Bodies that do not fit, for every route that takes one: a 4xx that helps, and
//! nothing changes.

use axum::body::Body;
use bytes::Bytes;
use http_body_util::channel::Channel;
use serde_json::json;

use crate::harness::Server;

/// A body that fits, for each route that takes one.
fn routes(hook: &str) -> Vec<(&'static str, String, &'static str)> {
    let event = r#"{"account_id":"acme","type":"a.b","data":{"n":1}}"#;
    vec![
        ("POST", "/api/webhook/create".into(), r#"{"url":"https://a.example/","events":["*"]}"#),
        ("PUT", format!("/api/webhook/{hook}"), r#"{"description":"new"}"#),
        ("POST", format!("/api/webhook/{hook}/rotate-secret"), r#"{"grace_seconds":1}"#),
        ("POST", format!("/api/webhook/{hook}/replay"), r#"{"status":"pending"}"#),
        ("POST", "/api/events".into(), event),
        ("POST", "/api/events/batch".into(), r#"{"events":[{"account_id":"acme","type":"a.b","data":{}}]}"#),
        ("POST", "/api/accounts".into(), r#"{"name":"n"}"#),
        ("POST", "/api/accounts/acme/keys".into(), r#"{"name":"n"}"#),
        ("POST", "/api/accounts/acme/portal-tokens".into(), r#"{"read_only":true}"#),
        ("POST", "/api/keys".into(), r#"{"name":"n","role":"publisher"}"#),
        ("PUT", "/api/event-types/a.b".into(), r#"{"description":"n"}"#),
    ]
}

/// The same body, spoiled in every way.
fn spoiled(good: &str) -> Vec<(&'static str, Vec<u8>, &'static [u16])> {
    let member = &good[1..good.len() - 1];
    let first = &member[..member.find(':').unwrap()];
    let text = |text: String| text.into_bytes();
    let nested = |open: &str, close: &str| {
        format!("{{{first}:{}{}}}", open.repeat(100_000), close.repeat(100_000)).into_bytes()
    };
    let mut invalid = text(format!("{{{first}:\"@\"}}"));
    let at = invalid.iter().rposition(|byte| *byte == b'@').unwrap();
    invalid[at] = 0xff;
    vec![
        ("half of it", text(good[..good.len() / 2].into()), &[400]),
        ("more after it", text(format!("{good}{good}")), &[400]),
        ("a comment", text(format!("/* */{good}")), &[400]),
        ("a comma too many", text(format!("{{{member},}}")), &[400]),
        ("an array", text(format!("[{good}]")), &[422]),
        ("a text", text("\"text\"".into()), &[422]),
        ("a number", text("7".into()), &[422]),
        ("null", text("null".into()), &[422]),
        ("an unknown member", text(format!("{{{member},\"unknown\":1}}")), &[422]),
        ("a member twice", text(format!("{{{member},{member}}}")), &[422]),
        ("a wrong type", text(format!("{{{first}:[[1]]}}")), &[422]),
        ("invalid UTF-8", invalid, &[400]),
        ("a lone surrogate", text(format!("{{{first}:\"\\ud800\"}}")), &[400, 422]),
        ("nested arrays", nested("[", "]"), &[400, 413, 422]),
        ("nested objects", nested("{\"a\":", "}"), &[400, 413, 422]),
        ("too large", text(format!("{{{first}:\"{}\"}}", "x".repeat(20 << 20))), &[413]),
    ]
}

#[tokio::test]
async fn spoiled_bodies_are_refused_by_every_route_and_leave_no_trace() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    server.publish("a.b").await;
    let before = server.picture().await;
    for (method, path, good) in routes(&hook) {
        for (how, body, statuses) in spoiled(good) {
            let answer =
                server.call(method, &path).acting_for("acme").raw("application/json", body).send().await;
            let what = format!("{method} {path} with {how}");
            assert!(statuses.contains(&answer.status.as_u16()), "{what}: {answer:?}");
            let problem = answer.json();
            assert!(problem["detail"].as_str().is_some_and(|text| text.len() > 15), "{what}: {problem}");
            if answer.status == 422 {
                assert!(problem["errors"][0]["pointer"].is_string(), "{what}: {problem}");
            }
        }
    }
    assert_eq!(server.picture().await, before);
}

#[tokio::test]
async fn a_body_of_another_kind_is_refused() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let before = server.picture().await;
    for (method, path, good) in routes(&hook) {
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
            let call = server.call(method, &path).acting_for("acme").raw(kind, good);
            call.send().await.refused(415, "unsupported_media_type");
        }
        let call = server.call(method, &path).acting_for("acme").body(good);
        call.send().await.refused(415, "unsupported_media_type");
    }
    assert_eq!(server.picture().await, before);
}

#[tokio::test]
async fn an_empty_body_is_refused_where_one_is_needed() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let optional = ["rotate-secret", "replay", "keys", "portal-tokens"];
    for (method, path, _) in routes(&hook) {
        let answer = server.call(method, &path).acting_for("acme").raw("application/json", "").send().await;
        if optional.iter().any(|end| path.ends_with(end)) && path != "/api/keys" {
            assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
        } else {
            answer.refused(400, "malformed_json");
        }
    }
}

#[tokio::test]
async fn a_body_that_never_comes_is_not_waited_for_even_where_none_is_needed() {
    let server = Server::with_acme().await;
    let (_open, endless) = Channel::<Bytes, std::io::Error>::new(1);
    tokio::time::pause();
    let call = server.post("/api/accounts/acme/keys").operator().body(Body::new(endless));
    call.send().await.refused(408, "body_timeout");
}

#[tokio::test]
async fn a_content_type_may_carry_a_charset() {
    let server = Server::with_acme().await;
    for kind in ["application/json; charset=utf-8", "Application/JSON"] {
        let call = server.post("/api/events").operator();
        call.raw(kind, r#"{"account_id":"acme","type":"a.b","data":{}}"#).send().await.expect(202);
    }
}

#[tokio::test]
async fn each_member_of_an_event_has_its_rule() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let cases = [
        (json!({ "account_id": "with space", "type": "a.b", "data": {} }), "/account_id"),
        (json!({ "account_id": "x".repeat(65), "type": "a.b", "data": {} }), "/account_id"),
        (json!({ "account_id": "acme", "type": "a..b", "data": {} }), "/type"),
        (json!({ "account_id": "acme", "type": "a.*", "data": {} }), "/type"),
        (json!({ "account_id": "acme", "type": "x".repeat(129), "data": {} }), "/type"),
        (json!({ "account_id": "acme", "type": "a.b", "data": [] }), "/data"),
        (json!({ "account_id": "acme", "type": "a.b", "data": null }), "/data"),
        (json!({ "account_id": "acme", "type": "a.b", "data": {}, "id": "" }), "/id"),
        (json!({ "account_id": "acme", "type": "a.b", "data": {}, "id": "a.b" }), "/id"),
        (json!({ "account_id": "acme", "type": "a.b", "data": {}, "id": "x".repeat(129) }), "/id"),
    ];
    for (body, pointer) in cases {
        let problem =
            server.post("/api/events").operator().json(&body).send().await.refused(422, "body_invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert!(server.list(&format!("/api/webhook/{hook}/events")).await.is_empty());
}
