//! What is so only of a database file: its key beside it, and one server at a time.

use std::os::unix::fs::PermissionsExt;

use crate::harness::{World, stderr};

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_opened_with_its_own_encryption_key_only() {
    let world = World::new();
    world.serve(&[]).await.stop().await;
    let key_file = world.path("test.db.key");
    assert_eq!(std::fs::metadata(&key_file).unwrap().permissions().mode() & 0o777, 0o600);
    let other = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let refused = world.serve_in_vain(&[("ENCRYPTION_KEY", other)]).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("not the one that this database was made with"),
        "{}",
        stderr(&refused)
    );
    let kept = std::fs::read(&key_file).unwrap();
    std::fs::remove_file(&key_file).unwrap();
    let refused = world.serve_in_vain(&[]).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(!key_file.exists(), "a lost key must not be replaced by another one");
    std::fs::write(&key_file, kept).unwrap();
    world.serve(&[]).await.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_file_is_refused() {
    let world = World::new();
    let server = world.serve(&[]).await;
    let refused = world.serve_in_vain(&[]).await;
    assert!(!refused.status.success());
    let said = stderr(&refused);
    assert!(said.contains("test.db"), "{said}");
    assert_eq!(server.api.get("/readyz").await.unwrap().status, 200);
    server.stop().await;
}
