//! A clock that is set back: nothing is lost, nothing changes its place.

use waxwing_core::{DeliveryState, Timestamp, delivery::Verdict};

use super::{
    steps::{completion, ids, replay_of},
    world::{LEASE, TYPE, World, at},
};
use crate::{LogFilter, PageRequest};

pub(super) async fn first_attempts_keep_publish_order(w: World) {
    let hook = w.webhook().await;
    w.wakeups();
    let mut published = Vec::new();
    for seconds in [500, 100, 300, 0, 300] {
        published.extend(w.publish(2, at(seconds)).await);
    }
    assert_eq!(ids(&w.wakeups().fresh), published);
    assert_eq!(ids(&w.first(&hook).await), published);
    published.reverse();
    let log: Vec<_> = w.log_in_pages(&hook, &LogFilter::default(), 3).await;
    assert_eq!(log.into_iter().map(|entry| entry.event_id).collect::<Vec<_>>(), published);
}

pub(super) async fn first_attempts_do_not_wait_for_the_clock(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1_000_000)).await;
    assert_eq!(ids(&w.first(&hook).await), id, "the lane is read at an earlier time");
}

pub(super) async fn an_attempt_may_end_before_it_began(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(100)).await.remove(0);
    let mut done = completion(&w.only_first(&hook).await, Verdict::RetryAt(at(20)), at(10));
    done.attempt.started_at = at(100);
    assert!(w.store.record(w.node, done).await.unwrap().applied);
    let due = w.again(&hook, at(20)).await.due.remove(0);
    assert!(w.record(&due, Verdict::Delivered, at(5)).await.applied);
    let detail = w.detail(&hook, &id).await;
    assert_eq!(detail.entry.state, DeliveryState::Delivered);
    let numbers: Vec<_> = detail.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2], "oldest first is by number");
}

pub(super) async fn a_lease_set_back_is_shorter_and_nothing_more(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(100)).await;
    let renewed = w.store.renew(w.node, at(10), LEASE).await.unwrap();
    assert_eq!(renewed.lease_until, at(10).after(LEASE));
    let two = w.node("two", at(5)).await;
    assert_eq!(w.store.take_over(two, at(20), 10).await.unwrap().deliveries, 0);
    assert_eq!(w.store.take_over(two, at(71), 10).await.unwrap().deliveries, 1);
    assert_eq!(w.first_of(two, &hook).await.len(), 1);
}

pub(super) async fn a_pause_across_a_clock_set_back_keeps_the_order(w: World) {
    let hook = w.webhook().await;
    let mut published = w.publish(2, at(500)).await;
    w.record(&w.first(&hook).await[0], Verdict::RetryAt(at(900)), at(501)).await;
    w.set_active(&hook, false, at(400)).await;
    published.extend(w.publish(2, at(100)).await);
    w.activate(&hook, at(50)).await;
    assert_eq!(ids(&w.first(&hook).await), published);
}

pub(super) async fn a_replay_at_an_earlier_time_is_due_at_that_time(w: World) {
    let hook = w.webhook().await;
    w.publish_and(&hook, Verdict::Exhausted, at(500)).await;
    assert_eq!(w.replay(&hook, &replay_of(LogFilter::default()), 10, at(100)).await, 1);
    assert_eq!(w.again(&hook, at(100)).await.due.len(), 1);
}

pub(super) async fn an_earlier_failure_does_not_disable_a_webhook(w: World) {
    let hook = w.webhook().await;
    w.publish(3, at(0)).await;
    let due = w.first(&hook).await;
    for (due, now) in due.iter().zip([at(10_000_000), at(5), at(9_999_999)]) {
        let recorded = w.record(due, Verdict::RetryAt(at(20_000_000)), now).await;
        assert_eq!((recorded.applied, recorded.disabled), (true, None));
    }
    assert!(w.target(&hook).takes_deliveries());
}

pub(super) async fn the_ends_of_time_are_times_too(w: World) {
    let hook = w.webhook().await;
    for now in [Timestamp::EPOCH, Timestamp::MAX] {
        let event = w.event(TYPE, now);
        w.offer(vec![event.clone()]).await.unwrap();
        let due = w.only_first(&hook).await;
        assert!(w.record(&due, Verdict::Delivered, now).await.applied);
        assert_eq!(w.detail(&hook, &event.id).await.entry.created_at, now);
    }
    let filter =
        LogFilter { since: Some(Timestamp::EPOCH), until: Some(Timestamp::MAX), ..LogFilter::default() };
    let page = w
        .store
        .log(&w.account, &hook.id, filter, PageRequest::first(10))
        .await
        .unwrap()
        .expect("it has a log");
    assert_eq!(page.items.len(), 1);
    let node = w.store.renew(w.node, Timestamp::MAX, LEASE).await.unwrap();
    assert_eq!(node.lease_until, Timestamp::MAX);
    w.store.retain(Timestamp::EPOCH, 0, 10).await.unwrap();
    assert_eq!(w.log(&hook).await.len(), 2);
}
