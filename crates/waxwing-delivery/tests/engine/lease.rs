//! Many nodes: who may send what, and who takes over.

use std::time::Duration;

use waxwing_core::{Clock, DeliveryState};
use waxwing_store::{StoreError, gated::Call};

use crate::{
    harness::{Fault, World, options},
    receivers::Answer,
};

const SECOND: Duration = Duration::from_secs(1);

fn unreachable() -> Fault {
    Fault::Refused(StoreError::Failed("the database cannot be reached".into()))
}

#[tokio::test(start_paused = true)]
async fn a_node_that_cannot_renew_its_lease_stops_sending_before_it_runs_out() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.settle().await;
    world.faults.add(Call::Lease, 1_000, &unreachable());
    world.pass(26 * SECOND).await;
    let events = world.publish(&hook, 3).await;
    world.pass(Duration::from_mins(2)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 0, "an attempt takes up to 5 of the 30 s");
    world.faults.clear();
    world.pass(10 * SECOND).await;
    assert_eq!(world.receivers.events(&hook), events, "it goes on once the lease is renewed");
}

#[tokio::test(start_paused = true)]
async fn an_engine_sends_nothing_before_it_has_renewed_its_lease() {
    let world = World::new().await;
    let hook = world.webhook("a").await;
    let events = world.publish(&hook, 1).await;
    world.faults.add(Call::Lease, 1, &unreachable());
    let _engine = world.start(options());
    world.pass(2 * SECOND).await;
    assert_eq!(world.receivers.sent(&hook).len(), 0, "the process may have been stopped since it registered");
    world.pass(10 * SECOND).await;
    assert_eq!(world.receivers.events(&hook), events);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_cut_off_for_less_goes_on_sending() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    world.settle().await;
    world.faults.add(Call::Lease, 3, &unreachable());
    world.pass(20 * SECOND).await;
    world.publish(&hook, 3).await;
    world.settle().await;
    assert_eq!(world.receivers.sent(&hook).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_work_of_a_dead_node_is_taken_over_once_its_lease_ran_out() {
    let world = World::new().await;
    let hook = world.webhook("a").await;
    let events = world.publish(&hook, 600).await;
    let other = world.register("two").await;
    let engine = world.start_as(other, options());
    world.pass(20 * SECOND).await;
    assert_eq!(world.receivers.sent(&hook).len(), 0, "the lease of the first node still runs");
    world.pass(Duration::from_mins(2)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 600);
    assert_eq!(world.count(&hook, &events, DeliveryState::Delivered).await, 600);
    engine.health().unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_engine_whose_handle_is_dropped_ends_and_its_lease_runs_out() {
    let world = World::new().await;
    let hook = world.webhook("a").await;
    drop(world.start(options()));
    world.settle().await;
    let events = world.publish(&hook, 1).await;
    world.pass(Duration::from_mins(2)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 0);
    let other = world.register("two").await;
    let _engine = world.start_as(other, options());
    world.pass(10 * SECOND).await;
    assert_eq!(world.receivers.events(&hook), events, "nobody renews it, so another node takes over");
}

#[tokio::test(start_paused = true)]
async fn what_a_takeover_brought_is_sent_although_its_answer_was_lost() {
    let world = World::new().await;
    let hook = world.webhook("a").await;
    let events = world.publish(&hook, 5).await;
    let other = world.register("two").await;
    let _engine = world.start_as(other, options());
    world.pass(26 * SECOND).await;
    // A renewal, and the takeover after it.
    world.faults.add(Call::Lease, 2, &Fault::AnswerLost(StoreError::Unreachable("on demand".into())));
    world.pass(6 * SECOND).await;
    assert_eq!(world.faults.left(Call::Lease), 0);
    assert_eq!(world.receivers.sent(&hook).len(), 0, "nobody heard of it yet");
    world.pass(20 * SECOND).await;
    assert_eq!(world.receivers.events(&hook), events);
    world.pass(Duration::from_mins(2)).await;
    assert_eq!(world.receivers.sent(&hook).len(), 5, "once");
}

#[tokio::test(start_paused = true)]
async fn an_engine_begins_with_what_the_store_says_and_not_with_an_older_feed() {
    let world = World::new().await;
    let hook = world.webhook("a").await;
    let events = world.publish(&hook, 2).await;
    // What was published stands in the feed. Another node takes it over and delivers it.
    world.pass(31 * SECOND).await;
    let two = world.register("two").await;
    let taken = world.store.take_over(two, world.clock.now(), 100).await.unwrap();
    assert_eq!(taken.deliveries, 2);
    let again = world.store.rejoin(world.node, world.clock.now(), options().lease).await.unwrap();
    let _engine = world.start_as(again, options());
    world.pass(10 * SECOND).await;
    assert_eq!(world.receivers.sent(&hook).len(), 0, "they are no longer this node's");
    assert_eq!(world.state(&hook, &events[0]).await, DeliveryState::Pending);
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_name_was_taken_stops_and_says_why() {
    let world = World::new().await;
    let engine = world.start(options());
    let hook = world.webhook("a").await;
    world.settle().await;
    let again = world.register("one").await;
    let reason = engine.failed().await;
    assert!(reason.contains("lease was lost"), "{reason}");
    assert_eq!(engine.health(), Err(reason));
    let _next = world.start_as(again, options());
    assert_eq!(world.try_publish(&hook, 1).await, Err(StoreError::LeaseLost), "nor does it accept events");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_outlives_its_nodes_lease_does_not_end_the_delivery_of_the_next_node() {
    let world = World::new().await;
    let engine = world.start(options());
    let hook = world.webhook("a").await;
    world.receivers.next(&hook, [Answer::ok().after(4 * SECOND)]);
    let event = world.publish(&hook, 1).await.remove(0);
    world.settle().await;
    let again = world.register("one").await;
    let _next = world.start_as(again, options());
    world.pass(10 * SECOND).await;
    drop(engine);
    assert_eq!(world.receivers.events(&hook).len(), 2, "the one duplicate of a restart");
    let detail = world.detail(&hook, &event).await;
    assert_eq!(detail.entry.state, DeliveryState::Delivered);
}
