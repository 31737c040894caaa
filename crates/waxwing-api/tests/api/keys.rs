//! The life of a key: made with a role and an end, used, revoked or expired.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_core::{KeyKind, Role, Timestamp};

use crate::harness::{OPERATOR, Server};

impl Server {
    /// Makes a key there; what was answered.
    async fn key(&self, path: &str, body: Value) -> Value {
        self.post(path).operator().json(&body).send().await.expect(201)
    }
}

fn text(key: &Value) -> &str {
    key["key"].as_str().unwrap()
}

fn time(value: &Value) -> Timestamp {
    Timestamp::parse(value.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_key_says_its_role_in_its_text_and_in_the_list() {
    let server = Server::with_acme().await;
    for (path, role) in [
        ("/api/keys", Role::Operator),
        ("/api/keys", Role::Publisher),
        ("/api/accounts/acme/keys", Role::Account),
        ("/api/accounts/acme/keys", Role::AccountReadOnly),
    ] {
        let mut made = server.key(path, json!({ "name": "n", "role": role.as_str() })).await;
        assert_eq!(KeyKind::parse(text(&made)), Ok(KeyKind::Key(role)));
        assert_eq!((&made["role"], &made["expires_at"]), (&json!(role.as_str()), &Value::Null));
        made.as_object_mut().unwrap().remove("key");
        assert!(server.list(path).await.contains(&made), "{made}");
    }
}

#[tokio::test]
async fn an_accounts_key_cannot_be_made_an_operators_nor_the_other_way_round() {
    let server = Server::with_acme().await;
    let before = server.picture().await;
    for (path, role) in [
        ("/api/accounts/acme/keys", "operator"),
        ("/api/accounts/acme/keys", "publisher"),
        ("/api/keys", "account"),
        ("/api/keys", "account_read_only"),
        ("/api/keys", "admin"),
    ] {
        let call = server.post(path).operator().json(&json!({ "role": role }));
        let problem = call.send().await.refused(422, "body_invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/role", "{problem}");
    }
    server.post("/api/keys").operator().json(&json!({})).send().await.refused(422, "body_invalid");
    assert_eq!(server.picture().await, before);
}

#[tokio::test]
async fn a_key_is_refused_from_its_end_on_and_told_so() {
    let server = Server::with_acme().await;
    let made = server.key("/api/accounts/acme/keys", json!({ "expires_in_seconds": 60 })).await;
    let call = || server.get("/api/webhook/list").key(text(&made));
    call().send().await.expect(200);
    let life = time(&made["expires_at"]).since(time(&made["created_at"]));
    assert_eq!(life, Duration::from_mins(1));
    server.clock.advance(Duration::from_mins(1));
    let problem = call().send().await.refused(401, "unauthorized");
    let end = made["expires_at"].as_str().unwrap();
    assert_eq!(problem["detail"], format!("This API key expired at {end}."));
    assert_eq!(server.list("/api/accounts/acme/keys").await.len(), 1, "it is still in the list");
}

#[tokio::test]
async fn an_end_can_be_given_as_a_time_with_any_offset() {
    let server = Server::with_acme().await;
    let body = json!({ "expires_at": "2030-01-01T02:00:00+02:00" });
    let made = server.key("/api/accounts/acme/keys", body).await;
    assert_eq!(made["expires_at"], "2030-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn an_end_must_lie_ahead_and_be_given_once() {
    let server = Server::with_acme().await;
    for (body, pointer) in [
        (json!({ "expires_at": "2020-01-01T00:00:00Z" }), "/expires_at"),
        (json!({ "expires_at": "tomorrow" }), "/expires_at"),
        (json!({ "expires_in_seconds": 0 }), "/expires_in_seconds"),
        (json!({ "expires_in_seconds": 315_360_001 }), "/expires_in_seconds"),
        (json!({ "expires_in_seconds": 1, "expires_at": "2030-01-01T00:00:00Z" }), "/expires_in_seconds"),
    ] {
        let call = server.post("/api/accounts/acme/keys").operator().json(&body);
        let problem = call.send().await.refused(422, "body_invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert!(server.list("/api/accounts/acme/keys").await.is_empty());
}

#[tokio::test]
async fn an_operator_key_is_replaced_by_another_and_the_last_one_stays() {
    let server = Server::with_acme().await;
    let first = server.list("/api/keys").await.remove(0);
    let path = |key: &Value| format!("/api/keys/{}", key["id"].as_str().unwrap());
    let last = server.call("DELETE", &path(&first)).operator();
    last.send().await.refused(409, "last_operator_key");
    server.key("/api/keys", json!({ "role": "publisher" })).await;
    let last = server.call("DELETE", &path(&first)).operator();
    last.send().await.refused(409, "last_operator_key");
    let next = server.key("/api/keys", json!({ "role": "operator" })).await;
    server.call("DELETE", &path(&first)).key(text(&next)).send().await.expect(204);
    server.get("/api/accounts").key(OPERATOR).send().await.refused(401, "unauthorized");
    server.get("/api/accounts").key(text(&next)).send().await.expect(200);
    let gone = server.call("DELETE", &path(&first)).key(text(&next));
    gone.send().await.refused(404, "not_found");
}

#[tokio::test]
async fn an_accounts_key_is_not_revoked_by_the_route_of_the_operators() {
    let server = Server::with_acme().await;
    let made = server.key("/api/accounts/acme/keys", json!({})).await;
    let path = format!("/api/keys/{}", made["id"].as_str().unwrap());
    server.call("DELETE", &path).operator().send().await.refused(404, "not_found");
    server.get("/api/webhook/list").key(text(&made)).send().await.expect(200);
}

#[tokio::test]
async fn a_key_that_was_not_copied_right_is_told_from_an_unknown_one() {
    let server = Server::with_acme().await;
    let key = server.account_key("acme").await;
    let damaged = format!("{}{}", &key[..75], if key.ends_with('0') { '1' } else { '0' });
    let problem = server.get("/api/webhook/list").key(&damaged).send().await.refused(401, "unauthorized");
    assert!(problem["detail"].as_str().unwrap().contains("checksum"), "{problem}");
}
