//! Keys that seal secrets, replaced while two nodes deliver.

use std::time::Duration;

use serde_json::json;
use waxwing_core::{Secret, Timestamp};

use crate::{
    harness::{Hook, Inbox, Server, World, inbox::header, server::expect, within},
    place::SEALING_KEY as OLD,
};

const NEW: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

/// Each node signs what is published to it with the webhook's secret, as soon as it
/// knows of the webhook.
async fn both_deliver(nodes: &[Server], hook: &Hook, inbox: &mut Inbox) {
    for node in nodes {
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        within(async {
            loop {
                tick.tick().await;
                let event = json!({ "account_id": hook.account, "type": "deposit.created", "data": {} });
                let made = expect(202, node.api.post("/api/events", Some(event)).await.unwrap());
                if made["webhooks"] == 1 {
                    return;
                }
            }
        })
        .await;
        let received = inbox.next().await;
        let seconds: i64 = header(&received, "webhook-timestamp").parse().unwrap();
        let (secret, at) = (Secret::given(&hook.secret).unwrap(), Timestamp::from_millis(seconds * 1000));
        let verified = waxwing_peers::verify(&received.headers, &received.body, &secret, at);
        assert!(verified.is_ok(), "{}", node.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_take_a_new_encryption_key_one_after_the_other() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let mut nodes = vec![world.serve(&[("NODE", "one")]).await, world.serve(&[("NODE", "two")]).await];
    let first = nodes[0].webhook("first", &inbox.url("/"), &["*"]).await;
    let steps: [&[(&str, &str)]; 3] = [
        &[("ENCRYPTION_KEY", OLD), ("PREVIOUS_ENCRYPTION_KEYS", NEW)],
        &[("ENCRYPTION_KEY", NEW), ("PREVIOUS_ENCRYPTION_KEYS", OLD)],
        &[("ENCRYPTION_KEY", NEW)],
    ];
    for (number, step) in steps.into_iter().enumerate() {
        for (at, name) in [(0, "one"), (1, "two")] {
            nodes.remove(at).stop().await;
            nodes.insert(at, world.serve(&[&[("NODE", name)], step].concat()).await);
            both_deliver(&nodes, &first, &mut inbox).await;
            // Made by the one that was not restarted, so that it is sealed as before.
            let account = format!("step-{number}-{name}");
            let hook = nodes[1 - at].webhook(&account, &inbox.url("/"), &["*"]).await;
            both_deliver(&nodes, &hook, &mut inbox).await;
        }
    }
    let refused = world.serve_in_vain(&[("NODE", "three"), ("ENCRYPTION_KEY", OLD)]).await;
    assert_eq!(refused.status.code(), Some(2));
    for node in nodes {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_data_key_reaches_every_node_before_what_it_seals() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let nodes = [world.serve(&[("NODE", "one")]).await, world.serve(&[("NODE", "two")]).await];
    for turn in 0..6 {
        let node = &nodes[turn % 2];
        expect(202, node.api.post("/api/encryption/rotate", None).await.unwrap());
        let hook = node.webhook(&format!("turn-{turn}"), &inbox.url("/"), &["*"]).await;
        both_deliver(&nodes, &hook, &mut inbox).await;
    }
    for node in nodes {
        node.stop().await;
    }
}
