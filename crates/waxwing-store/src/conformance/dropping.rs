//! Dropping a payload once every delivery of it was made.

use tokio::task::JoinSet;
use waxwing_core::{DeliveryState, EventId, Timestamp, delivery::Verdict};

use super::{
    steps::completion,
    world::{Hook, TYPE, World, at, by, event_id, event_with},
};
use crate::{Completion, Due, NewEvent, Recorded, RetryError};

/// Records an attempt of a node that drops payloads.
async fn record(w: &World, due: &Due, verdict: Verdict, now: Timestamp) -> Recorded {
    let completion = Completion { drop_payload: true, ..completion(due, verdict, now) };
    w.store.record(w.node, completion).await.unwrap()
}

async fn erased_at(w: &World, id: &EventId) -> Option<Timestamp> {
    let event = w.store.event(id).await.unwrap().unwrap();
    assert_eq!(event.body.is_empty(), event.erased_at.is_some());
    event.erased_at
}

async fn first_of(w: &World, hook: &Hook, id: &EventId) -> Due {
    w.first(hook).await.into_iter().find(|due| due.event_id == *id).expect("it waits")
}

pub(super) async fn a_payload_goes_with_its_last_delivery(w: World) {
    let (one, two) = (w.webhook().await, w.webhook().await);
    let ids = w.publish(2, at(1)).await;
    assert!(record(&w, &first_of(&w, &one, &ids[0]).await, Verdict::Delivered, at(2)).await.applied);
    assert_eq!(erased_at(&w, &ids[0]).await, None, "the other webhook still needs it");
    assert!(record(&w, &first_of(&w, &two, &ids[0]).await, Verdict::Delivered, at(3)).await.applied);
    assert_eq!(erased_at(&w, &ids[0]).await, Some(at(3)));
    assert_eq!(erased_at(&w, &ids[1]).await, None, "others are left alone");
    let detail = w.detail(&one, &ids[0]).await;
    assert_eq!((detail.body.len(), detail.erased_at), (0, Some(at(3))));
    assert_eq!(detail.attempts[0].response_body, "said the receiver", "only the payload goes");
}

pub(super) async fn a_payload_stays_while_a_delivery_waits_is_held_or_failed(w: World) {
    let (good, other) = (w.webhook().await, w.webhook().await);
    let failed = w.publish(1, at(1)).await.remove(0);
    record(&w, &first_of(&w, &other, &failed).await, Verdict::Exhausted, at(2)).await;
    record(&w, &first_of(&w, &good, &failed).await, Verdict::Delivered, at(2)).await;
    let retried = w.publish(1, at(3)).await.remove(0);
    record(&w, &first_of(&w, &other, &retried).await, Verdict::RetryAt(at(60)), at(4)).await;
    record(&w, &first_of(&w, &good, &retried).await, Verdict::Delivered, at(4)).await;
    w.set_active(&other, false, at(5)).await;
    let held = w.publish(1, at(6)).await.remove(0);
    record(&w, &first_of(&w, &good, &held).await, Verdict::Delivered, at(7)).await;
    for id in [&failed, &retried, &held] {
        assert_eq!(erased_at(&w, id).await, None);
    }
    w.activate(&other, at(8)).await;
    record(&w, &first_of(&w, &other, &held).await, Verdict::Delivered, at(9)).await;
    assert_eq!(erased_at(&w, &held).await, Some(at(9)));
}

pub(super) async fn canceled_deliveries_are_not_waited_for(w: World) {
    let (good, gone) = (w.webhook().await, w.webhook().await);
    let id = w.publish(1, at(1)).await.remove(0);
    w.delete(&gone, at(2)).await;
    assert_eq!(w.store.cancel_deleted(10, at(2)).await.unwrap(), 1);
    record(&w, &first_of(&w, &good, &id).await, Verdict::Delivered, at(3)).await;
    assert_eq!(erased_at(&w, &id).await, Some(at(3)));
}

pub(super) async fn nothing_is_dropped_unless_asked(w: World) {
    let hook = w.webhook().await;
    let id = w.publish_and(&hook, Verdict::Delivered, at(1)).await;
    assert_eq!(erased_at(&w, &id).await, None);
}

pub(super) async fn what_was_dropped_is_not_sent_again(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    record(&w, &w.only_first(&hook).await, Verdict::Delivered, at(2)).await;
    let refused = w.store.retry(w.node, &w.account, &hook.id, &id, at(3)).await;
    assert_eq!(refused.unwrap_err(), RetryError::Erased);
    assert_eq!(w.state(&hook, &id).await, DeliveryState::Delivered);
    assert!(w.waiting(&hook).await.is_empty());
}

pub(super) async fn a_repeat_of_what_was_dropped_gets_the_first_answer(w: World) {
    let hook = w.webhook().await;
    let event = |id: &str, now| {
        let event = event_with(&event_id(id), &w.account, TYPE, "{}", now);
        NewEvent { idempotency_key: Some("k".into()), ..event }
    };
    let first = w.offer(vec![event("order:1", at(1))]).await.unwrap().remove(0);
    record(&w, &w.only_first(&hook).await, Verdict::Delivered, at(2)).await;
    for again in [event("order:1", at(3)), event("order:2", at(3))] {
        let again = w.offer(vec![again]).await.unwrap().remove(0);
        assert_eq!(again, crate::Published { repeated: true, ..first.clone() });
    }
    assert!(w.waiting(&hook).await.is_empty());
}

pub(super) async fn what_receivers_said_of_it_can_be_erased_later(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    record(&w, &w.only_first(&hook).await, Verdict::Delivered, at(2)).await;
    let erasure = waxwing_core::ErasureId::generate(at(3), [1; 10]);
    let receipt = w.store.erase_event(erasure, &id, &by(at(3))).await.unwrap().unwrap();
    assert_eq!((receipt.erased.events, receipt.erased.deliveries, receipt.erased.attempts), (0, 1, 1));
    let detail = w.detail(&hook, &id).await;
    assert_eq!((detail.attempts[0].response_body.len(), detail.erased_at), (0, Some(at(2))));
}

pub(super) async fn last_deliveries_recorded_at_once_drop_it_too(w: World) {
    let mut hooks = Vec::new();
    for _ in 0..8 {
        hooks.push(w.webhook().await);
    }
    for round in 0..10 {
        let id = w.publish(1, at(round)).await.remove(0);
        let mut records = JoinSet::new();
        for hook in &hooks {
            let due = first_of(&w, hook, &id).await;
            let completion =
                Completion { drop_payload: true, ..completion(&due, Verdict::Delivered, at(round)) };
            let (store, node) = (w.store.clone(), w.node);
            records.spawn(async move { store.record(node, completion).await.unwrap() });
        }
        assert!(records.join_all().await.iter().all(|recorded| recorded.applied));
        assert_eq!(erased_at(&w, &id).await, Some(at(round)));
    }
}
