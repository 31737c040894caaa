//! Erasing personal data, as an operator asks for it.

use serde_json::{Value, json};
use waxwing_core::{Clock as _, Role};

use crate::harness::Server;

/// Takes bites until nothing is left.
async fn complete(server: &Server, receipt: &Value) -> Value {
    let path = format!("/api/erasures/{}", receipt["id"].as_str().unwrap());
    for _ in 0..100 {
        server.api.store.erase_step(server.clock.now(), 10).await.unwrap();
        let now = server.get(&path).operator().send().await.expect(200);
        if !now["completed_at"].is_null() {
            return now;
        }
    }
    panic!("the erasure does not end");
}

#[tokio::test]
async fn an_erased_payload_is_null_for_everybody() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let id = server.publish("deposit.completed").await;
    let paths = [format!("/api/events/{id}"), format!("/api/webhook/{hook}/events/{id}")];
    let show = async |path: &str| server.get(path).acting_for("acme").send().await.expect(200);
    for path in &paths {
        let before = show(path).await;
        assert!(before["payload"].is_object() && before["payload_erased_at"].is_null(), "{before}");
    }
    let receipt = server.post(&format!("/api/events/{id}/erase")).operator().send().await.expect(202);
    assert!(receipt["id"].as_str().unwrap().starts_with("ers_"), "{receipt}");
    assert_eq!((&receipt["account_id"], &receipt["event_id"]), (&json!("acme"), &json!(id)));
    assert_eq!(
        (&receipt["events"], &receipt["deliveries"], &receipt["attempts"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(receipt["completed_at"], Value::Null);
    for path in &paths {
        let after = show(path).await;
        assert_eq!(
            (&after["payload"], &after["payload_erased_at"]),
            (&Value::Null, &receipt["requested_at"])
        );
    }
    assert_eq!(show(&paths[1]).await["status"], "canceled");
    let completed = complete(&server, &receipt).await;
    let again = server.post(&format!("/api/events/{id}/erase")).operator().send().await.expect(200);
    assert_eq!(again, completed);
}

#[tokio::test]
async fn an_erased_account_is_gone_and_its_receipt_stays() {
    let server = Server::with_acme().await;
    server.webhook("acme", &["*"]).await;
    let key = server.account_key("acme").await;
    let id = server.publish("deposit.completed").await;
    let receipt = server.post("/api/accounts/acme/erase").operator().send().await.expect(202);
    assert_eq!((&receipt["webhooks"], &receipt["keys"]), (&json!(1), &json!(1)));
    server.get("/api/webhook/list").key(&key).send().await.refused(401, "unauthorized");
    server.get("/api/accounts/acme").operator().send().await.refused(404, "not_found");
    let completed = complete(&server, &receipt).await;
    assert_eq!((&completed["events"], &completed["event_id"]), (&json!(1), &Value::Null));
    server.get(&format!("/api/events/{id}")).operator().send().await.refused(404, "not_found");
    let again = server.post("/api/accounts/acme/erase").operator().send().await.expect(200);
    assert_eq!(again, completed);
    let taken = server.post("/api/accounts").operator().json(&json!({ "id": "acme" })).send().await;
    taken.refused(409, "account_exists");
}

#[tokio::test]
async fn receipts_are_listed_newest_first() {
    let server = Server::with_acme().await;
    let mut expected = Vec::new();
    for _ in 0..3 {
        let id = server.publish("a.b").await;
        server.post(&format!("/api/events/{id}/erase")).operator().send().await.expect(202);
        expected.insert(0, json!(id));
    }
    let page = server.get("/api/erasures?limit=2").operator().send().await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = server.get(&format!("/api/erasures?cursor={cursor}")).operator().send().await.expect(200);
    let listed = [&page, &rest].into_iter().flat_map(|page| page["data"].as_array().unwrap());
    assert_eq!(listed.map(|one| one["event_id"].clone()).collect::<Vec<_>>(), expected);
    assert_eq!(rest["next_cursor"], Value::Null);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = Server::with_acme().await;
    let none = "ers_01k5q8d7tz0f3nv2xk5m9r4c6b";
    for path in ["/api/accounts/nobody/erase", "/api/accounts/a.b/erase", "/api/events/none/erase"] {
        server.post(path).operator().send().await.refused(404, "not_found");
    }
    for path in [format!("/api/erasures/{none}"), "/api/erasures/1".into()] {
        server.get(&path).operator().send().await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn only_an_operator_erases_and_reads_receipts() {
    let server = Server::with_acme().await;
    let keys = [
        (server.account_key("acme").await, "operator_only"),
        (server.key_of(Role::AccountReadOnly, Some("acme")).await, "operator_only"),
        (server.key_of(Role::Publisher, None).await, "publish_only"),
    ];
    for (key, code) in keys {
        for path in ["/api/accounts/acme/erase", "/api/events/some/erase"] {
            server.post(path).key(&key).send().await.refused(403, code);
        }
        for path in ["/api/erasures", "/api/erasures/ers_01k5q8d7tz0f3nv2xk5m9r4c6b"] {
            server.get(path).key(&key).send().await.refused(403, code);
        }
    }
}
