//! Limits of the system: open files, memory.

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::json;
use tokio::net::TcpStream;
use waxwing_peers::{ApiClient, Misbehaviour, RawListener};

use crate::{
    harness::{Hook, Server},
    nodes,
    process::{memory, open_files},
    scene::Scene,
};

/// Limits a server that runs already; the limit of before.
fn limit(server: &Server, resource: Resource, value: u64) -> Option<u64> {
    let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap());
    let maximum = getrlimit(resource).maximum;
    prlimit(pid, resource, Rlimit { current: Some(value), maximum }).unwrap().current
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_runs_out_of_memory_ends_and_loses_nothing() {
    let (mut scene, mut server) = Scene::begin().await;
    let load = scene.load(&server, 200).await;
    let now = memory(&server, "VmSize:");
    limit(&server, Resource::As, (now + 4_096) << 10);
    // Bodies that it holds in memory, many at once.
    let filling = "x".repeat(200_000);
    let event = json!({ "account_id": "account-0", "type": "a.b", "data": { "filling": filling } });
    let batch = vec![event; 60];
    let mut batches = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (api, batch) = (server.api.clone(), json!({ "events": batch }));
        batches.spawn(async move { api.post("/api/events/batch", Some(batch)).await.is_ok() });
    }
    let status = server.ended().await;
    assert!(!status.success(), "{status}\n{}", server.log());
    batches.join_all().await;
    load.end().await;
    scene.everything_arrives().await;
}

/// What a delivery of this webhook failed of, over a connection that is there already.
async fn failed_of(account: &ApiClient, hook: &Hook, words: &str) -> bool {
    let path = format!("/api/webhook/{}/events?limit=100", hook.id);
    let Ok(answer) = account.get(&path).await else { return false };
    let log = answer.json().unwrap_or_default();
    let mut entries = log["data"].as_array().into_iter().flatten();
    entries.any(|entry| entry["last_error"].as_str().is_some_and(|why| why.contains(words)))
}

#[tokio::test(flavor = "multi_thread")]
async fn without_open_files_deliveries_fail_as_data_nothing_is_lost_and_everything_recovers() {
    let (mut scene, server) = Scene::begin().await;
    let silent = RawListener::start(Misbehaviour::Silent).await.unwrap();
    let hook = server.webhook("silent", &format!("https://{}/", silent.addr), &["*"]).await;
    let account = server.acting_for("silent");
    assert!(!failed_of(&account, &hook, "").await, "its connection and the database's are open now");
    let load = scene.load(&server, 100).await;
    let open = open_files(&server);
    let before = limit(&server, Resource::Nofile, u64::try_from(open + 4).unwrap());
    let mut strangers = Vec::new();
    for _ in 0..30 {
        strangers.push(TcpStream::connect(server.addr).await.unwrap());
    }
    nodes::until("connections wait", &server, async || {
        server.log().contains("no connection could be accepted; trying again")
    })
    .await;
    for n in 0..20 {
        server.publish("silent", "a.b", json!({ "n": n })).await;
    }
    nodes::until("an attempt fails for want of a file", &server, async || {
        failed_of(&account, &hook, "Too many open files").await
    })
    .await;
    drop(strangers);
    // Its retries take each file that becomes free.
    let deleted = account.delete(&format!("/api/webhook/{}", hook.id), None).await.unwrap();
    assert_eq!(deleted.status, 204);
    scene.acknowledged(100).await;
    nodes::ready(&server, 200).await;
    load.end().await;
    scene.settled(&server).await;
    assert_eq!(limit(&server, Resource::Nofile, before.unwrap()), u64::try_from(open + 4).ok());
    server.stop().await;
}
