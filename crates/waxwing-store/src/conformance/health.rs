//! How a webhook fares, and when the service disables it.

use waxwing_core::{
    DeliveryState, DisabledReason, Timestamp, WebhookStatus, delivery::Verdict, webhook::Health,
};

use super::world::{Hook, World, at, by, day};
use crate::{Recorded, Webhook, WebhookChange};

const FAILING: WebhookStatus = WebhookStatus::Disabled(DisabledReason::Failing);

async fn webhook(w: &World, hook: &Hook) -> Webhook {
    w.store.webhook(&hook.account, &hook.id).await.unwrap().expect("it is there")
}

/// Publishes one event and fails its first attempt, a retry due far ahead.
async fn fail(w: &World, hook: &Hook, now: Timestamp) -> Recorded {
    let id = w.publish(1, now).await.remove(0);
    let due = w.first(hook).await.into_iter().find(|due| due.event_id == id).expect("it waits");
    w.record(&due, Verdict::RetryAt(day(900)), now).await
}

pub(super) async fn every_attempt_counts(w: World) {
    let hook = w.webhook().await;
    fail(&w, &hook, at(10)).await;
    fail(&w, &hook, at(20)).await;
    let failing = Health {
        last_success_at: None,
        last_failure_at: Some(at(20)),
        consecutive_failures: 2,
        failing_since: Some(at(10)),
    };
    assert_eq!(webhook(&w, &hook).await.health, failing);
    w.publish_and(&hook, Verdict::Delivered, at(30)).await;
    assert_eq!(webhook(&w, &hook).await.health, failing.succeeded(at(30)));
    fail(&w, &hook, at(40)).await;
    assert_eq!(webhook(&w, &hook).await.health, failing.succeeded(at(30)).failed(at(40)));
}

pub(super) async fn an_attempt_is_no_change_of_the_configuration(w: World) {
    let hook = w.webhook().await;
    fail(&w, &hook, at(10)).await;
    assert_eq!(webhook(&w, &hook).await.updated_at, at(0));
}

pub(super) async fn a_webhook_that_only_fails_is_disabled(w: World) {
    let hook = w.webhook().await;
    assert_eq!(fail(&w, &hook, day(1)).await.disabled, None);
    assert_eq!(fail(&w, &hook, day(6).before(std::time::Duration::from_millis(1))).await.disabled, None);
    w.wakeups();
    let last = fail(&w, &hook, day(6)).await;
    assert!(last.applied);
    assert_eq!((last.disabled, last.state), (Some(DisabledReason::Failing), DeliveryState::Held));
    assert_eq!(webhook(&w, &hook).await.status, FAILING);
    assert_eq!(w.target(&hook).status, FAILING, "the directory knows at once");
    assert!(w.wakeups().changed.contains(&hook.row), "the engine is told");
    assert!(w.waiting(&hook).await.is_empty());
    let held = w.logged(&hook, &super::steps::in_state(DeliveryState::Held)).await;
    assert_eq!(held.len(), 3);
}

pub(super) async fn a_success_in_between_keeps_it_active(w: World) {
    let hook = w.webhook().await;
    fail(&w, &hook, day(1)).await;
    w.publish_and(&hook, Verdict::Delivered, day(4)).await;
    assert_eq!(fail(&w, &hook, day(6)).await.disabled, None);
    assert_eq!(fail(&w, &hook, day(10)).await.disabled, None);
    assert_eq!(fail(&w, &hook, day(11)).await.disabled, Some(DisabledReason::Failing));
}

pub(super) async fn events_for_a_disabled_webhook_are_held(w: World) {
    let hook = w.webhook().await;
    let gone = w.publish_and(&hook, Verdict::Gone, at(1)).await;
    let held = w.publish(2, at(2)).await;
    assert_eq!(w.state(&hook, &gone).await, DeliveryState::Failed);
    for id in &held {
        assert_eq!(w.state(&hook, id).await, DeliveryState::Held);
    }
    w.activate(&hook, at(3)).await;
    assert_eq!(super::steps::ids(&w.first(&hook).await), held);
    assert_eq!(w.state(&hook, &gone).await, DeliveryState::Failed);
}

pub(super) async fn activation_forgives(w: World) {
    let hook = w.webhook().await;
    fail(&w, &hook, day(1)).await;
    fail(&w, &hook, day(6)).await;
    let before = webhook(&w, &hook).await;
    assert_eq!(before.status, FAILING);
    w.activate(&hook, day(7)).await;
    let after = webhook(&w, &hook).await;
    assert_eq!((after.status, after.health), (WebhookStatus::Active, before.health.forgiven()));
    let due = w.first(&hook).await.remove(0);
    let recorded = w.record(&due, Verdict::RetryAt(day(8)), day(7)).await;
    assert_eq!(recorded.disabled, None, "the old failures do not count");
    assert_eq!(webhook(&w, &hook).await.health.failing_since, Some(day(7)));
}

pub(super) async fn another_change_leaves_a_disabled_webhook_disabled(w: World) {
    let hook = w.webhook().await;
    w.publish_and(&hook, Verdict::Gone, at(1)).await;
    let change = WebhookChange { url: Some("https://other.example/".into()), ..WebhookChange::default() };
    let changed =
        w.store.update_webhook(&w.account, &hook.id, change, &by(at(2))).await.unwrap().expect("it is there");
    assert_eq!(changed.status, WebhookStatus::Disabled(DisabledReason::Gone));
    assert_eq!(changed.health.last_failure_at, Some(at(1)));
    assert!(!w.target(&hook).takes_deliveries());
}

pub(super) async fn webhooks_fare_apart(w: World) {
    let (bad, good) = (w.webhook().await, w.webhook().await);
    fail(&w, &bad, at(1)).await;
    assert_eq!(webhook(&w, &good).await.health, Health::default());
    w.publish_and(&good, Verdict::Delivered, at(2)).await;
    assert_eq!(webhook(&w, &bad).await.health.consecutive_failures, 1);
}

pub(super) async fn failures_of_many_events_in_one_commit_all_count(w: World) {
    let hook = w.webhook().await;
    w.publish(50, at(1)).await;
    let mut tasks = tokio::task::JoinSet::new();
    for due in w.first(&hook).await {
        let (store, node) = (w.store.clone(), w.node);
        let done = super::steps::completion(&due, Verdict::RetryAt(at(900)), at(2));
        tasks.spawn(async move { store.record(node, done).await });
    }
    while let Some(recorded) = tasks.join_next().await {
        assert!(recorded.unwrap().unwrap().applied);
    }
    assert_eq!(webhook(&w, &hook).await.health.consecutive_failures, 50);
}
