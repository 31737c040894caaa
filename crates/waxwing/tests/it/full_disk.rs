//! A disk that takes no more: the server says so and ends, and nothing that it
//! acknowledged is lost.

use std::collections::HashSet;

use serde_json::json;
use waxwing_peers::Reply;

use crate::harness::{Inbox, World, inbox::header, within};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_the_server_and_loses_nothing_acknowledged() {
    let world = World::new();
    let mut inbox = Inbox::scripted(&world, [Reply::status(200)]).await;
    let mut server = world.serve_on_full_disk(4_096, &[]).await;
    server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let mut acknowledged = HashSet::new();
    let filling = "x".repeat(100_000);
    for n in 0..1_000 {
        let id = format!("full-{n}");
        let event = json!({ "account_id": "acme", "type": "a.b", "id": id, "data": { "filling": filling } });
        match server.api.post("/api/events", Some(event)).await {
            Ok(answer) if answer.status == 202 => assert!(acknowledged.insert(id)),
            // Refused, or the server is gone: both are honest.
            _ => break,
        }
    }
    assert!((1..1_000).contains(&acknowledged.len()), "{} acknowledged", acknowledged.len());
    assert_eq!(server.ended().await.code(), Some(5), "{}", server.log());
    assert!(server.log().contains("Nothing acknowledged is lost"), "{}", server.log());
    let server = world.serve(&[]).await;
    let everything = async {
        while !acknowledged.is_empty() {
            acknowledged.remove(header(&inbox.next().await, "webhook-id"));
        }
    };
    within(everything).await;
    server.stop().await;
}
