//! Signing keys, from the API through a delivery to the receiver that verifies it.

use base64::{Engine, engine::general_purpose::STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use waxwing_core::{PublicKey, Timestamp};
use waxwing_peers::{ApiClient, Received, verify::standard};

use crate::harness::{
    Inbox, Server, World,
    inbox::header,
    run_in,
    server::{Hook, expect},
    stderr, stdout,
};

/// The public keys of a webhook as a receiver has them: from the well-known route,
/// without a key of the API.
async fn published(server: &Server, hook: &Hook) -> Vec<PublicKey> {
    let stranger = ApiClient::new(&server.url(), "").unwrap();
    let path = format!("/.well-known/webhooks/{}/jwks.json", hook.id);
    let answer = stranger.get(&path).await.unwrap();
    if answer.status == 404 {
        return Vec::new();
    }
    let keys = expect(200, answer)["keys"].as_array().unwrap().clone();
    let read = |jwk: &Value| {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap();
        PublicKey::parse(&format!("whpk_{}", STANDARD.encode(bytes))).unwrap()
    };
    keys.iter().map(read).collect()
}

async fn received(server: &Server, inbox: &mut Inbox) -> Received {
    server.publish("acme", "deposit.created", json!({ "amount": 1 })).await;
    inbox.next().await
}

fn verifies(received: &Received, key: &PublicKey) -> bool {
    let at = Timestamp::from_millis(header(received, "webhook-timestamp").parse::<i64>().unwrap() * 1000);
    standard(&received.headers, &received.body, key, at).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_verifies_with_public_keys_alone_through_a_rotation_without_a_gap() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let acme = server.acting_for("acme");
    let path = format!("/api/webhook/{}/signing-key", hook.id);
    assert!(published(&server, &hook).await.is_empty());
    assert!(!header(&received(&server, &mut inbox).await, "webhook-signature").contains("v1a,"));

    let made = expect(201, acme.post(&path, None).await.unwrap());
    let old = published(&server, &hook).await.remove(0);
    assert_eq!(made["public_key"], old.to_string());
    assert!(verifies(&received(&server, &mut inbox).await, &old));

    let rotated = expect(200, acme.post(&path, None).await.unwrap());
    let keys = published(&server, &hook).await;
    let new = &keys[0];
    assert_eq!((new.to_string(), &keys[1]), (rotated["public_key"].as_str().unwrap().to_owned(), &old));
    let both = received(&server, &mut inbox).await;
    assert!(verifies(&both, &old) && verifies(&both, new), "either key, as long as the grace period lasts");

    acme.post(&format!("{path}/end-grace-period"), None).await.unwrap();
    assert_eq!(published(&server, &hook).await, std::slice::from_ref(new));
    let one = received(&server, &mut inbox).await;
    assert!(verifies(&one, new) && !verifies(&one, &old));

    acme.delete(&path, None).await.unwrap();
    assert!(published(&server, &hook).await.is_empty());
    assert!(!header(&received(&server, &mut inbox).await, "webhook-signature").contains("v1a,"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_sends_the_command_line_verifies_with_the_public_key() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let path = format!("/api/webhook/{}/signing-key", hook.id);
    let made = expect(201, server.acting_for("acme").post(&path, None).await.unwrap());
    let received = received(&server, &mut inbox).await;
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature", "x-webhook-signature"];
    let lines: String = names.map(|name| format!("{name}: {}\n", header(&received, name))).concat();
    std::fs::write(world.path("headers.txt"), lines).unwrap();
    let verify =
        ["verify", "--headers-file", "headers.txt", "--public-key", made["public_key"].as_str().unwrap()];
    let verified = run_in(world.dir.path(), &verify, &[], &received.body).await;
    assert!(stdout(&verified).contains("matches the public key"), "{}", stderr(&verified));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signing_key_outlives_a_restart() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let path = format!("/api/webhook/{}/signing-key", hook.id);
    let made = expect(201, server.acting_for("acme").post(&path, None).await.unwrap());
    server.stop().await;
    let server = world.serve(&[]).await;
    let key = published(&server, &hook).await.remove(0);
    assert_eq!(made["public_key"], key.to_string());
    assert!(verifies(&received(&server, &mut inbox).await, &key));
    server.stop().await;
}
