//! Signing keys, and the public keys that everybody may read.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_core::PublicKey;

use crate::harness::{Answer, Server};

fn path(id: &str) -> String {
    format!("/api/webhook/{id}/signing-key")
}

async fn rotate(server: &Server, id: &str, body: Value) -> Answer {
    server.post(&path(id)).acting_for("acme").json(&body).send().await
}

async fn jwks(server: &Server, id: &str) -> Answer {
    server.get(&format!("/.well-known/webhooks/{id}/jwks.json")).send().await
}

/// The ids of the keys that everybody sees, in order.
async fn kids(server: &Server, id: &str) -> Vec<Value> {
    let set = jwks(server, id).await.expect(200);
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect()
}

#[tokio::test]
async fn a_key_is_made_when_asked_for_and_shown_by_its_public_half_alone() {
    let server = Server::with_acme().await;
    let id = server.webhook("acme", &["*"]).await;
    let webhook = format!("/api/webhook/{id}");
    let shown = || async { server.get(&webhook).acting_for("acme").send().await.expect(200) };
    assert_eq!(shown().await["public_key"], Value::Null, "off by default");
    assert_eq!(server.list(&path(&id)).await.len(), 0);
    let made = server.post(&path(&id)).acting_for("acme").send().await.expect(201);
    let key = PublicKey::parse(made["public_key"].as_str().unwrap()).unwrap();
    let expected =
        json!({ "key_id": key.thumbprint(), "public_key": key.to_string(), "previous_expires_at": null });
    assert_eq!(made, expected, "and nothing else");
    assert_eq!(shown().await["public_key"], made["public_key"]);
    assert_eq!(server.list("/api/webhook/list").await[0]["public_key"], made["public_key"]);
    let listed = json!({
        "key_id": made["key_id"], "public_key": made["public_key"], "status": "current", "expires_at": null,
    });
    assert_eq!(server.list(&path(&id)).await, [listed]);
}

#[tokio::test]
async fn a_rotated_key_is_shown_beside_the_new_one_until_its_time() {
    let server = Server::with_acme().await;
    let id = server.webhook("acme", &["*"]).await;
    let first = rotate(&server, &id, json!({})).await.expect(201);
    let second = rotate(&server, &id, json!({ "grace_seconds": 60 })).await.expect(200);
    assert_ne!(first["key_id"], second["key_id"]);
    assert!(second["previous_expires_at"].as_str().unwrap().starts_with("2026-03-26T10:01:"), "{second}");
    let listed = server.list(&path(&id)).await;
    let row = |key: &Value| (key["key_id"].clone(), key["status"].clone(), key["expires_at"].clone());
    let current = (second["key_id"].clone(), json!("current"), Value::Null);
    let previous = (first["key_id"].clone(), json!("previous"), second["previous_expires_at"].clone());
    assert_eq!(listed.iter().map(row).collect::<Vec<_>>(), [current.clone(), previous]);
    assert_eq!(kids(&server, &id).await, [second["key_id"].clone(), first["key_id"].clone()]);
    server.clock.advance(Duration::from_secs(61));
    assert_eq!(server.list(&path(&id)).await.iter().map(row).collect::<Vec<_>>(), [current]);
    assert_eq!(kids(&server, &id).await, [second["key_id"].clone()]);
    let at_once = rotate(&server, &id, json!({ "grace_seconds": 0 })).await.expect(200);
    assert_eq!(at_once["previous_expires_at"], Value::Null);
    assert_eq!(kids(&server, &id).await, [at_once["key_id"].clone()]);
}

#[tokio::test]
async fn a_grace_period_ends_early_and_a_key_is_removed() {
    let server = Server::with_acme().await;
    let id = server.webhook("acme", &["*"]).await;
    let end = || server.post(&format!("{}/end-grace-period", path(&id))).acting_for("acme");
    let remove = || server.call("DELETE", &path(&id)).acting_for("acme");
    for nothing in [end(), remove()] {
        nothing.send().await.refused(404, "not_found");
    }
    rotate(&server, &id, json!({})).await.expect(201);
    let second = rotate(&server, &id, json!({})).await.expect(200);
    end().send().await.expect(204);
    assert_eq!(kids(&server, &id).await, [second["key_id"].clone()]);
    remove().send().await.expect(204);
    assert_eq!(server.list(&path(&id)).await.len(), 0);
    jwks(&server, &id).await.refused(404, "not_found");
    rotate(&server, &id, json!({})).await.expect(201);
}

#[tokio::test]
async fn everybody_reads_public_keys_as_a_jwk_set() {
    let server = Server::with_acme().await;
    let id = server.webhook("acme", &["*"]).await;
    let made = rotate(&server, &id, json!({})).await.expect(201);
    let key = PublicKey::parse(made["public_key"].as_str().unwrap()).unwrap();
    let answer = jwks(&server, &id).await;
    let jwk = json!({
        "kty": "OKP", "crv": "Ed25519", "x": key.to_base64_url(), "kid": key.thumbprint(), "use": "sig",
        "alg": "EdDSA",
    });
    assert_eq!(answer.expect(200), json!({ "keys": [jwk] }));
    assert_eq!(answer.headers["content-type"], "application/jwk-set+json");
    assert_eq!(answer.headers["cache-control"], "public, max-age=300");
}

#[tokio::test]
async fn a_webhook_without_a_key_looks_like_one_that_does_not_exist() {
    let server = Server::with_acme().await;
    let without = server.webhook("acme", &["*"]).await;
    let deleted = server.webhook("acme", &["*"]).await;
    rotate(&server, &deleted, json!({})).await.expect(201);
    server.call("DELETE", &format!("/api/webhook/{deleted}")).acting_for("acme").send().await.expect(204);
    let strip = |mut problem: Value| {
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    };
    let never = strip(jwks(&server, "wh_01k5q8d7tz0f3nv2xk5m9r4c6b").await.refused(404, "not_found"));
    for id in [without.as_str(), &deleted, "wh_1", "acme"] {
        assert_eq!(strip(jwks(&server, id).await.refused(404, "not_found")), never, "{id}");
    }
}

#[tokio::test]
async fn bad_rotations_change_nothing_and_other_accounts_are_out_of_reach() {
    let server = Server::with_acme().await;
    server.account("other").await;
    let other = server.account_key("other").await;
    let id = server.webhook("acme", &["*"]).await;
    let made = rotate(&server, &id, json!({})).await.expect(201);
    for bad in [
        json!({ "grace_seconds": -1 }),
        json!({ "grace_seconds": 604_801 }),
        json!({ "signing_key": "whsk_AAAA" }),
    ] {
        rotate(&server, &id, bad).await.refused(422, "body_invalid");
    }
    let end = format!("{}/end-grace-period", path(&id));
    for (method, path) in [("GET", path(&id)), ("POST", path(&id)), ("DELETE", path(&id)), ("POST", end)] {
        server.call(method, &path).key(&other).send().await.refused(404, "not_found");
    }
    assert_eq!(kids(&server, &id).await, [made["key_id"].clone()]);
}

#[tokio::test]
async fn the_audit_log_names_keys_and_holds_none() {
    let server = Server::with_acme().await;
    let id = server.webhook("acme", &["*"]).await;
    let made = rotate(&server, &id, json!({})).await.expect(201);
    server.call("DELETE", &path(&id)).acting_for("acme").send().await.expect(204);
    let log = server.list(&format!("/api/audit?object={id}")).await;
    assert_eq!(log[0]["action"], "signing_key.delete");
    assert_eq!(
        (&log[1]["action"], &log[1]["after"]["key_id"]),
        (&json!("signing_key.rotate"), &made["key_id"])
    );
}
