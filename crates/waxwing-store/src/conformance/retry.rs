//! Retries: scheduled by a failure, or asked for by an account.

use waxwing_core::{DeliveryState, delivery::Verdict};

use super::{
    steps::ids,
    world::{World, at, event_id},
};
use crate::{Due, Queue, RetryError};

pub(super) async fn a_failure_is_scheduled_again(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    let due = w.only_first(&hook).await;
    let recorded = w.record(&due, Verdict::RetryAt(at(60)), at(2)).await;
    assert!(recorded.applied);
    assert_eq!((recorded.state, recorded.disabled), (DeliveryState::Retrying, None));
    assert!(w.first(&hook).await.is_empty());
    let page = w.again(&hook, at(59)).await;
    assert!(page.due.is_empty() && !page.more);
    assert_eq!(page.next_due_at, Some(at(60)));
    let page = w.again(&hook, at(60)).await;
    assert_eq!(page.next_due_at, None);
    assert_eq!(page.due, [Due { queue: Queue::Again, due_at: at(60), step: 1, ..due }]);
    let entry = w.detail(&hook, &id).await.entry;
    assert_eq!((entry.state, entry.next_attempt_at), (DeliveryState::Retrying, Some(at(60))));
    assert_eq!((entry.last_status_code, entry.attempt_count), (Some(500), 1));
    assert!(entry.last_error.is_some());
}

pub(super) async fn each_failure_moves_one_step_along_the_schedule(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(1)).await;
    let mut due = w.only_first(&hook).await;
    for step in 0..6 {
        assert_eq!(due.step, step);
        let next = at(u64::from(step + 1) * 100);
        w.record(&due, Verdict::RetryAt(next), next.before(super::steps::TOOK)).await;
        let mut page = w.again(&hook, next).await.due;
        assert_eq!(page.len(), 1, "one entry at a time");
        due = page.remove(0);
    }
}

pub(super) async fn retries_come_by_the_time_they_are_due(w: World) {
    let hook = w.webhook().await;
    let published = w.publish(4, at(1)).await;
    for (due, seconds) in w.first(&hook).await.iter().zip([300, 100, 400, 200]) {
        w.record(due, Verdict::RetryAt(at(seconds)), at(2)).await;
    }
    let page = w.again(&hook, at(300)).await;
    let expected = [1, 3, 0].map(|n: usize| published[n].clone());
    assert_eq!(ids(&page.due), expected);
    assert_eq!(page.next_due_at, Some(at(400)));
    let page = w.store.lane_page(w.node, hook.row, Queue::Again, 0, at(300), 2).await.unwrap();
    assert_eq!(ids(&page.due), expected[..2]);
    assert!(page.more);
}

pub(super) async fn retries_do_not_look_at_after(w: World) {
    let hook = w.webhook().await;
    w.publish(2, at(1)).await;
    for due in w.first(&hook).await {
        w.record(&due, Verdict::RetryAt(at(60)), at(2)).await;
    }
    let page = w.store.lane_page(w.node, hook.row, Queue::Again, i64::MAX, at(60), 10).await.unwrap();
    assert_eq!(page.due.len(), 2);
}

pub(super) async fn fresh_events_and_retries_wait_apart(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(1)).await;
    let failed = w.only_first(&hook).await;
    w.record(&failed, Verdict::RetryAt(at(10)), at(2)).await;
    let fresh = w.publish(1, at(20)).await;
    assert_eq!(ids(&w.first(&hook).await), fresh);
    assert_eq!(ids(&w.again(&hook, at(20)).await.due), [failed.event_id]);
}

pub(super) async fn a_retry_asked_for_replaces_the_scheduled_one(w: World) {
    let hook = w.webhook().await;
    let id = w.publish_and(&hook, Verdict::RetryAt(at(900)), at(2)).await;
    w.wakeups();
    let entry = w.store.retry(w.node, &w.account, &hook.id, &id, at(50)).await.unwrap();
    assert_eq!((entry.event_id, entry.state), (id.clone(), DeliveryState::Retrying));
    assert_eq!((entry.next_attempt_at, entry.attempt_count), (Some(at(50)), 1));
    assert!(w.wakeups().again.get(&hook.row).is_some_and(|due_at| *due_at <= at(50)), "the engine is woken");
    let waiting = w.waiting(&hook).await;
    assert_eq!(waiting.len(), 1, "the scheduled one is gone");
    assert_eq!((waiting[0].queue, waiting[0].due_at, waiting[0].step), (Queue::Again, at(50), 0));
    assert_eq!(w.again(&hook, at(50)).await.due, waiting);
}

pub(super) async fn a_retry_of_a_first_attempt_leaves_one_entry(w: World) {
    let hook = w.webhook().await;
    let published = w.publish(2, at(1)).await;
    let entry = w.store.retry(w.node, &w.account, &hook.id, &published[0], at(2)).await.unwrap();
    assert_eq!(entry.state, DeliveryState::Pending, "no attempt was made yet");
    assert_eq!(ids(&w.again(&hook, at(2)).await.due), published[..1]);
    assert_eq!(ids(&w.first(&hook).await), published[1..]);
}

pub(super) async fn what_ended_is_sent_again_when_asked(w: World) {
    let hook = w.webhook().await;
    for verdict in [Verdict::Delivered, Verdict::Exhausted] {
        let id = w.publish_and(&hook, verdict, at(2)).await;
        let entry = w.store.retry(w.node, &w.account, &hook.id, &id, at(3)).await.unwrap();
        assert_eq!(entry.state, DeliveryState::Retrying);
        let due = w.again(&hook, at(3)).await.due.remove(0);
        assert_eq!((due.event_id.clone(), due.step), (id.clone(), 0));
        assert_eq!(w.state(&hook, &id).await, DeliveryState::Retrying);
        assert!(w.record(&due, Verdict::Delivered, at(4)).await.applied);
        let entry = w.detail(&hook, &id).await.entry;
        assert_eq!((entry.state, entry.attempt_count), (DeliveryState::Delivered, 2));
        assert!(w.waiting(&hook).await.is_empty());
    }
}

pub(super) async fn retries_asked_for_twice_leave_one_entry(w: World) {
    let hook = w.webhook().await;
    let id = w.publish_and(&hook, Verdict::Exhausted, at(2)).await;
    w.store.retry(w.node, &w.account, &hook.id, &id, at(3)).await.unwrap();
    let first = w.waiting(&hook).await.remove(0);
    w.store.retry(w.node, &w.account, &hook.id, &id, at(4)).await.unwrap();
    let waiting = w.waiting(&hook).await;
    assert_eq!(waiting.len(), 1);
    assert_ne!(waiting[0].generation, first.generation);
    assert!(!w.record(&first, Verdict::Delivered, at(5)).await.applied);
    assert_eq!(w.waiting(&hook).await, waiting);
}

pub(super) async fn the_node_that_is_asked_owns_the_retry(w: World) {
    let hook = w.webhook().await;
    let id = w.publish_and(&hook, Verdict::RetryAt(at(900)), at(2)).await;
    let two = w.node("two", at(2)).await;
    w.store.retry(two, &w.account, &hook.id, &id, at(3)).await.unwrap();
    assert!(w.waiting(&hook).await.is_empty());
    let due = w.again_of(two, &hook, at(3)).await.due.remove(0);
    assert!(w.record_by(two, &due, Verdict::Delivered, at(4)).await.unwrap().applied);
}

pub(super) async fn a_retry_of_what_is_not_there_is_refused(w: World) {
    let hook = w.webhook_of(&w.account, &["order.*"]).await;
    let other = w.account("other", at(0)).await;
    let theirs = w.webhook_of(&other, &["*"]).await;
    let ours = w.publish(1, at(1)).await.remove(0);
    let elsewhere = w.publish_type("invoice.paid", at(1)).await;
    for (account, webhook, event) in [
        (&w.account, &hook.id, &event_id("never")),
        (&w.account, &hook.id, &elsewhere),
        (&w.account, &theirs.id, &ours),
        (&other, &hook.id, &ours),
        (&other, &theirs.id, &ours),
    ] {
        let refused = w.store.retry(w.node, account, webhook, event, at(2)).await;
        assert_eq!(refused, Err(RetryError::NotFound));
    }
    assert_eq!(ids(&w.first(&hook).await), [ours]);
}

pub(super) async fn a_retry_needs_an_active_webhook(w: World) {
    let hook = w.webhook().await;
    let id = w.publish_and(&hook, Verdict::Delivered, at(2)).await;
    w.set_active(&hook, false, at(3)).await;
    let refused = w.store.retry(w.node, &w.account, &hook.id, &id, at(4)).await;
    assert_eq!(refused, Err(RetryError::NotActive));
    assert_eq!(w.state(&hook, &id).await, DeliveryState::Delivered);
    w.activate(&hook, at(5)).await;
    assert!(w.waiting(&hook).await.is_empty());
}
