//! A backup that is ended by force, or has no room.

use std::{
    os::unix::fs::PermissionsExt,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::process::Command;

use super::{back_up, fill, partial_files, printed, run};
use crate::harness::{World, stderr, waxwing, within};

/// Starts a backup and sends it a signal when its first file is there; how it ended. One that
/// was done before is taken once more.
async fn ended_by(world: &World, signal: &str) -> ExitStatus {
    loop {
        let mut command = waxwing(world.dir.path());
        command.args(["backup", "--database", "sqlite:test.db", "--output", "backup.db"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        within(async {
            while partial_files(world).is_empty() && !world.path("backup.db").exists() {
                tick.tick().await;
            }
        })
        .await;
        let kill = format!("kill -{signal} {}", child.id().unwrap());
        std::process::Command::new("sh").args(["-c", &kill]).status().unwrap();
        let status = within(child.wait()).await.unwrap();
        if !world.path("backup.db").exists() {
            return status;
        }
        // The signal came too late: what has the name is whole.
        printed(
            &run(world, &["restore", "backup.db", "--json", "--database", "sqlite:whole.db"], &[], b"").await,
        );
        for name in ["backup.db", "whole.db"] {
            std::fs::remove_file(world.path(name)).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_told_to_end_leaves_nothing_behind() {
    let world = World::new();
    let server = world.serve(&[]).await;
    server.account("acme").await;
    fill(&server, "acme", 1_000).await;
    for signal in ["TERM", "INT"] {
        assert_eq!(ended_by(&world, signal).await.code(), Some(1), "{signal}");
        assert!(partial_files(&world).is_empty(), "{signal}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_no_backup() {
    let world = World::new();
    let server = world.serve(&[]).await;
    server.account("acme").await;
    fill(&server, "acme", 100).await;
    server.stop().await;
    let mut bytes = std::fs::read(world.path("test.db")).unwrap();
    // Where a page begins, for there its header is.
    let middle = (bytes.len() / 2).next_multiple_of(8_192);
    for page in bytes[middle..].chunks_mut(8_192) {
        page[..16].fill(0xff);
    }
    std::fs::write(world.path("test.db"), &bytes).unwrap();
    let output = run(&world, &["backup", "--database", "sqlite:test.db"], &[], b"").await;
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the copy is damaged") && said.contains("keep the earlier backups"), "{said}");
    assert!(partial_files(&world).is_empty());
    assert!(std::fs::read(world.path("test.db")).unwrap() == bytes, "it was left as it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_killed_leaves_no_file_of_its_name() {
    let world = World::new();
    let server = world.serve(&[]).await;
    server.account("acme").await;
    fill(&server, "acme", 1_000).await;
    for _ in 0..5 {
        ended_by(&world, "KILL").await;
        for partial in partial_files(&world) {
            let mode = std::fs::metadata(&partial).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "nobody else reads it");
            std::fs::remove_file(partial).unwrap();
        }
    }
    server.publish("acme", "a.b", serde_json::json!({})).await;
    assert_eq!(back_up(&world).await["events"], 1_001);
    assert!(partial_files(&world).is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_without_room_says_so_and_leaves_the_server_working() {
    let world = World::new();
    let server = world.serve(&[]).await;
    server.account("acme").await;
    fill(&server, "acme", 400).await;
    // What lies beyond 4 MiB is refused as by a full disk.
    let script = format!(
        "trap '' XFSZ; ulimit -f 4096; exec '{}' backup --database sqlite:test.db --output backup.db",
        env!("CARGO_BIN_EXE_waxwing")
    );
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).env_clear().current_dir(world.dir.path()).kill_on_drop(true);
    let output = within(shell.output()).await.unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("there is no backup of test.db: copying failed"), "{said}");
    assert!(!world.path("backup.db").exists() && partial_files(&world).is_empty());
    assert_eq!(server.api.get("/readyz").await.unwrap().status, 200);
    server.publish("acme", "a.b", serde_json::json!({})).await;
    assert_eq!(back_up(&world).await["events"], 401);
    server.stop().await;
}
