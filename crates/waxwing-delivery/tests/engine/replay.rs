//! Sending again on request.

use std::time::Duration;

use waxwing_core::DeliveryState;

use crate::{
    harness::{World, options},
    receivers::Answer,
};

#[tokio::test(start_paused = true)]
async fn a_retry_on_request_is_made_at_once_and_replaces_the_scheduled_one() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, [Answer::status(500)]);
    let event = world.publish(&hook, 1).await.remove(0);
    world.pass(Duration::from_secs(10)).await;
    world.retry(&hook, &event).await;
    world.settle().await;
    assert_eq!(world.receivers.sent(&hook).len(), 2);
    assert_eq!(world.state(&hook, &event).await, DeliveryState::Delivered);
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_delivered_or_failed_goes_out_again_with_a_fresh_schedule() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, [Answer::ok()]);
    world.receivers.always(&hook, Answer::status(500));
    let events = world.publish(&hook, 2).await;
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(world.state(&hook, &events[0]).await, DeliveryState::Delivered);
    assert_eq!(world.state(&hook, &events[1]).await, DeliveryState::Failed);
    for event in &events {
        world.retry(&hook, event).await;
    }
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(world.detail(&hook, &events[0]).await.attempts.len(), 1 + 4);
    assert_eq!(world.detail(&hook, &events[1]).await.attempts.len(), 4 + 4);
}

#[tokio::test(start_paused = true)]
async fn a_replay_during_an_attempt_is_made_after_it_whatever_came_of_it() {
    for first in [Answer::ok(), Answer::status(500), Answer::never()] {
        let world = World::new().await;
        let _engine = world.start(options());
        let hook = world.webhook("a").await;
        world.receivers.next(&hook, [first.after(Duration::from_secs(2))]);
        let event = world.publish(&hook, 1).await.remove(0);
        world.settle().await;
        world.retry(&hook, &event).await;
        world.pass(Duration::from_secs(10)).await;
        assert_eq!(world.receivers.events(&hook), [event.clone(), event.clone()]);
        assert_eq!(world.state(&hook, &event).await, DeliveryState::Delivered);
        world.pass(Duration::from_hours(1)).await;
        assert_eq!(world.receivers.sent(&hook).len(), 2, "and not a third time");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_is_replayed_while_it_waits_is_sent_once() {
    let world = World::new().await;
    let _engine = world.start(waxwing_delivery::EngineOptions { in_flight_per_webhook: 1, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::ok().after(Duration::from_millis(100)));
    let events = world.publish(&hook, 20).await;
    world.settle().await;
    for event in &events[5..] {
        world.retry(&hook, event).await;
    }
    world.pass(Duration::from_secs(10)).await;
    let mut sent = world.receivers.events(&hook);
    sent.sort();
    assert_eq!(sent, events);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_replayed_during_an_attempt_and_released_before_its_end_goes_out() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, [Answer::never()]);
    let event = world.publish(&hook, 1).await.remove(0);
    world.settle().await;
    world.retry(&hook, &event).await;
    world.set_active(&hook, false).await;
    world.set_active(&hook, true).await;
    world.pass(Duration::from_mins(1)).await;
    assert_eq!(world.receivers.events(&hook), [event.clone(), event.clone()]);
    assert_eq!(world.state(&hook, &event).await, DeliveryState::Delivered);
}
