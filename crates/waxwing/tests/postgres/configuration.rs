//! What is configured on one node is seen by the others within a second, with and
//! without a pooler in between.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use waxwing_peers::ApiClient;

use crate::harness::{Inbox, Server, World, server::expect};

/// A second, and what two busy processors add to it.
const SOON: Duration = Duration::from_secs(2);

pub(crate) async fn soon(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    while !holds().await {
        assert!(began.elapsed() < SOON, "not seen within {SOON:?}: {what}");
        tick.tick().await;
    }
}

async fn published(to: &Server, account: &str) -> Option<i64> {
    let event = json!({ "account_id": account, "type": "a.b", "data": {} });
    let answer = to.api.post("/api/events", Some(event)).await.unwrap();
    (answer.status == 202).then(|| answer.json().unwrap()["webhooks"].as_i64().unwrap())
}

async fn changes_are_seen(world: &World, url: &str) {
    let inbox = Inbox::healthy(world).await;
    let one = world.serve(&[("DATABASE", url), ("NODE", "one"), ("MAX_AUTH_FAILURES_PER_MINUTE", "0")]).await;
    let two = world.serve(&[("DATABASE", url), ("NODE", "two"), ("MAX_AUTH_FAILURES_PER_MINUTE", "0")]).await;
    one.account("acme").await;
    assert_eq!(published(&two, "acme").await, Some(0), "an account is known at once where it matters");
    let hook = one.webhook("acme", &inbox.url("/"), &["*"]).await;
    soon("a new webhook", async || published(&two, "acme").await == Some(1)).await;
    one.set_status(&hook, "inactive").await;
    soon("a paused webhook", async || {
        let event = two.publish("acme", "a.b", json!({})).await;
        two.detail(&hook, &event).await["status"] == "held"
    })
    .await;
    let made = json!({ "name": "k" });
    let key = expect(201, one.api.post("/api/accounts/acme/keys", Some(made)).await.unwrap());
    let client = ApiClient::new(&two.url(), key["key"].as_str().unwrap()).unwrap();
    let status = async || client.get("/api/webhook/list").await.unwrap().status;
    soon("a new key", async || status().await == 200).await;
    let path = format!("/api/accounts/acme/keys/{}", key["id"].as_str().unwrap());
    assert_eq!(one.api.delete(&path, None).await.unwrap().status, 204);
    soon("a revoked key", async || status().await == 401).await;
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_on_one_node_are_seen_by_another() {
    let world = World::new();
    changes_are_seen(&world, &world.place.database().url.clone()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_on_one_node_are_seen_by_another_through_a_pooler() {
    let world = World::new();
    changes_are_seen(&world, &world.place.database().pooled.clone()).await;
}
