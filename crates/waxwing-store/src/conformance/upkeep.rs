//! Facts, the backlog, health, the end.

use bytes::Bytes;
use waxwing_core::delivery::Verdict;

use super::world::{LEASE, TYPE, World, at};
use crate::{LogFilter, PageRequest, metrics::Backlog};

pub(super) async fn a_fact_keeps_its_first_value(w: World) {
    assert_eq!(w.store.fact("canary").await.unwrap(), None);
    let (first, second) = (Bytes::from_static(b"\0first\xff"), Bytes::from_static(b"second"));
    assert_eq!(w.store.keep_fact("canary", first.clone()).await.unwrap(), first);
    assert_eq!(w.store.keep_fact("canary", second.clone()).await.unwrap(), first);
    assert_eq!(w.store.fact("canary").await.unwrap(), Some(first));
    assert_eq!(w.store.keep_fact("other", second.clone()).await.unwrap(), second);
    assert_eq!(w.store.keep_fact("empty", Bytes::new()).await.unwrap(), Bytes::new());
    assert_eq!(w.store.fact("empty").await.unwrap(), Some(Bytes::new()));
}

pub(super) async fn the_backlog_counts_by_state(w: World) {
    assert_eq!(w.store.backlog().await.unwrap(), Backlog::default());
    let (on, off) = (w.webhook().await, w.webhook().await);
    w.set_active(&off, false, at(0)).await;
    w.publish_and(&on, Verdict::Delivered, at(1)).await;
    w.publish_and(&on, Verdict::Exhausted, at(1)).await;
    w.publish_and(&on, Verdict::RetryAt(at(60)), at(1)).await;
    w.publish(2, at(1)).await;
    assert_eq!(w.store.backlog().await.unwrap(), Backlog { pending: 2, retrying: 1, held: 5 });
    w.set_active(&on, false, at(2)).await;
    assert_eq!(w.store.backlog().await.unwrap(), Backlog { pending: 0, retrying: 0, held: 8 });
    w.activate(&off, at(3)).await;
    assert_eq!(w.store.backlog().await.unwrap(), Backlog { pending: 5, retrying: 0, held: 3 });
}

pub(super) async fn the_backlog_is_that_of_all_nodes(w: World) {
    w.webhook().await;
    let two = w.node("two", at(0)).await;
    w.publish(1, at(1)).await;
    w.publish_by(two, 2, at(1)).await;
    assert_eq!(w.store.backlog().await.unwrap().pending, 3);
}

pub(super) async fn a_store_that_works_says_so(w: World) {
    assert_eq!(w.store.health(), Ok(()));
    w.publish(1, at(1)).await;
    assert_eq!(w.store.health(), Ok(()));
}

pub(super) async fn what_was_under_way_is_done_before_the_end(w: World) {
    w.webhook().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (store, node, event) = (w.store.clone(), w.node, w.event(TYPE, at(1)));
        tasks.spawn(async move { store.publish(node, vec![event]).await });
    }
    let close = {
        let store = w.store.clone();
        tokio::spawn(async move { store.close().await })
    };
    // Each is answered, one way or the other: none hangs.
    while let Some(answer) = tasks.join_next().await {
        let _ = answer.unwrap();
    }
    close.await.unwrap();
}

pub(super) async fn a_closed_store_fails_every_call(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(1)).await;
    let due = w.only_first(&hook).await;
    w.store.close().await;
    assert!(w.offer(vec![w.event(TYPE, at(2))]).await.is_err());
    assert!(w.record_by(w.node, &due, Verdict::Delivered, at(2)).await.is_err());
    assert!(w.store.renew(w.node, at(2), LEASE).await.is_err());
    assert!(w.store.register("two", at(2), LEASE).await.is_err());
    assert!(w.store.keep_fact("name", Bytes::new()).await.is_err());
    assert!(w.store.log(&w.account, &hook.id, LogFilter::default(), PageRequest::first(1)).await.is_err());
    assert!(w.store.accounts(PageRequest::first(1)).await.is_err());
    assert!(w.store.lanes(w.node).await.is_err());
    w.store.close().await;
}
