//! The end of an engine, orderly or not, and the beginning of the next one.

use std::time::Duration;

use waxwing_core::DeliveryState;

use crate::{
    harness::{World, options},
    receivers::Answer,
};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_shutdown_finishes_what_is_under_way_and_starts_nothing() {
    let world = World::new().await;
    let engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::ok().after(2 * SECOND));
    let events = world.publish(&hook, 100).await;
    world.settle().await;
    engine.shutdown(10 * SECOND).await;
    assert_eq!(world.count(&hook, &events, DeliveryState::Delivered).await, 32);
    assert_eq!(world.receivers.sent(&hook).len(), 32);
    world.pass(Duration::from_mins(10)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 32);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_a_shutdown_cuts_attempts_off_and_the_next_start_makes_them_again() {
    let world = World::new().await;
    let engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, vec![Answer::never(); 3]);
    let events = world.publish(&hook, 3).await;
    world.settle().await;
    let before = tokio::time::Instant::now();
    engine.shutdown(SECOND).await;
    assert!(before.elapsed() < 2 * SECOND);
    assert_eq!(world.receivers.under_way(&hook), 0);
    assert_eq!(world.count(&hook, &events, DeliveryState::Pending).await, 3);
    let _engine = world.start(options());
    world.settle().await;
    assert_eq!(world.count(&hook, &events, DeliveryState::Delivered).await, 3);
    assert_eq!(world.receivers.sent(&hook).len(), 6);
}

#[tokio::test(start_paused = true)]
async fn retries_outlive_a_restart_and_keep_their_time() {
    let world = World::new().await;
    let engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, [Answer::status(500)]);
    let event = world.publish(&hook, 1).await.remove(0);
    world.pass(20 * SECOND).await;
    engine.shutdown(SECOND).await;
    let _engine = world.start(options());
    world.pass(Duration::from_secs(39)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 1);
    world.pass(2 * SECOND).await;
    assert_eq!(world.receivers.events(&hook), [event.clone(), event]);
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_came_due_while_nobody_ran_is_made_at_once() {
    let world = World::new().await;
    let engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, [Answer::status(500)]);
    world.publish(&hook, 1).await;
    world.settle().await;
    engine.shutdown(SECOND).await;
    world.pass(Duration::from_hours(5)).await;
    let _engine = world.start(options());
    world.settle().await;
    assert_eq!(world.receivers.sent(&hook).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_webhook_whose_release_was_interrupted_is_released_by_the_next_start() {
    let world = World::new().await;
    let hook = world.webhook("a").await;
    world.set_active(&hook, false).await;
    let events = world.publish(&hook, 20).await;
    world.set_active(&hook, true).await;
    let _engine = world.start(options());
    world.settle().await;
    assert_eq!(world.receivers.events(&hook), events);
}
