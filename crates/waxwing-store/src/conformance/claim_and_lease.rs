//! Whose work it is: nodes, leases, takeover, lanes and their pages.

use waxwing_core::{Timestamp, delivery::Verdict};

use super::{
    steps::{MANY, ids, replay_of},
    world::{LEASE, World, at},
};
use crate::{LaneStart, LogFilter, Node, Queue, StoreError, TakenOver};

/// Takes over in bites of `limit` until there is no more.
async fn take_all(w: &World, node: Node, now: Timestamp, limit: usize) -> usize {
    let mut taken = 0;
    for _ in 0..MANY {
        let bite = w.store.take_over(node, now, limit).await.unwrap();
        assert!(bite.deliveries <= limit, "a bite stays within its limit");
        taken += bite.deliveries;
        if !bite.more {
            return taken;
        }
    }
    panic!("the takeover does not end");
}

pub(super) async fn a_node_sees_its_own_deliveries_only(w: World) {
    let hook = w.webhook().await;
    let two = w.node("two", at(0)).await;
    assert_ne!(two.id, w.node.id);
    let ours = w.publish(2, at(1)).await;
    let theirs = w.publish_by(two, 2, at(1)).await;
    assert_eq!(ids(&w.first(&hook).await), ours);
    assert_eq!(ids(&w.first_of(two, &hook).await), theirs);
}

pub(super) async fn a_lane_is_read_in_pages(w: World) {
    let hook = w.webhook().await;
    let published = w.publish(5, at(1)).await;
    let page =
        async |after| w.store.lane_page(w.node, hook.row, Queue::First, after, at(1), 2).await.unwrap();
    let (mut read, mut after) = (Vec::new(), 0);
    for expected in [2, 2, 1] {
        let page = page(after).await;
        assert_eq!(page.due.len(), expected);
        assert_eq!(page.more, expected == 2);
        after = page.due.last().expect("it is not empty").key.event;
        read.extend(ids(&page.due));
    }
    assert_eq!(read, published);
    assert!(page(after).await.due.is_empty());
    assert!(!page(after).await.more);
}

pub(super) async fn nothing_is_left_of_what_was_delivered(w: World) {
    let hook = w.webhook().await;
    let published = w.publish(3, at(1)).await;
    let due = w.first(&hook).await;
    w.record(&due[1], Verdict::Delivered, at(2)).await;
    assert_eq!(ids(&w.first(&hook).await), [published[0].clone(), published[2].clone()]);
    w.record(&due[0], Verdict::Delivered, at(2)).await;
    w.record(&due[2], Verdict::Exhausted, at(2)).await;
    assert!(w.waiting(&hook).await.is_empty());
    assert!(w.store.lanes(w.node).await.unwrap().is_empty());
}

pub(super) async fn lanes_are_the_webhooks_with_work_of_the_node(w: World) {
    let (fresh, retrying, both) = (
        w.webhook_of(&w.account, &["a.b"]).await,
        w.webhook_of(&w.account, &["c.d"]).await,
        w.webhook_of(&w.account, &["e.f"]).await,
    );
    w.webhook().await;
    let two = w.node("two", at(0)).await;
    assert!(w.store.lanes(w.node).await.unwrap().is_empty());
    for kind in ["a.b", "c.d", "c.d", "e.f", "e.f"] {
        w.publish_type(kind, at(1)).await;
    }
    for (due, seconds) in w.first(&retrying).await.iter().zip([300, 200]) {
        w.record(due, Verdict::RetryAt(at(seconds)), at(2)).await;
    }
    w.record(&w.first(&both).await[0], Verdict::RetryAt(at(400)), at(2)).await;
    let mut lanes = w.store.lanes(w.node).await.unwrap();
    // The webhook that subscribes to everything has work too.
    lanes.retain(|lane| [fresh.row, retrying.row, both.row].contains(&lane.webhook));
    lanes.sort_by_key(|lane| lane.webhook);
    let lane = |webhook, first, again_at| LaneStart { webhook, first, again_at };
    let expected = [
        lane(fresh.row, true, None),
        lane(retrying.row, false, Some(at(200))),
        lane(both.row, true, Some(at(400))),
    ];
    assert_eq!(lanes, expected);
    assert!(w.store.lanes(two).await.unwrap().is_empty());
}

pub(super) async fn registering_again_gets_the_work_back(w: World) {
    let hook = w.webhook().await;
    let published = w.publish(2, at(1)).await;
    let retried = w.first(&hook).await.remove(0);
    w.record(&retried, Verdict::RetryAt(at(100)), at(2)).await;
    let new = w.node("one", at(3)).await;
    assert!(new.epoch > w.node.epoch);
    assert_eq!(new.lease_until, at(3).after(LEASE));
    assert_eq!(ids(&w.first_of(new, &hook).await), published[1..]);
    assert_eq!(ids(&w.again_of(new, &hook, at(100)).await.due), published[..1]);
    assert_eq!(w.store.lanes(new).await.unwrap().len(), 1);
}

pub(super) async fn registering_again_shuts_the_former_holder_out(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(1)).await;
    let due = w.only_first(&hook).await;
    let new = w.node("one", at(2)).await;
    assert_eq!(w.store.renew(w.node, at(3), LEASE).await, Err(StoreError::LeaseLost));
    assert_eq!(w.record_by(w.node, &due, Verdict::Delivered, at(3)).await, Err(StoreError::LeaseLost));
    assert_eq!(w.first_of(new, &hook).await.len(), 1, "nothing was recorded");
    assert!(w.record_by(new, &due, Verdict::Delivered, at(4)).await.unwrap().applied);
}

pub(super) async fn a_lease_is_renewed(w: World) {
    let hook = w.webhook().await;
    let two = w.node("two", at(0)).await;
    w.publish(1, at(1)).await;
    let renewed = w.store.renew(w.node, at(50), LEASE).await.unwrap();
    assert_eq!(renewed.lease_until, at(50).after(LEASE));
    assert_eq!((renewed.id, renewed.epoch), (w.node.id, w.node.epoch));
    assert_eq!(take_all(&w, two, at(100), 10).await, 0);
    assert_eq!(w.first(&hook).await.len(), 1);
}

pub(super) async fn a_lease_that_ran_out_is_renewed_while_nobody_took_over(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(1)).await;
    let renewed = w.store.renew(w.node, at(500), LEASE).await.unwrap();
    assert_eq!(renewed.lease_until, at(500).after(LEASE));
    assert_eq!(w.first_of(renewed, &hook).await.len(), 1);
}

pub(super) async fn work_is_taken_over_after_the_lease_and_not_before(w: World) {
    let hook = w.webhook().await;
    let published = w.publish(2, at(1)).await;
    let retried = w.first(&hook).await.remove(0);
    w.record(&retried, Verdict::RetryAt(at(300)), at(2)).await;
    let two = w.node("two", at(50)).await;
    assert_eq!(w.store.take_over(two, at(59), 10).await.unwrap(), TakenOver::default());
    let taken = w.store.take_over(two, at(61), 10).await.unwrap();
    assert_eq!((taken.deliveries, taken.more), (2, false));
    assert_eq!(taken.webhooks, [hook.row]);
    assert_eq!(ids(&w.first_of(two, &hook).await), published[1..]);
    assert_eq!(ids(&w.again_of(two, &hook, at(300)).await.due), published[..1]);
    assert!(w.waiting(&hook).await.is_empty());
    assert!(w.store.lanes(w.node).await.unwrap().is_empty());
}

pub(super) async fn work_is_taken_over_in_bites(w: World) {
    let (one, other) = (w.webhook().await, w.webhook().await);
    let published = w.publish(5, at(1)).await;
    let two = w.node("two", at(61)).await;
    let bite = w.store.take_over(two, at(61), 3).await.unwrap();
    assert_eq!((bite.deliveries, bite.more), (3, true));
    assert_eq!(take_all(&w, two, at(61), 3).await, 7);
    for hook in [one, other] {
        assert_eq!(ids(&w.first_of(two, &hook).await), published, "still in publish order");
    }
    assert_eq!(take_all(&w, two, at(61), 3).await, 0);
}

pub(super) async fn a_node_whose_work_was_taken_over_sends_nothing_again(w: World) {
    let hook = w.webhook().await;
    let everything = replay_of(LogFilter::default());
    let id = w.publish(1, at(1)).await.remove(0);
    let (_, replay) = w.begin_replay(&hook, &everything, at(2)).await;
    let two = w.node("two", at(61)).await;
    take_all(&w, two, at(61), 10).await;
    let replayed = w.store.replay(w.node, replay, &everything, 0, 10, at(62)).await;
    assert_eq!(replayed.unwrap_err(), StoreError::LeaseLost.into());
    let retried = w.store.retry(w.node, &hook.account, &hook.id, &id, at(62)).await;
    assert_eq!(retried.unwrap_err(), StoreError::LeaseLost.into());
    assert_eq!(ids(&w.first_of(two, &hook).await), [id], "it stays with whoever took it over");
}

pub(super) async fn what_was_taken_over_is_not_recorded_by_its_former_node(w: World) {
    let hook = w.webhook().await;
    let id = w.publish(1, at(1)).await.remove(0);
    let due = w.only_first(&hook).await;
    let two = w.node("two", at(61)).await;
    take_all(&w, two, at(61), 10).await;
    let recorded = w.record(&due, Verdict::Delivered, at(62)).await;
    assert!(!recorded.applied);
    assert!(!recorded.state.is_finished());
    assert_eq!(w.detail(&hook, &id).await.attempts.len(), 1, "the attempt is in the log");
    assert_eq!(w.store.renew(w.node, at(62), LEASE).await, Err(StoreError::LeaseLost));
    let due = w.first_of(two, &hook).await.remove(0);
    assert!(w.record_by(two, &due, Verdict::Delivered, at(63)).await.unwrap().applied);
}

pub(super) async fn a_node_whose_work_was_taken_over_can_join_again(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(1)).await;
    let two = w.node("two", at(61)).await;
    take_all(&w, two, at(61), 10).await;
    let again = w.store.rejoin(w.node, at(62), LEASE).await.unwrap();
    assert_eq!(again, Node { lease_until: at(62).after(LEASE), ..w.node });
    assert!(w.store.lanes(again).await.unwrap().is_empty(), "what was taken over stays there");
    let published = w.publish(1, at(63)).await;
    assert_eq!(ids(&w.first(&hook).await), published);
    assert!(w.store.renew(again, at(64), LEASE).await.is_ok());
    assert_eq!(take_all(&w, two, at(100), 10).await, 0, "the new lease counts");
}

pub(super) async fn a_node_whose_name_was_registered_again_cannot_join_again(w: World) {
    let new = w.node("one", at(2)).await;
    assert_eq!(w.store.rejoin(w.node, at(3), LEASE).await, Err(StoreError::LeaseLost));
    assert!(w.store.renew(new, at(4), LEASE).await.is_ok());
}

pub(super) async fn a_node_that_leaves_gives_its_work_away_at_once(w: World) {
    let hook = w.webhook().await;
    let published = w.publish(2, at(1)).await;
    let two = w.node("two", at(1)).await;
    w.store.leave(w.node).await.unwrap();
    assert_eq!(take_all(&w, two, at(2), 10).await, 2);
    assert_eq!(ids(&w.first_of(two, &hook).await), published);
}

pub(super) async fn a_former_holder_of_a_name_cannot_end_the_new_lease(w: World) {
    let hook = w.webhook().await;
    w.publish(1, at(1)).await;
    let new = w.node("one", at(2)).await;
    let two = w.node("two", at(2)).await;
    // Refused or ignored: the answer does not matter, the lease does.
    let _ = w.store.leave(w.node).await;
    assert_eq!(take_all(&w, two, at(3), 10).await, 0);
    assert_eq!(w.first_of(new, &hook).await.len(), 1);
}

pub(super) async fn what_is_held_is_taken_over_too(w: World) {
    let hook = w.webhook().await;
    w.set_active(&hook, false, at(0)).await;
    let published = w.publish(3, at(1)).await;
    let two = w.node("two", at(61)).await;
    assert_eq!(take_all(&w, two, at(61), 2).await, 3);
    w.activate(&hook, at(62)).await;
    assert_eq!(ids(&w.first_of(two, &hook).await), published);
}
