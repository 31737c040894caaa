//! The audit log: what is in it, in which order, and for whom.

use waxwing_core::{KeyId, Role, Timestamp, delivery::Verdict};

use super::{
    steps::MANY,
    world::{DAY, World, account_id, at, by, day, event_type, sealed},
};
use crate::{
    Actor, AuditEntry, AuditFilter, By, CatalogEntry, CredentialsChange, NewAccount, PageRequest,
    RotatedSecret, WebhookChange,
};

/// Somebody with a key.
fn somebody(now: Timestamp) -> Actor {
    let key = KeyId::generate(at(0), [7; 10]);
    let source = Some("2001:db8::7".parse().unwrap());
    Actor { by: By::Key(key, Role::Operator), at: now, source, request_id: Some("req_7".into()) }
}

async fn entries(w: &World, filter: AuditFilter) -> Vec<AuditEntry> {
    w.store.audit_log(filter, PageRequest::first(250)).await.unwrap().items
}

async fn actions(w: &World, filter: AuditFilter) -> Vec<String> {
    entries(w, filter).await.into_iter().map(|entry| entry.action).collect()
}

fn about(object: &str) -> AuditFilter {
    AuditFilter { object: Some(object.to_owned()), ..AuditFilter::default() }
}

pub(super) async fn an_entry_says_who_when_from_where_and_what(w: World) {
    let hook = w.webhook().await;
    let change = WebhookChange { url: Some("https://other.example/".into()), ..WebhookChange::default() };
    w.store.update_webhook(&w.account, &hook.id, change, &somebody(at(9))).await.unwrap().unwrap();
    let entry = entries(&w, about(hook.id.as_str())).await.remove(0);
    assert_eq!(entry.actor, somebody(at(9)));
    assert_eq!((entry.action.as_str(), entry.account.as_ref()), ("webhook.update", Some(&w.account)));
    let (before, after) = (entry.before.unwrap(), entry.after.unwrap());
    assert!(before.contains(r#""url":"https://receiver.example/hook""#), "{before}");
    assert!(after.contains(r#""url":"https://other.example/""#), "{after}");
}

pub(super) async fn a_change_of_a_credential_is_told_without_it(w: World) {
    let hook = w.webhook().await;
    for (mark, now) in [(2, at(2)), (3, at(3))] {
        let authorization = Some(Some(sealed(mark)));
        let credentials = CredentialsChange { authorization, ..CredentialsChange::default() };
        let change = WebhookChange { credentials, ..WebhookChange::default() };
        w.store.update_webhook(&w.account, &hook.id, change, &by(now)).await.unwrap().unwrap();
    }
    let told = entries(&w, about(hook.id.as_str())).await;
    let (second, first) = (&told[0], &told[1]);
    assert!(first.before.as_ref().unwrap().contains(r#""authorization":null"#), "{first:?}");
    let marked = first.after.as_ref().unwrap();
    assert!(marked.contains(r#""authorization":"sealed:"#), "{marked}");
    assert_eq!(second.before.as_ref(), Some(marked));
    assert_ne!(second.after.as_ref(), Some(marked));
}

pub(super) async fn every_change_of_the_configuration_has_an_entry(w: World) {
    let other = account_id("other");
    let account = NewAccount { id: other.clone(), name: None, created_at: at(1) };
    w.store.create_account(account, &by(at(1))).await.unwrap();
    let (kept, gone) = (w.key(Some(&other), 1, at(1)), w.key(Some(&other), 2, at(1)));
    for key in [&kept, &gone] {
        assert!(w.store.create_key(key.clone(), &by(at(1))).await.unwrap());
    }
    w.store.delete_key(Some(&other), &gone.key.id, &by(at(2))).await.unwrap();
    let hook = w.webhook_of(&other, &["*"]).await;
    let rotated = RotatedSecret { secret: sealed(2), previous_expires_at: Some(at(500)) };
    assert!(w.store.rotate_secret(&other, &hook.id, rotated, &by(at(3))).await.unwrap());
    assert!(w.store.end_grace_period(&other, &hook.id, &by(at(4))).await.unwrap());
    assert!(w.store.delete_account(&other, &by(at(5))).await.unwrap());
    let of_other = AuditFilter { account: Some(other.clone()), ..AuditFilter::default() };
    let mut expected = vec![
        "account.create",
        "key.create",
        "key.create",
        "key.delete",
        "webhook.create",
        "secret.rotate",
        "secret.end_grace_period",
        // With the account go its keys and webhooks.
        "key.delete",
        "webhook.delete",
        "account.delete",
    ];
    expected.reverse();
    assert_eq!(actions(&w, of_other).await, expected, "newest first");
}

pub(super) async fn changes_of_the_catalog_and_of_the_operators_keys_have_entries(w: World) {
    let entry = CatalogEntry {
        event_type: event_type("order.created"),
        description: Some("An order".into()),
        example: None,
        schema: Some(r#"{"type":"object"}"#.into()),
    };
    w.store.put_event_type(entry.clone(), &by(at(1))).await.unwrap();
    w.store.put_event_type(CatalogEntry { schema: None, ..entry }, &by(at(2))).await.unwrap();
    w.store.delete_event_type(&event_type("order.created"), &by(at(3))).await.unwrap();
    let found = entries(&w, about("order.created")).await;
    let found: Vec<_> = found.iter().map(|entry| (entry.action.as_str(), entry.account.is_none())).collect();
    assert_eq!(
        found,
        [("event_type.delete", true), ("event_type.update", true), ("event_type.create", true)]
    );
    let key = w.key(None, 1, at(4));
    for key in [&key, &w.key(None, 2, at(4))] {
        w.store.create_key(key.clone(), &by(at(4))).await.unwrap();
    }
    w.store.delete_key(None, &key.key.id, &by(at(5))).await.unwrap();
    assert_eq!(actions(&w, about(key.key.id.as_str())).await, ["key.delete", "key.create"]);
}

pub(super) async fn what_is_refused_leaves_no_entry(w: World) {
    let hook = w.webhook().await;
    let before = actions(&w, AuditFilter::default()).await;
    let again = NewAccount { id: w.account.clone(), name: None, created_at: at(1) };
    assert!(w.store.create_account(again, &by(at(1))).await.is_err());
    let stranger = account_id("stranger");
    assert!(!w.store.delete_account(&stranger, &by(at(1))).await.unwrap());
    assert!(!w.store.delete_webhook(&stranger, &hook.id, &by(at(1))).await.unwrap());
    let rotated = RotatedSecret { secret: sealed(2), previous_expires_at: None };
    assert!(!w.store.rotate_secret(&stranger, &hook.id, rotated, &by(at(1))).await.unwrap());
    assert!(!w.store.create_key(w.key(Some(&stranger), 1, at(1)), &by(at(1))).await.unwrap());
    assert!(!w.store.delete_event_type(&event_type("never.was"), &by(at(1))).await.unwrap());
    assert_eq!(actions(&w, AuditFilter::default()).await, before);
}

pub(super) async fn a_webhook_that_the_service_disables_has_an_entry(w: World) {
    let hook = w.webhook().await;
    w.publish_and(&hook, Verdict::Gone, at(1)).await;
    let entry = entries(&w, about(hook.id.as_str())).await.remove(0);
    assert_eq!((entry.action.as_str(), entry.actor.by), ("webhook.disable", By::Server));
    assert!(entry.after.unwrap().contains(r#""disabled_reason":"gone""#));
}

pub(super) async fn the_log_is_read_in_pages_and_by_time_and_action(w: World) {
    for second in 1..=7 {
        w.account(&format!("account{second}"), at(second)).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    let filter = AuditFilter { since: Some(at(2)), until: Some(at(7)), ..AuditFilter::default() };
    for _ in 0..MANY {
        let page = w.store.audit_log(filter.clone(), PageRequest { limit: 2, cursor }).await.unwrap();
        assert!(page.items.len() <= 2);
        seen.extend(page.items.into_iter().map(|entry| entry.object));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["account6", "account5", "account4", "account3", "account2"]);
    let deletions = AuditFilter { action: Some("account.delete".into()), ..AuditFilter::default() };
    assert!(actions(&w, deletions).await.is_empty());
}

pub(super) async fn retention_leaves_the_log_alone(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(1)).await;
    let before = entries(&w, AuditFilter::default()).await;
    assert!(w.store.delete_webhook(&w.account, &hook.id, &by(at(2))).await.unwrap());
    while w.store.cancel_deleted(10, at(3)).await.unwrap() > 0 {}
    let mut from = 0;
    while let Some(next) = w.store.retain(day(400), from, 100).await.unwrap() {
        from = next;
    }
    assert!(day(400).since(at(0)) > DAY * 399);
    assert_eq!(entries(&w, AuditFilter::default()).await[1..], before[..]);
}
