//! Clocks that are set: first attempts go out at once whatever the clock says, retries
//! and retention move with it, and no lease is lost.

use serde_json::json;
use waxwing_peers::{Received, Reply};

use crate::{
    harness::{Inbox, Server, World, inbox::header},
    nodes,
    shim::{Faults, Knob},
};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

fn timestamp(received: &Received) -> i64 {
    header(received, "webhook-timestamp").parse().unwrap()
}

/// Nothing that was said at any time tells of a lease.
fn keeps_its_lease(server: &Server) {
    assert!(!server.log().contains("lease"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn first_attempts_go_out_at_once_whatever_the_clock_says_and_are_signed_with_its_time() {
    let world = World::new();
    let faults = Faults::new(&world);
    let mut inbox = Inbox::healthy(&world).await;
    let server = faults.serve(&world, &[("LEASE", "2s"), ("REQUEST_TIMEOUT", "1s")]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let mut began = None;
    for ahead in [0, 30 * DAY, -30 * DAY, 365 * DAY, 0] {
        faults.set(Knob::ClockMs, ahead);
        let event = server.publish("acme", "a.b", json!({})).await;
        let received = inbox.next().await;
        assert_eq!(header(&received, "webhook-id"), event);
        let began = *began.get_or_insert(timestamp(&received));
        let off = timestamp(&received) - began - ahead / 1_000;
        assert!((0..60).contains(&off), "{off} s beside the clock");
        assert_eq!(server.until(&hook, &event, "delivered").await["attempt_count"], 1);
    }
    assert_eq!(server.api.get("/readyz").await.unwrap().status, 200);
    keeps_its_lease(&server);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_move_with_the_clock() {
    let world = World::new();
    let faults = Faults::new(&world);
    let mut inbox = Inbox::scripted(&world, [Reply::status(500)]).await;
    let mut healthy = Inbox::healthy(&world).await;
    let server = faults.serve(&world, &[("RETRY_SCHEDULE", "1h,1h,1h")]).await;
    let failing = server.webhook("acme", &inbox.url("/"), &["a.b"]).await;
    server.webhook("acme", &healthy.url("/"), &["c.d"]).await;
    let event = server.publish("acme", "a.b", json!({})).await;
    inbox.next().await;
    server.until(&failing, &event, "retrying").await;
    // Back: what is due waits for the clock, what is new does not.
    faults.set(Knob::ClockMs, -DAY);
    server.publish("acme", "c.d", json!({})).await;
    healthy.next().await;
    assert_eq!(server.detail(&failing, &event).await["attempt_count"], 1);
    assert_eq!(inbox.waiting(), 0);
    // Forward, past an hour and its jitter.
    faults.set(Knob::ClockMs, 70 * MINUTE);
    assert_eq!(header(&inbox.next().await, "webhook-id"), event);
    nodes::until("the second attempt is recorded", &server, async || {
        server.detail(&failing, &event).await["attempt_count"] == 2
    })
    .await;
    assert_eq!(inbox.waiting(), 0, "once");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_far_ahead_lets_retention_delete_what_is_finished_and_nothing_that_waits() {
    let world = World::new();
    let faults = Faults::new(&world);
    let mut healthy = Inbox::healthy(&world).await;
    let mut inbox = Inbox::scripted(&world, [Reply::status(500), Reply::status(200)]).await;
    let server = faults.serve(&world, &[("RETRY_SCHEDULE", "1h")]).await;
    let finished = server.webhook("acme", &healthy.url("/"), &["a.b"]).await;
    let waiting = server.webhook("acme", &inbox.url("/"), &["c.d"]).await;
    let old = server.publish("acme", "a.b", json!({})).await;
    healthy.next().await;
    server.until(&finished, &old, "delivered").await;
    let kept = server.publish("acme", "c.d", json!({})).await;
    inbox.next().await;
    server.until(&waiting, &kept, "retrying").await;
    server.stop().await;
    faults.set(Knob::ClockMs, 40 * DAY);
    let server = faults.serve(&world, &[("RETRY_SCHEDULE", "1h")]).await;
    assert_eq!(header(&inbox.next().await, "webhook-id"), kept);
    nodes::until("retention deletes what is old", &server, async || {
        server.log_of(&finished, "").await.is_empty()
    })
    .await;
    server.stop().await;
}
