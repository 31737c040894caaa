//! Publishing: who gets a delivery, what reaches the feed, all or none.

use tokio::task::JoinSet;
use waxwing_core::{DeliveryState, EventId, Timestamp};

use super::{
    steps::ids,
    world::{TYPE, World, account_id, at, event_id, event_with},
};
use crate::{LogFilter, PublishError, Queue};

pub(super) async fn an_event_goes_to_every_webhook_that_subscribes(w: World) {
    let all = w.webhook_of(&w.account, &["*"]).await;
    let prefix = w.webhook_of(&w.account, &["invoice.paid", "order.*"]).await;
    let exact = w.webhook_of(&w.account, &["order.created"]).await;
    let other = w.webhook_of(&w.account, &["order.deleted"]).await;
    let event = w.event("order.created", at(5));
    let published = w.offer(vec![event.clone()]).await.unwrap().remove(0);
    assert_eq!((published.webhooks, published.repeated), (3, false));
    assert_eq!((published.id, published.account), (event.id.clone(), w.account.clone()));
    assert_eq!((published.event_type, published.created_at), (event.event_type.clone(), at(5)));
    for hook in [&all, &prefix, &exact] {
        assert_eq!(ids(&w.first(hook).await), [event.id.clone()]);
        assert_eq!(w.state(hook, &event.id).await, DeliveryState::Pending);
    }
    assert!(w.first(&other).await.is_empty());
    assert!(w.log(&other).await.is_empty());
}

pub(super) async fn a_pattern_given_twice_makes_one_delivery(w: World) {
    let hook = w.webhook_of(&w.account, &["*", "order.*", TYPE]).await;
    assert_eq!(w.offer(vec![w.event(TYPE, at(1))]).await.unwrap()[0].webhooks, 1);
    assert_eq!(w.first(&hook).await.len(), 1);
}

pub(super) async fn accounts_do_not_receive_each_others_events(w: World) {
    let other = w.account("other", at(0)).await;
    let theirs = w.webhook_of(&other, &["*"]).await;
    let ours = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    assert_eq!(ids(&w.first(&ours).await), [id.clone()]);
    assert!(w.first(&theirs).await.is_empty());
    assert!(
        w.store
            .log(&other, &ours.id, LogFilter::default(), crate::PageRequest::first(9))
            .await
            .unwrap()
            .is_none()
    );
    assert!(w.store.log_detail(&other, &ours.id, &id).await.unwrap().is_none());
}

pub(super) async fn an_event_without_subscribers_is_kept(w: World) {
    let event = w.event(TYPE, at(1));
    assert_eq!(w.offer(vec![event.clone()]).await.unwrap()[0].webhooks, 0);
    let kept = w.store.event(&event.id).await.unwrap().expect("it is kept");
    assert_eq!(kept.body, event.body);
    assert!(kept.deliveries.is_empty());
}

pub(super) async fn an_event_shows_its_deliveries(w: World) {
    let (one, two) = (w.webhook().await, w.webhook().await);
    let event = w.event(TYPE, at(1));
    w.offer(vec![event.clone()]).await.unwrap();
    let kept = w.store.event(&event.id).await.unwrap().expect("it is kept");
    assert_eq!((kept.published.id, kept.published.account), (event.id.clone(), w.account.clone()));
    assert_eq!((kept.published.webhooks, kept.published.created_at), (2, at(1)));
    assert_eq!(kept.body, event.body);
    let mut webhooks: Vec<_> = kept.deliveries.iter().map(|(webhook, _)| webhook.clone()).collect();
    webhooks.sort();
    assert_eq!(webhooks, [one.id, two.id]);
    assert!(kept.deliveries.iter().all(|(_, entry)| entry.event_id == event.id));
    assert!(w.store.event(&event_id("never")).await.unwrap().is_none());
}

pub(super) async fn the_feed_gets_deliveries_of_active_webhooks_in_publish_order(w: World) {
    let (on, off) = (w.webhook().await, w.webhook().await);
    w.set_active(&off, false, at(0)).await;
    w.wakeups();
    let mut published = w.publish(3, at(1)).await;
    published.extend(w.publish(2, at(2)).await);
    let fresh = w.wakeups().fresh;
    assert_eq!(ids(&fresh), published);
    assert!(fresh.iter().all(|due| due.key.webhook == on.row && due.queue == Queue::First));
    assert_eq!(fresh, w.first(&on).await, "feed and lane say the same");
    assert_eq!(w.log(&off).await.len(), 5);
    assert!(w.first(&off).await.is_empty());
}

pub(super) async fn a_delivery_carries_what_sending_needs(w: World) {
    let hook = w.webhook().await;
    let event = w.event(TYPE, at(7));
    w.offer(vec![event.clone()]).await.unwrap();
    let due = w.only_first(&hook).await;
    assert_eq!((due.event_id, due.body), (event.id.clone(), event.body.clone()));
    assert_eq!((due.published_at, due.step), (at(7), 0));
    assert_eq!((due.queue, due.due_at), (Queue::First, Timestamp::EPOCH));
    assert_eq!(w.detail(&hook, &event.id).await.body, event.body);
}

pub(super) async fn a_test_event_goes_to_its_webhook_alone(w: World) {
    let asked = w.webhook_of(&w.account, &["invoice.*"]).await;
    let other = w.webhook_of(&w.account, &["*"]).await;
    let mut event = w.event("webhook.test", at(1));
    event.only = Some(asked.id.clone());
    assert_eq!(w.offer(vec![event.clone()]).await.unwrap()[0].webhooks, 1);
    assert_eq!(ids(&w.first(&asked).await), [event.id]);
    assert!(w.first(&other).await.is_empty());
}

pub(super) async fn a_test_event_for_a_webhook_that_is_not_there_is_refused(w: World) {
    let foreign = w.account("other", at(0)).await;
    let foreign = w.webhook_of(&foreign, &["*"]).await;
    let deleted = w.webhook().await;
    w.delete(&deleted, at(1)).await;
    for webhook in [foreign.id, deleted.id] {
        let mut event = w.event("webhook.test", at(2));
        event.only = Some(webhook);
        assert_eq!(w.offer(vec![event.clone()]).await, Err(PublishError::UnknownWebhook));
        assert!(w.store.event(&event.id).await.unwrap().is_none());
    }
}

pub(super) async fn an_unknown_account_refuses_the_whole_batch(w: World) {
    let hook = w.webhook().await;
    let good = w.event(TYPE, at(1));
    let stranger = account_id("stranger");
    let bad = event_with(&event_id("bad"), &stranger, TYPE, "1", at(1));
    w.wakeups();
    let refused = w.offer(vec![good.clone(), bad.clone(), w.event(TYPE, at(1))]).await;
    assert_eq!(refused, Err(PublishError::UnknownAccount { index: 1, account: stranger }));
    assert!(w.log(&hook).await.is_empty());
    assert!(w.wakeups().fresh.is_empty());
    assert!(w.store.event(&good.id).await.unwrap().is_none());
    assert!(!w.offer(vec![good]).await.unwrap()[0].repeated, "nothing of the batch was kept");
}

pub(super) async fn a_conflict_refuses_the_whole_batch(w: World) {
    let hook = w.webhook().await;
    let first = event_with(&event_id("order:1"), &w.account, TYPE, "1", at(1));
    w.offer(vec![first.clone()]).await.unwrap();
    w.wakeups();
    let good = w.event(TYPE, at(2));
    let other = event_with(&first.id, &w.account, TYPE, "2", at(2));
    let refused = w.offer(vec![good.clone(), other]).await;
    assert_eq!(refused, Err(PublishError::Conflict { index: 1, id: first.id.clone() }));
    assert_eq!(w.log(&hook).await.len(), 1);
    assert!(w.wakeups().fresh.is_empty());
    assert!(w.store.event(&good.id).await.unwrap().is_none());
    assert!(!w.offer(vec![good]).await.unwrap()[0].repeated);
}

pub(super) async fn a_refused_batch_leaves_others_of_the_same_commit_alone(w: World) {
    let hook = w.webhook().await;
    let node = w.node;
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let good = w.event(TYPE, at(1));
        let bad = event_with(&event_id(&format!("bad{n}")), &account_id("stranger"), TYPE, "1", at(1));
        let (store, refuse) = (w.store.clone(), n % 2 == 1);
        let batch = if refuse { vec![good, bad] } else { vec![good] };
        tasks.spawn(async move { (refuse, store.publish(node, batch).await.is_err()) });
    }
    while let Some(done) = tasks.join_next().await {
        let (expected, refused) = done.unwrap();
        assert_eq!(refused, expected);
    }
    assert_eq!(w.first(&hook).await.len(), 10);
}

pub(super) async fn a_batch_of_a_thousand_keeps_its_order(w: World) {
    let hook = w.webhook().await;
    w.wakeups();
    let published = w.publish(1_000, at(1)).await;
    assert_eq!(ids(&w.wakeups().fresh), published);
    assert_eq!(ids(&w.first(&hook).await), published);
    assert!(w.offer(Vec::new()).await.unwrap().is_empty());
}

pub(super) async fn publishers_at_once_all_agree_on_one_order(w: World) {
    let hook = w.webhook().await;
    w.wakeups();
    let node = w.node;
    let mut tasks = JoinSet::new();
    for _ in 0..40 {
        let (store, batch) = (w.store.clone(), vec![w.event(TYPE, at(1)), w.event(TYPE, at(1))]);
        tasks.spawn(async move { store.publish(node, batch).await.unwrap() });
    }
    let mut pairs = Vec::new();
    while let Some(published) = tasks.join_next().await {
        pairs.push(published.unwrap());
    }
    let lane = ids(&w.first(&hook).await);
    assert_eq!(lane.len(), 80);
    assert_eq!(ids(&w.wakeups().fresh), lane);
    let place = |id: &EventId| lane.iter().position(|other| other == id).expect("it is in the lane");
    for pair in pairs {
        assert!(place(&pair[0].id) < place(&pair[1].id), "a batch keeps its order");
    }
}
