//! What is not moved, and in which words.

use waxwing_cluster::Database;

use super::{run_move, serve_moved, summary};
use crate::harness::{World, run_in, stderr};

/// Makes a finished move one that was interrupted at the end.
const INTERRUPTED: &str = "UPDATE fact SET value = convert_to(replace(convert_from(value, 'UTF8'), \
    'finished', 'under way') || E'\\npending\\n0', 'UTF8') WHERE name = 'move'";

/// Moves what may not be moved: the exit code and what was said.
async fn refused(world: &World, from: &str, to: &str) -> (Option<i32>, String) {
    let output = run_in(world.dir.path(), &["move", "--from", from, "--to", to], &[], b"").await;
    (output.status.code(), stderr(&output))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_a_server_uses_is_not_moved() {
    let (world, database) = (World::new(), Database::new().await);
    let server = world.serve(&[]).await;
    let (code, said) = refused(&world, "sqlite:test.db", &database.url).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("test.db is in use by another waxwing"), "{said}");
    server.stop().await;
    assert_eq!(summary(&run_move(&world, &database).await)["status"], "moved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_missing_or_is_something_else_is_left_as_it_is() {
    let (world, database) = (World::new(), Database::new().await);
    let (code, said) = refused(&world, "sqlite:missing.db", &database.url).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("there is no file missing.db"), "{said}");
    let left = std::fs::read_dir(world.dir.path()).unwrap();
    let made: Vec<_> = left.map(|entry| entry.unwrap().file_name()).filter(|name| name != "ca.pem").collect();
    assert!(made.is_empty(), "{made:?}");
    for content in
        [&b""[..], b"this is a text, and no database; it is longer than a header of SQLite would be"]
    {
        std::fs::write(world.path("other.db"), content).unwrap();
        let (code, said) = refused(&world, "sqlite:other.db", &database.url).await;
        assert_eq!(code, Some(1));
        assert!(said.contains("other.db is not a Waxwing database"), "{said}");
        assert_eq!(std::fs::read(world.path("other.db")).unwrap(), content);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_directions_are_wrong_usage() {
    let world = World::new();
    let cases = [
        ("sqlite:a.db", "sqlite:b.db", "only from SQLite to PostgreSQL"),
        ("postgres://me:hunter2@localhost/a", "sqlite:b.db", "only from SQLite to PostgreSQL"),
        ("postgres://me:hunter2@localhost/a", "postgres://me:hunter2@localhost/b", "only from SQLite"),
        ("mysql://localhost/a", "postgres://me:hunter2@localhost/b", "is no database URL"),
        ("sqlite:a.db", "mysql://localhost/b", "is no database URL"),
    ];
    for (from, to, words) in cases {
        let (code, said) = refused(&world, from, to).await;
        assert_eq!(code, Some(2), "{from} {to}: {said}");
        assert!(said.contains(words) && !said.contains("hunter2"), "{from} {to}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_nobody_answers_at_is_a_failure() {
    let world = World::new();
    world.serve(&[]).await.stop().await;
    let port = waxwing_peers::raw::RawListener::closed_port().await.unwrap().port();
    let to = format!("postgres://me:hunter2@127.0.0.1:{port}/a");
    let (code, said) = refused(&world, "sqlite:test.db", &to).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("127.0.0.1:{port}")) && !said.contains("hunter2"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_a_server_has_used_is_refused() {
    let (world, database) = (World::new(), Database::new().await);
    world.serve(&[]).await.stop().await;
    serve_moved(&world, &database, &[]).await.stop().await;
    let (code, said) = refused(&world, "sqlite:test.db", &database.url).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("is not empty: a server was started on it"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_does_not_go_on_with_another_source_or_one_that_went_on_itself() {
    let (world, database) = (World::new(), Database::new().await);
    world.serve(&[]).await.stop().await;
    let migrated = run_in(world.dir.path(), &["migrate", "--database", &database.url], &[], b"").await;
    assert!(migrated.status.success(), "{}", stderr(&migrated));
    assert_eq!(summary(&run_move(&world, &database).await)["status"], "moved");
    // As it stands when it was interrupted.
    database.execute(INTERRUPTED);
    assert_eq!(summary(&run_move(&world, &database).await)["status"], "moved");
    database.execute(INTERRUPTED);
    world.serve(&[]).await.stop().await;
    let (code, said) = refused(&world, "sqlite:test.db", &database.url).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("before a server used it again"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_not_the_same_ends_the_move_and_keeps_servers_out() {
    let (world, database) = (World::new(), Database::new().await);
    let server = world.serve(&[]).await;
    server.account("acme").await;
    server.stop().await;
    assert_eq!(summary(&run_move(&world, &database).await)["status"], "moved");
    database.execute(INTERRUPTED);
    database.execute("UPDATE account SET name = 'changed'");
    let (code, said) = refused(&world, "sqlite:test.db", &database.url).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("differ in the table account: 1 rows"), "{said}");
    let here = [("DATABASE", database.url.as_str()), ("ENCRYPTION_KEY_FILE", "test.db.key")];
    assert_eq!(world.serve_in_vain(&here).await.status.code(), Some(1));
}
