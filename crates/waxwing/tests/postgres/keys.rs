//! A key that is taken away on one node is refused by the others within a second, whether
//! they are told or have to look; and what they note about its use adds up.

use serde_json::{Value, json};
use waxwing_peers::ApiClient;

use crate::{
    configuration::soon,
    harness::{Server, World, server::expect},
};

/// Makes a key or a token of `acme`; its id and text.
async fn made(on: &Server, what: &str) -> (String, String) {
    let answer = on.api.post(&format!("/api/accounts/acme/{what}"), Some(json!({}))).await.unwrap();
    let made = expect(201, answer);
    let text = made["key"].as_str().or(made["token"].as_str()).unwrap();
    (made["id"].as_str().unwrap().to_owned(), text.to_owned())
}

async fn status(of: &Server, key: &str) -> u16 {
    let client = ApiClient::new(&of.url(), key).unwrap();
    client.get("/api/webhook/list").await.unwrap().status.as_u16()
}

async fn revoke(on: &Server, id: &str) {
    let path = format!("/api/accounts/acme/keys/{id}");
    assert_eq!(on.api.delete(&path, None).await.unwrap().status, 204);
}

async fn two(world: &World) -> (Server, Server) {
    let one = world.serve(&[("NODE", "one"), ("MAX_AUTH_FAILURES_PER_MINUTE", "0")]).await;
    let two = world.serve(&[("NODE", "two"), ("MAX_AUTH_FAILURES_PER_MINUTE", "0")]).await;
    one.account("acme").await;
    (one, two)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_revoked_on_one_node_is_refused_by_another() {
    let world = World::new();
    let (one, two) = two(&world).await;
    for what in ["keys", "portal-tokens"] {
        let (id, key) = made(&one, what).await;
        soon("it is accepted", async || status(&two, &key).await == 200).await;
        revoke(&one, &id).await;
        assert_eq!(status(&one, &key).await, 401, "at once where it was revoked");
        soon("it is refused", async || status(&two, &key).await == 401).await;
    }
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_not_told_looks_for_itself() {
    let world = World::new();
    let (one, two) = two(&world).await;
    let (id, key) = made(&one, "keys").await;
    soon("it is accepted", async || status(&two, &key).await == 200).await;
    // Listening is tried again after five seconds only.
    let ended = world.place.database().execute(
        "SELECT 'ended ' || count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
         WHERE datname = current_database() AND query LIKE 'LISTEN%'",
    );
    assert!(ended.contains("ended 2"), "both nodes listened: {ended}");
    revoke(&one, &id).await;
    soon("it is refused", async || status(&two, &key).await == 401).await;
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_use_on_any_node_is_kept_when_they_end() {
    let world = World::new();
    let (one, two) = two(&world).await;
    let (_, key) = made(&one, "keys").await;
    assert_eq!(status(&one, &key).await, 200);
    soon("it is accepted", async || status(&two, &key).await == 200).await;
    two.stop().await;
    let used = async |on: &Server| {
        let keys: Value = expect(200, on.api.get("/api/accounts/acme/keys").await.unwrap());
        keys["data"][0]["last_used_at"].as_str().map(str::to_owned)
    };
    let later = used(&one).await.expect("the second node has kept its use");
    one.stop().await;
    let third = world.serve(&[("NODE", "three")]).await;
    assert_eq!(used(&third).await, Some(later), "the first one's earlier use has not undone it");
    third.stop().await;
}
