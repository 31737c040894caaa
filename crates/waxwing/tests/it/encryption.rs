//! Keys that seal secrets: replaced while deliveries go on, and given by a command.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use waxwing_core::{Secret, Timestamp};
use waxwing_peers::Received;

use crate::harness::{
    Hook, Inbox, KEY, Server, World, inbox::header, run_in, server::expect, stderr, stdout, within,
};

/// Two keys, as `openssl rand -base64 32` prints them.
const OLD: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const NEW: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

fn verifies(hook: &Hook, received: &Received) -> bool {
    let secret = Secret::given(&hook.secret).unwrap();
    let at = Timestamp::from_millis(header(received, "webhook-timestamp").parse::<i64>().unwrap() * 1000);
    waxwing_peers::verify(&received.headers, &received.body, &secret, at).is_ok()
}

/// What the server sends is signed with the webhook's secret.
async fn delivers(server: &Server, hook: &Hook, inbox: &mut Inbox) {
    server.publish(&hook.account, "deposit.created", json!({})).await;
    assert!(verifies(hook, &inbox.next().await), "{}", server.log());
}

async fn status(server: &Server) -> Value {
    expect(200, server.api.get("/api/encryption").await.unwrap())
}

async fn until_resealed(server: &Server) {
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(10));
    within(async {
        while status(server).await["sealed_otherwise"] != 0 {
            tick.tick().await;
        }
    })
    .await;
}

/// A script in the world that a shell runs.
fn script(world: &World, text: &str) -> String {
    let path = world.path("key.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    format!("sh '{}'", path.display())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_encryption_key_is_replaced_in_steps_that_all_deliver() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[("ENCRYPTION_KEY", OLD)]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let first = status(&server).await["root_key"].clone();
    server.stop().await;
    let steps: [&[(&str, &str)]; 3] = [
        &[("ENCRYPTION_KEY", OLD), ("PREVIOUS_ENCRYPTION_KEYS", NEW)],
        &[("ENCRYPTION_KEY", NEW), ("PREVIOUS_ENCRYPTION_KEYS", OLD)],
        &[("ENCRYPTION_KEY", NEW)],
    ];
    for (step, settings) in steps.into_iter().enumerate() {
        let server = world.serve(settings).await;
        delivers(&server, &hook, &mut inbox).await;
        let status = status(&server).await;
        assert_eq!(status["data_keys"][0]["root_key"] == first, step == 0, "{status}");
        server.stop().await;
    }
    let refused = world.serve_in_vain(&[("ENCRYPTION_KEY", OLD)]).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("WAXWING_PREVIOUS_ENCRYPTION_KEYS"), "{}", stderr(&refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_key_is_replaced_by_a_command_while_the_server_runs() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let environment =
        [("WAXWING_URL".to_owned(), server.url()), ("WAXWING_API_KEY".to_owned(), KEY.to_owned())];
    let dir = world.dir.path();
    let rotated = run_in(dir, &["encryption", "rotate", "--json"], &environment, b"").await;
    let rotated: Value = serde_json::from_str(&stdout(&rotated)).unwrap();
    assert_eq!(rotated["data_key"], 2, "{rotated}");
    until_resealed(&server).await;
    delivers(&server, &hook, &mut inbox).await;
    let shown = stdout(&run_in(dir, &["encryption", "status"], &environment, b"").await);
    assert!(shown.contains("still to be sealed with data key 2: 0"), "{shown}");
    server.kill().await;
    let server = world.serve(&[]).await;
    delivers(&server, &hook, &mut inbox).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_prints_the_key_and_those_before_it() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[("ENCRYPTION_KEY_COMMAND", &script(&world, &format!("echo {OLD}")))]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    delivers(&server, &hook, &mut inbox).await;
    server.stop().await;
    let both = script(&world, &format!("echo {NEW}; echo {OLD}"));
    let server = world.serve(&[("ENCRYPTION_KEY_COMMAND", &both)]).await;
    delivers(&server, &hook, &mut inbox).await;
    server.stop().await;
    world.serve(&[("ENCRYPTION_KEY", NEW)]).await.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_fails_says_why_and_never_what_it_printed() {
    let world = World::new();
    for (text, said) in [
        ("echo its-output; echo no credentials >&2; exit 3", "no credentials"),
        ("echo its-output", "not an encryption key"),
        ("head -c 5000 /dev/zero", "more than 4096 bytes"),
        ("head -c 5000 /dev/zero >&2; exit 1", "failed"),
        ("printf '\\377'", "something else than text"),
        ("true", "gave no encryption key"),
        // It is told none of the server's secrets.
        ("env | grep WAXWING | sed s/^/told-/ >&2; exit 1", "said: \"\""),
    ] {
        let refused = world.serve_in_vain(&[("ENCRYPTION_KEY_COMMAND", &script(&world, text))]).await;
        assert_eq!(refused.status.code(), Some(2), "{text}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(said), "{text}: {}", stderr(&refused));
        assert!(!stderr(&refused).contains("its-output"), "{text}: {}", stderr(&refused));
    }
    let refused = world.serve_in_vain(&[("ENCRYPTION_KEY_COMMAND", "/no/such/program")]).await;
    assert!(stderr(&refused).contains("/no/such/program that prints the encryption key cannot be started"));
}
