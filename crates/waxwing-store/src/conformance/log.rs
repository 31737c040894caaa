//! The event log: filters, order, cursors.

use waxwing_core::{DeliveryState, EventId, delivery::Verdict};

use super::{
    steps::in_state,
    world::{Hook, World, at, event_id, event_type},
};
use crate::{LogEntry, LogFilter, PageRequest, log::LOOK};

fn newest_first(published: &[EventId]) -> Vec<EventId> {
    published.iter().rev().cloned().collect()
}

fn ids(entries: &[LogEntry]) -> Vec<EventId> {
    entries.iter().map(|entry| entry.event_id.clone()).collect()
}

/// Five deliveries: delivered, failed, retrying, pending, pending.
async fn mixed(w: &World, hook: &Hook) -> Vec<EventId> {
    let mut published = Vec::new();
    for verdict in [Verdict::Delivered, Verdict::Exhausted, Verdict::RetryAt(at(900))] {
        published.push(w.publish_and(hook, verdict, at(1)).await);
    }
    published.extend(w.publish(2, at(2)).await);
    published
}

pub(super) async fn the_newest_comes_first(w: World) {
    let hook = w.webhook().await;
    let mut published = w.publish(3, at(1)).await;
    published.extend(w.publish(2, at(2)).await);
    assert_eq!(ids(&w.log(&hook).await), newest_first(&published));
}

pub(super) async fn a_log_is_filtered_by_every_state(w: World) {
    let hook = w.webhook().await;
    let published = mixed(&w, &hook).await;
    let expect = async |state, expected: &[usize]| {
        let expected: Vec<_> = expected.iter().map(|n| published[*n].clone()).collect();
        assert_eq!(w.logged(&hook, &in_state(state)).await, expected, "{state}");
    };
    expect(DeliveryState::Delivered, &[0]).await;
    expect(DeliveryState::Failed, &[1]).await;
    expect(DeliveryState::Retrying, &[2]).await;
    expect(DeliveryState::Pending, &[4, 3]).await;
    expect(DeliveryState::Held, &[]).await;
    w.set_active(&hook, false, at(3)).await;
    expect(DeliveryState::Held, &[4, 3, 2]).await;
    expect(DeliveryState::Pending, &[]).await;
    expect(DeliveryState::Retrying, &[]).await;
    expect(DeliveryState::Delivered, &[0]).await;
    w.delete(&hook, at(4)).await;
    expect(DeliveryState::Canceled, &[4, 3, 2]).await;
    expect(DeliveryState::Held, &[]).await;
    expect(DeliveryState::Failed, &[1]).await;
}

pub(super) async fn the_state_that_is_shown_is_the_one_that_was_asked_for(w: World) {
    let hook = w.webhook().await;
    mixed(&w, &hook).await;
    w.set_active(&hook, false, at(3)).await;
    for state in DeliveryState::ALL {
        let entries = w.log_in_pages(&hook, &in_state(state), 10).await;
        assert!(entries.iter().all(|entry| entry.state == state));
    }
}

pub(super) async fn a_log_is_filtered_by_type(w: World) {
    let hook = w.webhook().await;
    let one = w.publish_type("invoice.paid", at(1)).await;
    w.publish_type("invoice.paid.late", at(1)).await;
    let two = w.publish_type("invoice.paid", at(2)).await;
    let filter = LogFilter { event_type: Some(event_type("invoice.paid")), ..LogFilter::default() };
    assert_eq!(w.logged(&hook, &filter).await, [two, one]);
    let filter = LogFilter { event_type: Some(event_type("never.published")), ..LogFilter::default() };
    assert!(w.logged(&hook, &filter).await.is_empty());
}

pub(super) async fn a_log_is_filtered_by_time(w: World) {
    let hook = w.webhook().await;
    let mut published = Vec::new();
    for n in 0..5 {
        published.extend(w.publish(1, at(10 * n)).await);
    }
    let between = async |since: Option<u64>, until: Option<u64>| {
        w.logged(&hook, &LogFilter { since: since.map(at), until: until.map(at), ..LogFilter::default() })
            .await
    };
    assert_eq!(between(Some(20), None).await, newest_first(&published[2..]), "since is inclusive");
    assert_eq!(between(None, Some(20)).await, newest_first(&published[..2]), "until is exclusive");
    assert_eq!(between(Some(5), Some(35)).await, newest_first(&published[1..4]));
    assert!(between(Some(30), Some(30)).await.is_empty());
    assert!(between(Some(99), None).await.is_empty());
}

pub(super) async fn filters_combine(w: World) {
    let hook = w.webhook().await;
    for n in 0..4 {
        w.publish_type("invoice.paid", at(n)).await;
        w.publish_type("order.created", at(n)).await;
    }
    let due = w.first(&hook).await;
    for due in due.iter().filter(|due| due.published_at >= at(1)) {
        w.record(due, Verdict::Exhausted, at(9)).await;
    }
    let filter = LogFilter {
        state: Some(DeliveryState::Failed),
        event_type: Some(event_type("invoice.paid")),
        since: Some(at(0)),
        until: Some(at(3)),
        event_id: None,
    };
    let entries = w.log_in_pages(&hook, &filter, 1).await;
    let times: Vec<_> = entries.iter().map(|entry| entry.created_at).collect();
    assert_eq!(times, [at(2), at(1)]);
}

pub(super) async fn an_event_is_found_by_its_id_and_others_by_how_theirs_begin(w: World) {
    let hook = w.webhook().await;
    let mut made = Vec::new();
    for n in 0..3 {
        // An hour apart and more, so that the beginning tells one from the others.
        made.push(w.publish(1, at(n * 100_000)).await.remove(0));
    }
    let mut chosen = w.event("order.created", at(300_000));
    chosen.id = event_id("dep_2");
    let mut longer = w.event("order.created", at(300_001));
    longer.id = event_id("dep_23");
    w.offer(vec![chosen, longer]).await.unwrap();
    let found = async |text: &str| {
        let filter = LogFilter { event_id: Some(text.to_owned()), ..LogFilter::default() };
        w.logged(&hook, &filter).await
    };
    assert_eq!(found(made[1].as_str()).await, [made[1].clone()]);
    assert_eq!(found(&made[1].as_str()[..14]).await, [made[1].clone()]);
    assert_eq!(found("evt_").await, newest_first(&made));
    assert_eq!(found("dep_2").await, [event_id("dep_2")], "the one that it is");
    assert_eq!(found("dep_").await, [event_id("dep_23"), event_id("dep_2")]);
    assert_eq!(found("dep_3").await, []);
    assert_eq!(found("evt_7zzzz").await, []);
}

pub(super) async fn a_filter_that_little_matches_comes_in_short_pages(w: World) {
    let hook = w.webhook().await;
    let sought = w.publish_type("invoice.paid", at(1)).await;
    for _ in 0..LOOK / 1_000 + 2 {
        w.publish(1_000, at(2)).await;
    }
    let filter = LogFilter { event_type: Some(event_type("invoice.paid")), ..LogFilter::default() };
    let request = PageRequest { limit: 10, cursor: None };
    let first = w.store.log(&hook.account, &hook.id, filter.clone(), request).await.unwrap().unwrap();
    assert!(first.items.is_empty() && first.next.is_some(), "it looked at some, and says where to go on");
    assert_eq!(w.logged(&hook, &filter).await, [sought]);
}

pub(super) async fn pages_have_no_gaps_and_no_repeats(w: World) {
    let hook = w.webhook().await;
    let expected = newest_first(&w.publish(12, at(1)).await);
    for limit in 1..=14 {
        let pages = w.log_in_pages(&hook, &LogFilter::default(), limit).await;
        assert_eq!(ids(&pages), expected, "limit {limit}");
    }
    let (items, next) = w.log_page(&hook, &LogFilter::default(), 11, None).await;
    assert_eq!(items.len(), 11);
    let (items, end) = w.log_page(&hook, &LogFilter::default(), 11, next).await;
    assert_eq!((items.len(), end), (1, None));
    let (items, end) = w.log_page(&hook, &LogFilter::default(), 12, None).await;
    assert_eq!((items.len(), end), (12, None), "a page that is just full is the last");
}

/// Long enough for a store that writes its listing in bites.
pub(super) async fn a_long_log_has_no_gaps_and_no_repeats(w: World) {
    let (one, other) = (w.webhook().await, w.webhook().await);
    let mut published = Vec::new();
    for n in 0..5 {
        published.extend(w.publish(300, at(n)).await);
        for hook in [&one, &other] {
            let entries = w.log_in_pages(hook, &LogFilter::default(), 70).await;
            assert_eq!(ids(&entries), newest_first(&published));
        }
    }
    w.record(&w.first(&one).await[0], Verdict::Delivered, at(9)).await;
    assert_eq!(w.logged(&one, &in_state(DeliveryState::Delivered)).await, published[..1]);
    let late = LogFilter { since: Some(at(4)), ..LogFilter::default() };
    assert_eq!(w.logged(&other, &late).await, newest_first(&published[1_200..]));
}

pub(super) async fn filtered_pages_have_no_gaps_and_no_repeats(w: World) {
    let hook = w.webhook().await;
    let mut expected = Vec::new();
    for n in 0..12 {
        let verdict = if n % 3 == 1 { Verdict::Exhausted } else { Verdict::Delivered };
        let id = w.publish_and(&hook, verdict, at(n)).await;
        if n % 3 == 1 {
            expected.push(id);
        }
    }
    for limit in 1..=5 {
        let pages = w.log_in_pages(&hook, &in_state(DeliveryState::Failed), limit).await;
        assert_eq!(ids(&pages), newest_first(&expected), "limit {limit}");
    }
}

pub(super) async fn a_cursor_stays_where_it_is_while_events_come(w: World) {
    let hook = w.webhook().await;
    let published = w.publish(6, at(1)).await;
    let (first, next) = w.log_page(&hook, &LogFilter::default(), 4, None).await;
    assert_eq!(ids(&first), newest_first(&published[2..]));
    w.publish(3, at(2)).await;
    let due = w.first(&hook).await.remove(0);
    w.record(&due, Verdict::Delivered, at(3)).await;
    let (rest, end) = w.log_page(&hook, &LogFilter::default(), 4, next).await;
    assert_eq!(ids(&rest), newest_first(&published[..2]));
    assert_eq!(end, None);
}

pub(super) async fn a_log_holds_its_own_webhooks_deliveries_only(w: World) {
    let hook = w.webhook_of(&w.account, &["order.*"]).await;
    let other = w.webhook_of(&w.account, &["invoice.*"]).await;
    let id = w.publish_type("order.created", at(1)).await;
    w.publish_type("invoice.paid", at(1)).await;
    assert_eq!(ids(&w.log(&hook).await), [id.clone()]);
    assert!(w.store.log_detail(&w.account, &other.id, &id).await.unwrap().is_none());
    assert!(w.store.log_detail(&w.account, &hook.id, &event_id("never")).await.unwrap().is_none());
}

pub(super) async fn a_webhook_that_never_was_has_no_log(w: World) {
    let hook = w.webhook().await;
    assert!(w.log(&hook).await.is_empty(), "one that is there has an empty one");
    let never = w.new_webhook(&w.account, &["*"], at(0)).id;
    let page = PageRequest::first(10);
    assert!(w.store.log(&w.account, &never, LogFilter::default(), page).await.unwrap().is_none());
}
