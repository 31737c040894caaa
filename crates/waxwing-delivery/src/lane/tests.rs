//! What a lane hands out, and what it never does.

use bytes::Bytes;
use waxwing_core::EventId;
use waxwing_store::DeliveryKey;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const BOUNDS: Bounds = Bounds { lane: 4, again: 3, scarce: false };

fn due(event: i64, queue: Queue) -> Due {
    Due {
        replay: None,
        key: DeliveryKey { webhook: 1, event },
        queue,
        due_at: NOW,
        event_id: EventId::parse(&format!("e{event}")).unwrap(),
        body: Bytes::from_static(&[b' '; 100]),
        published_at: NOW,
        step: 0,
        generation: 0,
    }
}

fn fresh(event: i64) -> Due {
    due(event, Queue::First)
}

fn page(events: impl IntoIterator<Item = i64>, queue: Queue, more: bool) -> LanePage {
    LanePage { due: events.into_iter().map(|event| due(event, queue)).collect(), next_due_at: None, more }
}

fn start(lane: &mut Lane) -> Option<i64> {
    lane.next(BOUNDS, Instant::now()).map(|due| due.key.event)
}

fn end(lane: &mut Lane, event: i64, succeeded: bool) {
    lane.done(event, Queue::First, succeeded, BOUNDS, Instant::now());
}

#[test]
fn a_lane_keeps_a_window_and_leaves_the_rest_to_the_store() {
    let mut lane = Lane::default();
    (1..=1_000).for_each(|event| lane.offer(fresh(event), true));
    assert_eq!(lane.held().bytes, LANE_WINDOW * 100);
    assert_eq!(lane.ask(NOW, true), None, "the window is full");
    for event in 1..=40 {
        assert_eq!(start(&mut lane), Some(event));
        end(&mut lane, event, true);
    }
    let ask = lane.ask(NOW, true).unwrap();
    assert_eq!((ask.queue, ask.after), (Queue::First, 64));
    lane.loaded(ask, page(65..65 + 64, Queue::First, true));
    assert_eq!(lane.held(), Held { deliveries: LANE_WINDOW, bytes: LANE_WINDOW * 100 });
}

#[test]
fn a_page_that_holds_more_than_the_window_takes_is_read_on_later() {
    for queue in [Queue::First, Queue::Again] {
        let mut lane = Lane::default();
        match queue {
            Queue::First => lane.leave_to_store(),
            Queue::Again => lane.again_at(NOW),
        }
        let (mut from, mut started) = (1, Vec::new());
        while let Some(ask) = lane.ask(NOW, true) {
            lane.loaded(ask, page(from..from + 100, queue, false));
            assert_eq!(lane.held().deliveries, LANE_WINDOW);
            while let Some(event) = start(&mut lane) {
                lane.done(event, queue, true, BOUNDS, Instant::now());
                started.push(event);
            }
            from += 64;
            if from > 129 {
                break;
            }
        }
        assert_eq!(started, (1..=192).collect::<Vec<_>>());
    }
}

#[test]
fn without_room_for_bodies_a_lane_keeps_one_delivery() {
    let mut lane = Lane::default();
    (1..=5).for_each(|event| lane.offer(fresh(event), false));
    assert_eq!(lane.held().bytes, 100);
    assert_eq!(start(&mut lane), Some(1));
    let ask = lane.ask(NOW, false).unwrap();
    assert_eq!((ask.after, ask.limit), (1, 1));
}

#[test]
fn a_page_that_was_read_before_something_came_does_not_claim_the_end() {
    let mut lane = Lane::default();
    lane.leave_to_store();
    let ask = lane.ask(NOW, true).unwrap();
    lane.offer(fresh(9), true);
    lane.loaded(ask, page([3], Queue::First, false));
    assert_eq!(start(&mut lane), Some(3));
    let ask = lane.ask(NOW, true).expect("9 is in the store still");
    lane.loaded(ask, page([9], Queue::First, false));
    assert_eq!((start(&mut lane), lane.ask(NOW, true)), (Some(9), None));
}

#[test]
fn a_delivery_that_ended_while_its_page_was_read_is_not_handed_out_again() {
    let mut lane = Lane::default();
    lane.offer(fresh(1), true);
    assert_eq!(start(&mut lane), Some(1));
    lane.rewind(NOW);
    let ask = lane.ask(NOW, true).unwrap();
    end(&mut lane, 1, true);
    lane.loaded(ask, page([1, 2], Queue::First, false));
    assert_eq!((start(&mut lane), start(&mut lane)), (Some(2), None));
}

#[test]
fn a_delivery_under_way_is_not_handed_out_a_second_time() {
    let mut lane = Lane::default();
    lane.offer(fresh(1), true);
    assert_eq!(start(&mut lane), Some(1));
    lane.rewind(NOW);
    let ask = lane.ask(NOW, true).unwrap();
    assert!(ask.limit > LANE_WINDOW, "those under way lead the page");
    lane.loaded(ask, page([1, 2], Queue::First, false));
    assert_eq!((start(&mut lane), start(&mut lane)), (Some(2), None));
}

#[test]
fn a_page_from_before_a_rewind_is_dropped_and_read_anew() {
    let mut lane = Lane::default();
    lane.offer(fresh(5), true);
    lane.leave_to_store();
    let ask = lane.ask(NOW, true).unwrap();
    assert_eq!(ask.after, 5);
    lane.rewind(NOW);
    lane.loaded(ask, page([6], Queue::First, false));
    assert_eq!(start(&mut lane), None, "5 comes before 6");
    let ask = lane.ask(NOW, true).unwrap();
    assert_eq!(ask.after, 0);
    lane.loaded(ask, page([5, 6], Queue::First, false));
    assert_eq!((start(&mut lane), start(&mut lane)), (Some(5), Some(6)));
}

#[test]
fn a_page_from_the_beginning_is_read_anew_after_a_rewind_too() {
    let mut lane = Lane::default();
    lane.offer(fresh(1), true);
    assert_eq!(start(&mut lane), Some(1));
    lane.rewind(NOW);
    let ask = lane.ask(NOW, true).unwrap();
    end(&mut lane, 1, false);
    lane.rewind(NOW);
    lane.loaded(ask, page([1, 2], Queue::First, false));
    let ask = lane.ask(NOW, true).unwrap();
    lane.loaded(ask, page([1, 2], Queue::First, false));
    assert_eq!((start(&mut lane), start(&mut lane)), (Some(1), Some(2)));
}

#[test]
fn an_attempt_knows_whether_its_lane_was_rewound_meanwhile() {
    let mut lane = Lane::default();
    (1..=3).for_each(|event| lane.offer(fresh(event), true));
    assert_eq!((start(&mut lane), start(&mut lane)), (Some(1), Some(2)));
    lane.rewind(NOW);
    let mut rewound = |event| lane.done(event, Queue::First, false, BOUNDS, Instant::now());
    assert!(rewound(1));
    lane.reread(NOW);
    let ask = lane.ask(NOW, true).unwrap();
    lane.loaded(ask, page([1, 2, 3], Queue::First, false));
    assert_eq!(start(&mut lane), Some(1));
    let mut rewound = |event| lane.done(event, Queue::First, false, BOUNDS, Instant::now());
    assert!(!rewound(1), "it began after the rewind");
    assert!(rewound(2), "to read anew is no rewind");
}

/// A page of retries of an event, at this step.
fn retry_page(event: i64, step: u32) -> LanePage {
    let due = vec![Due { step, ..due(event, Queue::Again) }];
    LanePage { due, next_due_at: None, more: false }
}

#[test]
fn a_retry_that_is_due_before_its_failed_attempt_has_left_the_lane_is_not_lost() {
    let mut lane = Lane::default();
    lane.offer(fresh(1), true);
    assert_eq!(start(&mut lane), Some(1));
    lane.again_at(NOW);
    let ask = lane.ask(NOW, true).unwrap();
    lane.loaded(ask, retry_page(1, 1));
    assert_eq!((start(&mut lane), lane.ask(NOW, true)), (None, None), "it is still in hand");
    end(&mut lane, 1, false);
    let ask = lane.ask(NOW, true).unwrap();
    lane.loaded(ask, retry_page(1, 1));
    assert_eq!(start(&mut lane), Some(1));
}

#[test]
fn a_retry_that_is_due_while_its_failed_attempt_leaves_the_lane_is_not_lost() {
    let mut lane = Lane::default();
    lane.offer(fresh(1), true);
    assert_eq!(start(&mut lane), Some(1));
    lane.again_at(NOW);
    let ask = lane.ask(NOW, true).unwrap();
    end(&mut lane, 1, false);
    lane.loaded(ask, retry_page(1, 1));
    assert_eq!(start(&mut lane), Some(1));
}

#[test]
fn what_is_replayed_leaves_the_window_and_is_read_as_a_retry() {
    let mut lane = Lane::default();
    lane.offer(fresh(1), true);
    lane.offer(fresh(2), true);
    lane.replayed(1);
    lane.again_at(NOW);
    assert_eq!(lane.held().bytes, 100);
    let ask = lane.ask(NOW, true).unwrap();
    assert_eq!(ask.queue, Queue::Again);
    lane.loaded(ask, page([1], Queue::Again, false));
    let mut events = [start(&mut lane), start(&mut lane), start(&mut lane)];
    events.sort_unstable();
    assert_eq!(events, [None, Some(1), Some(2)]);
    assert_eq!(lane.held().bytes, 0);
}

#[test]
fn a_page_that_was_being_read_during_a_replay_does_not_bring_the_old_one_back() {
    let mut lane = Lane::default();
    lane.leave_to_store();
    let ask = lane.ask(NOW, true).unwrap();
    lane.replayed(1);
    lane.again_at(NOW);
    lane.loaded(ask, page([1, 2], Queue::First, false));
    assert_eq!((start(&mut lane), start(&mut lane)), (Some(2), None));
    let ask = lane.ask(NOW, true).unwrap();
    lane.loaded(ask, page([1], Queue::Again, false));
    assert_eq!(start(&mut lane), Some(1));
}

#[test]
fn every_fourth_turn_is_for_retries_first() {
    let mut lane = Lane::default();
    lane.again_at(NOW);
    let ask = lane.ask(NOW, true).unwrap();
    lane.loaded(ask, page([1, 2], Queue::Again, false));
    (11..=20).for_each(|event| lane.offer(fresh(event), true));
    let wide = Bounds { lane: 100, again: 75, scarce: false };
    let turns: Vec<i64> =
        (0..8).filter_map(|_| lane.next(wide, Instant::now())).map(|due| due.key.event).collect();
    assert_eq!(turns, [11, 12, 13, 1, 14, 15, 16, 2]);
}

#[test]
fn failures_shrink_a_lane_when_slots_are_scarce_and_successes_let_it_grow() {
    let mut lane = Lane::default();
    (1..=30).for_each(|event| lane.offer(fresh(event), true));
    let scarce = Bounds { lane: 16, again: 12, scarce: true };
    let mut started = 0;
    let mut fill = |lane: &mut Lane| {
        while let Some(due) = lane.next(scarce, Instant::now()) {
            started = due.key.event;
        }
        lane.in_flight
    };
    assert_eq!(fill(&mut lane), 16);
    for event in 1..=3 {
        lane.done(event, Queue::First, false, scarce, Instant::now());
    }
    assert_eq!((lane.allowed, fill(&mut lane)), (2, 13), "no more until it is down to two");
    for event in 4..=8 {
        lane.done(event, Queue::First, true, scarce, Instant::now());
    }
    assert_eq!((lane.allowed, fill(&mut lane)), (7, 8));
    assert_eq!(started, 16);
}

#[test]
fn a_delivery_that_the_feed_brings_after_the_store_did_is_not_taken_twice() {
    let mut lane = Lane::default();
    lane.leave_to_store();
    let ask = lane.ask(NOW, true).unwrap();
    lane.loaded(ask, page([1, 2], Queue::First, false));
    assert_eq!(start(&mut lane), Some(1));
    end(&mut lane, 1, true);
    lane.offer(fresh(1), true);
    lane.offer(fresh(2), true);
    assert_eq!((start(&mut lane), start(&mut lane)), (Some(2), None));
}

#[test]
fn a_delivery_that_is_committed_after_later_ones_were_taken_over_is_read_from_the_store() {
    let mut lane = Lane::default();
    lane.rewind(NOW);
    let ask = lane.ask(NOW, true).unwrap();
    lane.loaded(ask, page([1_010], Queue::First, false));
    lane.offer(fresh(990), true);
    let ask = lane.ask(NOW, true).expect("990 is in the store");
    assert!(
        ask.after < 990 && ask.limit == LANE_WINDOW,
        "one is in hand, the window takes the others: {ask:?}"
    );
    lane.loaded(ask, page([990, 1_010], Queue::First, false));
    assert_eq!((start(&mut lane), start(&mut lane), start(&mut lane)), (Some(1_010), Some(990), None));
}

#[test]
fn a_delivery_that_is_left_to_the_store_is_not_passed_by_a_page_from_before_it() {
    for leave in [|lane: &mut Lane| lane.offer(fresh(990), true), |lane: &mut Lane| lane.missed(990)] {
        let mut lane = Lane::default();
        lane.leave_to_store();
        let ask = lane.ask(NOW, true).unwrap();
        leave(&mut lane);
        lane.loaded(ask, page([1_010], Queue::First, false));
        let ask = lane.ask(NOW, true).expect("990 is in the store");
        assert!(ask.after < 990, "{ask:?}");
        lane.loaded(ask, page([990, 1_010], Queue::First, false));
        assert_eq!((start(&mut lane), start(&mut lane)), (Some(1_010), Some(990)));
        let ask = lane.ask(NOW, true);
        assert_eq!(ask.filter(|ask| ask.queue == Queue::First), None, "it is read once");
    }
}
