//! A store that is busy, fails, or loses answers.

use std::time::Duration;

use waxwing_core::DeliveryState;
use waxwing_store::{StoreError, gated::Call};

use crate::{
    harness::{Fault, World, options},
    receivers::Answer,
};

fn failed() -> StoreError {
    StoreError::Failed("on demand".into())
}

#[tokio::test(start_paused = true)]
async fn an_outcome_is_offered_to_a_busy_store_until_it_takes_it() {
    let world = World::new().await;
    let engine = world.start(options());
    let hook = world.webhook("a").await;
    world.faults.add(Call::Record, 50, &Fault::Refused(StoreError::Busy));
    let event = world.publish(&hook, 1).await.remove(0);
    world.pass(Duration::from_secs(5)).await;
    assert_eq!(world.faults.left(Call::Record), 0);
    assert_eq!(world.receivers.sent(&hook).len(), 1);
    assert_eq!(world.state(&hook, &event).await, DeliveryState::Delivered);
    engine.health().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_delivery_whose_outcome_could_not_be_recorded_is_sent_again() {
    let world = World::new().await;
    let engine = world.start(options());
    let hook = world.webhook("a").await;
    world.faults.add(Call::Record, 2, &Fault::Refused(failed()));
    let event = world.publish(&hook, 1).await.remove(0);
    world.pass(Duration::from_secs(5)).await;
    assert_eq!(world.state(&hook, &event).await, DeliveryState::Delivered);
    assert_eq!(world.receivers.sent(&hook).len(), 3);
    engine.health().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_answer_was_lost_makes_no_duplicate() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.faults.add(Call::Record, 1, &Fault::AnswerLost(failed()));
    let event = world.publish(&hook, 1).await.remove(0);
    world.pass(Duration::from_mins(5)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 1);
    assert_eq!(world.state(&hook, &event).await, DeliveryState::Delivered);
}

#[tokio::test(start_paused = true)]
async fn a_failure_whose_records_answer_was_lost_counts_as_one_attempt() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::status(500));
    let lost = Fault::AnswerLost(StoreError::Unreachable("on demand".into()));
    world.faults.add(Call::Record, 2, &lost);
    let event = world.publish(&hook, 1).await.remove(0);
    world.pass(Duration::from_hours(2)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 4, "as many as the schedule says");
    assert_eq!(world.detail(&hook, &event).await.attempts.len(), 4);
    assert_eq!(world.state(&hook, &event).await, DeliveryState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stopped_ends_the_engine_with_a_reason() {
    let world = World::new().await;
    let engine = world.start(options());
    let hook = world.webhook("a").await;
    world.settle().await;
    let stopped = StoreError::Stopped("the disk is full".into());
    world.faults.add(Call::Record, 1, &Fault::Refused(stopped));
    world.publish(&hook, 1).await;
    let reason = engine.failed().await;
    assert!(reason.contains("the disk is full"), "{reason}");
    world.publish(&hook, 5).await;
    world.pass(Duration::from_mins(5)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 1, "what cannot be recorded is not sent");
}

#[tokio::test(start_paused = true)]
async fn waiting_deliveries_that_cannot_be_read_are_read_again() {
    let world = World::new().await;
    let engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::ok().after(Duration::from_millis(1)));
    world.settle().await;
    world.faults.add(Call::ReadLane, 5, &Fault::Refused(failed()));
    let events = world.publish(&hook, 300).await;
    world.pass(Duration::from_secs(10)).await;
    assert_eq!(world.faults.left(Call::ReadLane), 0);
    assert_eq!(world.count(&hook, &events, DeliveryState::Delivered).await, 300);
    engine.health().unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_cannot_read_its_work_at_the_start_says_so() {
    let world = World::new().await;
    world.faults.add(Call::TakeUp, 1, &Fault::Refused(failed()));
    let engine = world.start(options());
    assert!(engine.failed().await.contains("on demand"));
    assert!(engine.health().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_release_that_meets_a_busy_store_goes_on() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.set_active(&hook, false).await;
    let events = world.publish(&hook, 10).await;
    world.faults.add(Call::Release, 4, &Fault::Refused(StoreError::Busy));
    world.set_active(&hook, true).await;
    world.pass(Duration::from_secs(2)).await;
    assert_eq!(world.faults.left(Call::Release), 0);
    assert_eq!(world.receivers.events(&hook), events);
}
