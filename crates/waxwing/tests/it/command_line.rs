//! Help, completions, and the commands that talk to a running server.

use serde_json::{Value, json};
use waxwing_peers::{RawListener, Reply};

use crate::harness::{
    Inbox, KEY, Server, World, inbox::header, run, run_in, server::expect, stderr, stdout, waxwing, within,
};

fn reaching(server: &Server) -> Vec<(String, String)> {
    [("WAXWING_URL", server.url().as_str()), ("WAXWING_API_KEY", KEY), ("WAXWING_ACCOUNT", "acme")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

#[tokio::test]
async fn every_command_explains_itself() {
    let commands: [&[&str]; 14] = [
        &[],
        &["serve"],
        &["demo"],
        &["listen"],
        &["sign"],
        &["verify"],
        &["events", "tail"],
        &["replay"],
        &["event-types", "load"],
        &["migrate"],
        &["move"],
        &["bench"],
        &["config", "print"],
        &["completions"],
    ];
    for command in commands {
        let help = run(&[command, &["--help"]].concat()).await;
        assert_eq!(help.status.code(), Some(0), "{command:?}");
        assert!(stdout(&help).contains("Usage: waxwing"), "{command:?}");
    }
    assert_eq!(run(&["nonsense"]).await.status.code(), Some(2));
    assert!(stdout(&run(&["--version"]).await).contains(env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn completions_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(&["completions", shell]).await;
        assert!(script.status.success() && stdout(&script).contains("event-types"), "{shell}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_has_an_exit_code_of_its_own() {
    let nothing = RawListener::closed_port().await.unwrap();
    let url = format!("http://{nothing}");
    let arguments = ["events", "tail", "--once", "--url", &url, "--key", "k"];
    let failed = run(&arguments).await;
    assert_eq!(failed.status.code(), Some(4), "{}", stderr(&failed));
    let no_key = run(&["events", "tail", "--once", "--url", &url]).await;
    assert_eq!(no_key.status.code(), Some(2));
    assert!(stderr(&no_key).contains("WAXWING_API_KEY"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_can_be_followed_and_replayed_from_the_command_line() {
    let world = World::new();
    let mut inbox = Inbox::scripted(&world, [Reply::status(404), Reply::status(200)]).await;
    let server = world.serve(&[("RETRY_SCHEDULE", "1h")]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event = server.publish("acme", "deposit.created", json!({})).await;
    server.until(&hook, &event, "retrying").await;
    let environment = reaching(&server);
    let dir = world.dir.path();
    let tail = run_in(dir, &["events", "tail", "--once", "--json"], &environment, b"").await;
    assert!(tail.status.success(), "{}", stderr(&tail));
    let line: Value = serde_json::from_str(stdout(&tail).trim()).unwrap();
    assert_eq!(
        (&line["event_id"], &line["webhook_id"], &line["status"]),
        (&json!(event), &json!(hook.id), &json!("retrying"))
    );
    let replay = run_in(dir, &["replay", &hook.id, "--event", &event, "--json"], &environment, b"").await;
    let replayed: Value = serde_json::from_str(stdout(&replay).trim()).unwrap();
    assert_eq!(replayed["replayed"], 1, "{}", stderr(&replay));
    inbox.take(2).await;
    server.until(&hook, &event, "delivered").await;
    let text = run_in(dir, &["events", "tail", &hook.id, "--once"], &environment, b"").await;
    assert!(stdout(&text).contains("delivered"), "{}", stdout(&text));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_is_loaded_from_a_file() {
    let world = World::new();
    let server = world.serve(&[]).await;
    let catalog = json!({ "event_types": [
        { "type": "deposit.created", "description": "Money came in", "example": { "id": 1 } },
        { "type": "payout.updated" },
    ]});
    std::fs::write(world.path("catalog.json"), catalog.to_string()).unwrap();
    let environment = reaching(&server);
    let load = ["event-types", "load", "catalog.json", "--json"];
    let loaded = run_in(world.dir.path(), &load, &environment, b"").await;
    assert_eq!(
        serde_json::from_str::<Value>(&stdout(&loaded)).unwrap(),
        json!({ "added": 2, "replaced": 0 }),
        "{}",
        stderr(&loaded)
    );
    let again = run_in(world.dir.path(), &load, &environment, b"").await;
    assert_eq!(serde_json::from_str::<Value>(&stdout(&again)).unwrap(), json!({ "added": 0, "replaced": 2 }));
    server.account("acme").await;
    let catalog = expect(200, server.acting_for("acme").get("/api/event-types").await.unwrap());
    assert_eq!(catalog["data"].as_array().unwrap().len(), 2, "{catalog}");
    std::fs::write(world.path("catalog.json"), r#"{"event_types":[{"type":"a b"}]}"#).unwrap();
    assert_eq!(run_in(world.dir.path(), &load, &environment, b"").await.status.code(), Some(2));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listen_prints_and_verifies_what_arrives() {
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
    let world = World::new();
    let mut command = waxwing(world.dir.path());
    command.args(["listen", "--listen", "127.0.0.1:0", "--json", "--count", "1", "--ca-file", "listen.pem"]);
    command.args(["--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = within(lines.next_line()).await.unwrap().unwrap();
    let url = first.split_whitespace().last().unwrap().to_owned();
    let server = world.serve(&[("EXTRA_CA_FILE", "listen.pem")]).await;
    let hook = server.webhook("acme", "https://127.0.0.1:8443/", &["*"]).await;
    let path = format!("/api/webhook/{}", hook.id);
    expect(200, server.acting_for("acme").put(&path, Some(json!({ "url": url }))).await.unwrap());
    let rotation = json!({ "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "grace_seconds": 0 });
    expect(
        200,
        server.acting_for("acme").post(&format!("{path}/rotate-secret"), Some(rotation)).await.unwrap(),
    );
    let event = server.publish("acme", "deposit.created", json!({})).await;
    assert!(within(child.wait()).await.unwrap().success());
    let mut printed = String::new();
    child.stdout.take().unwrap().read_to_string(&mut printed).await.unwrap();
    let line: Value = serde_json::from_str(printed.trim()).unwrap();
    assert_eq!((&line["verified"], &line["body"]["id"]), (&json!(true), &json!(event)), "{line:#}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_event_reaches_one_webhook_alone() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let other = server.webhook("acme", &inbox.url("/other"), &["*"]).await;
    let hook = server.webhook("acme", &inbox.url("/this"), &["nothing.*"]).await;
    let path = format!("/api/webhook/{}/test", hook.id);
    let published = expect(202, server.acting_for("acme").post(&path, Some(json!({}))).await.unwrap());
    let received = inbox.next().await;
    assert_eq!(received.path, "/this");
    assert_eq!(header(&received, "webhook-id"), published["id"]);
    assert!(server.log_of(&other, "").await.is_empty());
    server.stop().await;
}
