//! TLS on the API's address: who is talked to, and how the certificate is replaced.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use waxwing_peers::{ApiClient, ApiError, Ca, ServerCert};

use crate::harness::{KEY, Server, World, run_in, stderr, within};

const FILES: [(&str, &str); 2] = [("TLS_CERTIFICATE_FILE", "server.pem"), ("TLS_KEY_FILE", "server.key")];

fn pem(kind: &str, der: &[u8]) -> String {
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(der))
}

/// Writes a certificate and its key where the server looks for them.
fn put(dir: &Path, cert: &ServerCert) {
    let chain: String = cert.chain.iter().map(|one| pem("CERTIFICATE", one)).collect();
    std::fs::write(dir.join("server.pem"), chain).unwrap();
    std::fs::write(dir.join("server.key"), pem("PRIVATE KEY", cert.key.secret_der())).unwrap();
}

fn issue(ca: &Ca) -> ServerCert {
    ca.issue(&["127.0.0.1"]).unwrap()
}

/// A client that trusts this authority and the public ones.
fn client(server: &Server, ca: &Ca) -> ApiClient {
    let client = ApiClient::new(&format!("https://{}", server.addr), KEY).unwrap();
    client.trusting(ca.pem().as_bytes()).unwrap()
}

async fn is_served(server: &Server, ca: &Ca) -> bool {
    match client(server, ca).get("/api/accounts").await {
        Ok(answer) => {
            assert_eq!(answer.status, 200, "{answer:?}");
            true
        }
        Err(ApiError::Tls { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

async fn until_served(server: &Server, ca: &Ca) {
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(20));
    within(async {
        while !is_served(server, ca).await {
            tick.tick().await;
        }
    })
    .await;
}

async fn until_logged(server: &Server, words: &str) {
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(20));
    within(async {
        while !server.log().contains(words) {
            tick.tick().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_speaks_tls_and_nothing_else_at_its_address() {
    let world = World::new();
    put(world.dir.path(), &issue(&world.ca));
    let server = world.serve(&FILES).await;
    let answer = client(&server, &world.ca).get("/api/accounts").await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.headers["strict-transport-security"].to_str().unwrap().starts_with("max-age="));
    let stranger = Ca::generate("Somebody else").unwrap();
    assert!(!is_served(&server, &stranger).await, "an unknown authority is not trusted");
    let plain = ApiClient::new(&server.url(), KEY).unwrap().get("/healthz").await;
    assert!(matches!(plain, Err(ApiError::Exchange { .. })), "{plain:?}");
    let text = client(&server, &world.ca).get("/metrics").await.unwrap();
    let text = String::from_utf8(text.body.to_vec()).unwrap();
    let line = text.lines().find(|line| line.starts_with("waxwing_tls_certificate_not_after_seconds "));
    assert!(line.is_some_and(|line| !line.ends_with(" 0")), "{line:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_reach_a_server_over_tls_when_they_trust_its_authority() {
    let world = World::new();
    put(world.dir.path(), &issue(&world.ca));
    let server = world.serve(&FILES).await;
    let url = format!("https://{}", server.addr);
    let dir = world.dir.path();
    let tail = ["events", "tail", "--once", "--url", &url, "--key", KEY, "--account", "acme"];
    client(&server, &world.ca)
        .post("/api/accounts", Some(serde_json::json!({ "id": "acme" })))
        .await
        .unwrap();
    let refused = run_in(dir, &tail, &[], b"").await;
    assert_eq!(refused.status.code(), Some(4), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("--ca-file"), "{}", stderr(&refused));
    let by_flag = run_in(dir, &[&tail[..], &["--ca-file", "ca.pem"]].concat(), &[], b"").await;
    assert!(by_flag.status.success(), "{}", stderr(&by_flag));
    let variable = [("WAXWING_EXTRA_CA_FILE".to_owned(), "ca.pem".to_owned())];
    let by_variable = run_in(dir, &tail, &variable, b"").await;
    assert!(by_variable.status.success(), "{}", stderr(&by_variable));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_taken_at_a_hangup_and_a_broken_one_is_not() {
    let world = World::new();
    let (first, second) = (&world.ca, Ca::generate("The next one").unwrap());
    let old = issue(first);
    put(world.dir.path(), &old);
    let server = world.serve(&FILES).await;
    let kept = client(&server, first);
    assert_eq!(kept.get("/healthz").await.unwrap().status, 200);
    // A certificate without its key, as when a renewal stops half-way.
    let new = issue(&second);
    put(world.dir.path(), &ServerCert { chain: new.chain.clone(), key: old.key.clone_key() });
    server.signal("HUP");
    until_logged(&server, "the one before stays").await;
    assert!(is_served(&server, first).await);
    std::fs::write(world.path("server.key"), "no key at all").unwrap();
    server.signal("HUP");
    until_logged(&server, "is not PEM with one private key").await;
    assert!(is_served(&server, first).await);
    put(world.dir.path(), &new);
    server.signal("HUP");
    until_served(&server, &second).await;
    assert!(!is_served(&server, first).await);
    assert_eq!(kept.get("/healthz").await.unwrap().status, 200, "an open connection goes on");
    assert!(!server.log().contains("PRIVATE"), "{}", server.log());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_seen_without_a_signal() {
    let world = World::new();
    let second = Ca::generate("The next one").unwrap();
    put(world.dir.path(), &issue(&world.ca));
    let server = world.serve(&FILES).await;
    assert!(is_served(&server, &world.ca).await);
    put(world.dir.path(), &issue(&second));
    until_served(&server, &second).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_cannot_be_used_is_told_before_anything_is_opened() {
    let world = World::new();
    let missing = world.serve_in_vain(&FILES).await;
    assert_eq!(missing.status.code(), Some(2), "{}", stderr(&missing));
    assert!(stderr(&missing).contains("server.pem cannot be read"), "{}", stderr(&missing));
    put(world.dir.path(), &issue(&world.ca));
    std::fs::write(world.path("server.pem"), "nothing").unwrap();
    let broken = world.serve_in_vain(&FILES).await;
    assert_eq!(broken.status.code(), Some(2), "{}", stderr(&broken));
    assert!(stderr(&broken).contains("no BEGIN CERTIFICATE block"), "{}", stderr(&broken));
    let half = world.serve_in_vain(&FILES[..1]).await;
    assert_eq!(half.status.code(), Some(2), "{}", stderr(&half));
    assert!(!world.path("waxwing.db").exists());
}
