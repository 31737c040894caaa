//! Publishing again: by id and by idempotency key, within and across batches.

use tokio::task::JoinSet;

use super::world::{TYPE, World, at, event_id, event_with};
use crate::{NewEvent, PublishError};

fn conflict(refused: Result<Vec<crate::Published>, PublishError>) -> (usize, String) {
    match refused {
        Err(PublishError::Conflict { index, id }) => (index, id.to_string()),
        other => panic!("expected a conflict, not {other:?}"),
    }
}

/// An event under `key`, with an id of its own as the API generates it.
fn keyed(w: &World, key: &str, kind: &str, data: &str, seconds: u64) -> NewEvent {
    let id = w.event_id(at(seconds));
    NewEvent { idempotency_key: Some(key.into()), ..event_with(&id, &w.account, kind, data, at(seconds)) }
}

pub(super) async fn the_same_event_again_gets_the_first_answer(w: World) {
    let hook = w.webhook().await;
    let id = event_id("order:1");
    let first =
        w.offer(vec![event_with(&id, &w.account, TYPE, r#"{"n":1.50}"#, at(1))]).await.unwrap().remove(0);
    w.webhook().await;
    w.wakeups();
    let again =
        w.offer(vec![event_with(&id, &w.account, TYPE, r#"{"n":1.50}"#, at(90))]).await.unwrap().remove(0);
    assert!(again.repeated && !first.repeated);
    assert_eq!(crate::Published { repeated: false, ..again }, first);
    assert!(w.wakeups().fresh.is_empty());
    assert_eq!(w.log(&hook).await.len(), 1);
    assert_eq!(w.first(&hook).await.len(), 1);
}

pub(super) async fn a_repeat_stays_a_repeat_after_the_delivery_ended(w: World) {
    let hook = w.webhook().await;
    let event = w.event(TYPE, at(1));
    w.offer(vec![event.clone()]).await.unwrap();
    let due = w.only_first(&hook).await;
    w.record(&due, waxwing_core::delivery::Verdict::Delivered, at(2)).await;
    assert!(w.offer(vec![event]).await.unwrap()[0].repeated);
    assert!(w.waiting(&hook).await.is_empty());
}

pub(super) async fn the_same_id_with_other_content_conflicts(w: World) {
    let hook = w.webhook().await;
    let other = w.account("other", at(0)).await;
    let id = event_id("order:1");
    w.offer(vec![event_with(&id, &w.account, TYPE, "10", at(1))]).await.unwrap();
    for event in [
        event_with(&id, &w.account, TYPE, "11", at(1)),
        event_with(&id, &w.account, TYPE, "10.0", at(1)),
        event_with(&id, &w.account, "order.deleted", "10", at(1)),
        event_with(&id, &other, TYPE, "10", at(1)),
    ] {
        assert_eq!(conflict(w.offer(vec![event]).await), (0, "order:1".into()));
    }
    assert_eq!(w.log(&hook).await.len(), 1);
}

pub(super) async fn the_same_key_again_gets_the_first_answer(w: World) {
    let hook = w.webhook().await;
    let first = w.offer(vec![keyed(&w, "k", TYPE, "10", 1)]).await.unwrap().remove(0);
    let event = keyed(&w, "k", TYPE, "10", 90);
    let again = w.offer(vec![event.clone()]).await.unwrap().remove(0);
    assert!(again.repeated);
    assert_eq!((again.id, again.created_at, again.webhooks), (first.id, at(1), 1));
    assert!(w.store.event(&event.id).await.unwrap().is_none(), "its own id is not taken");
    assert_eq!(w.log(&hook).await.len(), 1);
}

pub(super) async fn the_same_key_with_other_content_conflicts(w: World) {
    let first = w.offer(vec![keyed(&w, "k", TYPE, "10", 1)]).await.unwrap().remove(0);
    let other = w.account("other", at(0)).await;
    let mut foreign = keyed(&w, "k", TYPE, "10", 2);
    foreign = NewEvent { account: other, ..foreign };
    for event in [keyed(&w, "k", TYPE, "11", 2), keyed(&w, "k", "order.deleted", "10", 2), foreign] {
        assert_eq!(conflict(w.offer(vec![event]).await), (0, first.id.to_string()));
    }
    assert!(!w.offer(vec![keyed(&w, "other key", TYPE, "11", 2)]).await.unwrap()[0].repeated);
}

pub(super) async fn an_event_twice_in_a_batch_is_delivered_once(w: World) {
    let hook = w.webhook().await;
    w.wakeups();
    let event = event_with(&event_id("order:1"), &w.account, TYPE, "10", at(1));
    let batch = vec![
        event.clone(),
        w.event(TYPE, at(1)),
        event,
        keyed(&w, "k", TYPE, "1", 1),
        keyed(&w, "k", TYPE, "1", 1),
    ];
    let published = w.offer(batch).await.unwrap();
    let repeated: Vec<_> = published.iter().map(|one| one.repeated).collect();
    assert_eq!(repeated, [false, false, true, false, true]);
    assert_eq!(published[2].webhooks, 1);
    assert_eq!(published[4].id, published[3].id);
    assert_eq!(w.first(&hook).await.len(), 3);
    assert_eq!(w.wakeups().fresh.len(), 3);
}

pub(super) async fn a_batch_that_contradicts_itself_is_refused(w: World) {
    let id = event_id("order:1");
    let batch = vec![
        w.event(TYPE, at(1)),
        event_with(&id, &w.account, TYPE, "10", at(1)),
        event_with(&id, &w.account, TYPE, "11", at(1)),
    ];
    assert_eq!(conflict(w.offer(batch).await), (2, "order:1".into()));
    assert!(w.store.event(&id).await.unwrap().is_none());
    let (first, second) = (keyed(&w, "k", TYPE, "10", 1), keyed(&w, "k", TYPE, "11", 1));
    assert_eq!(conflict(w.offer(vec![first.clone(), second]).await), (1, first.id.to_string()));
    assert!(!w.offer(vec![keyed(&w, "k", TYPE, "12", 1)]).await.unwrap()[0].repeated, "the key is free");
}

pub(super) async fn repeats_and_news_mix_in_a_batch(w: World) {
    let hook = w.webhook().await;
    let old = w.event(TYPE, at(1));
    w.offer(vec![old.clone()]).await.unwrap();
    w.wakeups();
    let new = w.event(TYPE, at(2));
    let published = w.offer(vec![old, new.clone()]).await.unwrap();
    assert_eq!((published[0].repeated, published[1].repeated), (true, false));
    assert_eq!(super::steps::ids(&w.wakeups().fresh), [new.id]);
    assert_eq!(w.first(&hook).await.len(), 2);
}

pub(super) async fn one_of_many_publishers_at_once_is_first(w: World) {
    let hook = w.webhook().await;
    let event = w.event(TYPE, at(1));
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (store, node, batch) = (w.store.clone(), w.node, vec![event.clone()]);
        tasks.spawn(async move { store.publish(node, batch).await.unwrap().remove(0).repeated });
    }
    let mut fresh = 0;
    while let Some(repeated) = tasks.join_next().await {
        fresh += usize::from(!repeated.unwrap());
    }
    assert_eq!(fresh, 1);
    assert_eq!(w.first(&hook).await.len(), 1);
}
