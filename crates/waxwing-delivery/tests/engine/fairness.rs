//! Bounds, and that one webhook's trouble is its own.

use std::time::Duration;

use waxwing_core::{Clock, DeliveryState};
use waxwing_delivery::EngineOptions;

use crate::{
    harness::{World, options},
    receivers::Answer,
};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_webhook_that_hangs_delays_no_other() {
    let world = World::new().await;
    let _engine = world.start(options());
    let (dead, live) = (world.webhook("dead").await, world.webhook("live").await);
    world.receivers.always(&dead, Answer::never());
    world.publish(&dead, 1_000).await;
    for _ in 0..20 {
        let published = world.clock.now();
        world.publish(&live, 1).await;
        world.pass(SECOND).await;
        let sent = world.receivers.sent(&live).pop().unwrap();
        assert_eq!(sent.at.since(published), Duration::ZERO);
    }
    assert_eq!(world.receivers.sent(&live).len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_refuses_delays_no_other() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight: 8, in_flight_per_webhook: 4, ..options() });
    let (dead, live) = (world.webhook("dead").await, world.webhook("live").await);
    world.receivers.always(&dead, Answer::refused());
    world.publish(&dead, 2_000).await;
    let events = world.publish(&live, 50).await;
    world.pass(Duration::from_millis(50)).await;
    assert_eq!(world.count(&live, &events, DeliveryState::Delivered).await, 50);
}

#[tokio::test(start_paused = true)]
async fn attempts_under_way_are_bounded_for_each_webhook_and_in_all() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight: 10, in_flight_per_webhook: 4, ..options() });
    let hooks = [world.webhook("a").await, world.webhook("b").await, world.webhook("c").await];
    for hook in &hooks {
        world.receivers.always(hook, Answer::ok().after(SECOND));
        world.publish(hook, 40).await;
    }
    world.pass(20 * SECOND).await;
    assert_eq!(world.receivers.most_in_all(), 10);
    for hook in &hooks {
        assert!(world.receivers.most(hook) <= 4);
        assert_eq!(world.receivers.sent(hook).len(), 40, "all are sent in the end");
    }
}

#[tokio::test(start_paused = true)]
async fn one_webhook_alone_may_use_its_whole_bound() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::ok().after(SECOND));
    world.publish(&hook, 100).await;
    world.settle().await;
    assert_eq!(world.receivers.under_way(&hook), 32);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_retries_leaves_slots_for_first_attempts() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight: 8, in_flight_per_webhook: 8, ..options() });
    let live = world.webhook("live").await;
    let mut slow = Vec::new();
    for name in ["p", "q", "r", "s", "t", "u", "v"] {
        let hook = world.webhook(name).await;
        world.receivers.next(&hook, [Answer::status(500), Answer::status(500)]);
        world.receivers.always(&hook, Answer::ok().after(4 * SECOND));
        world.publish(&hook, 2).await;
        slow.push(hook);
    }
    world.pass(Duration::from_secs(61)).await;
    let under_way: usize = slow.iter().map(|hook| world.receivers.under_way(hook)).sum();
    assert_eq!(under_way, 6, "a quarter of the slots is kept free");
    let published = world.clock.now();
    world.publish(&live, 2).await;
    world.settle().await;
    let sent = world.receivers.sent(&live);
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|sent| sent.at == published));
}

#[tokio::test(start_paused = true)]
async fn a_webhook_with_retries_and_a_steady_stream_gets_both() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight_per_webhook: 2, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, vec![Answer::status(500); 10]);
    let failed = world.publish(&hook, 10).await;
    world.settle().await;
    world.receivers.always(&hook, Answer::ok().after(Duration::from_millis(100)));
    // More than it can take: 30 a second arrive, 20 leave.
    for _ in 0..65 {
        world.publish(&hook, 30).await;
        world.pass(SECOND).await;
    }
    assert_eq!(world.count(&hook, &failed, DeliveryState::Delivered).await, 10, "retries do not starve");
    let sent = world.receivers.sent(&hook).len();
    assert!(sent > 1_200, "fresh ones go on meanwhile: {sent}");
}

#[tokio::test(start_paused = true)]
async fn after_many_failures_in_a_row_attempts_are_made_one_by_one_with_pauses() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight_per_webhook: 4, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::refused());
    world.publish(&hook, 60).await;
    world.pass(5 * SECOND).await;
    let sent = world.receivers.sent(&hook);
    assert_eq!(sent.len(), 60);
    let slow = sent[20..].windows(2).map(|pair| pair[1].at.since(pair[0].at));
    assert!(slow.into_iter().all(|pause| pause >= Duration::from_millis(10)));
}

#[tokio::test(start_paused = true)]
async fn one_success_ends_the_pauses() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, vec![Answer::refused(); 40]);
    let events = world.publish(&hook, 400).await;
    world.pass(SECOND).await;
    let sent = world.receivers.sent(&hook);
    assert_eq!(sent.len(), events.len());
    let rest = sent[399].at.since(sent[41].at);
    assert!(rest < Duration::from_millis(100), "the rest went at once, not in {rest:?}");
}

#[tokio::test(start_paused = true)]
async fn when_slots_are_scarce_a_failing_webhook_gets_fewer() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight: 16, in_flight_per_webhook: 8, ..options() });
    let (bad, good) = (world.webhook("bad").await, world.webhook("good").await);
    world.receivers.always(&bad, Answer::never());
    world.receivers.always(&good, Answer::ok().after(Duration::from_millis(200)));
    world.publish(&bad, 500).await;
    for _ in 0..12 {
        world.publish(&good, 40).await;
        world.pass(SECOND).await;
    }
    assert!(world.receivers.under_way(&bad) <= 1, "{} are under way", world.receivers.under_way(&bad));
    assert_eq!(world.receivers.sent(&good).len(), 480);
}
