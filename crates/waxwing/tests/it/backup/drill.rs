//! A backup that is only looked at.

use serde_json::json;
use waxwing_peers::Reply;

use super::{back_up, restore};
use crate::harness::{Inbox, World, server::expect, within};

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_copy_can_be_looked_at_without_anything_being_sent() {
    let (world, elsewhere) = (World::new(), World::new());
    let mut inbox = Inbox::scripted(&world, [Reply::status(503)]).await;
    let server = world.serve(&[("RETRY_SCHEDULE", "1s,1s,1s,1h")]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event = server.publish("acme", "a.b", json!({})).await;
    server.until(&hook, &event, "retrying").await;
    back_up(&world).await;
    server.kill().await;
    while inbox.waiting() > 0 {
        inbox.next().await;
    }
    restore(&world, &elsewhere).await;
    let server =
        elsewhere.serve(&[("RETRY_SCHEDULE", "1h,1h,1h,1h"), ("DENIED_NETWORKS", "0.0.0.0/0,::/0")]).await;
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(20));
    let detail = within(async {
        loop {
            tick.tick().await;
            let detail = server.detail(&hook, &event).await;
            if detail["last_error"].as_str().is_some_and(|error| error.contains("the operator denies")) {
                return detail;
            }
        }
    })
    .await;
    assert_eq!(detail["attempts"][0]["status_code"], 503, "what was tried before is in it: {detail}");
    assert_eq!(inbox.waiting(), 0, "nothing was sent");
    // What was erased since the backup can be erased again before anything is.
    let erased = server.api.post(&format!("/api/events/{event}/erase"), None).await.unwrap();
    assert!(expect(202, erased)["id"].is_string());
    server.until(&hook, &event, "canceled").await;
    server.stop().await;
}
