//! Every code of the closed list comes up, with its status and a text.

use std::collections::BTreeSet;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::channel::Channel;
use serde_json::json;
use waxwing_api::{AccessOptions, Code, Limits};
use waxwing_core::Role;
use waxwing_store::{StoreError, gated::Call};

use crate::harness::{Answer, Server};

/// What a client does wrong in how it asks.
async fn of_requests(server: &Server, hook: &str, key: &str) -> Vec<Answer> {
    let list = |query: &str| server.get(&format!("/api/webhook/{hook}/events?{query}")).acting_for("acme");
    let publish = || server.post("/api/events").operator();
    let publisher = server.key_of(Role::Publisher, None).await;
    let reader = server.key_of(Role::AccountReadOnly, Some("acme")).await;
    // A body that never comes: the channel stays open.
    let (_open, endless) = Channel::<Bytes, std::io::Error>::new(1);
    let endless = Body::new(endless);
    let bound = AccessOptions { operator_requests_per_second: 1, ..AccessOptions::default() };
    let bounded = server.with_access(bound);
    bounded.get("/api/keys").operator().send().await.expect(200);
    vec![
        bounded.get("/api/keys").operator().send().await,
        publish().raw("application/json", "{").send().await,
        list("limit=0").send().await,
        list("cursor=x").send().await,
        publish().header("idempotency-key", "").json(&json!({})).send().await,
        server.get("/api/webhook/list").operator().send().await,
        server.get("/api/webhook/list").send().await,
        server.get("/api/accounts").key(key).send().await,
        server.get("/api/accounts").key(&publisher).send().await,
        server.post(&format!("/api/webhook/{hook}/test")).key(&reader).send().await,
        server.get("/nothing").send().await,
        server.call("PATCH", "/api/events").send().await,
        publish().raw("application/json", endless).send().await,
        publish().raw("application/json", vec![b' '; 300_000]).send().await,
        publish().raw("text/plain", "{}").send().await,
        publish().json(&json!({})).send().await,
    ]
}

/// What a client does wrong in what it asks for.
async fn of_content(server: &Server, hook: &str) -> Vec<Answer> {
    let create = |url: &str, events: &str| {
        let body = json!({ "url": url, "events": [events] });
        server.post("/api/webhook/create").acting_for("acme").json(&body)
    };
    let publish = |account: &str, kind: &str, id: &str, data: serde_json::Value| {
        let body = json!({ "account_id": account, "type": kind, "id": id, "data": data });
        server.post("/api/events").operator().json(&body)
    };
    publish("acme", "a.b", "twice", json!({})).send().await.expect(202);
    let put = |schema: serde_json::Value| {
        server.call("PUT", "/api/event-types/a.b").operator().json(&json!({ "schema": schema }))
    };
    put(json!({ "required": ["amount"] })).send().await.expect(201);
    publish("acme", "x.y", "gone", json!({})).send().await.expect(202);
    server.post("/api/events/gone/erase").operator().send().await.expect(202);
    let retry_gone =
        server.post(&format!("/api/webhook/{hook}/events/gone/retry")).acting_for("acme").send().await;
    let pause = server.call("PUT", &format!("/api/webhook/{hook}")).acting_for("acme");
    pause.json(&json!({ "status": "inactive" })).send().await.expect(200);
    let only = server.list("/api/keys").await.into_iter().find(|key| key["role"] == "operator").unwrap();
    let only = format!("/api/keys/{}", only["id"].as_str().unwrap());
    vec![
        server.post("/api/accounts").operator().json(&json!({ "id": "acme" })).send().await,
        server.call("DELETE", &only).operator().send().await,
        publish("acme", "x.y", "twice", json!({ "n": 1 })).send().await,
        server.post(&format!("/api/webhook/{hook}/events/twice/retry")).acting_for("acme").send().await,
        retry_gone,
        create("http://a.example/", "*").send().await,
        create("https://10.0.0.1/", "*").send().await,
        create("https://a.example:25/", "*").send().await,
        create("https://u:p@a.example/", "*").send().await,
        create("https://a.example/", "not.listed").send().await,
        publish("nobody", "x.y", "once", json!({})).send().await,
        publish("acme", "a.b", "once", json!({})).send().await,
        put(json!({ "type": 7 })).send().await,
        create("https://a.example/", "*").send().await,
    ]
}

/// One data key too many.
async fn of_rotations(server: &Server) -> Answer {
    for _ in 1..32 {
        server.post("/api/encryption/rotate").operator().send().await.expect(202);
    }
    server.post("/api/encryption/rotate").operator().send().await
}

/// What goes wrong on the server's side.
async fn of_the_server(server: &Server) -> Vec<Answer> {
    let mut answers = Vec::new();
    for error in
        [StoreError::Busy, StoreError::Stopped("full".into()), StoreError::Failed("secret path".into())]
    {
        server.faults.add(Call::Publish, error);
        let body = json!({ "account_id": "acme", "type": "x.y", "data": {} });
        answers.push(server.post("/api/events").operator().json(&body).send().await);
    }
    answers
}

#[tokio::test]
async fn every_code_comes_up_with_its_status() {
    let server = Server::with(Limits { webhooks_per_account: 1, ..Limits::default() }).await;
    server.account("acme").await;
    let (hook, key) = (server.webhook("acme", &["*"]).await, server.account_key("acme").await);
    tokio::time::pause();
    let mut answers = of_requests(&server, &hook, &key).await;
    tokio::time::resume();
    answers.extend(of_content(&server, &hook).await);
    answers.push(of_rotations(&server).await);
    answers.extend(of_the_server(&server).await);
    let mut seen = BTreeSet::new();
    for answer in &answers {
        let word = answer.json()["code"].as_str().unwrap().to_owned();
        let code = Code::ALL.iter().find(|code| code.as_str() == word).expect("a code of the list");
        answer.refused(code.status().as_u16(), code.as_str());
        assert_eq!(
            answer.headers.contains_key("retry-after"),
            matches!(code.status().as_u16(), 429 | 503),
            "{answer:?}"
        );
        seen.insert(word);
    }
    let all: BTreeSet<String> = Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn a_failure_inside_is_not_told_to_the_outside() {
    let server = Server::with_acme().await;
    let answers = of_the_server(&server).await;
    assert!(answers.iter().all(|answer| !answer.text.contains("secret path")), "{answers:?}");
}

#[tokio::test]
async fn what_a_busy_or_stopped_store_refused_was_not_kept() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    of_the_server(&server).await;
    assert!(server.list(&format!("/api/webhook/{hook}/events")).await.is_empty());
    server.publish("a.b").await;
    assert_eq!(server.list(&format!("/api/webhook/{hook}/events")).await.len(), 1);
}
