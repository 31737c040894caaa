//! In which order, and how often, first attempts are made.

use std::{collections::HashSet, time::Duration};

use waxwing_core::DeliveryState;
use waxwing_delivery::EngineOptions;

use crate::{
    harness::{World, options},
    receivers::Answer,
};

#[tokio::test(start_paused = true)]
async fn what_is_published_is_sent_at_once_with_its_id_and_body_and_recorded() {
    let world = World::new().await;
    let engine = world.start(options());
    let hook = world.webhook("a").await;
    let event = world.publish(&hook, 1).await.remove(0);
    world.settle().await;
    let sent = world.receivers.sent(&hook);
    assert_eq!(sent.len(), 1);
    let detail = world.detail(&hook, &event).await;
    assert_eq!(sent[0].request.body, detail.body);
    assert_eq!(detail.entry.state, DeliveryState::Delivered);
    assert_eq!((detail.attempts.len(), detail.attempts[0].status_code), (1, Some(204)));
    assert_eq!(&detail.attempts[0].response_body[..], b"said the receiver");
    engine.health().unwrap();
}

#[tokio::test(start_paused = true)]
async fn first_attempts_start_in_publish_order_beyond_the_window_too() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight_per_webhook: 1, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::ok().after(Duration::from_millis(3)));
    let mut events = world.publish(&hook, 150).await;
    events.extend(world.publish(&hook, 50).await);
    world.pass(Duration::from_secs(2)).await;
    assert_eq!(world.receivers.events(&hook), events);
}

#[tokio::test(start_paused = true)]
async fn what_waited_in_the_store_when_the_engine_starts_is_sent_in_publish_order() {
    let world = World::new().await;
    let hook = world.webhook("a").await;
    let mut events = world.publish(&hook, 300).await;
    let _engine = world.start(EngineOptions { in_flight_per_webhook: 1, ..options() });
    events.extend(world.publish(&hook, 300).await);
    world.settle().await;
    events.extend(world.publish(&hook, 5).await);
    world.pass(Duration::from_secs(2)).await;
    assert_eq!(world.receivers.events(&hook), events);
}

#[tokio::test(start_paused = true)]
async fn each_delivery_is_attempted_once_whether_it_came_by_the_feed_or_from_the_store() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hooks = [world.webhook("a").await, world.webhook("b").await];
    let mut published = HashSet::new();
    for hook in &hooks {
        world.receivers.always(hook, Answer::ok().after(Duration::from_millis(7)));
    }
    for round in 0..40 {
        for hook in &hooks {
            published.extend(world.publish(hook, 1 + round % 30).await);
        }
        world.pass(Duration::from_millis(2)).await;
    }
    world.pass(Duration::from_secs(5)).await;
    let sent = hooks.each_ref().map(|hook| world.receivers.events(hook)).concat();
    assert_eq!(sent.len(), published.len(), "none twice, none forgotten");
    assert_eq!(sent.into_iter().collect::<HashSet<_>>(), published);
}

#[tokio::test(start_paused = true)]
async fn a_changed_url_is_used_from_the_next_attempt_on() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::status(500));
    let event = world.publish(&hook, 1).await.remove(0);
    world.settle().await;
    let url = Some("https://b.example/moved".to_owned());
    world.change(&hook, waxwing_store::WebhookChange { url, ..Default::default() }).await;
    world.pass(Duration::from_mins(2)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 1);
    let moved = crate::harness::Hook { name: "b", ..hook.clone() };
    assert_eq!(world.receivers.events(&moved), std::slice::from_ref(&event));
    assert_eq!(world.state(&hook, &event).await, DeliveryState::Delivered);
}
