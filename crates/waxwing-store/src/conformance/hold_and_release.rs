//! Pausing a webhook and making it active again.

use waxwing_core::{DeliveryState, Timestamp, delivery::Verdict};

use super::{
    steps::{MANY, ids, in_state, sorted},
    world::{World, at},
};
use crate::{LanePage, LaneStart, Queue};

pub(super) async fn a_paused_webhook_holds_what_waits(w: World) {
    let hook = w.webhook().await;
    let done = w.publish_and(&hook, Verdict::Delivered, at(1)).await;
    let retried = w.publish_and(&hook, Verdict::RetryAt(at(60)), at(1)).await;
    let fresh = w.publish(1, at(1)).await.remove(0);
    w.set_active(&hook, false, at(2)).await;
    assert!(!w.target(&hook).takes_deliveries());
    assert!(w.waiting(&hook).await.is_empty());
    for id in [&retried, &fresh] {
        let entry = w.detail(&hook, id).await.entry;
        assert_eq!((entry.state, entry.next_attempt_at), (DeliveryState::Held, None));
    }
    assert_eq!(w.state(&hook, &done).await, DeliveryState::Delivered);
    assert_eq!(w.logged(&hook, &in_state(DeliveryState::Held)).await, [fresh, retried]);
}

pub(super) async fn events_for_a_paused_webhook_are_held(w: World) {
    let hook = w.webhook().await;
    w.set_active(&hook, false, at(1)).await;
    w.wakeups();
    let event = w.event(super::world::TYPE, at(2));
    let published = w.offer(vec![event.clone()]).await.unwrap().remove(0);
    assert_eq!(published.webhooks, 1);
    assert!(w.wakeups().fresh.is_empty());
    assert!(w.waiting(&hook).await.is_empty());
    let detail = w.detail(&hook, &event.id).await;
    assert_eq!((detail.entry.state, detail.body), (DeliveryState::Held, event.body));
}

pub(super) async fn releasing_restores_publish_order_with_a_fresh_schedule(w: World) {
    let hook = w.webhook().await;
    let mut published = w.publish(4, at(1)).await;
    for (due, seconds) in w.first(&hook).await.iter().take(3).zip([900, 100, 500]) {
        w.record(due, Verdict::RetryAt(at(seconds)), at(2)).await;
    }
    w.set_active(&hook, false, at(3)).await;
    published.extend(w.publish(2, at(4)).await);
    w.set_active(&hook, true, at(5)).await;
    w.release(&hook, 100, at(5)).await;
    assert!(w.target(&hook).takes_deliveries());
    let first = w.first(&hook).await;
    assert_eq!(ids(&first), published);
    assert!(
        first.iter().all(|due| due.step == 0 && due.due_at == Timestamp::EPOCH && due.queue == Queue::First)
    );
    assert_eq!(w.again(&hook, Timestamp::MAX).await, LanePage::default());
    assert_eq!(w.state(&hook, &published[0]).await, DeliveryState::Retrying);
    assert_eq!(w.state(&hook, &published[5]).await, DeliveryState::Pending);
    let lane = LaneStart { webhook: hook.row, first: true, again_at: None };
    assert_eq!(w.store.lanes(w.node).await.unwrap(), [lane]);
}

pub(super) async fn a_released_delivery_fails_from_the_first_step_on(w: World) {
    let hook = w.webhook().await;
    let id = w.publish_and(&hook, Verdict::RetryAt(at(60)), at(1)).await;
    let due = w.again(&hook, at(60)).await.due.remove(0);
    w.record(&due, Verdict::RetryAt(at(300)), at(61)).await;
    w.set_active(&hook, false, at(62)).await;
    w.activate(&hook, at(63)).await;
    let due = w.only_first(&hook).await;
    assert_eq!(due.step, 0);
    assert!(w.record(&due, Verdict::RetryAt(at(124)), at(64)).await.applied);
    assert_eq!(w.again(&hook, at(124)).await.due[0].step, 1);
    assert_eq!(w.detail(&hook, &id).await.entry.attempt_count, 3, "the log goes on");
}

pub(super) async fn nothing_is_handed_out_before_the_release_is_done(w: World) {
    let hook = w.webhook().await;
    let mut published = w.publish(7, at(1)).await;
    for due in w.first(&hook).await.iter().skip(1) {
        w.record(due, Verdict::RetryAt(at(900)), at(2)).await;
    }
    w.set_active(&hook, false, at(3)).await;
    w.wakeups();
    w.set_active(&hook, true, at(4)).await;
    assert!(w.wakeups().changed.contains(&hook.row), "the engine is told");
    let mut bites = 0;
    loop {
        assert!(!w.target(&hook).takes_deliveries());
        assert!(w.waiting(&hook).await.is_empty());
        published.extend(w.publish(1, at(5)).await);
        assert!(w.wakeups().fresh.is_empty(), "a fresh event does not overtake");
        bites += 1;
        assert!(bites < MANY, "the release does not end");
        if w.store.release(hook.row, 2, at(5)).await.unwrap() {
            break;
        }
    }
    assert!(bites >= 3, "six retries in bites of two");
    let wakeups = w.wakeups();
    assert!(
        wakeups.changed.contains(&hook.row) || wakeups.missed.contains_key(&hook.row),
        "the engine is told"
    );
    assert!(w.target(&hook).takes_deliveries());
    assert_eq!(ids(&w.first(&hook).await), published);
}

pub(super) async fn pausing_again_in_the_middle_loses_nothing(w: World) {
    let hook = w.webhook().await;
    let mut published = w.publish(5, at(1)).await;
    for due in w.first(&hook).await {
        w.record(&due, Verdict::RetryAt(at(900)), at(2)).await;
    }
    w.set_active(&hook, false, at(3)).await;
    w.set_active(&hook, true, at(4)).await;
    assert!(!w.store.release(hook.row, 2, at(4)).await.unwrap());
    w.set_active(&hook, false, at(5)).await;
    // A release that was under way: whatever it answers, nothing goes out.
    w.store.release(hook.row, 2, at(5)).await.unwrap();
    published.extend(w.publish(1, at(6)).await);
    assert!(w.waiting(&hook).await.is_empty());
    assert!(!w.target(&hook).takes_deliveries());
    let held = w.logged(&hook, &in_state(DeliveryState::Held)).await;
    assert_eq!(sorted(held), sorted(published.clone()));
    w.set_active(&hook, true, at(7)).await;
    w.release(&hook, 2, at(7)).await;
    let first = w.first(&hook).await;
    assert_eq!(ids(&first), published);
    assert!(first.iter().all(|due| due.step == 0));
}

pub(super) async fn releasing_what_holds_nothing_is_done_at_once(w: World) {
    let hook = w.webhook().await;
    w.set_active(&hook, false, at(1)).await;
    w.activate(&hook, at(2)).await;
    assert!(w.store.release(hook.row, 10, at(3)).await.unwrap());
    assert!(w.target(&hook).takes_deliveries());
    let published = w.publish(1, at(4)).await;
    assert_eq!(ids(&w.wakeups().fresh), published);
}

pub(super) async fn releasing_leaves_retries_of_an_active_webhook_alone(w: World) {
    let (paused, running) = (w.webhook().await, w.webhook().await);
    w.publish(1, at(1)).await;
    for hook in [&paused, &running] {
        w.record(&w.only_first(hook).await, Verdict::RetryAt(at(900)), at(2)).await;
    }
    w.set_active(&paused, false, at(3)).await;
    w.activate(&paused, at(4)).await;
    assert_eq!(w.first(&paused).await.len(), 1);
    assert_eq!(w.again(&running, at(5)).await.next_due_at, Some(at(900)));
    assert!(w.store.release(running.row, 10, at(5)).await.unwrap());
    assert_eq!(w.again(&running, at(5)).await.next_due_at, Some(at(900)));
}

pub(super) async fn an_attempt_under_way_when_its_webhook_is_paused_counts(w: World) {
    let hook = w.webhook().await;
    let published = w.publish(2, at(1)).await;
    let due = w.first(&hook).await;
    w.set_active(&hook, false, at(2)).await;
    let good = w.record(&due[0], Verdict::Delivered, at(3)).await;
    assert!(good.applied);
    assert_eq!(good.state, DeliveryState::Delivered);
    let bad = w.record(&due[1], Verdict::RetryAt(at(60)), at(3)).await;
    assert!(bad.applied);
    assert_eq!(bad.state, DeliveryState::Held);
    assert!(w.waiting(&hook).await.is_empty());
    w.activate(&hook, at(4)).await;
    assert_eq!(ids(&w.first(&hook).await), published[1..]);
}

pub(super) async fn setting_what_is_set_changes_nothing(w: World) {
    let hook = w.webhook().await;
    w.publish_and(&hook, Verdict::RetryAt(at(900)), at(1)).await;
    w.set_active(&hook, true, at(2)).await;
    w.release(&hook, 10, at(2)).await;
    let page = w.again(&hook, at(2)).await;
    assert_eq!(page.next_due_at, Some(at(900)), "a retry of an active webhook keeps its time");
    w.set_active(&hook, false, at(3)).await;
    w.set_active(&hook, false, at(4)).await;
    w.activate(&hook, at(5)).await;
    assert_eq!(w.first(&hook).await.len(), 1);
}
