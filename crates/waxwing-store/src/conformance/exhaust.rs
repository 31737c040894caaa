//! The end of a schedule: exhausted, or gone at once.

use waxwing_core::{DeliveryState, DisabledReason, WebhookStatus, delivery::Verdict};

use super::world::{World, at};

pub(super) async fn the_last_failure_fails_the_delivery(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    w.record(&w.only_first(&hook).await, Verdict::RetryAt(at(60)), at(2)).await;
    let due = w.again(&hook, at(60)).await.due.remove(0);
    let recorded = w.record(&due, Verdict::Exhausted, at(61)).await;
    assert!(recorded.applied);
    assert_eq!((recorded.state, recorded.disabled), (DeliveryState::Failed, None));
    assert!(w.waiting(&hook).await.is_empty());
    let entry = w.detail(&hook, &id).await.entry;
    assert_eq!((entry.state, entry.attempt_count), (DeliveryState::Failed, 2));
    assert_eq!((entry.next_attempt_at, entry.last_status_code), (None, Some(500)));
    assert!(entry.last_error.is_some());
    assert!(w.target(&hook).takes_deliveries(), "one failed delivery does not disable the webhook");
}

pub(super) async fn a_schedule_of_one_attempt_fails_at_once(w: World) {
    let hook = w.webhook().await;
    let id = w.publish_and(&hook, Verdict::Exhausted, at(2)).await;
    assert_eq!(w.state(&hook, &id).await, DeliveryState::Failed);
    assert!(w.waiting(&hook).await.is_empty());
}

pub(super) async fn gone_fails_the_delivery_and_disables_the_webhook(w: World) {
    let hook = w.webhook().await;
    let published = w.publish(2, at(1)).await;
    let due = w.first(&hook).await.remove(0);
    w.wakeups();
    let recorded = w.record(&due, Verdict::Gone, at(2)).await;
    assert!(recorded.applied);
    assert_eq!((recorded.state, recorded.disabled), (DeliveryState::Failed, Some(DisabledReason::Gone)));
    let status = WebhookStatus::Disabled(DisabledReason::Gone);
    assert_eq!(w.target(&hook).status, status, "the directory knows at once");
    assert_eq!(w.store.webhook(&w.account, &hook.id).await.unwrap().expect("it is there").status, status);
    assert!(w.wakeups().changed.contains(&hook.row), "the engine is told");
    assert_eq!(w.state(&hook, &published[0]).await, DeliveryState::Failed);
    assert_eq!(w.state(&hook, &published[1]).await, DeliveryState::Held);
    assert!(w.waiting(&hook).await.is_empty());
}

pub(super) async fn a_webhook_is_disabled_once(w: World) {
    let hook = w.webhook().await;
    w.publish(2, at(1)).await;
    let due = w.first(&hook).await;
    w.record(&due[0], Verdict::Gone, at(2)).await;
    let second = w.record(&due[1], Verdict::Gone, at(3)).await;
    assert!(second.applied);
    assert_eq!((second.state, second.disabled), (DeliveryState::Failed, None));
}

pub(super) async fn gone_disables_one_webhook_only(w: World) {
    let (gone, well) = (w.webhook().await, w.webhook().await);
    w.publish(1, at(1)).await;
    w.record(&w.only_first(&gone).await, Verdict::Gone, at(2)).await;
    assert!(w.target(&well).takes_deliveries());
    assert_eq!(w.first(&well).await.len(), 1);
}
