//! Recording: what an attempt leaves in the log, and when it changes nothing else.

use std::time::Duration;

use bytes::Bytes;
use waxwing_core::{
    AttemptError, DeliveryState, Outcome, TimeoutPhase,
    delivery::Verdict,
    target::{ForbiddenAddress, Reason},
    webhook::Health,
};

use super::{
    steps::{TOOK, completion},
    world::{World, at},
};
use crate::{Completion, Queue, log::LoggedAttempt};

pub(super) async fn a_success_ends_the_delivery(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    let due = w.only_first(&hook).await;
    let recorded = w.record(&due, Verdict::Delivered, at(5)).await;
    assert!(recorded.applied);
    assert_eq!((recorded.state, recorded.disabled), (DeliveryState::Delivered, None));
    let detail = w.detail(&hook, &id).await;
    assert_eq!(w.log(&hook).await, [detail.entry.clone()], "list and detail say the same");
    let entry = detail.entry;
    assert_eq!((entry.event_id, entry.event_type.as_str()), (id, super::world::TYPE));
    assert_eq!((entry.state, entry.attempt_count), (DeliveryState::Delivered, 1));
    assert_eq!(entry.last_attempt_at, Some(at(5).before(TOOK)));
    assert_eq!((entry.last_status_code, entry.last_error), (Some(204), None));
    assert_eq!((entry.next_attempt_at, entry.created_at), (None, at(1)));
    let attempt = LoggedAttempt {
        number: 1,
        started_at: at(5).before(TOOK),
        duration_ms: 120,
        status_code: Some(204),
        error: None,
        response_body: Bytes::from_static(b"said the receiver"),
    };
    assert_eq!(detail.attempts, [attempt]);
}

pub(super) async fn before_the_first_attempt_the_log_says_so(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    let detail = w.detail(&hook, &id).await;
    assert_eq!((detail.entry.state, detail.entry.attempt_count), (DeliveryState::Pending, 0));
    assert_eq!((detail.entry.last_attempt_at, detail.entry.last_status_code), (None, None));
    assert_eq!((detail.entry.last_error, detail.entry.created_at), (None, at(1)));
    assert!(detail.attempts.is_empty());
}

pub(super) async fn attempts_are_numbered_from_one(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    let due = w.only_first(&hook).await;
    w.record(&due, Verdict::RetryAt(at(60)), at(2)).await;
    let due = w.again(&hook, at(60)).await.due.remove(0);
    w.record(&due, Verdict::RetryAt(at(300)), at(61)).await;
    let due = w.again(&hook, at(300)).await.due.remove(0);
    w.record(&due, Verdict::Delivered, at(301)).await;
    let detail = w.detail(&hook, &id).await;
    let seen: Vec<_> = detail.attempts.iter().map(|attempt| (attempt.number, attempt.status_code)).collect();
    assert_eq!(seen, [(1, Some(500)), (2, Some(500)), (3, Some(204))]);
    assert!(detail.attempts[0].error.is_some() && detail.attempts[2].error.is_none());
    assert_eq!((detail.entry.attempt_count, detail.entry.state), (3, DeliveryState::Delivered));
    assert_eq!(detail.entry.last_error, None, "the last attempt succeeded");
    assert_eq!(detail.entry.last_attempt_at, Some(at(301).before(TOOK)));
}

pub(super) async fn an_error_is_kept_in_its_own_words(w: World) {
    let hook = w.webhook().await;
    let limit = Duration::from_secs(5);
    let errors = [
        AttemptError::Dns("no such host".into()),
        AttemptError::ForbiddenAddress(ForbiddenAddress {
            address: [10, 0, 0, 1].into(),
            reason: Reason::Denied,
        }),
        AttemptError::ForbiddenUrl("not public".into()),
        AttemptError::Authorization("the token endpoint answered 401".into()),
        AttemptError::Proxy("answered 403".into()),
        AttemptError::Refused,
        AttemptError::Unreachable("no route".into()),
        AttemptError::Tls("certificate expired".into()),
        AttemptError::Timeout { phase: TimeoutPhase::Response, limit },
        AttemptError::Reset,
        AttemptError::Protocol("no status line".into()),
        AttemptError::Internal("sealed with another key".into()),
        AttemptError::Status { status: 302, retry_after: None },
        AttemptError::Status { status: 503, retry_after: Some(Duration::from_secs(30)) },
    ];
    for error in errors {
        let id = w.publish(1, at(1)).await.remove(0);
        let mut done = completion(&w.only_first(&hook).await, Verdict::RetryAt(at(60)), at(2));
        done.attempt.outcome = Outcome::Failed(error.clone());
        done.attempt.response_body = Bytes::new();
        let status = done.attempt.outcome.status_code();
        w.store.record(w.node, done).await.unwrap();
        let detail = w.detail(&hook, &id).await;
        assert_eq!(detail.attempts[0].error, Some(error.to_string()));
        assert_eq!(detail.attempts[0].status_code, status);
        assert!(detail.attempts[0].response_body.is_empty());
        assert_eq!(
            (detail.entry.last_error, detail.entry.last_status_code),
            (Some(error.to_string()), status)
        );
    }
}

pub(super) async fn a_response_is_kept_byte_for_byte(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    let mut done = completion(&w.only_first(&hook).await, Verdict::Delivered, at(2));
    let body: Vec<u8> = (0..crate::delivery::MAX_RESPONSE_BODY).map(|n| n.to_le_bytes()[0]).collect();
    done.attempt.response_body = body.clone().into();
    w.store.record(w.node, done).await.unwrap();
    assert_eq!(w.detail(&hook, &id).await.attempts[0].response_body, body);
}

pub(super) async fn deliveries_of_one_event_end_apart(w: World) {
    let (good, bad) = (w.webhook().await, w.webhook().await);
    let id = w.publish(1, at(1)).await.remove(0);
    w.record(&w.only_first(&good).await, Verdict::Delivered, at(2)).await;
    w.record(&w.only_first(&bad).await, Verdict::Exhausted, at(3)).await;
    assert_eq!(w.state(&good, &id).await, DeliveryState::Delivered);
    assert_eq!(w.state(&bad, &id).await, DeliveryState::Failed);
    let kept = w.store.event(&id).await.unwrap().expect("it is kept");
    for (webhook, entry) in kept.deliveries {
        let hook = if webhook == good.id { &good } else { &bad };
        assert_eq!(entry, w.detail(hook, &id).await.entry);
    }
}

pub(super) async fn an_attempt_from_before_a_replay_is_logged_and_changes_nothing_else(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    let old = w.only_first(&hook).await;
    w.store.retry(w.node, &w.account, &hook.id, &id, at(2)).await.unwrap();
    let new = w.again(&hook, at(2)).await.due.remove(0);
    assert_ne!(new.generation, old.generation);
    for verdict in [Verdict::Delivered, Verdict::RetryAt(at(60)), Verdict::Exhausted, Verdict::Gone] {
        let recorded = w.record(&old, verdict, at(3)).await;
        assert!(!recorded.applied);
        assert_eq!((recorded.state, recorded.disabled), (w.state(&hook, &id).await, None));
        assert!(!recorded.state.is_finished());
    }
    assert_eq!(w.waiting(&hook).await, [new.clone()], "the new one waits as it did");
    assert!(w.target(&hook).takes_deliveries());
    let webhook = w.store.webhook(&w.account, &hook.id).await.unwrap().expect("it is there");
    assert_eq!(webhook.health, Health::default());
    let numbers: Vec<_> = w.detail(&hook, &id).await.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert!(w.record(&new, Verdict::Delivered, at(4)).await.applied);
    assert_eq!(w.detail(&hook, &id).await.entry.attempt_count, 5);
}

pub(super) async fn a_generation_is_not_used_again_after_the_end(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    let first = w.only_first(&hook).await;
    w.store.retry(w.node, &w.account, &hook.id, &id, at(2)).await.unwrap();
    let second = w.again(&hook, at(2)).await.due.remove(0);
    assert!(w.record(&second, Verdict::Delivered, at(3)).await.applied);
    w.store.retry(w.node, &w.account, &hook.id, &id, at(4)).await.unwrap();
    let third = w.again(&hook, at(4)).await.due.remove(0);
    for old in [&first, &second] {
        assert_ne!(old.generation, third.generation);
        assert!(!w.record(old, Verdict::Delivered, at(5)).await.applied);
    }
    assert_eq!(w.waiting(&hook).await, [third]);
}

pub(super) async fn another_nodes_attempt_is_logged_and_changes_nothing_else(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    let due = w.only_first(&hook).await;
    let two = w.node("two", at(1)).await;
    let recorded = w.record_by(two, &due, Verdict::Delivered, at(2)).await.unwrap();
    assert!(!recorded.applied);
    assert!(!recorded.state.is_finished());
    assert_eq!(recorded.state, w.state(&hook, &id).await);
    assert_eq!(w.only_first(&hook).await, due);
    assert_eq!(w.detail(&hook, &id).await.attempts.len(), 1);
}

pub(super) async fn an_attempt_recorded_twice_ends_the_delivery_once(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    let due = w.only_first(&hook).await;
    w.record(&due, Verdict::Delivered, at(2)).await;
    let late = w.record(&due, Verdict::RetryAt(at(60)), at(3)).await;
    assert!(!late.applied);
    assert_eq!(late.state, DeliveryState::Delivered);
    assert!(w.waiting(&hook).await.is_empty());
    assert_eq!(w.state(&hook, &id).await, DeliveryState::Delivered);
}

/// The answer to the first was lost, say: nobody knows that it was kept.
pub(super) async fn an_attempt_that_is_offered_again_counts_once(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    let due = w.only_first(&hook).await;
    let first = completion(&due, Verdict::RetryAt(at(60)), at(2));
    let again = Completion { repeated: true, ..first.clone() };
    assert!(w.store.record(w.node, first).await.unwrap().applied);
    let said = w.store.record(w.node, again).await.unwrap();
    assert_eq!((said.applied, said.state, said.disabled), (false, DeliveryState::Retrying, None));
    let detail = w.detail(&hook, &id).await;
    assert_eq!((detail.attempts.len(), detail.entry.attempt_count), (1, 1));
    let waiting = w.store.lane_page(w.node, hook.row, Queue::Again, 0, at(100), 10).await.unwrap().due;
    assert_eq!(waiting.iter().map(|due| due.step).collect::<Vec<_>>(), [1]);
    // One that was not kept the first time is kept now.
    let other = completion(&waiting[0], Verdict::RetryAt(at(200)), at(90));
    let other = Completion { repeated: true, ..other };
    assert!(w.store.record(w.node, other).await.unwrap().applied);
    assert_eq!(w.detail(&hook, &id).await.attempts.len(), 2);
}

pub(super) async fn many_records_at_once_are_all_kept(w: World) {
    let hook = w.webhook().await;
    w.publish(200, at(1)).await;
    let mut tasks = tokio::task::JoinSet::new();
    for due in w.first(&hook).await {
        let (store, node) = (w.store.clone(), w.node);
        tasks.spawn(async move { store.record(node, completion(&due, Verdict::Delivered, at(2))).await });
    }
    while let Some(recorded) = tasks.join_next().await {
        assert!(recorded.unwrap().unwrap().applied);
    }
    assert!(w.waiting(&hook).await.is_empty());
    let log = w.log(&hook).await;
    assert_eq!(log.len(), 200);
    assert!(log.iter().all(|entry| entry.state == DeliveryState::Delivered && entry.attempt_count == 1));
}
