//! Erasing personal data: what is gone, what stays, and the receipts.

use tokio::task::JoinSet;
use waxwing_core::{DeliveryState, ErasureId, EventId, KeyId, Role, Timestamp, delivery::Verdict};

use super::{
    steps::{MANY, in_state, replay_of},
    world::{Hook, TYPE, World, at, by, event_id, event_with},
};
use crate::{
    Actor, AuditFilter, By, CreateAccountError, Erased, Erasure, LogFilter, NewAccount, NewEvent,
    PageRequest, PublishError, ReplayFilter, RetryError, WebhookChange,
};

/// Long after every node knows of what was deleted before.
fn later(seconds: u64) -> Timestamp {
    at(1_000 + seconds)
}

fn erasure_id(w: &World) -> ErasureId {
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&w.number().to_be_bytes());
    ErasureId::generate(at(0), bytes)
}

async fn erase_event(w: &World, id: &EventId, now: Timestamp) -> Erasure {
    w.store.erase_event(erasure_id(w), id, &by(now)).await.unwrap().expect("there is such an event")
}

async fn erase_account(w: &World, account: &crate::Account, now: Timestamp) -> Erasure {
    let begun = w.store.erase_account(erasure_id(w), &account.id, &by(now)).await.unwrap();
    begun.expect("there was such an account")
}

/// Takes bites of `limit` until the receipt is complete.
async fn complete(w: &World, id: &ErasureId, limit: usize) -> Erasure {
    for _ in 0..MANY {
        w.store.erase_step(later(0), limit).await.unwrap();
        let receipt = w.store.erasure(id).await.unwrap().expect("a receipt is kept");
        if receipt.completed_at.is_some() {
            return receipt;
        }
    }
    panic!("the erasure does not end");
}

async fn account(w: &World, id: &str) -> crate::Account {
    let id = w.account(id, at(0)).await;
    w.store.account(&id).await.unwrap().unwrap()
}

async fn publish_for(w: &World, account: &crate::Account, count: usize, now: Timestamp) -> Vec<EventId> {
    let event = |_| {
        let id = w.event_id(now);
        let key = Some(format!("key-{id}"));
        NewEvent { idempotency_key: key, ..event_with(&id, &account.id, TYPE, "{}", now) }
    };
    let published = w.offer((0..count).map(event).collect()).await.unwrap();
    published.into_iter().map(|one| one.id).collect()
}

async fn is_whole(w: &World, hook: &Hook, id: &EventId) -> bool {
    let detail = w.detail(hook, id).await;
    !detail.body.is_empty() && detail.erased_at.is_none()
}

pub(super) async fn an_erased_event_keeps_its_id_and_loses_its_payload(w: World) {
    let hook = w.webhook().await;
    let (id, other) = (
        w.publish_and(&hook, Verdict::Exhausted, at(1)).await,
        w.publish_and(&hook, Verdict::Exhausted, at(1)).await,
    );
    assert!(w.detail(&hook, &id).await.attempts[0].error.is_some());
    let receipt = erase_event(&w, &id, at(5)).await;
    let erased = Erased { events: 1, deliveries: 1, attempts: 1, ..Erased::default() };
    assert_eq!((receipt.erased, receipt.event.as_ref(), &receipt.account), (erased, Some(&id), &w.account));
    let detail = w.detail(&hook, &id).await;
    assert_eq!((detail.body.len(), detail.erased_at), (0, Some(at(5))));
    assert_eq!((detail.entry.state, detail.entry.attempt_count), (DeliveryState::Failed, 1));
    assert_eq!((detail.entry.last_error, detail.entry.last_status_code), (None, Some(500)));
    let attempt = &detail.attempts[0];
    assert_eq!((&attempt.error, attempt.response_body.len(), attempt.status_code), (&None, 0, Some(500)));
    let event = w.store.event(&id).await.unwrap().expect("it is still there");
    assert_eq!((event.body.len(), event.erased_at, event.published.created_at), (0, Some(at(5)), at(1)));
    assert!(is_whole(&w, &hook, &other).await, "others are left alone");
    assert_eq!(w.detail(&hook, &other).await.attempts[0].response_body, "said the receiver");
    assert_eq!(receipt.completed_at, None);
    let completed = complete(&w, &receipt.id, 10).await;
    assert_eq!(completed, Erasure { completed_at: Some(later(0)), ..receipt });
}

pub(super) async fn what_waits_of_an_erased_event_is_canceled(w: World) {
    let (hook, paused) = (w.webhook().await, w.webhook().await);
    w.set_active(&paused, false, at(0)).await;
    let (fresh, retried) = (w.publish(1, at(1)).await.remove(0), w.publish(1, at(1)).await.remove(0));
    let due = w.first(&hook).await;
    w.record(&due[1], Verdict::RetryAt(at(60)), at(2)).await;
    w.wakeups();
    for id in [&fresh, &retried] {
        erase_event(&w, id, at(3)).await;
        for hook in [&hook, &paused] {
            let entry = w.detail(hook, id).await.entry;
            assert_eq!((entry.state, entry.next_attempt_at), (DeliveryState::Canceled, None));
        }
    }
    assert!(w.wakeups().changed.is_superset(&[hook.row, paused.row].into()), "the engine forgets its window");
    assert!(w.waiting(&hook).await.is_empty());
    assert!(w.logged(&hook, &in_state(DeliveryState::Retrying)).await.is_empty());
    w.activate(&paused, at(4)).await;
    assert!(w.waiting(&paused).await.is_empty());
    assert_eq!(w.store.backlog().await.unwrap(), crate::metrics::Backlog::default());
}

pub(super) async fn an_attempt_under_way_leaves_no_words_behind(w: World) {
    let hook = w.webhook().await;
    let ids = w.publish(3, at(1)).await;
    let due = w.first(&hook).await;
    for id in &ids {
        erase_event(&w, id, at(2)).await;
    }
    let verdicts = [Verdict::Delivered, Verdict::RetryAt(at(60)), Verdict::Exhausted];
    for ((due, id), verdict) in due.iter().zip(&ids).zip(verdicts) {
        let recorded = w.record(due, verdict, at(3)).await;
        assert_eq!((recorded.applied, recorded.state), (false, DeliveryState::Canceled));
        let detail = w.detail(&hook, id).await;
        assert_eq!((detail.attempts.len(), detail.entry.last_error), (1, None));
        assert_eq!((&detail.attempts[0].error, detail.attempts[0].response_body.len()), (&None, 0));
    }
    assert!(w.waiting(&hook).await.is_empty());
}

pub(super) async fn an_erased_event_is_not_sent_again(w: World) {
    let hook = w.webhook().await;
    let gone = w.publish_and(&hook, Verdict::Exhausted, at(1)).await;
    let kept = w.publish_and(&hook, Verdict::Exhausted, at(1)).await;
    erase_event(&w, &gone, at(2)).await;
    let refused = w.store.retry(w.node, &w.account, &hook.id, &gone, at(3)).await;
    assert_eq!(refused.unwrap_err(), RetryError::Erased);
    assert_eq!(w.replay(&hook, &replay_of(in_state(DeliveryState::Failed)), 10, at(3)).await, 1);
    let named = ReplayFilter { event_ids: Some(vec![gone.clone(), kept]), matching: LogFilter::default() };
    assert_eq!(w.replay(&hook, &named, 10, at(4)).await, 1);
    assert_eq!(w.state(&hook, &gone).await, DeliveryState::Failed);
    assert_eq!(w.waiting(&hook).await.len(), 1);
}

pub(super) async fn a_repeat_of_an_erased_event_gets_the_first_answer(w: World) {
    let hook = w.webhook().await;
    let other = account(&w, "other").await;
    let id = event_id("order:1");
    let event = |account, kind, data| event_with(&id, account, kind, data, at(1));
    let first = w.offer(vec![event(&w.account, TYPE, "{}")]).await.unwrap().remove(0);
    erase_event(&w, &id, at(2)).await;
    w.wakeups();
    let again = w.offer(vec![event(&w.account, TYPE, r#"{"n":7}"#)]).await.unwrap().remove(0);
    assert_eq!(again, crate::Published { repeated: true, ..first });
    assert!(w.wakeups().fresh.is_empty());
    for event in [event(&other.id, TYPE, "{}"), event(&w.account, "another.type", "{}")] {
        let refused = w.offer(vec![event]).await;
        assert!(matches!(refused, Err(PublishError::Conflict { .. })), "{refused:?}");
    }
    assert_eq!(w.detail(&hook, &id).await.body.len(), 0, "nothing came back");
}

pub(super) async fn an_erased_event_gives_its_idempotency_key_free(w: World) {
    let acme = w.store.account(&w.account).await.unwrap().unwrap();
    let ids = publish_for(&w, &acme, 2, at(1)).await;
    let again = |id: &EventId| {
        let key = Some(format!("key-{id}"));
        NewEvent { idempotency_key: key, ..event_with(&w.event_id(at(3)), &w.account, TYPE, "{}", at(3)) }
    };
    assert_eq!(erase_event(&w, &ids[0], at(2)).await.erased.idempotency_keys, 1);
    assert!(!w.offer(vec![again(&ids[0])]).await.unwrap()[0].repeated);
    assert_eq!(w.offer(vec![again(&ids[1])]).await.unwrap()[0].id, ids[1]);
}

pub(super) async fn what_is_not_there_is_not_erased(w: World) {
    let nothing = w.store.erase_event(erasure_id(&w), &event_id("none"), &by(at(1))).await.unwrap();
    assert_eq!(nothing, None);
    let account = super::world::account_id("nobody");
    assert_eq!(w.store.erase_account(erasure_id(&w), &account, &by(at(1))).await.unwrap(), None);
    assert!(w.store.erasures(PageRequest::first(10)).await.unwrap().items.is_empty());
    assert!(!w.store.erase_step(later(0), 10).await.unwrap());
    assert_eq!(w.store.erasure(&erasure_id(&w)).await.unwrap(), None);
}

pub(super) async fn asked_again_an_erasure_gives_its_first_receipt(w: World) {
    let id = w.publish(1, at(1)).await.remove(0);
    let receipt = erase_event(&w, &id, at(2)).await;
    assert_eq!(erase_event(&w, &id, at(3)).await, receipt);
    let other = account(&w, "other").await;
    let begun = erase_account(&w, &other, at(4)).await;
    assert_eq!(erase_account(&w, &other, at(5)).await, begun);
    let completed = complete(&w, &begun.id, 10).await;
    assert_eq!(erase_account(&w, &other, at(6)).await, completed);
    let listed = w.store.erasures(PageRequest::first(10)).await.unwrap().items;
    assert_eq!(
        listed.iter().map(|one| &one.id).collect::<Vec<_>>(),
        [&begun.id, &receipt.id],
        "newest first"
    );
}

pub(super) async fn an_erased_account_leaves_its_receipt_alone(w: World) {
    let other = account(&w, "other").await;
    assert!(w.store.create_key(w.key(Some(&other.id), 7, at(0)), &by(at(0))).await.unwrap());
    let (hook, gone) = (w.webhook_of(&other.id, &["*"]).await, w.webhook_of(&other.id, &["*"]).await);
    w.delete(&gone, at(0)).await;
    let ids = publish_for(&w, &other, 3, at(1)).await;
    w.record(&w.first(&hook).await[0], Verdict::Delivered, at(2)).await;
    let begun = erase_account(&w, &other, at(3)).await;
    assert_eq!((begun.erased.webhooks, begun.erased.keys), (2, 1));
    assert!(w.store.directory().target(hook.row).is_none(), "nothing more is sent");
    assert!(w.store.directory().principal(&[7; 32]).is_none());
    assert_eq!(w.store.sealed_otherwise(99).await.unwrap(), 0, "no secret is left, nor in the way");
    let receipt = complete(&w, &begun.id, 10).await;
    let erased = Erased { events: 3, deliveries: 3, attempts: 1, idempotency_keys: 3, webhooks: 2, keys: 1 };
    assert_eq!(receipt.erased, erased);
    for id in &ids {
        assert!(w.store.event(id).await.unwrap().is_none());
        assert!(w.store.log_detail(&other.id, &hook.id, id).await.unwrap().is_none());
    }
    assert!(w.log(&hook).await.is_empty());
    assert_eq!(w.store.cancel_deleted(10, later(1)).await.unwrap(), 0, "nothing waits");
    assert_eq!(w.store.backlog().await.unwrap(), crate::metrics::Backlog::default());
    assert!(w.store.account(&other.id).await.unwrap().is_none());
    let again = NewAccount { id: other.id, name: None, created_at: later(0) };
    let refused = w.store.create_account(again, &by(later(0))).await;
    assert_eq!(refused.unwrap_err(), CreateAccountError::Exists, "its id is not used again");
}

pub(super) async fn others_keep_everything(w: World) {
    let other = account(&w, "other").await;
    let (hook, theirs) = (w.webhook().await, w.webhook_of(&other.id, &["*"]).await);
    let mut kept = Vec::new();
    for n in 0..4 {
        kept.push(w.publish_and(&hook, Verdict::Delivered, at(n)).await);
        publish_for(&w, &other, 1, at(n)).await;
    }
    let begun = erase_account(&w, &other, at(9)).await;
    assert_eq!(complete(&w, &begun.id, 1).await.erased.events, 4);
    assert!(w.log(&theirs).await.is_empty());
    for id in &kept {
        assert!(is_whole(&w, &hook, id).await);
        assert_eq!(w.detail(&hook, id).await.attempts.len(), 1);
    }
    assert_eq!(
        w.store.webhook(&w.account, &hook.id).await.unwrap().unwrap().url,
        "https://receiver.example/hook"
    );
    w.publish_and(&hook, Verdict::Delivered, later(1)).await;
}

pub(super) async fn an_account_is_erased_in_bites(w: World) {
    let other = account(&w, "other").await;
    let hook = w.webhook_of(&other.id, &["*"]).await;
    publish_for(&w, &other, 10, at(1)).await;
    let begun = erase_account(&w, &other, at(2)).await;
    let (mut left, mut before) = (10, 0);
    for _ in 0..MANY {
        if left == 0 {
            break;
        }
        assert!(w.store.erase_step(later(0), 3).await.unwrap());
        left = w.log(&hook).await.len();
        let erased = w.store.erasure(&begun.id).await.unwrap().unwrap().erased.events;
        assert!(erased - before <= 3, "{erased} after {before}");
        assert_eq!(erased, 10 - u64::try_from(left).unwrap(), "the receipt counts along");
        before = erased;
    }
    assert_eq!(complete(&w, &begun.id, 3).await.erased.events, 10);
}

pub(super) async fn an_account_that_was_deleted_before_is_erased_too(w: World) {
    let other = account(&w, "other").await;
    let hook = w.webhook_of(&other.id, &["*"]).await;
    let id = publish_for(&w, &other, 1, at(1)).await.remove(0);
    assert!(w.store.delete_account(&other.id, &by(at(2))).await.unwrap());
    while w.store.cancel_deleted(10, at(3)).await.unwrap() > 0 {}
    assert!(w.store.event(&id).await.unwrap().is_some(), "deleting leaves the log");
    let begun = erase_account(&w, &other, at(500)).await;
    assert_eq!((begun.erased.webhooks, begun.erased.keys), (1, 0));
    assert_eq!(complete(&w, &begun.id, 10).await.erased.events, 1);
    assert!(w.store.event(&id).await.unwrap().is_none() && w.log(&hook).await.is_empty());
}

pub(super) async fn an_attempt_under_way_brings_nothing_of_an_account_back(w: World) {
    let other = account(&w, "other").await;
    let hook = w.webhook_of(&other.id, &["*"]).await;
    let id = publish_for(&w, &other, 1, at(1)).await.remove(0);
    let due = w.only_first(&hook).await;
    let begun = erase_account(&w, &other, at(2)).await;
    complete(&w, &begun.id, 10).await;
    let recorded = w.record_by(w.node, &due, Verdict::RetryAt(at(60)), later(1)).await;
    assert!(recorded.is_err(), "the delivery is gone: {recorded:?}");
    assert!(w.waiting(&hook).await.is_empty() && w.store.event(&id).await.unwrap().is_none());
}

pub(super) async fn the_audit_log_keeps_who_and_when_but_not_what(w: World) {
    let operator = |seconds| Actor {
        by: By::Key(KeyId::generate(at(0), [7; 10]), Role::Operator),
        at: at(seconds),
        source: Some("2001:db8::7".parse().unwrap()),
        request_id: Some("req_7".into()),
    };
    let other = account(&w, "other").await;
    let hook = w.webhook_of(&other.id, &["*"]).await;
    let change = WebhookChange { description: Some(Some("Jane Doe".into())), ..WebhookChange::default() };
    w.store.update_webhook(&other.id, &hook.id, change, &operator(1)).await.unwrap().unwrap();
    let begun = w.store.erase_account(erasure_id(&w), &other.id, &operator(2)).await.unwrap().unwrap();
    complete(&w, &begun.id, 2).await;
    let of_other = AuditFilter { account: Some(other.id.clone()), ..AuditFilter::default() };
    let entries = w.store.audit_log(of_other, PageRequest::first(50)).await.unwrap().items;
    let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    let expected = [
        "account.erased",
        "account.erase",
        "account.delete",
        "webhook.delete",
        "webhook.update",
        "webhook.create",
        "account.create",
    ];
    assert_eq!(actions, expected);
    for entry in &entries[2..] {
        assert_eq!((&entry.before, &entry.after, entry.actor.source), (&None, &None, None), "{entry:?}");
    }
    assert_eq!((&entries[4].actor.by, entries[4].actor.at), (&operator(1).by, at(1)), "who and when stay");
    assert_eq!(entries[1].actor, operator(2), "who erased it stays as it was");
    assert!(entries[0].after.as_ref().unwrap().contains(begun.id.as_str()));
    let of_acme = AuditFilter { account: Some(w.account.clone()), ..AuditFilter::default() };
    let entry = w.store.audit_log(of_acme, PageRequest::first(50)).await.unwrap().items.remove(0);
    assert!(entry.after.is_some(), "others' entries are left alone");
}

pub(super) async fn bites_at_once_count_once(w: World) {
    let other = account(&w, "other").await;
    let hook = w.webhook_of(&other.id, &["*"]).await;
    publish_for(&w, &other, 12, at(1)).await;
    let begun = erase_account(&w, &other, at(2)).await;
    for _ in 0..5 {
        let mut steps = JoinSet::new();
        for _ in 0..3 {
            let store = w.store.clone();
            steps.spawn(async move { store.erase_step(later(0), 2).await.unwrap() });
        }
        steps.join_all().await;
    }
    let receipt = complete(&w, &begun.id, 2).await;
    let erased = Erased { events: 12, deliveries: 12, idempotency_keys: 12, ..begun.erased };
    assert_eq!(receipt.erased, erased);
    assert!(w.log(&hook).await.is_empty());
    let done = AuditFilter { action: Some("account.erased".into()), ..AuditFilter::default() };
    assert_eq!(w.store.audit_log(done, PageRequest::first(5)).await.unwrap().items.len(), 1);
}

pub(super) async fn retention_takes_what_an_erasure_left(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    let receipt = erase_event(&w, &id, at(2)).await;
    let receipt = complete(&w, &receipt.id, 10).await;
    let mut from = 0;
    while let Some(next) = w.store.retain(super::world::day(40), from, 100).await.unwrap() {
        from = next;
    }
    assert!(w.store.event(&id).await.unwrap().is_none() && w.log(&hook).await.is_empty());
    assert_eq!(w.store.erasure(&receipt.id).await.unwrap(), Some(receipt), "a receipt is kept for good");
}
