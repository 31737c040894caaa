//! Webhooks: configuration, lists, bounds.

use waxwing_core::{DisabledReason, Pattern, Timestamp, WebhookStatus, delivery::Verdict, webhook::Health};

use super::{
    steps::MANY,
    world::{Hook, TYPE, World, account_id, at, by, sealed},
};
use crate::{
    CreateWebhookError, Credentials, CredentialsChange, NewWebhook, PageRequest, Webhook, WebhookChange,
};

async fn listed(w: &World, status: Option<WebhookStatus>, limit: usize) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), None);
    for _ in 0..MANY {
        let page = w.store.webhooks(&w.account, status, PageRequest { limit, cursor }).await.unwrap();
        assert!(page.items.len() <= limit);
        all.extend(page.items.iter().map(|webhook| webhook.id.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
    panic!("the list does not end");
}

fn names(hooks: &[&Hook]) -> Vec<String> {
    hooks.iter().map(|hook| hook.id.to_string()).collect()
}

pub(super) async fn a_webhook_is_made_and_found(w: World) {
    let new = NewWebhook {
        description: Some("Buchhaltung – ♥".into()),
        url: "https://receiver.example/höök?a=b".into(),
        ..w.new_webhook(&w.account, &["order.*", "invoice.paid"], at(5))
    };
    let made = w.store.create_webhook(new.clone(), &by(at(0))).await.unwrap();
    assert_eq!((&made.id, &made.account, &made.url), (&new.id, &w.account, &new.url));
    assert_eq!((&made.events, &made.description), (&new.events, &new.description));
    assert_eq!((made.status, made.health), (WebhookStatus::Active, Health::default()));
    assert_eq!((made.created_at, made.updated_at), (at(5), at(5)));
    assert_eq!(w.store.webhook(&w.account, &new.id).await.unwrap(), Some(made.clone()));
    let target = w.target(&w.hook(&made));
    assert_eq!((&target.url, &target.events, &target.secret), (&new.url, &new.events, &sealed(1)));
    assert!(target.takes_deliveries() && target.previous.is_none());
}

pub(super) async fn a_webhook_is_seen_by_its_account_only(w: World) {
    let hook = w.webhook().await;
    let other = w.account("other", at(0)).await;
    assert!(w.store.webhook(&other, &hook.id).await.unwrap().is_none());
    assert!(w.store.webhooks(&other, None, PageRequest::first(10)).await.unwrap().items.is_empty());
    let change = WebhookChange { active: Some(false), ..WebhookChange::default() };
    assert!(w.store.update_webhook(&other, &hook.id, change, &by(at(1))).await.unwrap().is_none());
    assert!(w.target(&hook).takes_deliveries());
}

pub(super) async fn a_webhook_needs_its_account(w: World) {
    let new = w.new_webhook(&account_id("stranger"), &["*"], at(1));
    assert_eq!(w.store.create_webhook(new, &by(at(0))).await, Err(CreateWebhookError::UnknownAccount));
}

pub(super) async fn an_account_has_so_many_webhooks_at_most(w: World) {
    let other = w.account("other", at(0)).await;
    w.webhook_of(&other, &["*"]).await;
    let create = async || {
        let new = NewWebhook { limit: 2, ..w.new_webhook(&w.account, &["*"], at(1)) };
        w.store.create_webhook(new, &by(at(0))).await
    };
    let first = create().await.unwrap();
    create().await.unwrap();
    assert_eq!(create().await, Err(CreateWebhookError::TooMany { limit: 2 }));
    assert_eq!(listed(&w, None, 10).await.len(), 2);
    w.delete(&w.hook(&first), at(2)).await;
    assert!(create().await.is_ok(), "deleted ones do not count");
    let page = w.offer(vec![w.event(TYPE, at(3))]).await.unwrap();
    assert_eq!(page[0].webhooks, 2);
}

pub(super) async fn webhooks_are_listed_newest_first(w: World) {
    let hooks = [w.webhook().await, w.webhook().await, w.webhook().await, w.webhook().await];
    let expected = names(&[&hooks[3], &hooks[2], &hooks[1], &hooks[0]]);
    for limit in 1..=5 {
        assert_eq!(listed(&w, None, limit).await, expected, "limit {limit}");
    }
    w.delete(&hooks[2], at(1)).await;
    assert_eq!(listed(&w, None, 2).await, names(&[&hooks[3], &hooks[1], &hooks[0]]));
}

pub(super) async fn a_list_is_filtered_by_the_word_of_the_status(w: World) {
    let hooks = [w.webhook().await, w.webhook().await, w.webhook().await];
    w.set_active(&hooks[0], false, at(1)).await;
    w.publish(1, at(1)).await;
    w.record(&w.only_first(&hooks[1]).await, Verdict::Gone, at(2)).await;
    assert_eq!(listed(&w, Some(WebhookStatus::Inactive), 1).await, names(&[&hooks[0]]));
    assert_eq!(listed(&w, Some(WebhookStatus::Active), 1).await, names(&[&hooks[2]]));
    for reason in [DisabledReason::Gone, DisabledReason::Failing] {
        assert_eq!(listed(&w, Some(WebhookStatus::Disabled(reason)), 1).await, names(&[&hooks[1]]));
    }
}

/// Changes a webhook and reads it back.
async fn changed(w: &World, hook: &Hook, change: WebhookChange, now: Timestamp) -> Webhook {
    let changed = w.store.update_webhook(&hook.account, &hook.id, change, &by(now)).await.unwrap();
    let read = w.store.webhook(&hook.account, &hook.id).await.unwrap();
    assert_eq!(changed, read);
    read.expect("it is there")
}

pub(super) async fn a_change_keeps_what_it_does_not_name(w: World) {
    let made =
        w.store.create_webhook(w.new_webhook(&w.account, &["order.*"], at(1)), &by(at(0))).await.unwrap();
    let hook = w.hook(&made);
    let none = WebhookChange::default;
    let url = Some("https://other.example/".to_owned());
    let moved = changed(&w, &hook, WebhookChange { url, ..none() }, at(2)).await;
    let expected = Webhook { url: "https://other.example/".into(), updated_at: at(2), ..made };
    assert_eq!(moved, expected);
    let words = Some("new".to_owned());
    let description = Some(words.clone());
    let described = changed(&w, &hook, WebhookChange { description, ..none() }, at(3)).await;
    assert_eq!(described, Webhook { description: words, updated_at: at(3), ..expected.clone() });
    let description = Some(None);
    let cleared = changed(&w, &hook, WebhookChange { description, ..none() }, at(4)).await;
    assert_eq!(cleared, Webhook { updated_at: at(4), ..expected.clone() });
    let active = Some(false);
    let paused = changed(&w, &hook, WebhookChange { active, ..none() }, at(5)).await;
    assert_eq!((paused.status, &paused.url), (WebhookStatus::Inactive, &expected.url));
    assert_eq!(w.target(&hook).status, WebhookStatus::Inactive);
}

pub(super) async fn credentials_are_kept_changed_and_removed_one_by_one(w: World) {
    let all = Credentials {
        headers: Some(sealed(2)),
        authorization: Some(sealed(3)),
        client_certificate: Some(sealed(4)),
    };
    let new = NewWebhook { credentials: all.clone(), ..w.new_webhook(&w.account, &["*"], at(1)) };
    let made = w.store.create_webhook(new, &by(at(1))).await.unwrap();
    let hook = w.hook(&made);
    assert_eq!((&made.credentials, &w.target(&hook).credentials), (&all, &all));
    let change = |credentials| WebhookChange { credentials, ..WebhookChange::default() };
    let none = CredentialsChange::default;
    let mut expected = all;
    for (now, credentials) in [
        (2, none()),
        (3, CredentialsChange { headers: Some(Some(sealed(5))), ..none() }),
        (4, CredentialsChange { authorization: Some(None), ..none() }),
        (
            5,
            CredentialsChange {
                client_certificate: Some(None),
                authorization: Some(Some(sealed(6))),
                ..none()
            },
        ),
        (6, CredentialsChange { headers: Some(None), ..none() }),
    ] {
        let given = credentials.clone();
        expected.headers = given.headers.unwrap_or(expected.headers);
        expected.authorization = given.authorization.unwrap_or(expected.authorization);
        expected.client_certificate = given.client_certificate.unwrap_or(expected.client_certificate);
        let changed = changed(&w, &hook, change(credentials), at(now)).await;
        assert_eq!((&changed.credentials, &changed.url), (&expected, &made.url));
        assert_eq!(w.target(&hook).credentials, expected);
    }
}

pub(super) async fn a_change_of_the_subscription_counts_from_the_next_event_on(w: World) {
    let hook = w.webhook_of(&w.account, &["order.*"]).await;
    let before = w.publish_type("order.created", at(1)).await;
    w.wakeups();
    let events = vec![Pattern::parse("invoice.*").unwrap()];
    let change = WebhookChange { events: Some(events.clone()), ..WebhookChange::default() };
    w.store.update_webhook(&w.account, &hook.id, change, &by(at(2))).await.unwrap();
    assert_eq!(w.target(&hook).events, events);
    assert!(w.wakeups().changed.contains(&hook.row), "the engine is told");
    w.publish_type("order.created", at(3)).await;
    let after = w.publish_type("invoice.paid", at(3)).await;
    assert_eq!(super::steps::ids(&w.first(&hook).await), [before, after], "what was published stays");
}

pub(super) async fn a_change_of_the_url_reaches_what_waits(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(1)).await;
    let change = WebhookChange { url: Some("https://other.example/".into()), ..WebhookChange::default() };
    w.store.update_webhook(&w.account, &hook.id, change, &by(at(2))).await.unwrap();
    assert_eq!(w.target(&hook).url, "https://other.example/");
    assert_eq!(w.first(&hook).await.len(), 1);
}
