//! What a committer is handed, in which order, and what is refused.

use std::{sync::Arc, thread};

use waxwing_core::{AccountId, EventId, EventType, Timestamp};

use super::*;

fn group() -> Group<usize> {
    Group::new(Gauge::default())
}

/// Queues events that nobody asks about.
fn queue(group: &Group<usize>, job: usize, weight: usize) -> Result<(), StoreError> {
    let mut place = group.queue(job, weight)?;
    place.waits = false;
    Ok(())
}

#[test]
fn jobs_are_taken_in_the_order_in_which_they_came_outcomes_before_events() {
    let group = group();
    for job in 0..6 {
        if job % 2 == 0 { queue(&group, job, 1).unwrap() } else { group.record(job).unwrap() }
    }
    assert_eq!(group.waiting.get(), 6);
    assert_eq!(group.take(), Some(vec![1, 3, 5, 0, 2, 4]));
    assert_eq!(group.waiting.get(), 0);
}

#[test]
fn a_transaction_holds_so_much_at_most() {
    let group = group();
    for job in 0..=MAX_BATCH {
        group.record(job).unwrap();
    }
    assert_eq!(group.take().map(|jobs| jobs.len()), Some(MAX_BATCH));
    assert_eq!(group.take(), Some(vec![MAX_BATCH]));
    for job in 0..4 {
        queue(&group, job, MAX_BATCH / 2 + 1).unwrap();
    }
    assert_eq!(group.take(), Some(vec![0, 1]));
    assert_eq!(group.take(), Some(vec![2, 3]));
}

#[test]
fn neither_outcomes_nor_events_keep_the_others_out_of_a_transaction() {
    let group = group();
    for job in 0..3 * MAX_BATCH {
        group.record(job).unwrap();
        queue(&group, job + 10_000, 1).unwrap();
    }
    let jobs = group.take().unwrap();
    assert_eq!(jobs.len(), MAX_BATCH);
    assert_eq!(jobs.iter().filter(|job| **job < 10_000).count(), MAX_BATCH / 2);
}

#[test]
fn a_full_queue_refuses_and_the_other_goes_on() {
    let group = group();
    while queue(&group, 0, 1_000).is_ok() {}
    assert_eq!(queue(&group, 0, 1), Err(StoreError::Busy));
    assert_eq!((0..=MAX_WAITING).take_while(|_| group.record(1).is_ok()).count(), MAX_WAITING);
    assert_eq!(group.record(1), Err(StoreError::Busy));
    group.take();
    assert_eq!(group.record(1), Ok(()));
    assert_eq!(queue(&group, 0, 1), Ok(()));
}

#[test]
fn large_bodies_weigh_more() {
    assert_eq!(weight(&[]), 0);
    let event = |bytes: usize| NewEvent {
        id: EventId::parse("evt_1").unwrap(),
        chosen: true,
        account: AccountId::parse("acme").unwrap(),
        event_type: EventType::parse("a.b").unwrap(),
        body: vec![b' '; bytes].into(),
        created_at: Timestamp::from_millis(0),
        idempotency_key: None,
        only: None,
    };
    assert_eq!(weight(&[event(100), event(BODY - 1), event(BODY), event(10 * BODY)]), 1 + 1 + 2 + 11);
}

#[test]
fn a_closed_queue_hands_out_what_waits_and_takes_nothing_more() {
    let group = group();
    queue(&group, 1, 1).unwrap();
    group.close();
    assert_eq!(queue(&group, 2, 1), Err(closed()));
    assert_eq!(group.record(2), Err(closed()));
    assert_eq!(group.take(), Some(vec![1]));
    assert_eq!(group.take(), None);
    assert_eq!(group.take(), None);
}

#[test]
fn who_does_not_wait_takes_what_is_there() {
    let group = group();
    assert!(group.take_waiting().is_empty());
    for job in 0..=MAX_BATCH {
        group.record(job).unwrap();
    }
    assert_eq!(group.take_waiting().len(), MAX_BATCH);
    assert_eq!(group.take_waiting(), [MAX_BATCH]);
}

#[test]
fn a_committer_that_gathers_takes_what_came_when_it_is_enough_or_the_pause_ends() {
    let group = group();
    for job in 0..3 {
        queue(&group, job, 1).unwrap();
    }
    assert_eq!(group.gather(3, Duration::from_hours(1)), Some(vec![0, 1, 2]));
    queue(&group, 3, 1).unwrap();
    assert_eq!(group.gather(2, Duration::from_millis(1)), Some(vec![3]));
    queue(&group, 4, 1).unwrap();
    group.close();
    assert_eq!(group.gather(2, Duration::from_hours(1)), Some(vec![4]));
    assert_eq!(group.gather(2, Duration::from_hours(1)), None);
}

#[test]
fn a_committer_that_waits_is_woken_by_a_job_and_by_the_end() {
    let group = Arc::new(group());
    let committer = thread::spawn({
        let group = Arc::clone(&group);
        move || {
            let mut taken = Vec::new();
            while let Some(jobs) = group.take() {
                taken.extend(jobs);
            }
            taken
        }
    });
    for job in 0..100 {
        queue(&group, job, 1).unwrap();
    }
    group.close();
    assert_eq!(committer.join().unwrap(), (0..100).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn events_whose_commit_does_not_begin_in_time_are_refused_and_never_kept() {
    let group = group();
    let (_reply, answered) = oneshot::channel::<()>();
    let began = Instant::now();
    assert_eq!(group.publish(1, 1, answered).await, Err(StoreError::Busy));
    assert_eq!(began.elapsed().as_secs(), MAX_WAIT.as_secs());
    assert!(group.take_waiting().is_empty());
    assert_eq!(group.waiting.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn events_whose_commit_has_begun_wait_for_its_end_however_long_it_takes() {
    let group = group();
    let (reply, answered) = oneshot::channel();
    let publish = group.publish(1, 1, answered);
    let commit = async {
        assert_eq!(group.take_waiting(), [1]);
        tokio::time::sleep(5 * MAX_WAIT).await;
        reply.send("kept").unwrap();
    };
    assert_eq!(tokio::join!(publish, commit).0, Ok("kept"));
}

#[tokio::test]
async fn events_of_a_caller_that_went_away_are_not_kept() {
    let group = group();
    let mut publishes = Vec::new();
    for job in 1..=3 {
        let (reply, answered) = oneshot::channel::<()>();
        let mut publish = Box::pin(group.publish(job, 1, answered));
        tokio::select! {
            biased;
            answer = &mut publish => panic!("{answer:?}"),
            () = std::future::ready(()) => publishes.push((publish, reply)),
        }
    }
    drop(publishes.remove(1));
    assert_eq!(group.take_waiting(), [1, 3]);
}
