//! Accounts and their keys.

use serde_json::json;

use crate::harness::Server;

#[tokio::test]
async fn an_account_gets_the_given_id_or_a_made_one() {
    let server = Server::new().await;
    let given = json!({ "id": "Acme_1-x", "name": "Acme Ltd" });
    let made = server.post("/api/accounts").operator().json(&given).send().await.expect(201);
    assert_eq!((&made["id"], &made["name"]), (&json!("Acme_1-x"), &json!("Acme Ltd")));
    let other = server.post("/api/accounts").operator().json(&json!({})).send().await.expect(201);
    assert!(other["id"].as_str().unwrap().starts_with("acc_"), "{other}");
    assert_eq!(server.get("/api/accounts/Acme_1-x").operator().send().await.expect(200), made);
    assert_eq!(server.list_of_all().await, [made, other]);
}

#[tokio::test]
async fn a_name_has_a_bound_and_no_character_that_a_store_may_lack() {
    let server = Server::new().await;
    for name in ["x".repeat(257), "a\0b".to_owned()] {
        let given = json!({ "id": "acme", "name": name });
        server.post("/api/accounts").operator().json(&given).send().await.refused(422, "body_invalid");
    }
    assert!(server.list_of_all().await.is_empty());
}

impl Server {
    async fn list_of_all(&self) -> Vec<serde_json::Value> {
        let page = self.get("/api/accounts").operator().send().await.expect(200);
        page["data"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn an_id_is_given_once_and_never_again() {
    let server = Server::with_acme().await;
    let again = || server.post("/api/accounts").operator().json(&json!({ "id": "acme" }));
    again().send().await.refused(409, "account_exists");
    server.call("DELETE", "/api/accounts/acme").operator().send().await.expect(204);
    again().send().await.refused(409, "account_exists");
}

#[tokio::test]
async fn a_deleted_account_takes_its_keys_and_webhooks_along() {
    let server = Server::with_acme().await;
    let key = server.account_key("acme").await;
    server.webhook("acme", &["*"]).await;
    server.call("DELETE", "/api/accounts/acme").operator().send().await.expect(204);
    server.get("/api/webhook/list").key(&key).send().await.refused(401, "unauthorized");
    server.get("/api/webhook/list").acting_for("acme").send().await.refused(404, "not_found");
    server.get("/api/accounts/acme").operator().send().await.refused(404, "not_found");
    server.get("/api/accounts/acme/keys").operator().send().await.refused(404, "not_found");
    server.call("DELETE", "/api/accounts/acme").operator().send().await.refused(404, "not_found");
    let event = json!({ "account_id": "acme", "type": "a.b", "data": {} });
    server.post("/api/events").operator().json(&event).send().await.refused(422, "account_unknown");
}

#[tokio::test]
async fn accounts_come_in_pages_that_a_cursor_connects() {
    let server = Server::new().await;
    for number in 0..7 {
        server.account(&format!("a{number}")).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/api/accounts?limit=3".to_owned());
    loop {
        let page = server.get(&path).operator().send().await.expect(200);
        let ids = page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned());
        seen.push(ids.collect::<Vec<_>>());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/accounts?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen.concat(), ["a0", "a1", "a2", "a3", "a4", "a5", "a6"]);
    assert!(seen.iter().all(|page| page.len() <= 3));
}

#[tokio::test]
async fn a_key_is_shown_once_and_works() {
    let server = Server::with_acme().await;
    let named = server.post("/api/accounts/acme/keys").operator().json(&json!({ "name": "backend" }));
    let made = named.send().await.expect(201);
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("wxa_") && key.len() == 4 + 64 + 8, "{key}");
    assert_eq!(made["name"], "backend");
    server.get("/api/webhook/list").key(key).send().await.expect(200);
    let other = server.account_key("acme").await;
    assert_ne!(key, other);
    server.post("/api/accounts/nobody/keys").operator().send().await.refused(404, "not_found");
    server.account("other").await;
    let path = format!("/api/accounts/other/keys/{}", made["id"].as_str().unwrap());
    server.call("DELETE", &path).operator().send().await.refused(404, "not_found");
    server.get("/api/webhook/list").key(key).send().await.expect(200);
}
