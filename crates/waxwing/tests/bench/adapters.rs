//! Adapters: Waxwing's own makes the same counts as the run without one, and those of other
//! servers send what these document.

use serde_json::Value;

use crate::{fake::Fake, harness::KEY, results, steps};

/// Two accounts with two webhooks each.
const SMALL: &str = r#"
shows = "That adapters work."
connections = 3
[receivers.healthy]
answer = "200"
accounts = 2
webhooks = 2
[receivers.failing]
answer = "503"
accounts = 1
[[steps]]
store = { receivers = ["healthy"], events = 7 }
[[steps]]
publish = { name = "saturation", receivers = ["healthy", "failing"], at = "full speed", events = 30 }
[[steps]]
publish = { name = "steady", receivers = ["healthy"], at = "40/s", seconds = 1 }
"#;

/// Those of all measurements: name, events, deliveries.
fn counts(steps: &[Value]) -> Vec<(String, u64, u64)> {
    let published = steps.iter().filter(|step| step["step"] == "publish" || step["step"] == "drain");
    let counts = published.map(|step| {
        let name = step["name"].as_str().unwrap_or("drain").to_owned();
        (name, step["events"].as_u64().unwrap_or(0), step["deliveries"].as_u64().unwrap())
    });
    counts.collect()
}

fn expected() -> Vec<(String, u64, u64)> {
    // Of 30 events a third goes to the failing account; each of the others to two webhooks.
    vec![("saturation".to_owned(), 30, 40), ("steady".to_owned(), 40, 80)]
}

#[tokio::test(flavor = "multi_thread")]
async fn waxwing_through_its_adapter_makes_the_counts_of_the_run_without() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("small.toml"), SMALL).unwrap();
    let own = results(dir.path(), &["--scenario", "small.toml"]).await;
    assert_eq!(counts(steps(&own, "small")), expected());
    let port = waxwing_peers::RawListener::closed_port().await.unwrap();
    let start = format!(
        "WAXWING_EXTRA_CA_FILE=$CA_FILE WAXWING_LISTEN={port} WAXWING_OPERATOR_KEY={KEY} \
         WAXWING_ALLOWED_NETWORKS=127.0.0.0/8 WAXWING_LOG=warn exec '{}' serve",
        env!("CARGO_BIN_EXE_waxwing")
    );
    let adapter = crate::folder().join("adapters/waxwing.toml");
    let (url, set) = (format!("http://{port}"), format!("key={KEY}"));
    let scale = ["--scale", "0.001", "--only", "backlog-drain"];
    let other = ["--adapter", adapter.to_str().unwrap(), "--url", &url, "--set", &set, "--start", &start];
    let through = results(dir.path(), &[&["--scenario", "small.toml"], &other[..]].concat()).await;
    assert_eq!(counts(steps(&through, "small")), expected());
    assert!(!through.to_string().contains(KEY), "the key is not shown: {}", through["command"]);
    // Pausing and releasing work through an adapter as well.
    let through = results(dir.path(), &[&scale[..], &other[..]].concat()).await;
    assert_eq!(counts(steps(&through, "backlog-drain")).pop(), Some(("drain".to_owned(), 0, 200)));
}

/// Runs an adapter against what its server documents.
async fn documented(name: &str) -> Value {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("small.toml"), SMALL).unwrap();
    let fake = Fake::start(name, &dir.path().join("ca.pem")).await;
    let adapter = crate::folder().join(format!("adapters/{name}.toml"));
    let mut arguments = vec!["--scenario", "small.toml", "--ca-file", "ca.pem", "--url", &fake.url];
    arguments.extend(["--adapter", adapter.to_str().unwrap()]);
    arguments.extend(fake.set.iter().flat_map(|set| ["--set", set]));
    let results = results(dir.path(), &arguments).await;
    assert_eq!(fake.problems(), Vec::<String>::new(), "{name}");
    assert_eq!(counts(steps(&results, "small")), expected(), "{name}");
    assert!(fake.calls_never_made().is_empty(), "{name}: {:?}", fake.calls_never_made());
    results
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_of_svix_sends_what_svix_documents() {
    assert_eq!(documented("svix").await["server"]["name"], "Svix");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_of_convoy_sends_what_convoy_documents() {
    assert_eq!(documented("convoy").await["server"]["name"], "Convoy");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_of_outpost_sends_what_outpost_documents() {
    assert_eq!(documented("outpost").await["server"]["name"], "Outpost");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_of_hook0_sends_what_hook0_documents() {
    assert_eq!(documented("hook0").await["server"]["name"], "Hook0");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_of_webhookx_sends_what_webhookx_documents() {
    assert_eq!(documented("webhookx").await["server"]["name"], "WebhookX");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_that_an_adapter_cannot_run_is_left_out_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start("svix", &dir.path().join("ca.pem")).await;
    let adapter = crate::folder().join("adapters/svix.toml");
    let arguments = ["--only", "isolation", "--url", &fake.url, "--set", "token=secret", "--adapter"];
    let results = results(dir.path(), &[&arguments[..], &[adapter.to_str().unwrap()]].concat()).await;
    let scenario = &results["scenarios"][0];
    assert_eq!(scenario["skipped"], "the adapter cannot pause webhooks");
    assert_eq!(scenario["steps"].as_array().unwrap().len(), 0);
}
