//! What is not backed up, or not restored, and in which words.

use std::path::Path;

use serde_json::json;

use super::{back_up, partial_files, run};
use crate::harness::{KEY, World, stderr};

/// Two keys, as `openssl rand -base64 32` prints them.
const OLD: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const NEW: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

/// A world whose database was backed up, and whose server has ended.
async fn backed_up() -> World {
    let world = World::new();
    let server = world.serve(&[("ENCRYPTION_KEY", OLD)]).await;
    server.account("acme").await;
    server.publish("acme", "a.b", json!({ "n": 1 })).await;
    back_up(&world).await;
    server.stop().await;
    world
}

/// Fails to restore a file: the exit code and what was said.
async fn refused(
    world: &World,
    file: &str,
    database: &str,
    settings: &[(&str, &str)],
) -> (Option<i32>, String) {
    let database = format!("sqlite:{database}");
    let output = run(world, &["restore", file, "--database", &database], settings, b"").await;
    assert!(partial_files(world).is_empty());
    (output.status.code(), stderr(&output))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_whole_backup_is_not_restored() {
    let world = backed_up().await;
    let whole = std::fs::read(world.path("backup.db")).unwrap();
    let mut damaged = whole.clone();
    for page in damaged[8_192..].chunks_mut(8_192) {
        page[..16].fill(0xff);
    }
    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    let cases: [(&[u8], &str); 6] = [
        (&whole[..whole.len() - 4_096], "is cut off: it has"),
        (&whole[..50], "is not a Waxwing database"),
        (b"", "is not a Waxwing database"),
        (&b"a letter, and no database. ".repeat(100), "is not a Waxwing database"),
        (&damaged, "is damaged: "),
        (&newer, "has schema version 99, this program knows up to "),
    ];
    for (bytes, words) in cases {
        std::fs::write(world.path("other.db"), bytes).unwrap();
        let (code, said) = refused(&world, "other.db", "new.db", &[]).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains(&format!("other.db {words}")) && said.contains("nothing was restored"),
            "{said}"
        );
        assert!(!world.path("new.db").exists());
        assert!(std::fs::read(world.path("other.db")).unwrap() == bytes, "it was left as it is");
    }
    let (code, said) = refused(&world, "missing.db", "new.db", &[]).await;
    assert!(code == Some(1) && said.contains("missing.db cannot be read"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_overwritten() {
    let world = backed_up().await;
    let before = std::fs::read(world.path("test.db")).unwrap();
    let (code, said) = refused(&world, "backup.db", "test.db", &[]).await;
    assert!(code == Some(1) && said.contains("there is a file test.db already"), "{said}");
    assert!(std::fs::read(world.path("test.db")).unwrap() == before);
    let arguments = ["backup", "--database", "sqlite:test.db", "--output", "backup.db"];
    let output = run(&world, &arguments, &[], b"").await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("there is a file backup.db already"), "{}", stderr(&output));
    // What a database has left that was taken away would be mixed up with the new one.
    std::fs::write(world.path("new.db-wal"), "left").unwrap();
    let (code, said) = refused(&world, "backup.db", "new.db", &[]).await;
    assert!(code == Some(1) && said.contains("new.db-wal of a database that was here before"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_a_server_has_is_not_replaced_even_if_its_file_is_gone() {
    let world = backed_up().await;
    let server = world.serve(&[("ENCRYPTION_KEY", OLD)]).await;
    std::fs::rename(world.path("test.db"), world.path("elsewhere.db")).unwrap();
    let (code, said) = refused(&world, "backup.db", "test.db", &[]).await;
    assert!(code == Some(1) && said.contains("test.db is in use by another waxwing"), "{said}");
    // Nor is its file a backup.
    std::fs::rename(world.path("elsewhere.db"), world.path("test.db")).unwrap();
    server.account("more").await;
    let (code, said) = refused(&world, "test.db", "new.db", &[]).await;
    assert!(code == Some(1) && said.contains("is no backup but a database in use"), "{said}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_the_backup_is_tried_before_anything_is_restored() {
    let world = backed_up().await;
    let (code, said) = refused(&world, "backup.db", "new.db", &[("ENCRYPTION_KEY", NEW)]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("from WAXWING_ENCRYPTION_KEY is not the one of this backup"), "{said}");
    assert!(!world.path("new.db").exists() && !said.contains(NEW));
    let arguments = ["restore", "backup.db", "--database", "sqlite:new.db"];
    let both = [("ENCRYPTION_KEY", NEW), ("PREVIOUS_ENCRYPTION_KEYS", OLD)];
    let output = run(&world, &arguments, &both, b"").await;
    assert!(output.status.success(), "{}", stderr(&output));
    // Without a key it is told which one is needed.
    let arguments = ["restore", "backup.db", "--database", "sqlite:keyless.db"];
    let output = run(&world, &arguments, &[], b"").await;
    assert!(output.status.success() && stderr(&output).contains("No encryption key was found to try"));
    assert!(!world.path("keyless.db.key").exists(), "none was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_goes_through_a_pipe_and_holds_no_secret_in_the_open() {
    let world = World::new();
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", "https://receiver.example/", &["*"]).await;
    let output = run(&world, &["backup", "--database", "sqlite:test.db", "--output", "-"], &[], b"").await;
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("everything acknowledged before"), "{}", stderr(&output));
    server.stop().await;
    let key = std::fs::read_to_string(world.path("test.db.key")).unwrap();
    for secret in [hook.secret.as_str(), KEY, key.trim()] {
        let found = output.stdout.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "the backup holds a secret as it is");
    }
    let arguments = ["restore", "-", "--database", "sqlite:new.db"];
    let restored = run(&world, &arguments, &[], &output.stdout).await;
    assert!(restored.status.success(), "{}", stderr(&restored));
    std::fs::copy(world.path("test.db.key"), world.path("new.db.key")).unwrap();
    let server = world.serve(&[("DATABASE", "sqlite:new.db")]).await;
    assert_eq!(server.get(&hook).await["id"], hook.id.as_str());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_has_its_own_tools_and_a_missing_database_is_named() {
    let world = World::new();
    let url = "postgres://me:hunter2@localhost/a";
    for (arguments, words) in [
        (["backup", "--output", "backup.db", "--database", url], "pg_dump"),
        (["restore", "backup.db", "--json", "--database", url], "pg_restore"),
    ] {
        let output = run(&world, &arguments, &[], b"").await;
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words) && !said.contains("hunter2"), "{said}");
    }
    let output = run(&world, &["backup", "--database", "sqlite:missing.db"], &[], b"").await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("there is no file missing.db"), "{}", stderr(&output));
    assert!(!Path::new(&world.path("missing.db")).exists() && partial_files(&world).is_empty());
}
