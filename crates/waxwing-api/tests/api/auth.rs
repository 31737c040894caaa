//! Who may do what.

use http::Method;
use serde_json::{Value, json};
use waxwing_api::openapi_json;

use crate::harness::Server;

/// Every operation under `/api` as the OpenAPI document names it, with ids filled in.
fn operations() -> Vec<(Method, String, bool)> {
    let document: Value = serde_json::from_str(&openapi_json()).unwrap();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if path.starts_with("/api") {
                let path = path
                    .replace("{event_id}", "evt_1")
                    .replace("{key_id}", "key_1")
                    .replace("{type}", "a.b")
                    .replace("{id}", "wh_0");
                let operator = operation["tags"][0] == "Operator";
                all.push((method.to_uppercase().parse().unwrap(), path, operator));
            }
        }
    }
    assert!(all.len() > 20, "{all:?}");
    all
}

#[tokio::test]
async fn every_route_under_api_asks_for_a_key_that_it_knows() {
    let server = Server::with_acme().await;
    let wrong = ["", "Bearer", "Bearer ", "Bearer wxo_guess", "Basic d3hvX29wZXJhdG9y", "wxo_operator"];
    for (method, path, _) in operations() {
        let answer = server.call(method.as_str(), &path).send().await;
        answer.refused(401, "unauthorized");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        for value in wrong {
            let call = server.call(method.as_str(), &path).header("authorization", value);
            call.send().await.refused(401, "unauthorized");
        }
    }
}

#[tokio::test]
async fn an_account_key_may_not_do_what_an_operator_may() {
    let server = Server::with_acme().await;
    let key = server.account_key("acme").await;
    for (method, path, operator) in operations() {
        let answer = server.call(method.as_str(), &path).key(&key).json(&json!({})).send().await;
        if operator {
            answer.refused(403, "operator_only");
        } else {
            assert_ne!(answer.status, 403, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn an_operator_names_the_account_on_account_routes() {
    let server = Server::with_acme().await;
    for (method, path, operator) in operations() {
        if operator || path == "/api/event-types" || path == "/api/me" {
            continue;
        }
        let call = || server.call(method.as_str(), &path).operator().json(&json!({}));
        call().send().await.refused(400, "account_header_missing");
        for unknown in ["nobody", "", "not an id"] {
            call().header("waxwing-account", unknown).send().await.refused(404, "not_found");
        }
    }
}

#[tokio::test]
async fn an_account_key_works_for_its_own_account_and_no_other() {
    let server = Server::with_acme().await;
    server.account("other").await;
    let key = server.account_key("other").await;
    let mine = server.webhook("acme", &["*"]).await;
    let event = server.publish("a.b").await;
    server.get("/api/webhook/list").key(&key).send().await.expect(200);
    server.get("/api/webhook/list").key(&key).header("waxwing-account", "other").send().await.expect(200);
    let named = server.get("/api/webhook/list").key(&key).header("waxwing-account", "acme").send().await;
    named.refused(404, "not_found");
    let before = server.picture().await;
    let webhook = format!("/api/webhook/{mine}");
    let foreign = [
        ("GET", webhook.clone()),
        ("PUT", webhook.clone()),
        ("DELETE", webhook.clone()),
        ("POST", format!("{webhook}/rotate-secret")),
        ("POST", format!("{webhook}/end-grace-period")),
        ("POST", format!("{webhook}/test")),
        ("GET", format!("{webhook}/events")),
        ("GET", format!("{webhook}/events/{event}")),
        ("POST", format!("{webhook}/events/{event}/retry")),
        ("POST", format!("{webhook}/replay")),
    ];
    for (method, path) in foreign {
        let body = if method == "PUT" { json!({ "description": "mine now" }) } else { json!({}) };
        server.call(method, &path).key(&key).json(&body).send().await.refused(404, "not_found");
    }
    assert_eq!(server.picture().await, before);
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_the_others_work_on() {
    let server = Server::with_acme().await;
    let (one, two) = (server.account_key("acme").await, server.account_key("acme").await);
    let keys = server.list("/api/accounts/acme/keys").await;
    assert_eq!(keys.len(), 2);
    assert!(keys.iter().all(|key| key.get("key").is_none()), "a key is shown once: {keys:?}");
    let path = format!("/api/accounts/acme/keys/{}", keys[0]["id"].as_str().unwrap());
    server.call("DELETE", &path).operator().send().await.expect(204);
    server.get("/api/webhook/list").key(&one).send().await.refused(401, "unauthorized");
    server.get("/api/webhook/list").key(&two).send().await.expect(200);
    server.call("DELETE", &path).operator().send().await.refused(404, "not_found");
}

#[tokio::test]
async fn the_word_bearer_is_read_in_any_case() {
    let server = Server::with_acme().await;
    for scheme in ["bearer", "BEARER", "Bearer "] {
        let value = format!("{scheme} wxo_operator");
        server.get("/api/accounts").header("authorization", &value).send().await.expect(200);
    }
}
