//! What is counted over time: it is what the log says, also after a restart.

use serde_json::{Value, json};
use waxwing_peers::{RawListener, Reply};

use crate::harness::{Hook, Inbox, Server, World, server::expect};

async fn totals(server: &Server, hook: &Hook) -> Value {
    let path = format!("/api/webhook/{}/metrics?step=minute", hook.id);
    let metrics = expect(200, server.acting_for(&hook.account).get(&path).await.unwrap());
    let data = metrics["data"].as_array().unwrap();
    for member in ["events", "attempts", "succeeded", "failed", "delivered", "exhausted"] {
        let sum: u64 = data.iter().map(|point| point[member].as_u64().unwrap()).sum();
        assert_eq!(metrics["totals"][member], sum, "{member}: {metrics}");
    }
    metrics["totals"].clone()
}

fn numbers(totals: &Value) -> [u64; 6] {
    ["events", "attempts", "succeeded", "failed", "delivered", "exhausted"]
        .map(|member| totals[member].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_webhook_is_seen_in_its_numbers_and_in_the_overview() {
    let world = World::new();
    let server = world.serve(&[]).await;
    let nothing = RawListener::closed_port().await.unwrap();
    let inbox = Inbox::scripted(&world, [Reply::status(500), Reply::status(204)]).await;
    let (bad, good) = (
        server.webhook("acme", &format!("https://{nothing}/"), &["*"]).await,
        server.webhook("acme", &inbox.url("/"), &["*"]).await,
    );
    let event = server.publish("acme", "payout.updated", json!({})).await;
    server.until(&bad, &event, "failed").await;
    server.until(&good, &event, "delivered").await;
    let of_bad = totals(&server, &bad).await;
    assert_eq!(numbers(&of_bad), [1, 4, 0, 4, 0, 1]);
    assert_eq!(of_bad["p50_ms"], Value::Null, "nobody answered");
    let of_good = totals(&server, &good).await;
    assert_eq!(numbers(&of_good), [1, 2, 1, 1, 1, 0]);
    assert!(of_good["p99_ms"].as_u64().is_some());
    let test = format!("/api/webhook/{}/test", good.id);
    let sent = expect(202, server.acting_for("acme").post(&test, None).await.unwrap());
    server.until(&good, sent["id"].as_str().unwrap(), "delivered").await;
    server.stop().await;
    let server = world.serve(&[]).await;
    assert_eq!(totals(&server, &bad).await, of_bad);
    assert_eq!(numbers(&totals(&server, &good).await), [2, 3, 2, 1, 2, 0]);
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(50));
    let overview = crate::harness::within(async {
        loop {
            let overview = expect(200, server.api.get("/api/overview").await.unwrap());
            // Once it is rolled up.
            if overview["worst"].as_array().unwrap().len() == 2 {
                return overview;
            }
            tick.tick().await;
        }
    })
    .await;
    assert_eq!(overview["worst"][0]["webhook_id"], bad.id.as_str());
    assert_eq!((&overview["worst"][0]["attempts"], &overview["worst"][0]["failed"]), (&json!(4), &json!(4)));
    assert!(overview["worst"][0]["last_error"].as_str().unwrap().contains("refused"), "{overview}");
    assert_eq!(numbers(&overview["last_hour"]), [3, 7, 2, 5, 2, 1]);
    assert_eq!(overview["nodes"][0]["running"], true);
    server.account("other").await;
    let path = format!("/api/webhook/{}/metrics", bad.id);
    expect(404, server.acting_for("other").get(&path).await.unwrap());
    server.stop().await;
}
