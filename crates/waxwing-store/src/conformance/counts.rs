//! What is counted of webhooks: it is what the log says, before it is rolled up and after.

use std::time::Duration;

use tokio::task::JoinSet;
use waxwing_core::{AttemptError, ErasureId, Outcome, TimeoutPhase, Timestamp, delivery::Verdict};

use super::{
    steps::{MANY, TOOK, completion, replay_of},
    world::{DAY, Hook, World, at, by, day},
};
use crate::{
    Counts, LogFilter, NewEvent, Point, PublishError, Span, Step,
    counts::{ALL_WEBHOOKS, Latencies, ROLL_UP_BITE},
};

const MINUTE: u64 = 60;

fn span(step: Step, since: Timestamp, until: Timestamp) -> Span {
    Span::covering(since, until, step)
}

/// Everything that the tests count.
fn always(step: Step) -> Span {
    span(step, at(0).before(DAY), day(2_000))
}

async fn series(w: &World, hook: &Hook, span: Span) -> Vec<Point> {
    w.store.counts(&hook.account, &hook.id, span).await.unwrap().expect("the webhook is counted")
}

fn sum(points: &[Point]) -> Counts {
    let mut sum = Counts::default();
    for point in points {
        sum.add(&point.counts);
    }
    sum
}

async fn total(w: &World, hook: &Hook) -> Counts {
    sum(&series(w, hook, always(Step::Day)).await)
}

/// Rolls up in bites of `limit`, to the end; how many bites that were.
async fn roll_up(w: &World, now: Timestamp, limit: usize) -> usize {
    for bites in 1..MANY {
        if !w.store.roll_up(now, limit).await.unwrap() {
            return bites;
        }
    }
    panic!("rolling up does not end");
}

/// This many answers that took as long as all do here.
fn answers(count: u64) -> Latencies {
    let mut latencies = Latencies::default();
    for _ in 0..count {
        latencies.count(u64::try_from(TOOK.as_millis()).unwrap());
    }
    latencies
}

/// What the log of a webhook says.
async fn logged(w: &World, hook: &Hook) -> Counts {
    let mut counts = Counts::default();
    for entry in w.log(hook).await {
        counts.events += 1;
        for attempt in w.detail(hook, &entry.event_id).await.attempts {
            counts.succeeded += u64::from(attempt.error.is_none());
            counts.failed += u64::from(attempt.error.is_some());
            if attempt.status_code.is_some() {
                counts.answers.count(attempt.duration_ms);
            }
        }
    }
    counts
}

pub(super) async fn events_and_attempts_count_in_their_minutes(w: World) {
    let hook = w.webhook().await;
    w.publish_and(&hook, Verdict::Delivered, at(5)).await;
    w.publish_and(&hook, Verdict::Exhausted, at(MINUTE + 5)).await;
    let ids = w.publish(2, at(MINUTE + 59)).await;
    let due = w.first(&hook).await.remove(0);
    w.record(&due, Verdict::RetryAt(at(900)), at(2 * MINUTE + 1)).await;
    assert_eq!(due.event_id, ids[0]);
    let first = Counts { events: 1, succeeded: 1, delivered: 1, answers: answers(1), ..Counts::default() };
    let second = Counts { events: 3, failed: 1, exhausted: 1, answers: answers(1), ..Counts::default() };
    let third = Counts { failed: 1, answers: answers(1), ..Counts::default() };
    let expected: Vec<Point> = [(0, first), (MINUTE, second), (2 * MINUTE, third)]
        .map(|(second, counts)| Point { at: at(second), counts })
        .to_vec();
    for _ in 0..2 {
        assert_eq!(series(&w, &hook, always(Step::Minute)).await, expected);
        let part = span(Step::Minute, at(MINUTE), at(2 * MINUTE));
        assert_eq!(series(&w, &hook, part).await, expected[1..2]);
        let hours = series(&w, &hook, always(Step::Hour)).await;
        assert_eq!(hours, [Point { at: Step::Hour.begin(at(0)), counts: sum(&expected) }]);
        roll_up(&w, at(200), ROLL_UP_BITE).await;
    }
}

pub(super) async fn an_attempt_without_an_answer_counts_and_has_no_latency(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(1)).await;
    let due = w.only_first(&hook).await;
    let mut done = completion(&due, Verdict::RetryAt(at(900)), at(2));
    done.attempt.outcome = Outcome::Failed(AttemptError::Timeout {
        phase: TimeoutPhase::Response,
        limit: Duration::from_secs(5),
    });
    w.store.record(w.node, done).await.unwrap();
    assert_eq!(total(&w, &hook).await, Counts { events: 1, failed: 1, ..Counts::default() });
}

pub(super) async fn a_replay_counts_as_attempts_and_not_as_events(w: World) {
    let hook = w.webhook().await;
    w.publish_and(&hook, Verdict::Exhausted, at(1)).await;
    assert_eq!(w.replay(&hook, &replay_of(LogFilter::default()), 10, at(20)).await, 1);
    let due = w.again(&hook, at(20)).await.due.remove(0);
    w.record(&due, Verdict::Delivered, at(21)).await;
    let counts = total(&w, &hook).await;
    assert_eq!((counts.events, counts.succeeded, counts.failed), (1, 1, 1));
    assert_eq!((counts.delivered, counts.exhausted), (1, 1));
}

pub(super) async fn an_attempt_whose_verdict_came_too_late_counts_as_an_attempt(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(1)).await;
    let due = w.only_first(&hook).await;
    w.replay(&hook, &replay_of(LogFilter::default()), 10, at(2)).await;
    assert!(!w.record(&due, Verdict::Delivered, at(3)).await.applied);
    let counts = total(&w, &hook).await;
    assert_eq!((counts.events, counts.succeeded, counts.delivered), (1, 1, 0));
}

pub(super) async fn an_attempt_that_is_offered_again_is_counted_once(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(1)).await;
    let due = w.only_first(&hook).await;
    let done = completion(&due, Verdict::Delivered, at(2));
    w.store.record(w.node, done.clone()).await.unwrap();
    let again = crate::Completion { repeated: true, ..done };
    w.store.record(w.node, again).await.unwrap();
    assert_eq!(total(&w, &hook).await.succeeded, 1);
}

pub(super) async fn what_is_refused_counts_nothing(w: World) {
    let hook = w.webhook().await;
    let known = w.event("order.created", at(1));
    w.offer(vec![known.clone()]).await.unwrap();
    let unknown = NewEvent { account: super::world::account_id("nobody"), ..w.event("order.created", at(1)) };
    let refused = w.offer(vec![w.event("order.created", at(1)), unknown]).await;
    assert!(matches!(refused, Err(PublishError::UnknownAccount { .. })));
    w.offer(vec![known]).await.unwrap();
    assert_eq!(total(&w, &hook).await, Counts { events: 1, ..Counts::default() });
}

pub(super) async fn what_is_counted_at_once_by_many_is_what_the_log_says(w: World) {
    let (one, two) = (w.webhook().await, w.webhook().await);
    let other = w.node("two", at(0)).await;
    w.publish(40, at(1)).await;
    w.publish_by(other, 40, at(50)).await;
    let mut tasks = JoinSet::new();
    for (hook, node) in [(&one, w.node), (&two, w.node), (&one, other), (&two, other)] {
        for (number, due) in w.first_of(node, hook).await.into_iter().enumerate() {
            let verdict = if number % 3 == 0 { Verdict::RetryAt(at(900)) } else { Verdict::Delivered };
            let (store, done) = (w.store.clone(), completion(&due, verdict, at(55 + number as u64)));
            tasks.spawn(async move { store.record(node, done).await.map(|_| ()) });
            if number % 16 == 0 {
                let store = w.store.clone();
                tasks.spawn(async move { store.roll_up(at(60), 7).await.map(|_| ()) });
            }
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    for _ in 0..2 {
        let mut both = Counts::default();
        for hook in [&one, &two] {
            let counts = total(&w, hook).await;
            assert_eq!(Counts { delivered: 0, ..counts }, logged(&w, hook).await);
            assert_eq!((counts.events, counts.attempts(), counts.delivered), (80, 80, counts.succeeded));
            both.add(&counts);
        }
        let all = w.store.counts_of_all(always(Step::Day)).await.unwrap();
        assert_eq!(sum(&all), both, "all webhooks together");
        roll_up(&w, at(900), 3).await;
    }
}

pub(super) async fn minutes_become_hours_and_days_and_then_go(w: World) {
    let hook = w.webhook().await;
    for minute in 0..90 {
        w.publish_and(&hook, Verdict::Delivered, at(minute * MINUTE + 1)).await;
    }
    let before = series(&w, &hook, always(Step::Hour)).await;
    assert_eq!((before.len(), sum(&before).events), (2, 90));
    let bites = roll_up(&w, day(3), 10).await;
    assert!(bites >= 9 + 18, "{bites} bites of 10 for 90 minutes");
    assert_eq!(series(&w, &hook, always(Step::Hour)).await, before);
    let minutes = span(Step::Minute, at(0).before(DAY), day(2));
    assert_eq!(series(&w, &hook, minutes).await, [], "minutes are hours now");
    let days = series(&w, &hook, always(Step::Day)).await;
    roll_up(&w, day(45), 10).await;
    assert_eq!(series(&w, &hook, always(Step::Hour)).await, []);
    assert_eq!(series(&w, &hook, always(Step::Day)).await, days);
    assert_eq!(sum(&days), sum(&before));
    roll_up(&w, day(402), 10).await;
    assert_eq!(total(&w, &hook).await, Counts::default());
    assert_eq!(w.store.counts_of_all(always(Step::Day)).await.unwrap(), []);
}

pub(super) async fn what_is_recorded_late_is_counted_all_the_same(w: World) {
    let hook = w.webhook().await;
    w.publish_and(&hook, Verdict::Delivered, at(1)).await;
    w.publish(1, at(1)).await;
    roll_up(&w, day(3), ROLL_UP_BITE).await;
    let due = w.only_first(&hook).await;
    w.record(&due, Verdict::Delivered, at(2)).await;
    for _ in 0..2 {
        assert_eq!(series(&w, &hook, always(Step::Hour)).await.len(), 1);
        assert_eq!(total(&w, &hook).await.delivered, 2);
        roll_up(&w, day(3), ROLL_UP_BITE).await;
    }
}

pub(super) async fn counts_are_seen_by_their_account_only_and_stay_with_the_log(w: World) {
    let hook = w.webhook().await;
    let other = w.account("other", at(0)).await;
    w.publish_and(&hook, Verdict::Delivered, at(1)).await;
    let foreign = w.store.counts(&other, &hook.id, always(Step::Day)).await.unwrap();
    assert_eq!(foreign, None);
    w.delete(&hook, at(5)).await;
    assert_eq!(total(&w, &hook).await.delivered, 1);
}

pub(super) async fn an_erased_account_is_counted_no_more(w: World) {
    let (gone, kept) = (w.account("gone", at(0)).await, w.webhook().await);
    let hooks = [w.webhook_of(&gone, &["*"]).await, w.webhook_of(&gone, &["*"]).await];
    let event = NewEvent { account: gone.clone(), ..w.event("order.created", at(1)) };
    w.offer(vec![event]).await.unwrap();
    w.publish_and(&kept, Verdict::Delivered, at(1)).await;
    roll_up(&w, at(100), ROLL_UP_BITE).await;
    let due = w.only_first(&hooks[0]).await;
    w.record(&due, Verdict::Delivered, at(2)).await;
    let id = ErasureId::generate(at(3), [7; 10]);
    w.store.erase_account(id.clone(), &gone, &by(at(3))).await.unwrap().expect("it was there");
    let mut left = MANY;
    while w.store.erasure(&id).await.unwrap().is_some_and(|receipt| receipt.completed_at.is_none()) {
        w.store.erase_step(at(1_000), 100).await.unwrap();
        left -= 1;
        assert!(left > 0, "the erasure does not end");
    }
    for hook in &hooks {
        assert_eq!(total(&w, hook).await, Counts::default());
    }
    assert_eq!(total(&w, &kept).await.delivered, 1);
    let all = sum(&w.store.counts_of_all(always(Step::Day)).await.unwrap());
    assert_eq!((all.events, all.delivered), (3, 2), "sums over all say nothing of one");
    assert_eq!(ALL_WEBHOOKS, 0);
}

pub(super) async fn those_that_fail_most_come_first(w: World) {
    let hooks = [w.webhook().await, w.webhook().await, w.webhook().await];
    for (number, hook) in hooks.iter().enumerate() {
        for failure in 0..=number {
            w.publish(1, at(10)).await;
            for other in &hooks {
                let due = w.first(other).await.remove(0);
                let failed = other.row == hook.row && failure < number;
                let verdict = if failed { Verdict::RetryAt(at(900)) } else { Verdict::Delivered };
                w.record(&due, verdict, at(20)).await;
            }
        }
    }
    roll_up(&w, at(30), ROLL_UP_BITE).await;
    let hour = span(Step::Minute, at(0), at(3_600));
    let worst = w.store.worst(hour, 10).await.unwrap();
    let found: Vec<_> = worst.iter().map(|one| (one.webhook.clone(), one.counts.failed)).collect();
    assert_eq!(found, [(hooks[2].id.clone(), 2), (hooks[1].id.clone(), 1)]);
    assert_eq!((worst[0].counts.attempts(), &worst[0].account), (6, &w.account));
    assert_eq!(worst[0].last_status_code, Some(500));
    assert!(worst[0].last_error.as_ref().is_some_and(|error| error.contains("500")), "{worst:?}");
    assert_eq!(w.store.worst(hour, 1).await.unwrap(), worst[..1]);
    assert_eq!(w.store.worst(span(Step::Minute, at(3_600), at(7_200)), 10).await.unwrap(), []);
    w.delete(&hooks[2], at(40)).await;
    assert_eq!(w.store.worst(hour, 10).await.unwrap(), worst[1..]);
}

pub(super) async fn nodes_are_listed_with_their_leases(w: World) {
    let gone = w.node("gone", at(0)).await;
    let later = w.node("later", at(30)).await;
    w.store.leave(gone).await.unwrap();
    let nodes = w.store.nodes(10).await.unwrap();
    let found: Vec<_> = nodes.iter().map(|node| (node.name.as_str(), node.lease_until)).collect();
    let until = Some(later.lease_until);
    assert_eq!(found, [("later", until), ("one", Some(w.node.lease_until)), ("gone", None)]);
    assert_eq!(w.store.nodes(1).await.unwrap(), nodes[..1]);
}
