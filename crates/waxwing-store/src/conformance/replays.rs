//! Replays as they are told of: how much one would send, how far it has come, its end.

use waxwing_core::{DeliveryState, ErasureId, EventId, ReplayId, delivery::Verdict};

use super::{
    steps::{ids, in_state, replay_of, sorted},
    world::{Hook, World, at, by, day},
};
use crate::{AuditFilter, LogFilter, Matching, PageRequest, Replay, ReplayFilter};

fn everything() -> ReplayFilter {
    replay_of(LogFilter::default())
}

async fn told(w: &World, hook: &Hook, id: &ReplayId) -> Replay {
    w.store.replay_named(&hook.account, &hook.id, id).await.unwrap().expect("the replay is known")
}

/// Waiting, delivered, failed and withdrawn.
async fn counts(w: &World, hook: &Hook, id: &ReplayId) -> [u64; 4] {
    let replay = told(w, hook, id).await;
    [replay.waiting, replay.delivered, replay.failed, replay.withdrawn()]
}

/// A replay of everything that is scheduled as a whole.
async fn replayed(w: &World, hook: &Hook, seconds: u64) -> ReplayId {
    let (id, key) = w.begin_replay(hook, &everything(), at(seconds)).await;
    w.replay_to_the_end(key, &everything(), 100, at(seconds)).await;
    id
}

/// Stops a replay, `limit` deliveries at a time; how often it was asked to.
async fn stop(w: &World, hook: &Hook, id: &ReplayId, limit: usize, seconds: u64) -> usize {
    for times in 1..1_000 {
        let more = w.store.stop_replay(&hook.account, &hook.id, id, limit, &by(at(seconds))).await;
        if !more.unwrap().expect("the replay is known") {
            return times;
        }
    }
    panic!("stopping does not end");
}

async fn matching(w: &World, hook: &Hook, filter: &ReplayFilter, look: usize) -> (u64, bool) {
    let Matching { count, whole } =
        w.store.matching(&hook.account, &hook.id, filter, look).await.unwrap().unwrap();
    (count, whole)
}

pub(super) async fn a_replay_tells_how_far_it_has_come(w: World) {
    let hook = w.webhook().await;
    for n in 0..4 {
        w.publish_and(&hook, Verdict::Exhausted, at(n)).await;
    }
    let (id, key) = w.begin_replay(&hook, &everything(), at(10)).await;
    let begun = told(&w, &hook, &id).await;
    assert_eq!((begun.created_at, begun.scheduled_at, begun.replayed), (at(10), None, 0));
    assert_eq!(begun.touched_at, at(10));
    assert_eq!(w.replay_to_the_end(key, &everything(), 3, at(11)).await, 4);
    let scheduled = told(&w, &hook, &id).await;
    assert_eq!((scheduled.scheduled_at, scheduled.replayed, scheduled.waiting), (Some(at(11)), 4, 4));
    assert_eq!(scheduled.touched_at, at(11));
    let due = w.again(&hook, at(11)).await.due;
    assert!(due.iter().all(|due| due.replay == Some(key.replay)));
    for (due, verdict) in
        due.iter().zip([Verdict::Delivered, Verdict::Exhausted, Verdict::RetryAt(at(99)), Verdict::Delivered])
    {
        w.record(due, verdict, at(12)).await;
    }
    assert_eq!(counts(&w, &hook, &id).await, [1, 2, 1, 0], "the one that is retried waits");
    let retried = w.again(&hook, at(99)).await.due;
    w.record(&retried[0], Verdict::Delivered, at(100)).await;
    assert_eq!(counts(&w, &hook, &id).await, [0, 3, 1, 0]);
}

pub(super) async fn a_replay_means_what_was_published_before_it(w: World) {
    let hook = w.webhook().await;
    let mut meant = Vec::new();
    for n in 0..3 {
        meant.push(w.publish_and(&hook, Verdict::Delivered, at(n)).await);
    }
    let delivered = replay_of(in_state(DeliveryState::Delivered));
    let (_, key) = w.begin_replay(&hook, &delivered, at(10)).await;
    w.publish_and(&hook, Verdict::Delivered, at(11)).await;
    let bite = w.store.replay(w.node, key, &delivered, 0, 2, at(12)).await.unwrap();
    assert_eq!(bite.replayed, 2);
    w.publish_and(&hook, Verdict::Delivered, at(13)).await;
    let next = bite.next.expect("one is left");
    let bite = w.store.replay(w.node, key, &delivered, next, 2, at(14)).await.unwrap();
    assert_eq!((bite.replayed, bite.next), (1, None));
    assert_eq!(sorted(ids(&w.again(&hook, at(20)).await.due)), sorted(meant));
}

pub(super) async fn a_stopped_replay_takes_back_what_nobody_attempted(w: World) {
    let hook = w.webhook().await;
    let delivered = w.publish_and(&hook, Verdict::Delivered, at(1)).await;
    let failed = w.publish_and(&hook, Verdict::Exhausted, at(1)).await;
    let attempted = w.publish_and(&hook, Verdict::Exhausted, at(1)).await;
    let waited = w.publish_and(&hook, Verdict::RetryAt(at(900)), at(1)).await;
    let fresh = w.publish(1, at(2)).await.remove(0);
    let id = replayed(&w, &hook, 10).await;
    let due = w.again(&hook, at(10)).await.due;
    let first = due.iter().find(|due| due.event_id == attempted).unwrap();
    w.record(first, Verdict::RetryAt(at(70)), at(11)).await;
    w.wakeups();
    stop(&w, &hook, &id, 100, 20).await;
    assert!(w.wakeups().changed.contains(&hook.row), "the engine forgets what it read");
    assert_eq!(w.state(&hook, &delivered).await, DeliveryState::Delivered);
    assert_eq!(w.state(&hook, &failed).await, DeliveryState::Failed);
    let waiting = w.again(&hook, at(900)).await.due;
    assert_eq!(sorted(ids(&waiting)), sorted(vec![attempted, waited, fresh]), "what waited anyway goes on");
    assert_eq!(counts(&w, &hook, &id).await, [1, 0, 0, 4]);
    assert_eq!(told(&w, &hook, &id).await.stopped_at, Some(at(20)));
    let found = w.logged(&hook, &in_state(DeliveryState::Failed)).await;
    assert_eq!(found, [failed], "whoever looks for failed ones finds it again");
    assert_eq!(w.replay(&hook, &replay_of(in_state(DeliveryState::Failed)), 10, at(30)).await, 1);
}

pub(super) async fn a_replay_is_taken_back_in_bites(w: World) {
    let hook = w.webhook().await;
    for n in 0..5 {
        w.publish_and(&hook, Verdict::Exhausted, at(n)).await;
    }
    let id = replayed(&w, &hook, 10).await;
    assert_eq!(stop(&w, &hook, &id, 2, 11).await, 3);
    assert!(w.waiting(&hook).await.is_empty());
    assert_eq!(stop(&w, &hook, &id, 2, 12).await, 1, "once more changes nothing");
    assert_eq!(told(&w, &hook, &id).await.stopped_at, Some(at(11)));
}

pub(super) async fn a_stopped_replay_schedules_nothing_more(w: World) {
    let hook = w.webhook().await;
    for n in 0..3 {
        w.publish_and(&hook, Verdict::Exhausted, at(n)).await;
    }
    let (id, key) = w.begin_replay(&hook, &everything(), at(10)).await;
    let bite = w.store.replay(w.node, key, &everything(), 0, 1, at(10)).await.unwrap();
    assert!(bite.next.is_some());
    stop(&w, &hook, &id, 100, 11).await;
    assert_eq!(w.replay_to_the_end(key, &everything(), 1, at(12)).await, 0);
    assert!(w.waiting(&hook).await.is_empty());
}

pub(super) async fn an_attempt_under_way_when_its_replay_stops_ends_nothing(w: World) {
    let hook = w.webhook().await;
    let event = w.publish_and(&hook, Verdict::Exhausted, at(1)).await;
    let id = replayed(&w, &hook, 10).await;
    let due = w.again(&hook, at(10)).await.due.remove(0);
    stop(&w, &hook, &id, 100, 11).await;
    assert!(!w.record(&due, Verdict::Exhausted, at(12)).await.applied);
    assert_eq!(w.state(&hook, &event).await, DeliveryState::Failed);
    assert_eq!(w.detail(&hook, &event).await.attempts.len(), 2, "it stands in the log");
    assert_eq!(counts(&w, &hook, &id).await, [0, 0, 0, 1]);
}

pub(super) async fn what_is_sent_again_otherwise_is_withdrawn_from_a_replay(w: World) {
    let hook = w.webhook().await;
    let events = [
        w.publish_and(&hook, Verdict::Exhausted, at(1)).await,
        w.publish_and(&hook, Verdict::Exhausted, at(2)).await,
    ];
    let first = replayed(&w, &hook, 10).await;
    w.store.retry(w.node, &hook.account, &hook.id, &events[0], at(11)).await.unwrap();
    assert_eq!(counts(&w, &hook, &first).await, [1, 0, 0, 1]);
    let filter = ReplayFilter { event_ids: Some(vec![events[1].clone()]), ..everything() };
    let (second, key) = w.begin_replay(&hook, &filter, at(12)).await;
    w.replay_to_the_end(key, &filter, 10, at(12)).await;
    assert_eq!(counts(&w, &hook, &first).await, [0, 0, 0, 2]);
    stop(&w, &hook, &second, 10, 13).await;
    assert_eq!(w.state(&hook, &events[1]).await, DeliveryState::Failed, "as before the first of the two");
    assert_eq!(w.state(&hook, &events[0]).await, DeliveryState::Retrying);
}

pub(super) async fn a_replay_outlasts_a_pause(w: World) {
    let hook = w.webhook().await;
    let attempted = w.publish_and(&hook, Verdict::Exhausted, at(1)).await;
    let other = w.publish_and(&hook, Verdict::Exhausted, at(2)).await;
    let id = replayed(&w, &hook, 10).await;
    let due = w.again(&hook, at(10)).await.due;
    w.record(&due[0], Verdict::RetryAt(at(60)), at(11)).await;
    w.set_active(&hook, false, at(12)).await;
    w.activate(&hook, at(13)).await;
    assert_eq!(counts(&w, &hook, &id).await, [2, 0, 0, 0]);
    stop(&w, &hook, &id, 100, 14).await;
    assert_eq!(w.state(&hook, &other).await, DeliveryState::Failed);
    assert_eq!(ids(&w.first(&hook).await), [attempted], "it was attempted, so it goes on");
}

pub(super) async fn replays_are_listed_newest_first_for_their_webhook_alone(w: World) {
    let (hook, other) = (w.webhook().await, w.webhook().await);
    let mut made = Vec::new();
    for n in 0..3 {
        made.insert(0, replayed(&w, &hook, n).await);
    }
    let page = |hook: &Hook, cursor| {
        let (account, id) = (hook.account.clone(), hook.id.clone());
        let request = PageRequest { limit: 2, cursor };
        let store = w.store.clone();
        async move { store.replays(&account, &id, request).await.unwrap().unwrap() }
    };
    let first = page(&hook, None).await;
    let rest = page(&hook, first.next).await;
    let listed: Vec<_> = first.items.into_iter().chain(rest.items).map(|replay| replay.id).collect();
    assert_eq!((listed, rest.next), (made.clone(), None));
    assert!(page(&other, None).await.items.is_empty());
    let (stranger, id) = (w.account("stranger", at(0)).await, made.remove(0));
    assert_eq!(w.store.replays(&stranger, &hook.id, PageRequest::first(1)).await.unwrap(), None);
    assert_eq!(w.store.replay_named(&stranger, &hook.id, &id).await.unwrap(), None);
    assert_eq!(w.store.replay_named(&w.account, &other.id, &id).await.unwrap(), None);
    assert_eq!(w.store.stop_replay(&w.account, &other.id, &id, 1, &by(at(9))).await.unwrap(), None);
}

pub(super) async fn what_a_replay_would_send_is_counted_before(w: World) {
    let hook = w.webhook().await;
    let mut failed = Vec::new();
    for n in 0..6 {
        let verdict = if n < 2 { Verdict::Delivered } else { Verdict::Exhausted };
        let id = w.publish_and(&hook, verdict, at(n)).await;
        if n >= 2 {
            failed.push(id);
        }
    }
    let filter = replay_of(in_state(DeliveryState::Failed));
    assert_eq!(matching(&w, &hook, &filter, 100).await, (4, true));
    assert_eq!(matching(&w, &hook, &everything(), 100).await, (6, true));
    let late = LogFilter { since: Some(at(3)), ..LogFilter::default() };
    assert_eq!(matching(&w, &hook, &replay_of(late), 100).await, (3, true));
    let named = |ids: Vec<EventId>| ReplayFilter { event_ids: Some(ids), ..filter.clone() };
    let twice = named(vec![failed[0].clone(), failed[0].clone(), failed[1].clone()]);
    assert_eq!(matching(&w, &hook, &twice, 100).await, (2, true));
    let erasure = ErasureId::generate(at(20), [7; 10]);
    w.store.erase_event(erasure, &failed[0], &by(at(20))).await.unwrap().unwrap();
    assert_eq!(matching(&w, &hook, &filter, 100).await, (3, true), "what was erased cannot be sent");
    assert_eq!(w.replay(&hook, &filter, 10, at(30)).await, 3);
}

pub(super) async fn a_count_looks_at_so_many_and_says_so(w: World) {
    let hook = w.webhook().await;
    w.publish(9, at(1)).await;
    assert_eq!(matching(&w, &hook, &everything(), 4).await, (4, false));
    assert_eq!(matching(&w, &hook, &everything(), 10).await, (9, true));
    let stranger = w.account("stranger", at(0)).await;
    assert_eq!(w.store.matching(&stranger, &hook.id, &everything(), 4).await.unwrap(), None);
}

pub(super) async fn old_replays_are_forgotten(w: World) {
    let hook = w.webhook().await;
    let old = replayed(&w, &hook, 0).await;
    w.store.retain(day(1), 0, 100).await.unwrap();
    assert_eq!(w.store.replay_named(&w.account, &hook.id, &old).await.unwrap(), None);
}

pub(super) async fn the_audit_log_has_who_began_and_who_stopped_a_replay(w: World) {
    let hook = w.webhook().await;
    let id = replayed(&w, &hook, 1).await;
    stop(&w, &hook, &id, 1, 2).await;
    stop(&w, &hook, &id, 1, 3).await;
    let filter = AuditFilter { object: Some(id.to_string()), ..AuditFilter::default() };
    let entries = w.store.audit_log(filter, PageRequest::first(10)).await.unwrap().items;
    let actions: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), entry.actor.at)).collect();
    assert_eq!(actions, [("replay.stop", at(2)), ("replay.create", at(1))]);
    assert!(entries[1].after.as_ref().unwrap().contains(hook.id.as_str()));
}
