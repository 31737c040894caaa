//! A backup that is ended by force, or has no room.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use tokio::process::Command;

use super::{back_up, fill, partial_files};
use crate::harness::{World, stderr, waxwing, within};

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_killed_leaves_no_file_of_its_name() {
    let world = World::new();
    let server = world.serve(&[]).await;
    server.account("acme").await;
    fill(&server, "acme", 1_000).await;
    let mut killed = 0;
    for _ in 0..5 {
        let mut command = waxwing(world.dir.path());
        command.args(["backup", "--database", "sqlite:test.db", "--output", "backup.db"]);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        within(async {
            while partial_files(&world).is_empty() {
                tick.tick().await;
            }
        })
        .await;
        child.start_kill().unwrap();
        let status = within(child.wait()).await.unwrap();
        assert!(!status.success() && !world.path("backup.db").exists(), "{status}");
        for partial in partial_files(&world) {
            let mode = std::fs::metadata(&partial).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "nobody else reads it");
            std::fs::remove_file(partial).unwrap();
            killed += 1;
        }
    }
    assert!(killed > 0);
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
