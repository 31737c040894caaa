//! How the keys stand that seal secrets, and a new data key.

use serde_json::{Value, json};
use waxwing_core::seal::SealedBy;

use crate::harness::Server;

async fn shown(server: &Server) -> Value {
    server.get("/api/encryption").operator().send().await.expect(200)
}

#[tokio::test]
async fn an_operator_sees_how_the_keys_stand_and_no_key() {
    let server = Server::with_acme().await;
    server.webhook("acme", &["*"]).await;
    let made = server.api.store.directory().data_key(1).unwrap().created_at.to_string();
    let key = json!({ "number": 1, "root_key": "4482bd22", "created_at": made });
    let all = json!({ "root_key": "4482bd22", "data_key": 1, "data_keys": [key], "sealed_otherwise": 0 });
    assert_eq!(shown(&server).await, all);
}

#[tokio::test]
async fn a_rotation_makes_a_data_key_that_seals_from_then_on() {
    let server = Server::with_acme().await;
    server.webhook("acme", &["*"]).await;
    let rotated = server.post("/api/encryption/rotate").operator().send().await.expect(202);
    assert_eq!((&rotated["data_key"], &rotated["sealed_otherwise"]), (&json!(2), &json!(1)));
    let numbers: Vec<_> =
        rotated["data_keys"].as_array().unwrap().iter().map(|key| key["number"].clone()).collect();
    assert_eq!(numbers, [2, 1]);
    server.webhook("acme", &["*"]).await;
    let target = server.api.store.directory().target(2).unwrap();
    assert_eq!(target.secret.by(), Ok(SealedBy::Number(2)));
    assert_eq!(shown(&server).await, rotated);
}

#[tokio::test]
async fn an_account_neither_sees_nor_rotates() {
    let server = Server::with_acme().await;
    let key = server.account_key("acme").await;
    server.get("/api/encryption").key(&key).send().await.refused(403, "operator_only");
    server.post("/api/encryption/rotate").key(&key).send().await.refused(403, "operator_only");
    assert_eq!(shown(&server).await["data_key"], 1);
}

#[tokio::test]
async fn data_keys_have_a_bound() {
    let server = Server::new().await;
    for _ in 1..32 {
        server.post("/api/encryption/rotate").operator().send().await.expect(202);
    }
    server.post("/api/encryption/rotate").operator().send().await.refused(409, "data_key_limit_reached");
    assert_eq!(shown(&server).await["data_key"], 32);
}
