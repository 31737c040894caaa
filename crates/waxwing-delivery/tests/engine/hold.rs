//! Webhooks that are paused, made active, deleted; secrets that are rotated.

use std::time::Duration;

use waxwing_core::{
    DeliveryState, DisabledReason, Secret, WebhookStatus,
    signature::{verify_legacy, verify_standard},
};
use waxwing_delivery::EngineOptions;

use crate::{
    harness::{SECRET, World, options},
    receivers::{Answer, Sent},
};

#[tokio::test(start_paused = true)]
async fn a_paused_webhook_gets_nothing_until_it_is_active_and_then_all_in_publish_order() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight_per_webhook: 1, ..options() });
    let hook = world.webhook("a").await;
    world.set_active(&hook, false).await;
    let mut events = world.publish(&hook, 100).await;
    events.extend(world.publish(&hook, 100).await);
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 0);
    assert_eq!(world.count(&hook, &events, DeliveryState::Held).await, 200);
    world.set_active(&hook, true).await;
    events.extend(world.publish(&hook, 3).await);
    world.pass(Duration::from_secs(2)).await;
    assert_eq!(world.receivers.events(&hook), events);
}

#[tokio::test(start_paused = true)]
async fn what_failed_before_a_pause_comes_back_in_publish_order_with_a_fresh_schedule() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight_per_webhook: 1, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, vec![Answer::status(500); 3]);
    let mut events = world.publish(&hook, 3).await;
    world.settle().await;
    world.set_active(&hook, false).await;
    events.extend(world.publish(&hook, 2).await);
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 3, "retries are held too");
    world.receivers.always(&hook, Answer::status(500));
    world.set_active(&hook, true).await;
    world.settle().await;
    assert_eq!(world.receivers.events(&hook)[3..], events);
    world.pass(Duration::from_hours(2)).await;
    let detail = world.detail(&hook, &events[0]).await;
    assert_eq!((detail.entry.state, detail.attempts.len()), (DeliveryState::Failed, 1 + 4));
}

#[tokio::test(start_paused = true)]
async fn a_disabled_webhook_that_is_made_active_gets_what_was_held() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight_per_webhook: 1, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, [Answer::status(410)]);
    let events = world.publish(&hook, 4).await;
    world.settle().await;
    assert_eq!(world.status(&hook).await, WebhookStatus::Disabled(DisabledReason::Gone));
    world.set_active(&hook, true).await;
    world.settle().await;
    assert_eq!(world.receivers.events(&hook), events);
    assert_eq!(world.count(&hook, &events, DeliveryState::Delivered).await, 3);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_a_pause_overtakes_is_recorded_and_no_other_is_made() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight_per_webhook: 2, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::ok().after(Duration::from_secs(2)));
    let events = world.publish(&hook, 6).await;
    world.settle().await;
    world.set_active(&hook, false).await;
    world.pass(Duration::from_mins(1)).await;
    assert_eq!(world.receivers.events(&hook), events[..2]);
    assert_eq!(world.count(&hook, &events, DeliveryState::Delivered).await, 2);
    assert_eq!(world.count(&hook, &events, DeliveryState::Held).await, 4);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_deleted_webhook_is_canceled_and_never_sent() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight_per_webhook: 1, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::status(500).after(Duration::from_secs(1)));
    let events = world.publish(&hook, 300).await;
    world.settle().await;
    world.delete(&hook).await;
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 1, "the one that was under way");
    assert_eq!(world.count(&hook, &events, DeliveryState::Canceled).await, 300);
    assert_eq!(world.store.backlog().await.unwrap().pending, 0);
}

fn signed_with(sent: &Sent, secret: &Secret) -> (bool, bool) {
    let headers = &sent.request.headers;
    let text = |name: &str| headers[name].to_str().unwrap();
    let standard = verify_standard(
        secret,
        text("webhook-id"),
        text("webhook-timestamp"),
        &sent.request.body,
        text("webhook-signature"),
        sent.at,
        Duration::from_secs(1),
    );
    (verify_legacy(secret, &sent.request.body, text("x-webhook-signature")), standard.is_ok())
}

#[tokio::test(start_paused = true)]
async fn while_a_rotation_lasts_both_secrets_verify_and_then_the_new_one_alone() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    let (old, new_text) = (Secret::given(SECRET).unwrap(), "another-secret-of-the-receiver");
    let new = Secret::given(new_text).unwrap();
    let mut signed = Vec::new();
    for step in 0..3 {
        match step {
            1 => world.rotate(&hook, new_text, Duration::from_hours(1)).await,
            2 => world.pass(Duration::from_mins(61)).await,
            _ => {}
        }
        world.publish(&hook, 1).await;
        world.settle().await;
        let sent = world.receivers.sent(&hook).pop().unwrap();
        signed.push((signed_with(&sent, &old), signed_with(&sent, &new)));
    }
    assert_eq!(signed[0], ((true, true), (false, false)), "before");
    assert_eq!(signed[1], ((true, true), (false, true)), "while it lasts");
    assert_eq!(signed[2], ((false, false), (true, true)), "after");
}
