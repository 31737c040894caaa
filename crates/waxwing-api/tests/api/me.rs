//! Whose a key is.

use serde_json::{Value, json};

use crate::harness::Server;

async fn me(server: &Server, key: &str) -> Value {
    server.get("/api/me").key(key).send().await.expect(200)
}

#[tokio::test]
async fn a_key_is_told_what_it_is() {
    let server = Server::new().await;
    server.post("/api/accounts").operator().json(&json!({ "id": "acme", "name": "Acme" })).send().await;
    let made = server.post("/api/accounts/acme/portal-tokens").operator().json(&json!({ "read_only": true }));
    let made = made.send().await.expect(201);
    let token = me(&server, made["token"].as_str().unwrap()).await;
    let expected = json!({
        "key_id": made["id"], "role": "account_read_only", "portal": true, "account_id": "acme",
        "account_name": "Acme", "expires_at": made["expires_at"],
    });
    assert_eq!(token, expected);
    let own = me(&server, &server.account_key("acme").await).await;
    assert_eq!(
        (&own["role"], &own["portal"], &own["expires_at"]),
        (&json!("account"), &json!(false), &Value::Null)
    );
    let operator = server.get("/api/me").operator().send().await.expect(200);
    assert_eq!((&operator["role"], &operator["account_id"]), (&json!("operator"), &Value::Null));
}
