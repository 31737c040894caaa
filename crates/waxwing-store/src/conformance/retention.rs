//! Deleting what ended long ago.

use waxwing_core::{Timestamp, delivery::Verdict};

use super::{
    steps::MANY,
    world::{Hook, TYPE, World, at, day, event_id, event_with},
};
use crate::{LogFilter, NewEvent};

/// Deletes in bites of `limit`, to the end.
async fn retain(w: &World, cutoff: Timestamp, limit: usize) {
    let mut from = 0;
    for _ in 0..MANY {
        match w.store.retain(cutoff, from, limit).await.unwrap() {
            Some(next) => from = next,
            None => return,
        }
    }
    panic!("the retention does not end");
}

async fn is_kept(w: &World, hook: &Hook, id: &waxwing_core::EventId) -> bool {
    let event = w.store.event(id).await.unwrap().is_some();
    let detail = w.store.log_detail(&hook.account, &hook.id, id).await.unwrap().is_some();
    let listed = w.log(hook).await.iter().any(|entry| entry.event_id == *id);
    assert!(event == detail && detail == listed, "an event and its log go together");
    event
}

pub(super) async fn what_ended_before_the_cutoff_is_deleted_with_its_log(w: World) {
    let hook = w.webhook().await;
    let delivered = w.publish_and(&hook, Verdict::Delivered, day(0)).await;
    let failed = w.publish_and(&hook, Verdict::Exhausted, day(0)).await;
    let recent = w.publish_and(&hook, Verdict::Delivered, day(20)).await;
    retain(&w, day(10), 100).await;
    assert!(!is_kept(&w, &hook, &delivered).await);
    assert!(!is_kept(&w, &hook, &failed).await);
    assert!(is_kept(&w, &hook, &recent).await);
    assert_eq!(w.detail(&hook, &recent).await.attempts.len(), 1);
}

pub(super) async fn an_event_without_deliveries_is_deleted(w: World) {
    let id = w.publish(1, day(0)).await.remove(0);
    let recent = w.publish(1, day(10)).await.remove(0);
    retain(&w, day(5), 100).await;
    assert!(w.store.event(&id).await.unwrap().is_none());
    assert!(w.store.event(&recent).await.unwrap().is_some());
}

pub(super) async fn what_has_not_ended_is_kept(w: World) {
    let hook = w.webhook().await;
    let retried = w.publish_and(&hook, Verdict::RetryAt(day(90)), day(0)).await;
    let fresh = w.publish(1, day(0)).await.remove(0);
    retain(&w, day(50), 100).await;
    assert!(is_kept(&w, &hook, &retried).await && is_kept(&w, &hook, &fresh).await);
    w.set_active(&hook, false, day(50)).await;
    retain(&w, day(60), 100).await;
    assert!(is_kept(&w, &hook, &retried).await && is_kept(&w, &hook, &fresh).await, "held is not ended");
    w.activate(&hook, day(60)).await;
    assert_eq!(w.first(&hook).await.len(), 2);
}

pub(super) async fn what_ended_after_the_cutoff_is_kept(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, day(0)).await.remove(0);
    w.record(&w.only_first(&hook).await, Verdict::Delivered, day(12)).await;
    retain(&w, day(10), 100).await;
    assert!(is_kept(&w, &hook, &id).await);
    retain(&w, day(13), 100).await;
    assert!(!is_kept(&w, &hook, &id).await);
}

pub(super) async fn an_event_is_kept_until_its_last_delivery_ended(w: World) {
    let (done, late) = (w.webhook().await, w.webhook().await);
    let id = w.publish_and(&done, Verdict::Delivered, day(0)).await;
    retain(&w, day(10), 100).await;
    assert!(is_kept(&w, &done, &id).await && is_kept(&w, &late, &id).await);
    assert_eq!(w.detail(&done, &id).await.attempts.len(), 1);
    w.record(&w.only_first(&late).await, Verdict::Exhausted, day(11)).await;
    retain(&w, day(12), 100).await;
    assert!(!is_kept(&w, &done, &id).await && !is_kept(&w, &late, &id).await);
}

pub(super) async fn a_replayed_delivery_is_kept(w: World) {
    let hook = w.webhook().await;
    let id = w.publish_and(&hook, Verdict::Delivered, day(0)).await;
    w.store.retry(w.node, &w.account, &hook.id, &id, day(9)).await.unwrap();
    retain(&w, day(10), 100).await;
    assert!(is_kept(&w, &hook, &id).await);
    let due = w.again(&hook, day(10)).await.due.remove(0);
    assert!(w.record(&due, Verdict::Delivered, day(10)).await.applied);
    retain(&w, day(11), 100).await;
    assert!(!is_kept(&w, &hook, &id).await);
}

pub(super) async fn canceled_deliveries_are_deleted_in_their_time(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, day(0)).await.remove(0);
    w.delete(&hook, day(20)).await;
    w.store.cancel_deleted(10, day(20)).await.unwrap();
    retain(&w, day(10), 100).await;
    assert!(is_kept(&w, &hook, &id).await);
    retain(&w, day(21), 100).await;
    assert!(!is_kept(&w, &hook, &id).await);
}

pub(super) async fn a_deleted_id_can_be_published_again(w: World) {
    let hook = w.webhook().await;
    let event = |data, now| {
        let event = event_with(&event_id("order:1"), &w.account, TYPE, data, now);
        NewEvent { idempotency_key: Some("k".into()), ..event }
    };
    w.offer(vec![event("1", day(0))]).await.unwrap();
    w.record(&w.only_first(&hook).await, Verdict::Delivered, day(0)).await;
    assert!(w.offer(vec![event("1", day(5))]).await.unwrap()[0].repeated);
    retain(&w, day(10), 100).await;
    let again = w.offer(vec![event("2", day(11))]).await.unwrap().remove(0);
    assert_eq!((again.repeated, again.created_at), (false, day(11)));
    let due = w.only_first(&hook).await;
    assert!(w.record(&due, Verdict::Delivered, day(11)).await.applied);
    let detail = w.detail(&hook, &event_id("order:1")).await;
    assert_eq!(detail.attempts.len(), 1, "nothing of the old one came back");
}

pub(super) async fn retention_goes_in_bites(w: World) {
    let hook = w.webhook().await;
    let mut kept = Vec::new();
    for n in 0..10 {
        let verdict = if n % 4 == 2 { Verdict::RetryAt(day(90)) } else { Verdict::Delivered };
        let id = w.publish_and(&hook, verdict, at(n)).await;
        if n % 4 == 2 {
            kept.push(id);
        }
    }
    let next = w.store.retain(day(10), 0, 3).await.unwrap();
    assert!(next.is_some(), "ten events are more than three");
    for limit in [3, 1, 100] {
        retain(&w, day(10), limit).await;
        let mut left = super::steps::sorted(w.logged(&hook, &LogFilter::default()).await);
        left.dedup();
        assert_eq!(left, super::steps::sorted(kept.clone()));
    }
}

pub(super) async fn a_page_of_a_log_goes_on_after_its_cursor_was_deleted(w: World) {
    let hook = w.webhook().await;
    let old = w.publish_and(&hook, Verdict::RetryAt(day(90)), day(0)).await;
    for _ in 0..3 {
        w.publish_and(&hook, Verdict::Delivered, day(0)).await;
    }
    let recent = w.publish_and(&hook, Verdict::Delivered, day(20)).await;
    let (page, next) = w.log_page(&hook, &LogFilter::default(), 2, None).await;
    assert_eq!(page[0].event_id, recent);
    retain(&w, day(10), 100).await;
    let (page, end) = w.log_page(&hook, &LogFilter::default(), 2, next).await;
    assert_eq!((page[0].event_id.clone(), page.len(), end), (old, 1, None));
}
