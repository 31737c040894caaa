//! Rotating data keys while deliveries go on.

use std::time::Duration;

use waxwing_core::{Clock, DeliveryState, seal::SealedBy};
use waxwing_store::{Actor, StoreError, gated::Call};

use crate::harness::{Fault, Hook, World, options};

const HOUR: Duration = Duration::from_hours(1);

/// More webhooks than one bite takes, so that there is a second one.
async fn webhooks(world: &World) -> Vec<Hook> {
    let mut hooks = Vec::new();
    for _ in 0..150 {
        hooks.push(world.webhook("a").await);
    }
    hooks
}

async fn rotate(world: &World) {
    world.keyring.rotate(&Actor::server(world.clock.now()), &*world.entropy).await.unwrap();
}

async fn left(world: &World, data_key: u32) -> u64 {
    world.store.sealed_otherwise(data_key).await.unwrap()
}

fn data_keys(world: &World) -> Vec<u32> {
    world.store.directory().data_keys().iter().map(|key| key.number).collect()
}

#[tokio::test(start_paused = true)]
async fn secrets_are_sealed_anew_while_deliveries_go_on() {
    let world = World::new().await;
    let hooks = webhooks(&world).await;
    let _engine = world.start(options());
    world.settle().await;
    rotate(&world).await;
    let events = world.publish(&hooks[0], 3).await;
    world.pass(Duration::from_secs(5)).await;
    assert_eq!(left(&world, 2).await, 0);
    assert_eq!(world.count(&hooks[149], &events, DeliveryState::Delivered).await, 3);
    let more = world.publish(&hooks[0], 2).await;
    world.settle().await;
    assert_eq!(world.count(&hooks[149], &more, DeliveryState::Delivered).await, 2);
    let target = world.store.directory().target(1).unwrap();
    assert_eq!(target.secret.by(), Ok(SealedBy::Number(2)));
}

#[tokio::test(start_paused = true)]
async fn an_older_data_key_is_kept_for_an_hour_and_then_deleted() {
    let world = World::new().await;
    webhooks(&world).await;
    let _engine = world.start(options());
    rotate(&world).await;
    world.pass(HOUR / 2).await;
    assert_eq!((left(&world, 2).await, data_keys(&world)), (0, vec![1, 2]));
    world.pass(HOUR * 2).await;
    assert_eq!(data_keys(&world), [2]);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_was_interrupted_is_finished_after_the_next_start() {
    let world = World::new().await;
    webhooks(&world).await;
    rotate(&world).await;
    let broken = Fault::Refused(StoreError::Failed("the database cannot be reached".into()));
    world.faults.add(Call::Configure, 1, &broken);
    let engine = world.start(options());
    world.pass(Duration::from_secs(5)).await;
    engine.shutdown(Duration::ZERO).await;
    assert_eq!(left(&world, 2).await, 150);
    let _engine = world.start(options());
    world.pass(Duration::from_secs(5)).await;
    assert_eq!(left(&world, 2).await, 0);
}
