//! Erasing what the engine has in memory, and what it has under way.

use std::time::Duration;

use waxwing_core::{DeliveryState, EventId};
use waxwing_delivery::EngineOptions;
use waxwing_store::{StoreError, gated::Call};

use crate::{
    harness::{Fault, World, options},
    receivers::Answer,
};

#[tokio::test(start_paused = true)]
async fn what_waits_in_memory_is_not_sent_once_it_is_erased() {
    let world = World::new().await;
    let _engine = world.start(EngineOptions { in_flight_per_webhook: 1, ..options() });
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::ok().after(Duration::from_secs(1)));
    let events = world.publish(&hook, 5).await;
    world.settle().await;
    world.erase(&events[2]).await;
    world.pass(Duration::from_secs(30)).await;
    let kept = [&events[0], &events[1], &events[3], &events[4]].map(Clone::clone);
    assert_eq!(world.receivers.events(&hook), kept);
    assert_eq!(world.state(&hook, &events[2]).await, DeliveryState::Canceled);
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_not_made_once_its_event_is_erased() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::status(500));
    let event = world.publish(&hook, 1).await.remove(0);
    world.settle().await;
    assert_eq!(world.state(&hook, &event).await, DeliveryState::Retrying);
    world.erase(&event).await;
    world.pass(Duration::from_hours(24)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_under_way_ends_and_leaves_no_words() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.always(&hook, Answer::status(500).after(Duration::from_secs(2)));
    let event = world.publish(&hook, 1).await.remove(0);
    world.settle().await;
    world.erase(&event).await;
    world.pass(Duration::from_hours(24)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 1);
    let detail = world.detail(&hook, &event).await;
    assert_eq!((detail.entry.state, detail.entry.last_error), (DeliveryState::Canceled, None));
    assert_eq!((detail.attempts.len(), &detail.attempts[0].error), (1, &None));
}

#[tokio::test(start_paused = true)]
async fn an_erasure_is_completed_behind_the_traffic_whatever_fails() {
    let world = World::new().await;
    let hook = world.webhook("a").await;
    let event = world.publish(&hook, 1).await.remove(0);
    let id = world.erase(&event).await;
    let account = world.erase_account().await;
    world.faults.add(Call::Erase, 3, &Fault::Refused(StoreError::Busy));
    let _engine = world.start(options());
    world.pass(Duration::from_mins(2)).await;
    for id in [id, account] {
        let receipt = world.store.erasure(&id).await.unwrap().unwrap();
        assert!(receipt.completed_at.is_some(), "{receipt:?}");
    }
    let gone = world.store.event(&EventId::parse(&event).unwrap()).await.unwrap();
    assert!(gone.is_none());
    assert!(world.receivers.sent(&hook).is_empty());
}
