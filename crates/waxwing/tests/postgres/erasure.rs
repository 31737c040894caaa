//! Erasing with several nodes: what another one has in memory, and one that dies.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_peers::Reply;

use crate::harness::{Inbox, Server, World, inbox::header, server::expect};

/// Longer than every node is given to hear of a deletion.
const PATIENCE: Duration = Duration::from_secs(90);

async fn completed(server: &Server, id: &str) -> Value {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    let complete = async {
        loop {
            tick.tick().await;
            let path = format!("/api/erasures/{id}");
            let now = expect(200, server.api.get(&path).await.unwrap());
            if !now["completed_at"].is_null() {
                return now;
            }
        }
    };
    tokio::time::timeout(PATIENCE, complete).await.expect("the erasure does not end")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_another_nodes_memory_is_not_sent_once_it_is_erased() {
    let world = World::new();
    let mut inbox = Inbox::scripted(&world, [Reply::Hang, Reply::status(200)]).await;
    let slow = [("REQUEST_TIMEOUT", "4s"), ("IN_FLIGHT_PER_WEBHOOK", "1")];
    let one = world.serve(&slow).await;
    let two = world.serve(&[slow[0], slow[1], ("NODE", "two")]).await;
    let hook = one.webhook("acme", &inbox.url("/"), &["*"]).await;
    let first = two.publish("acme", "a.b", json!({ "n": 1 })).await;
    assert_eq!(header(&inbox.next().await, "webhook-id"), first);
    let gone = two.publish("acme", "a.b", json!({ "n": 2 })).await;
    let last = two.publish("acme", "a.b", json!({ "n": 3 })).await;
    let begun = expect(202, one.api.post(&format!("/api/events/{gone}/erase"), None).await.unwrap());
    two.until(&hook, &last, "delivered").await;
    two.until(&hook, &first, "delivered").await;
    let rest: Vec<String> =
        inbox.take(2).await.iter().map(|received| header(received, "webhook-id").to_owned()).collect();
    assert!(!rest.contains(&gone), "{rest:?}");
    let detail = two.detail(&hook, &gone).await;
    assert_eq!((&detail["status"], &detail["payload"]), (&json!("canceled"), &Value::Null));
    completed(&two, begun["id"].as_str().unwrap()).await;
    assert_eq!(inbox.waiting(), 0);
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_erased_although_the_node_that_was_asked_is_killed() {
    let world = World::new();
    let inbox = Inbox::healthy(&world).await;
    let quick = [("LEASE", "2s"), ("REQUEST_TIMEOUT", "500ms")];
    let one = world.serve(&quick).await;
    let two = world.serve(&[quick[0], quick[1], ("NODE", "two")]).await;
    let hook = one.webhook("acme", &inbox.url("/secret-path"), &["*"]).await;
    let other = one.webhook("other", &inbox.url("/"), &["*"]).await;
    let mut last = String::new();
    for server in [&one, &two, &one, &two] {
        last = server.publish("acme", "a.b", json!({ "who": "Jane Doe" })).await;
    }
    two.until(&hook, &last, "delivered").await;
    let kept = two.publish("other", "a.b", json!({})).await;
    two.until(&other, &kept, "delivered").await;
    let begun = expect(202, one.api.post("/api/accounts/acme/erase", None).await.unwrap());
    one.kill().await;
    // Until the other node hears of it, it goes on publishing: that is erased too.
    let (mut events, mut deliveries) = (4, 4);
    let event = json!({ "account_id": "acme", "type": "a.b", "data": { "who": "Jane Doe" } });
    loop {
        let answer = two.api.post("/api/events", Some(event.clone())).await.unwrap();
        if answer.status == 422 {
            break;
        }
        events += 1;
        deliveries += expect(202, answer)["webhooks"].as_u64().unwrap();
    }
    let receipt = completed(&two, begun["id"].as_str().unwrap()).await;
    let counts = ["events", "deliveries", "webhooks"].map(|member| receipt[member].as_u64().unwrap());
    assert_eq!(counts, [events, deliveries, 1]);
    assert_eq!(two.api.get(&format!("/api/events/{last}")).await.unwrap().status, 404);
    let log = expect(200, two.api.get("/api/audit?account_id=acme&limit=250").await.unwrap()).to_string();
    assert!(log.contains("account.erased") && !log.contains("secret-path"), "{log}");
    assert!(two.detail(&other, &kept).await["payload"].is_object());
    two.stop().await;
}
