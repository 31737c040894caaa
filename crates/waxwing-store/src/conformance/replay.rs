//! Sending again what a filter matches, in bites.

use waxwing_core::{AccountId, DeliveryState, EventId, delivery::Verdict};

use super::{
    steps::{ids, in_state, replay_of, sorted},
    world::{World, at, by, event_id},
};
use crate::{LogFilter, Queue, ReplayFilter, RetryError};

fn of_ids(ids: &[EventId]) -> ReplayFilter {
    ReplayFilter { event_ids: Some(ids.to_vec()), matching: LogFilter::default() }
}

async fn again(w: &World, hook: &super::world::Hook, seconds: u64) -> Vec<EventId> {
    sorted(ids(&w.again(hook, at(seconds)).await.due))
}

pub(super) async fn failed_deliveries_are_replayed_in_bites(w: World) {
    let hook = w.webhook().await;
    let mut failed = Vec::new();
    for n in 0..9 {
        let verdict = if n % 3 == 0 { Verdict::Delivered } else { Verdict::Exhausted };
        let id = w.publish_and(&hook, verdict, at(n)).await;
        if n % 3 != 0 {
            failed.push(id);
        }
    }
    w.wakeups();
    let filter = replay_of(in_state(DeliveryState::Failed));
    assert_eq!(w.replay(&hook, &filter, 2, at(100)).await, 6);
    assert!(w.wakeups().again.get(&hook.row).is_some_and(|due_at| *due_at <= at(100)), "the engine is woken");
    assert_eq!(again(&w, &hook, 100).await, sorted(failed.clone()));
    for due in w.again(&hook, at(100)).await.due {
        assert_eq!((due.queue, due.step), (Queue::Again, 0));
        assert!(w.record(&due, Verdict::Delivered, at(101)).await.applied);
    }
    assert_eq!(w.replay(&hook, &filter, 2, at(102)).await, 0);
    assert_eq!(w.detail(&hook, &failed[0]).await.entry.attempt_count, 2);
}

pub(super) async fn a_replayed_delivery_waits_again(w: World) {
    let hook = w.webhook().await;
    let id = w.publish_and(&hook, Verdict::Exhausted, at(1)).await;
    assert_eq!(w.replay(&hook, &replay_of(in_state(DeliveryState::Failed)), 10, at(9)).await, 1);
    let entry = w.detail(&hook, &id).await.entry;
    assert_eq!((entry.state, entry.next_attempt_at), (DeliveryState::Retrying, Some(at(9))));
    assert_eq!(entry.attempt_count, 1, "the log goes on");
}

pub(super) async fn what_was_delivered_is_replayed_when_asked(w: World) {
    let hook = w.webhook().await;
    let delivered = w.publish_and(&hook, Verdict::Delivered, at(1)).await;
    w.publish_and(&hook, Verdict::Exhausted, at(1)).await;
    assert_eq!(w.replay(&hook, &replay_of(in_state(DeliveryState::Delivered)), 10, at(2)).await, 1);
    assert_eq!(again(&w, &hook, 2).await, [delivered]);
}

pub(super) async fn without_a_state_everything_is_replayed_once(w: World) {
    let hook = w.webhook().await;
    let mut all = vec![
        w.publish_and(&hook, Verdict::Delivered, at(1)).await,
        w.publish_and(&hook, Verdict::Exhausted, at(1)).await,
        w.publish_and(&hook, Verdict::RetryAt(at(900)), at(1)).await,
    ];
    all.extend(w.publish(1, at(1)).await);
    assert_eq!(w.replay(&hook, &replay_of(LogFilter::default()), 3, at(5)).await, 4);
    assert_eq!(again(&w, &hook, 5).await, sorted(all));
    let waiting = w.waiting(&hook).await;
    assert_eq!(waiting.len(), 4, "a scheduled retry is replaced, a first attempt moves");
    assert!(waiting.iter().all(|due| due.step == 0));
}

pub(super) async fn a_replay_picks_by_type(w: World) {
    let hook = w.webhook().await;
    let one = w.publish_type("invoice.paid", at(1)).await;
    w.publish_type("invoice.paid.late", at(1)).await;
    w.publish_type("order.created", at(1)).await;
    for due in w.first(&hook).await {
        w.record(&due, Verdict::Exhausted, at(2)).await;
    }
    let matching =
        LogFilter { event_type: Some(super::world::event_type("invoice.paid")), ..LogFilter::default() };
    assert_eq!(w.replay(&hook, &replay_of(matching), 10, at(3)).await, 1);
    assert_eq!(again(&w, &hook, 3).await, [one]);
}

pub(super) async fn a_replay_picks_by_time(w: World) {
    let hook = w.webhook().await;
    let mut published = Vec::new();
    for n in 0..5 {
        published.push(w.publish_and(&hook, Verdict::Exhausted, at(10 * n)).await);
    }
    let matching = LogFilter { since: Some(at(10)), until: Some(at(30)), ..LogFilter::default() };
    assert_eq!(w.replay(&hook, &replay_of(matching), 1, at(100)).await, 2);
    assert_eq!(again(&w, &hook, 100).await, sorted(published[1..3].to_vec()));
}

pub(super) async fn a_replay_picks_by_id(w: World) {
    let (hook, other) = (w.webhook().await, w.webhook_of(&w.account, &["invoice.*"]).await);
    let mut published = Vec::new();
    for n in 0..5 {
        let verdict = if n < 3 { Verdict::Delivered } else { Verdict::Exhausted };
        published.push(w.publish_and(&hook, verdict, at(n)).await);
    }
    let elsewhere = w.publish_type("invoice.paid", at(9)).await;
    let mut asked = vec![published[4].clone(), event_id("never"), published[1].clone(), published[1].clone()];
    assert_eq!(w.replay(&hook, &of_ids(&asked), 1, at(10)).await, 2, "each once, unknown ones left out");
    assert_eq!(again(&w, &hook, 10).await, sorted(vec![published[1].clone(), published[4].clone()]));
    asked.push(elsewhere.clone());
    assert_eq!(w.replay(&other, &of_ids(&asked), 10, at(11)).await, 1, "those of this webhook");
    assert_eq!(again(&w, &other, 11).await, [elsewhere]);
    assert_eq!(w.replay(&hook, &of_ids(&[]), 10, at(12)).await, 0);
}

pub(super) async fn ids_and_a_state_must_both_match(w: World) {
    let hook = w.webhook().await;
    let delivered = w.publish_and(&hook, Verdict::Delivered, at(1)).await;
    let failed = w.publish_and(&hook, Verdict::Exhausted, at(1)).await;
    let filter =
        ReplayFilter { matching: in_state(DeliveryState::Failed), ..of_ids(&[delivered, failed.clone()]) };
    assert_eq!(w.replay(&hook, &filter, 10, at(2)).await, 1);
    assert_eq!(again(&w, &hook, 2).await, [failed]);
}

pub(super) async fn a_replay_touches_one_webhook_only(w: World) {
    let (hook, other) = (w.webhook().await, w.webhook().await);
    let id = w.publish(1, at(1)).await.remove(0);
    w.record(&w.only_first(&hook).await, Verdict::Exhausted, at(2)).await;
    w.record(&w.only_first(&other).await, Verdict::Exhausted, at(2)).await;
    assert_eq!(w.replay(&hook, &replay_of(LogFilter::default()), 10, at(3)).await, 1);
    assert_eq!(w.state(&other, &id).await, DeliveryState::Failed);
    assert!(w.waiting(&other).await.is_empty());
}

pub(super) async fn an_attempt_from_before_the_replay_does_not_end_it(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(1)).await;
    let old = w.only_first(&hook).await;
    assert_eq!(w.replay(&hook, &replay_of(LogFilter::default()), 10, at(2)).await, 1);
    assert!(!w.record(&old, Verdict::Delivered, at(3)).await.applied);
    assert_eq!(w.waiting(&hook).await.len(), 1);
}

pub(super) async fn the_node_that_replays_owns_the_deliveries(w: World) {
    let hook = w.webhook().await;
    let two = w.node("two", at(0)).await;
    w.publish_and(&hook, Verdict::RetryAt(at(900)), at(1)).await;
    let all = replay_of(LogFilter::default());
    let (_, key) = w.begin_replay(&hook, &all, at(2)).await;
    let bite = w.store.replay(two, key, &all, 0, 10, at(2)).await.unwrap();
    assert_eq!(bite.replayed, 1);
    assert!(w.waiting(&hook).await.is_empty());
    assert_eq!(w.again_of(two, &hook, at(2)).await.due.len(), 1);
}

pub(super) async fn a_replay_needs_an_active_webhook_of_the_account(w: World) {
    let hook = w.webhook().await;
    let other = w.account("other", at(0)).await;
    let id = w.publish_and(&hook, Verdict::Exhausted, at(1)).await;
    let all = replay_of(LogFilter::default());
    let begin = async |account: &AccountId, now| {
        w.store.begin_replay(account, &hook.id, w.replay_id(now), &all, &by(now)).await
    };
    assert_eq!(begin(&other, at(2)).await, Err(RetryError::NotFound));
    let key = begin(&w.account, at(2)).await.unwrap();
    w.set_active(&hook, false, at(3)).await;
    assert_eq!(begin(&w.account, at(4)).await, Err(RetryError::NotActive));
    let refused = w.store.replay(w.node, key, &all, 0, 10, at(4)).await;
    assert_eq!(refused, Err(RetryError::NotActive), "paused in the middle of it");
    assert_eq!(w.state(&hook, &id).await, DeliveryState::Failed);
}
