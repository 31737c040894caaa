//! How often an address may fail and a key be used, and what is kept of that.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_api::AccessOptions;
use waxwing_core::{Clock, KeyKind, Timestamp};
use waxwing_store::{StoreError, gated::Call};

use crate::harness::{Answer, OPERATOR, Server};

const HERE: &str = "192.0.2.7";

async fn bounded(options: AccessOptions) -> (Server, Server) {
    let free = Server::with_acme().await;
    let bounded = free.with_access(options);
    (free, bounded)
}

fn three_failures() -> AccessOptions {
    AccessOptions { failures_per_minute: 3, ..AccessOptions::default() }
}

fn retry_after(answer: &Answer) -> u64 {
    answer.headers["retry-after"].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_address_that_guesses_is_stopped_even_when_it_guesses_right() {
    let (_, server) = bounded(three_failures()).await;
    let call = |key: &str| server.get("/api/accounts").from(HERE).key(key);
    for _ in 0..3 {
        call("wxo_guess").send().await.refused(401, "unauthorized");
    }
    for key in ["wxo_guess", OPERATOR] {
        let answer = call(key).send().await;
        answer.refused(429, "rate_limited");
        assert!((1..=20).contains(&retry_after(&answer)), "{answer:?}");
    }
    let elsewhere = server.get("/api/accounts").from("192.0.2.8").operator();
    elsewhere.send().await.expect(200);
    server.clock.advance(Duration::from_secs(20));
    call(OPERATOR).send().await.expect(200);
}

#[tokio::test]
async fn a_neighbour_with_a_wrong_key_shuts_nobody_out_who_was_there_before() {
    let (_, server) = bounded(three_failures()).await;
    let call = |key: &str| server.get("/api/accounts").from(HERE).key(key);
    call(OPERATOR).send().await.expect(200);
    for _ in 0..10 {
        call("wxo_revoked").send().await;
    }
    call("wxo_revoked").send().await.refused(429, "rate_limited");
    call(OPERATOR).send().await.expect(200);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_a_bound_of_its_own_and_is_in_the_audit_log() {
    let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    let (_, server) = bounded(AccessOptions { trusted_proxies, ..three_failures() }).await;
    let call = |client: &str| {
        let call = server.post("/api/accounts/acme/keys").from("10.0.0.1");
        call.header("x-forwarded-for", client)
    };
    for _ in 0..4 {
        call("203.0.113.9").key("wxo_guess").send().await;
    }
    call("203.0.113.9").operator().send().await.refused(429, "rate_limited");
    let made = call("198.51.100.1, 203.0.113.10").operator().send().await.expect(201);
    let path = format!("/api/audit?object={}", made["id"].as_str().unwrap());
    assert_eq!(server.list(&path).await[0]["source"], "203.0.113.10");
}

#[tokio::test]
async fn a_request_without_a_key_is_no_guess() {
    let (_, server) = bounded(three_failures()).await;
    for _ in 0..10 {
        let call = server.get("/api/accounts").from(HERE);
        call.send().await.refused(401, "unauthorized");
    }
    server.get("/api/accounts").from(HERE).operator().send().await.expect(200);
}

#[tokio::test]
async fn each_account_key_has_a_rate_and_an_operators_key_another() {
    let options = AccessOptions { account_requests_per_second: 2, ..AccessOptions::default() };
    let (free, server) = bounded(options).await;
    let (one, two) = (free.account_key("acme").await, free.account_key("acme").await);
    let call = |key: &str| server.get("/api/webhook/list").key(key);
    for _ in 0..2 {
        call(&one).send().await.expect(200);
    }
    let answer = call(&one).send().await;
    answer.refused(429, "rate_limited");
    assert_eq!(retry_after(&answer), 1);
    call(&two).send().await.expect(200);
    for _ in 0..10 {
        server.get("/api/accounts").operator().send().await.expect(200);
    }
    server.clock.advance(Duration::from_secs(1));
    call(&one).send().await.expect(200);
}

fn last_used(keys: &[Value]) -> Vec<Option<Timestamp>> {
    keys.iter().map(|key| key["last_used_at"].as_str().map(|at| Timestamp::parse(at).unwrap())).collect()
}

#[tokio::test]
async fn the_last_use_of_a_key_is_kept_in_one_go() {
    let server = Server::with_acme().await;
    let (one, _two) = (server.account_key("acme").await, server.account_key("acme").await);
    let mut before = server.clock.now();
    for _ in 0..3 {
        before = server.clock.now();
        server.get("/api/webhook/list").key(&one).send().await.expect(200);
    }
    let keys = || server.list("/api/accounts/acme/keys");
    assert_eq!(last_used(&keys().await), [None, None], "not written with every request");
    let log = server.list("/api/audit").await;
    server.faults.add(Call::Configure, StoreError::Busy);
    assert_eq!(server.api.keep_uses().await, Err(StoreError::Busy));
    server.api.keep_uses().await.unwrap();
    let used = last_used(&keys().await);
    assert!(used[0] > Some(before) && used[1].is_none(), "{used:?}");
    assert_eq!(server.list("/api/audit").await, log, "a use is no change");
}

#[tokio::test]
async fn uses_are_kept_when_serving_ends() {
    let server = Server::with_acme().await;
    let key = server.account_key("acme").await;
    let serving = async {
        server.get("/api/webhook/list").key(&key).send().await.expect(200);
    };
    waxwing_api::noting_uses(server.api.clone(), serving).await;
    assert!(last_used(&server.list("/api/accounts/acme/keys").await)[0].is_some());
}

#[tokio::test]
async fn a_portal_token_does_what_its_account_may_for_a_while() {
    let server = Server::with_acme().await;
    let path = "/api/accounts/acme/portal-tokens";
    let made = server.post(path).operator().send().await.expect(201);
    let token = made["token"].as_str().unwrap();
    assert_eq!((KeyKind::parse(token), &made["role"]), (Ok(KeyKind::PortalToken), &json!("account")));
    let mut listed = made.clone();
    for once in ["token", "url"] {
        listed.as_object_mut().unwrap().remove(once);
    }
    assert_eq!(server.list(path).await, [listed]);
    assert!(server.list("/api/accounts/acme/keys").await.is_empty(), "they are listed apart");
    let body = json!({ "url": "https://a.example/", "events": ["*"] });
    server.post("/api/webhook/create").key(token).json(&body).send().await.expect(201);
    server.get("/api/accounts").key(token).send().await.refused(403, "operator_only");
    server.clock.advance(Duration::from_hours(1));
    server.get("/api/webhook/list").key(token).send().await.refused(401, "unauthorized");
    assert!(server.list(path).await.is_empty());
}

#[tokio::test]
async fn a_read_only_portal_token_changes_nothing_and_any_is_revoked_like_a_key() {
    let server = Server::with_acme().await;
    let body = json!({ "read_only": true, "expires_in_seconds": 86_400 });
    let call = server.post("/api/accounts/acme/portal-tokens").operator().json(&body);
    let made = call.send().await.expect(201);
    let token = made["token"].as_str().unwrap();
    let webhook = json!({ "url": "https://a.example/", "events": ["*"] });
    let create = server.post("/api/webhook/create").key(token).json(&webhook);
    create.send().await.refused(403, "read_only");
    server.clock.advance(Duration::from_hours(23));
    server.get("/api/webhook/list").key(token).send().await.expect(200);
    let path = format!("/api/accounts/acme/keys/{}", made["id"].as_str().unwrap());
    server.call("DELETE", &path).operator().send().await.expect(204);
    server.get("/api/webhook/list").key(token).send().await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_portal_token_is_short_lived_and_of_an_account_that_exists() {
    let server = Server::with_acme().await;
    for seconds in [0, 59, 86_401] {
        let body = json!({ "expires_in_seconds": seconds });
        let call = server.post("/api/accounts/acme/portal-tokens").operator().json(&body);
        call.send().await.refused(422, "body_invalid");
    }
    for method in ["GET", "POST"] {
        let call = server.call(method, "/api/accounts/nobody/portal-tokens").operator();
        call.send().await.refused(404, "not_found");
    }
    assert!(server.list("/api/accounts/acme/portal-tokens").await.is_empty());
}
