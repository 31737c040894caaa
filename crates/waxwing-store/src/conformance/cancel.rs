//! Deleting a webhook: what waits is canceled, the log stays.

use waxwing_core::{DeliveryState, delivery::Verdict};

use super::{
    steps::{in_state, sorted},
    world::{World, at, by},
};
use crate::{LogFilter, PageRequest, RetryError, WebhookChange, metrics::Backlog};

pub(super) async fn a_deleted_webhook_is_gone(w: World) {
    let hook = w.webhook().await;
    w.wakeups();
    w.delete(&hook, at(1)).await;
    assert!(w.store.directory().target(hook.row).is_none());
    assert!(!w.store.directory().target_rows().contains(&hook.row));
    assert!(w.wakeups().changed.contains(&hook.row), "the engine is told");
    assert!(w.store.webhook(&w.account, &hook.id).await.unwrap().is_none());
    let page = w.store.webhooks(&w.account, None, PageRequest::first(10)).await.unwrap();
    assert!(page.items.is_empty());
    let change = WebhookChange { active: Some(true), ..WebhookChange::default() };
    assert!(w.store.update_webhook(&w.account, &hook.id, change, &by(at(2))).await.unwrap().is_none());
    assert!(!w.store.delete_webhook(&w.account, &hook.id, &by(at(2))).await.unwrap());
    assert!(!w.store.end_grace_period(&w.account, &hook.id, &by(at(2))).await.unwrap());
}

pub(super) async fn a_deleted_webhook_gets_no_new_events(w: World) {
    let hook = w.webhook().await;
    w.delete(&hook, at(1)).await;
    w.wakeups();
    assert_eq!(w.offer(vec![w.event(super::world::TYPE, at(2))]).await.unwrap()[0].webhooks, 0);
    assert!(w.wakeups().fresh.is_empty());
    assert!(w.log(&hook).await.is_empty());
}

pub(super) async fn readers_see_waiting_deliveries_canceled_at_once(w: World) {
    let hook = w.webhook().await;
    let delivered = w.publish_and(&hook, Verdict::Delivered, at(1)).await;
    let failed = w.publish_and(&hook, Verdict::Exhausted, at(1)).await;
    let retried = w.publish_and(&hook, Verdict::RetryAt(at(60)), at(1)).await;
    let fresh = w.publish(1, at(1)).await.remove(0);
    w.delete(&hook, at(2)).await;
    for sweep in [false, true] {
        if sweep {
            assert_eq!(w.store.cancel_deleted(100, at(3)).await.unwrap(), 2);
        }
        assert_eq!(w.state(&hook, &delivered).await, DeliveryState::Delivered);
        assert_eq!(w.state(&hook, &failed).await, DeliveryState::Failed);
        for id in [&retried, &fresh] {
            let entry = w.detail(&hook, id).await.entry;
            assert_eq!((entry.state, entry.next_attempt_at), (DeliveryState::Canceled, None));
        }
        assert_eq!(
            w.logged(&hook, &in_state(DeliveryState::Canceled)).await,
            [fresh.clone(), retried.clone()]
        );
        assert!(w.logged(&hook, &in_state(DeliveryState::Pending)).await.is_empty());
        assert!(w.logged(&hook, &in_state(DeliveryState::Retrying)).await.is_empty());
        assert_eq!(w.log(&hook).await.len(), 4);
        let kept = w.store.event(&fresh).await.unwrap().expect("it is kept");
        assert_eq!(kept.deliveries[0].1.state, DeliveryState::Canceled);
        assert!(w.waiting(&hook).await.is_empty());
    }
    assert_eq!(w.detail(&hook, &delivered).await.attempts.len(), 1);
}

pub(super) async fn held_deliveries_are_canceled_too(w: World) {
    let hook = w.webhook().await;
    w.set_active(&hook, false, at(1)).await;
    let id = w.publish(1, at(2)).await.remove(0);
    w.delete(&hook, at(3)).await;
    assert_eq!(w.state(&hook, &id).await, DeliveryState::Canceled);
    assert_eq!(w.store.cancel_deleted(100, at(4)).await.unwrap(), 1);
    assert_eq!(w.state(&hook, &id).await, DeliveryState::Canceled);
}

pub(super) async fn waiting_deliveries_are_ended_in_bites(w: World) {
    let (gone, stays) = (w.webhook().await, w.webhook().await);
    let published = w.publish(5, at(1)).await;
    w.record(&w.first(&gone).await[0], Verdict::RetryAt(at(60)), at(2)).await;
    assert_eq!(w.store.cancel_deleted(100, at(2)).await.unwrap(), 0);
    w.delete(&gone, at(3)).await;
    for expected in [2, 2, 1, 0] {
        assert_eq!(w.store.cancel_deleted(2, at(4)).await.unwrap(), expected);
    }
    let canceled = w.logged(&gone, &in_state(DeliveryState::Canceled)).await;
    assert_eq!(sorted(canceled), sorted(published));
    assert_eq!(w.first(&stays).await.len(), 5);
    assert_eq!(w.store.backlog().await.unwrap(), Backlog { pending: 5, ..Backlog::default() });
}

pub(super) async fn nothing_of_a_deleted_webhook_is_handed_out_or_taken_over_for_sending(w: World) {
    let hook = w.webhook().await;
    w.publish(2, at(1)).await;
    w.delete(&hook, at(2)).await;
    let two = w.node("two", at(61)).await;
    w.store.take_over(two, at(61), 10).await.unwrap();
    assert!(w.first_of(two, &hook).await.is_empty());
    assert_eq!(w.store.cancel_deleted(10, at(62)).await.unwrap(), 2);
    assert!(w.store.lanes(two).await.unwrap().is_empty());
}

pub(super) async fn an_attempt_under_way_when_its_webhook_is_deleted_is_logged(w: World) {
    let hook = w.webhook().await;
    let published = w.publish(2, at(1)).await;
    let due = w.first(&hook).await;
    w.delete(&hook, at(2)).await;
    let before = w.record(&due[0], Verdict::Delivered, at(3)).await;
    w.store.cancel_deleted(10, at(4)).await.unwrap();
    let after = w.record(&due[1], Verdict::RetryAt(at(60)), at(5)).await;
    for (recorded, id) in [(before, &published[0]), (after, &published[1])] {
        assert_eq!((recorded.applied, recorded.state), (false, DeliveryState::Canceled));
        let detail = w.detail(&hook, id).await;
        assert_eq!((detail.entry.state, detail.attempts.len()), (DeliveryState::Canceled, 1));
    }
    assert_eq!(w.store.cancel_deleted(10, at(6)).await.unwrap(), 0);
}

pub(super) async fn a_deleted_webhook_is_not_sent_to_again(w: World) {
    let hook = w.webhook().await;
    let id = w.publish_and(&hook, Verdict::Exhausted, at(1)).await;
    w.delete(&hook, at(2)).await;
    assert!(w.store.retry(w.node, &w.account, &hook.id, &id, at(3)).await.is_err());
    let all = super::steps::replay_of(LogFilter::default());
    let begun = w.store.begin_replay(&w.account, &hook.id, w.replay_id(at(3)), &all, &by(at(3))).await;
    assert_eq!(begun, Err(RetryError::NotFound));
    assert_eq!(w.state(&hook, &id).await, DeliveryState::Failed);
}

pub(super) async fn the_log_of_a_deleted_webhook_is_its_accounts_alone(w: World) {
    let other = w.account("other", at(0)).await;
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    w.delete(&hook, at(2)).await;
    let page = PageRequest::first(10);
    assert!(w.store.log(&w.account, &hook.id, LogFilter::default(), page).await.unwrap().is_some());
    assert!(w.store.log(&other, &hook.id, LogFilter::default(), page).await.unwrap().is_none());
    assert!(w.store.log_detail(&other, &hook.id, &id).await.unwrap().is_none());
}

pub(super) async fn another_account_cannot_delete(w: World) {
    let other = w.account("other", at(0)).await;
    let hook = w.webhook().await;
    assert!(!w.store.delete_webhook(&other, &hook.id, &by(at(1))).await.unwrap());
    assert!(w.target(&hook).takes_deliveries());
}
