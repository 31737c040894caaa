//! The audit log as an operator reads it.

use serde_json::{Value, json};
use waxwing_core::Role;

use crate::harness::Server;

async fn log(server: &Server, query: &str) -> Vec<Value> {
    let page = server.get(&format!("/api/audit?{query}")).operator().send().await.expect(200);
    page["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_change_is_there_with_who_made_it_and_what_it_was_before() {
    let server = Server::with_acme().await;
    let (hook, key) = (server.webhook("acme", &["*"]).await, server.account_key("acme").await);
    let put = server.call("PUT", &format!("/api/webhook/{hook}")).key(&key).header("x-request-id", "mine-7");
    put.json(&json!({ "description": "Billing", "events": ["a.*"] })).send().await.expect(200);
    let entry = log(&server, &format!("object={hook}")).await.remove(0);
    assert_eq!((&entry["action"], &entry["account_id"]), (&json!("webhook.update"), &json!("acme")));
    assert_eq!((&entry["request_id"], &entry["actor"]["role"]), (&json!("mine-7"), &json!("account")));
    let made = log(&server, &format!("object={}", entry["actor"]["key_id"].as_str().unwrap())).await;
    assert_eq!(made[0]["action"], "key.create", "the entry names the key by its id");
    assert_eq!((&entry["before"]["description"], &entry["before"]["events"]), (&Value::Null, &json!(["*"])));
    assert_eq!(entry["after"]["description"], "Billing");
    assert_eq!((&entry["after"]["url"], &entry["before"]["url"]), (&made_url(), &made_url()));
}

fn made_url() -> Value {
    json!("https://receiver.example/hook")
}

#[tokio::test]
async fn no_secret_and_no_key_is_ever_in_it() {
    let server = Server::with_acme().await;
    let key = server.account_key("acme").await;
    let body = json!({ "url": made_url(), "events": ["*"], "secret": "a secret of our own" });
    let hook = server.post("/api/webhook/create").key(&key).json(&body).send().await.expect(201);
    let path = format!("/api/webhook/{}/rotate-secret", hook["id"].as_str().unwrap());
    let rotated = server.post(&path).key(&key).send().await.expect(200);
    let text = json!(log(&server, "").await).to_string();
    assert!(text.contains("secret.rotate") && text.contains("key.create"), "{text}");
    for secret in ["a secret of our own", rotated["secret"].as_str().unwrap(), &key] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn it_is_filtered_by_account_action_and_time() {
    let server = Server::with_acme().await;
    server.account("other").await;
    server.webhook("other", &["*"]).await;
    let of_other = log(&server, "account_id=other").await;
    assert_eq!(of_other.len(), 2);
    assert_eq!(log(&server, "account_id=other&action=webhook.create").await, of_other[..1]);
    let at = of_other[0]["at"].as_str().unwrap();
    assert_eq!(log(&server, &format!("account_id=other&until={at}")).await, of_other[1..]);
    assert_eq!(log(&server, &format!("account_id=other&since={at}")).await, of_other[..1]);
    for wrong in ["account_id=", "since=yesterday", "object=%00", "actor=me", "limit=0"] {
        let answer = server.get(&format!("/api/audit?{wrong}")).operator().send().await;
        answer.refused(400, "query_invalid");
    }
}

#[tokio::test]
async fn only_an_operator_reads_it() {
    let server = Server::with_acme().await;
    let keys = [
        (server.account_key("acme").await, "operator_only"),
        (server.key_of(Role::AccountReadOnly, Some("acme")).await, "operator_only"),
        (server.key_of(Role::Publisher, None).await, "publish_only"),
    ];
    for (key, code) in keys {
        server.get("/api/audit").key(&key).send().await.refused(403, code);
    }
}
