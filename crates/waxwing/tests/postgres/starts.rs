//! Starts on PostgreSQL: many at once, and those that are refused, each with the reason,
//! its exit code, and no password anywhere.

use std::{os::unix::fs::PermissionsExt, process::Output, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::task::JoinSet;
use waxwing_cluster::Cluster;
use waxwing_peers::{Ca, RawListener};

use crate::{
    harness::{World, stderr, stdout},
    nodes::ready,
};

const PASSWORD: &str = "open-sesame-7";

#[tokio::test(flavor = "multi_thread")]
async fn ten_nodes_that_start_at_once_on_an_empty_database_are_all_ready() {
    let world = Arc::new(World::new());
    world.place.database();
    let mut starts = JoinSet::new();
    for number in 0..10 {
        let world = Arc::clone(&world);
        starts.spawn(async move {
            let name = format!("node-{number}");
            world.serve(&[("NODE", &name), ("DATABASE_CONNECTIONS", "4")]).await
        });
    }
    for server in starts.join_all().await {
        ready(&server, 200).await;
        server.stop().await;
    }
    let database = world.place.database();
    let versions = database.execute("SELECT count(*), count(DISTINCT version) FROM schema_version");
    let (all, distinct) = versions.trim().split_once('|').unwrap();
    assert_eq!(all, distinct);
    assert_eq!(database.execute("SELECT count(*) FROM node").trim(), "10");
}

/// A start that ends by itself; nothing that it says holds the password.
async fn refused(world: &World, url: &str, code: i32, words: &[&str]) {
    let output: Output = world.serve_in_vain(&[("DATABASE", url)]).await;
    let said = format!("{}{}", stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(code), "{url}: {said}");
    for word in words {
        assert!(said.contains(word), "{url}: no {word:?} in {said}");
    }
    assert!(!said.contains(PASSWORD), "{said}");
}

fn guarded(rules: &str, tls: Option<&Ca>) -> Cluster {
    let cert = tls.map(|ca| ca.issue(&["localhost"]).unwrap());
    let pem = |label: &str, der: &[u8]| {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", base64(der))
    };
    let files: Vec<(&str, String)> = cert
        .iter()
        .flat_map(|cert| {
            [
                ("tls.crt", pem("CERTIFICATE", &cert.chain[0])),
                ("tls.key", pem("PRIVATE KEY", cert.key.secret_der())),
            ]
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let tls_settings: &[&str] =
        if tls.is_some() { &["ssl=on", "ssl_cert_file=tls.crt", "ssl_key_file=tls.key"] } else { &[] };
    let cluster = Cluster::with(&[&["fsync=off"], tls_settings].concat(), rules, &files);
    cluster.execute("postgres", &format!("CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}'"));
    cluster.execute("postgres", "CREATE DATABASE events OWNER guarded");
    cluster
}

/// As openssl writes it, in lines of 64.
fn base64(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes).into_bytes();
    let lines: Vec<&str> = text.chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_of_the_database_is_told_and_no_password() {
    let world = World::new();
    let cluster =
        tokio::task::spawn_blocking(|| guarded("host all guarded 127.0.0.1/32 scram-sha-256", None));
    let cluster = cluster.await.unwrap();
    let port = cluster.port();
    let url = |user: &str, rest: &str| format!("postgres://{user}@127.0.0.1:{port}/{rest}");
    let good = format!("guarded:{PASSWORD}");
    refused(&world, &url("guarded:wrong", "events"), 1, &["password", "check user"]).await;
    refused(&world, &url("guarded", "events"), 1, &["password"]).await;
    refused(&world, &url(&good, "nothing"), 1, &["nothing", "createdb"]).await;
    refused(&world, &url(&good, "events?sslmode=require"), 1, &["TLS"]).await;
    refused(&world, &url(&good, "events?sslmode=sure"), 2, &["sslmode"]).await;
    let nobody = RawListener::closed_port().await.unwrap();
    let away = format!("postgres://{good}@{nobody}/events");
    refused(&world, &away, 1, &["cannot be used", &nobody.to_string(), "refused"]).await;
    let silent = RawListener::start(waxwing_peers::Misbehaviour::Silent).await.unwrap();
    refused(&world, &format!("postgres://{good}@{}/events", silent.addr), 1, &["no answer"]).await;
    // With the right one it starts; from a password file too.
    world.serve(&[("DATABASE", &url(&good, "events"))]).await.stop().await;
    let file = world.path("pgpass");
    std::fs::write(&file, format!("127.0.0.1:{port}:events:guarded:{PASSWORD}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let named = url("guarded", &format!("events?passfile={}", file.display()));
    let server = world.serve(&[("DATABASE", &named)]).await;
    assert!(!server.log().contains(PASSWORD));
    server.stop().await;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(&world, &named, 2, &["chmod 600"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_certificate_is_verified_as_asked() {
    let world = World::new();
    let stranger = Ca::generate("Somebody else").unwrap();
    std::fs::write(world.path("stranger.pem"), stranger.pem()).unwrap();
    let (cluster, world) = tokio::task::spawn_blocking(|| {
        (
            guarded(
                "hostssl all guarded 127.0.0.1/32 scram-sha-256\nhost all guarded all reject",
                Some(&world.ca),
            ),
            world,
        )
    })
    .await
    .unwrap();
    let ca = world.path("ca.pem").display().to_string();
    let stranger = world.path("stranger.pem").display().to_string();
    let url = |host: &str, mode: &str, ca: &str| {
        format!(
            "postgres://guarded:{PASSWORD}@{host}:{}/events?sslmode={mode}&sslrootcert={ca}",
            cluster.port()
        )
    };
    refused(&world, &url("localhost", "verify-full", &stranger), 1, &["certificate"]).await;
    refused(&world, &url("127.0.0.1", "verify-full", &ca), 1, &["certificate"]).await;
    refused(
        &world,
        &format!("postgres://guarded:{PASSWORD}@127.0.0.1:{}/events?sslmode=disable", cluster.port()),
        1,
        &["pg_hba.conf"],
    )
    .await;
    for url in [url("localhost", "verify-full", &ca), url("127.0.0.1", "verify-ca", &ca)] {
        let server = world.serve(&[("DATABASE", &url)]).await;
        assert_eq!(server.api.get("/readyz").await.unwrap().status, 200);
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_alone_is_refused() {
    let world = World::new();
    let pair = tokio::task::spawn_blocking(|| {
        let primary = Cluster::durable();
        let standby = primary.standby();
        (primary, standby)
    });
    let (_primary, standby) = pair.await.unwrap();
    refused(&world, &standby.url("postgres"), 1, &["standby"]).await;
}
