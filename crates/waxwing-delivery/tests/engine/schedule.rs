//! When a delivery that failed is attempted again, and when it is not.

use std::time::Duration;

use waxwing_core::{AttemptError, DeliveryState, DisabledReason, RetrySchedule, WebhookStatus};
use waxwing_delivery::EngineOptions;

use crate::{
    harness::{Hook, World, options},
    receivers::Answer,
};

const SECOND: Duration = Duration::from_secs(1);

/// The pauses between the attempts of a webhook, in whole seconds.
fn pauses(world: &World, hook: &Hook) -> Vec<u64> {
    let sent = world.receivers.sent(hook);
    sent.windows(2).map(|pair| pair[1].at.since(pair[0].at).as_secs()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_default_schedule_makes_seven_attempts_and_then_fails() {
    let world = World::new().await;
    let quiet = Duration::from_hours(24 * 30);
    // Upkeep has nothing to do here and a day and a half to do it in.
    let schedule = RetrySchedule::default();
    let _engine = world.start(EngineOptions { schedule, lease: quiet, upkeep_every: quiet, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::status(500));
    let event = world.publish(&hook, 1).await.remove(0);
    world.pass(Duration::from_hours(40)).await;
    assert_eq!(pauses(&world, &hook), [60, 300, 1_800, 7_200, 21_600, 86_400]);
    let detail = world.detail(&hook, &event).await;
    assert_eq!(detail.entry.state, DeliveryState::Failed);
    assert_eq!(detail.attempts.len(), 7);
    assert_eq!(detail.entry.next_attempt_at, None);
}

#[tokio::test(start_paused = true)]
async fn each_wait_is_lengthened_by_the_jitter() {
    let world = World::new().await;
    world.entropy.set_jitter(500);
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::refused());
    world.publish(&hook, 1).await;
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(pauses(&world, &hook), [63, 315, 1_890]);
}

#[tokio::test(start_paused = true)]
async fn no_attempt_is_made_before_its_time() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, [Answer::status(503)]);
    let event = world.publish(&hook, 1).await.remove(0);
    world.pass(Duration::from_secs(59)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 1);
    assert_eq!(world.state(&hook, &event).await, DeliveryState::Retrying);
    world.pass(2 * SECOND).await;
    assert_eq!(world.receivers.sent(&hook).len(), 2);
    assert_eq!(world.state(&hook, &event).await, DeliveryState::Delivered);
    world.pass(Duration::from_hours(2)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 2, "what is delivered is not sent again");
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_forward_brings_retries_forward() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, [Answer::status(500)]);
    world.publish(&hook, 1).await;
    world.settle().await;
    world.clock.set_forward(Duration::from_mins(10));
    world.pass(2 * SECOND).await;
    assert_eq!(world.receivers.sent(&hook).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn whatever_is_no_2xx_in_time_is_tried_again() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    let failures = [
        Answer::status(302),
        Answer::status(404),
        Answer::never(),
        Answer::failed(AttemptError::Reset),
        Answer::failed(AttemptError::Tls("unknown issuer".into())),
        Answer::failed(AttemptError::Dns("no such name".into())),
    ];
    for failure in failures {
        world.receivers.next(&hook, [failure]);
        let event = world.publish(&hook, 1).await.remove(0);
        world.pass(6 * SECOND).await;
        assert_eq!(world.state(&hook, &event).await, DeliveryState::Retrying);
    }
    world.pass(Duration::from_mins(2)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 12);
}

#[tokio::test(start_paused = true)]
async fn retry_after_lengthens_the_wait_and_never_shortens_it() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, [Answer::retry_after(429, 1_000), Answer::retry_after(503, 1)]);
    world.publish(&hook, 1).await;
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(pauses(&world, &hook), [1_000, 300]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_schedule_retries_nothing() {
    let world = World::new().await;
    let schedule = RetrySchedule::parse("").unwrap();
    let _engine = world.start(EngineOptions { schedule, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::status(500));
    let event = world.publish(&hook, 1).await.remove(0);
    world.settle().await;
    assert_eq!(world.state(&hook, &event).await, DeliveryState::Failed);
}

#[tokio::test(start_paused = true)]
async fn gone_fails_the_delivery_disables_the_webhook_and_holds_the_rest() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight_per_webhook: 1, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::status(410));
    let events = world.publish(&hook, 5).await;
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 1);
    assert_eq!(world.status(&hook).await, WebhookStatus::Disabled(DisabledReason::Gone));
    assert_eq!(world.state(&hook, &events[0]).await, DeliveryState::Failed);
    assert_eq!(world.count(&hook, &events, DeliveryState::Held).await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_webhook_whose_every_attempt_failed_for_long_enough_is_disabled() {
    let world = World::new().await;
    let schedule = RetrySchedule::new(vec![Duration::from_mins(10); 20]).unwrap();
    let disable_after = Duration::from_hours(1);
    let _engine = world.start(EngineOptions { schedule, disable_after, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::status(500));
    let event = world.publish(&hook, 1).await.remove(0);
    world.pass(Duration::from_mins(55)).await;
    assert_eq!(world.status(&hook).await, WebhookStatus::Active);
    world.pass(Duration::from_mins(10)).await;
    assert_eq!(world.status(&hook).await, WebhookStatus::Disabled(DisabledReason::Failing));
    assert_eq!(world.state(&hook, &event).await, DeliveryState::Held);
    let sent = world.receivers.sent(&hook).len();
    world.pass(Duration::from_hours(2)).await;
    assert_eq!(world.receivers.sent(&hook).len(), sent, "nothing is sent to a disabled webhook");
}

#[tokio::test(start_paused = true)]
async fn one_success_begins_the_time_until_a_webhook_is_disabled_anew() {
    let world = World::new().await;
    let schedule = RetrySchedule::new(vec![Duration::from_mins(10); 20]).unwrap();
    let disable_after = Duration::from_hours(1);
    let _engine = world.start(EngineOptions { schedule, disable_after, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, vec![Answer::status(500); 5]);
    world.receivers.next(&hook, [Answer::ok()]);
    world.receivers.always(&hook, Answer::status(500));
    world.publish(&hook, 1).await;
    world.pass(Duration::from_mins(55)).await;
    world.publish(&hook, 1).await;
    world.pass(Duration::from_mins(50)).await;
    assert_eq!(world.status(&hook).await, WebhookStatus::Active);
    world.pass(Duration::from_mins(20)).await;
    assert_eq!(world.status(&hook).await, WebhookStatus::Disabled(DisabledReason::Failing));
}
