//! A log that is followed at one server while others write it.

use serde_json::json;

use crate::{
    harness::{Inbox, World, follow::Follower},
    nodes::until,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_another_server_accepts_and_delivers_is_seen() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let one = world.serve(&[("NODE", "one")]).await;
    let two = world.serve(&[("NODE", "two")]).await;
    let hook = two.webhook("acme", &inbox.url("/"), &["*"]).await;
    // Configuration reaches the other server within a second.
    until("it knows the webhook", &one, async || {
        let answer = one.acting_for(&hook.account).get(&format!("/api/webhook/{}", hook.id)).await;
        answer.is_ok_and(|answer| answer.status == 200)
    })
    .await;
    let mut follower = Follower::new(&one, &hook).await;
    let event = two.publish("acme", "deposit.created", json!({})).await;
    inbox.next().await;
    let entry = follower.until(|entry| entry["status"] == "delivered").await;
    assert_eq!(entry["event_id"], event.as_str());
    one.stop().await;
    two.stop().await;
}
