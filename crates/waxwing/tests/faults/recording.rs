//! A disk that becomes full when nothing is published any more: it is outcomes of attempts
//! that cannot be recorded.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use serde_json::json;
use waxwing_peers::{Received, Receiver, ReceiverOptions, Reply};

use crate::{
    harness::{Inbox, World},
    nodes,
    shim::{ENOSPC, Faults, Knob, LOG},
};

/// Nothing but outcomes is written while a test looks.
const SETTINGS: [(&str, &str); 3] =
    [("REQUEST_TIMEOUT", "2s"), ("LEASE", "1h"), ("RETRY_SCHEDULE", "50ms,50ms,50ms,50ms,50ms,1s,1s")];
const EVENTS: usize = 20;

/// Answers nothing until it is told to, then 200.
async fn receiver(world: &World, answers: &Arc<AtomicBool>) -> Receiver {
    let cert = world.ca.issue(&["127.0.0.1"]).unwrap();
    let answers = Arc::clone(answers);
    let handler = move |_: Received| if answers.load(SeqCst) { Reply::status(200) } else { Reply::Hang };
    Receiver::start(ReceiverOptions::local(cert, handler)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_when_an_attempt_is_recorded_ends_the_server_and_loses_nothing() {
    let world = World::new();
    let faults = Faults::new(&world);
    let answers = Arc::<AtomicBool>::default();
    let silent = receiver(&world, &answers).await;
    let mut healthy = Inbox::healthy(&world).await;
    let mut server = faults.serve(&world, &SETTINGS).await;
    let done = server.webhook("done", &healthy.url("/"), &["*"]).await;
    let waiting = server.webhook("waiting", &silent.url("/"), &["*"]).await;
    let (mut delivered, mut under_way) = (Vec::new(), Vec::new());
    for n in 0..EVENTS {
        delivered.push(server.publish("done", "a.b", json!({ "n": n })).await);
        under_way.push(server.publish("waiting", "a.b", json!({ "n": n })).await);
    }
    for event in &delivered {
        server.until(&done, event, "delivered").await;
    }
    healthy.take(EVENTS).await;
    // The write-ahead log cannot grow, nor what is in it be replaced.
    faults.set(Knob::Files, LOG);
    faults.set(Knob::WriteError, ENOSPC);
    assert_eq!(server.ended().await.code(), Some(5), "{}", server.log());
    let log = server.log();
    assert!(log.contains("a commit failed; the store takes no more writes"), "{log}");
    assert!(log.contains("Nothing acknowledged is lost; free disk space"), "{log}");
    assert!(faults.get(Knob::Failed) > 0);
    faults.set(Knob::WriteError, 0);
    answers.store(true, SeqCst);
    let server = faults.serve(&world, &SETTINGS).await;
    for event in &under_way {
        let detail = server.until(&waiting, event, "delivered").await;
        assert_eq!(detail["attempts"].as_array().unwrap().len(), detail["attempt_count"], "{detail}");
    }
    for event in &delivered {
        assert_eq!(server.detail(&done, event).await["attempt_count"], 1);
    }
    assert_eq!(healthy.waiting(), 0, "what was recorded as delivered is not sent again");
    nodes::ready(&server, 200).await;
    server.stop().await;
}
