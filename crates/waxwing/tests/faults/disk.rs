//! Disks that fail: what was acknowledged before is there after the next start, and
//! nothing is acknowledged any more once it is not certain.

use std::time::Duration;

use crate::{
    harness::{DEADLINE, Random, setting, stderr},
    scene::{SETTINGS, Scene},
    shim::{DATABASE, EIO, ENOSPC, Faults, Knob, POWER},
};

/// Commits and checkpoints write and sync side by side.
const EITHER: [&str; 2] = ["commit", "checkpoint"];

/// Every change of `/readyz`, beginning with 200, until there is no answer any more.
async fn watch(api: waxwing_peers::ApiClient) -> Vec<u16> {
    let mut seen = vec![200];
    while let Ok(answer) = api.get("/readyz").await {
        let status = answer.status.as_u16();
        if seen.last() != Some(&status) {
            seen.push(status);
        }
    }
    seen
}

/// A fault in the middle of the load ends the server with code 5, and the next one
/// delivers everything that was acknowledged. What fails of the server is one of these
/// parts: whichever asks the disk first.
async fn ends_the_server(parts: &[&str], fault: impl FnOnce(&Faults)) {
    let (mut scene, mut server) = Scene::begin().await;
    let load = scene.load(&server, 200).await;
    assert_eq!(server.api.get("/readyz").await.unwrap().status, 200);
    let readiness = tokio::spawn(watch(server.api.clone()));
    fault(&scene.faults);
    assert_eq!(server.ended().await.code(), Some(5), "{}", server.log());
    let log = server.log();
    let failed = |part: &&str| log.contains(&format!("a {part} failed; the store takes no more writes"));
    assert!(parts.iter().any(failed), "{parts:?}: {log}");
    assert!(log.contains("Nothing acknowledged is lost"), "{log}");
    let seen = readiness.await.unwrap();
    assert!(matches!(seen[..], [200] | [200, 503]), "ready again after it was not: {seen:?}");
    load.end().await;
    assert!(scene.faults.get(Knob::Failed) > 0);
    scene.everything_arrives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_fsync_that_drops_what_it_was_for_ends_the_server_and_loses_nothing() {
    ends_the_server(&EITHER, |faults| {
        faults.set(Knob::SyncGood, 7);
        faults.set(Knob::SyncError, EIO);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_in_the_middle_of_a_page_ends_the_server_and_loses_nothing() {
    ends_the_server(&EITHER, |faults| {
        faults.set(Knob::WriteGood, 31);
        faults.set(Knob::WriteError, ENOSPC);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_ends_the_server_and_loses_nothing() {
    ends_the_server(&EITHER, |faults| {
        faults.set(Knob::WriteGood, 30);
        faults.set(Knob::WriteError, EIO);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_system_that_turns_read_only_ends_the_server_and_loses_nothing() {
    ends_the_server(&EITHER, |faults| faults.set(Knob::ReadOnly, 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_system_that_is_read_only_is_refused_at_the_start() {
    let (scene, server) = Scene::begin().await;
    server.stop().await;
    let before = std::fs::read(scene.world.path("test.db")).unwrap();
    scene.faults.set(Knob::ReadOnly, 1);
    let refused = scene.faults.serve_in_vain(&scene.world).await;
    let said = stderr(&refused);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("test.db") && said.contains("may be written to"), "{said}");
    assert_eq!(std::fs::read(scene.world.path("test.db")).unwrap(), before);
    scene.everything_arrives().await;
}

/// SIGKILL keeps what the kernel has; this takes everything away that was not synced.
#[tokio::test(flavor = "multi_thread")]
async fn cuts_of_the_power_lose_nothing_acknowledged() {
    let (seed, rounds) = (setting("CRASH_SEED", 20_261_125), setting("POWER_ROUNDS", 6));
    println!("CRASH_SEED={seed} POWER_ROUNDS={rounds}");
    let mut random = Random(seed);
    let (mut scene, mut server) = Scene::begin().await;
    for round in 0..rounds {
        let load = scene.load(&server, 1 + random.below(400)).await;
        let (good, error) = if round % 2 == 0 {
            (Knob::SyncGood, Knob::SyncError)
        } else {
            (Knob::WriteGood, Knob::WriteError)
        };
        scene.faults.set(good, i64::try_from(random.below(60)).unwrap());
        scene.faults.set(error, POWER);
        assert_eq!(server.ended().await.code(), None, "killed: {}", server.log());
        load.end().await;
        scene.faults.set(error, 0);
        server = scene.faults.serve(&scene.world, &SETTINGS).await;
    }
    println!("{} acknowledged", scene.book.acknowledged());
    scene.settled(&server).await;
    server.stop().await;
}

/// What earlier checkpoints moved is dropped with it, though SQLite counts that as done.
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_whose_fsync_fails_ends_the_server_and_loses_nothing() {
    ends_the_server(&["checkpoint"], |faults| {
        faults.set(Knob::Files, DATABASE);
        faults.set(Knob::SyncGood, 1);
        faults.set(Knob::SyncError, EIO);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_slow_disk_everything_takes_its_time_and_nothing_is_lost() {
    let (mut scene, server) = Scene::begin().await;
    scene.faults.set(Knob::SyncMs, 250);
    let began = tokio::time::Instant::now();
    let load = scene.load(&server, 40).await;
    assert!(began.elapsed() > Duration::from_millis(500), "an answer waits for the disk");
    assert_eq!(server.api.get("/readyz").await.unwrap().status, 200);
    load.end().await;
    let arrived = tokio::time::timeout(DEADLINE, scene.settled(&server)).await;
    assert!(arrived.is_ok(), "{}", server.log());
    server.stop().await;
}
