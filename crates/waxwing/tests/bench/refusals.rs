//! What cannot be run is refused before anything starts, with what is wrong and where.

use crate::{bench, harness::stderr};

const SCENARIO: &str = r#"shows = "x"
[receivers.healthy]
answer = "200"
accounts = 1
[[steps]]
publish = { name = "full", receivers = ["healthy"], at = "full speed", events = 10 }
"#;

async fn refused(file: &str, text: &str, arguments: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(file), text).unwrap();
    let output = bench(dir.path(), arguments).await;
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    stderr(&output)
}

#[tokio::test]
async fn a_wrong_scenario_is_refused_with_file_line_and_key() {
    let wrong = SCENARIO.replace("accounts = 1", "acounts = 1");
    let error = refused("mine.toml", &wrong, &["--scenario", "mine.toml"]).await;
    for part in ["mine.toml", "line 4", "acounts", "accounts"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    let wrong = SCENARIO.replace("[\"healthy\"]", "[\"helthy\"]");
    let error = refused("mine.toml", &wrong, &["--scenario", "."]).await;
    assert!(error.contains("mine.toml") && error.contains("step 1: there is no receivers.helthy"), "{error}");
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let error = refused("mine.toml", SCENARIO, &["--scenario", "mine.toml", "--only", "min"]).await;
    assert!(error.contains("Did you mean mine?"), "{error}");
    let error = refused("x.txt", "", &["--scenario", "other.toml"]).await;
    assert!(error.contains("other.toml cannot be read"), "{error}");
    let error = refused("x.txt", "", &["--scenario", "."]).await;
    assert!(error.contains("holds no .toml file"), "{error}");
    let error = refused("x.txt", "", &["--adapter", "other.toml"]).await;
    assert!(error.contains("other.toml cannot be read"), "{error}");
}

#[tokio::test]
async fn an_adapter_says_what_it_needs() {
    let adapter = crate::folder().join("adapters/svix.toml");
    let error = refused("x.txt", "", &["--adapter", adapter.to_str().unwrap()]).await;
    assert!(error.contains("Svix needs token") && error.contains("--set token=…"), "{error}");
    let text = std::fs::read_to_string(adapter).unwrap().replace("{{event}}", "{{evnt}}");
    let error = refused("a.toml", &text, &["--adapter", "a.toml", "--set", "token=x"]).await;
    assert!(error.contains("a.toml is no adapter: publish: {{evnt}} stands for nothing"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let nothing = waxwing_peers::RawListener::closed_port().await.unwrap();
    let adapter = crate::folder().join("adapters/webhookx.toml");
    let (adapter, url) = (adapter.to_str().unwrap(), format!("http://{nothing}"));
    let dir = tempfile::tempdir().unwrap();
    let output = bench(dir.path(), &["--adapter", adapter, "--url", &url]).await;
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("nothing listens at"), "{}", stderr(&output));
    let output = bench(dir.path(), &["--adapter", adapter, "--url", &url, "--start", "exit 7"]).await;
    assert!(stderr(&output).contains("exit status: 7"), "{}", stderr(&output));
}
