//! `waxwing migrate` on both kinds of database.

use serde_json::{Value, json};
use waxwing_cluster::Database;

use crate::harness::{World, run_in, stderr, stdout};

async fn migrate(world: &World, database: &str) -> Value {
    let arguments = ["migrate", "--json", "--database", database];
    let output = run_in(world.dir.path(), &arguments, &[], b"").await;
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_is_brought_up_to_date_once() {
    let (world, postgres) = (World::new(), Database::new().await);
    for database in ["sqlite:test.db", &postgres.url] {
        let first = migrate(&world, database).await;
        let version = first["version"].as_u64().unwrap();
        assert!(version > 0);
        assert_eq!(first, json!({ "database": database, "applied": version, "version": version }));
        assert_eq!(migrate(&world, database).await["applied"], 0);
    }
    let text = run_in(world.dir.path(), &["migrate", "--database", "sqlite:test.db"], &[], b"").await;
    assert!(stdout(&text).starts_with("sqlite:test.db: nothing was to be done; the schema has version "));
    world.serve(&[]).await.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_not_migrated_while_a_server_uses_it() {
    let world = World::new();
    let server = world.serve(&[]).await;
    let refused = run_in(world.dir.path(), &["migrate", "--database", "sqlite:test.db"], &[], b"").await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("test.db is in use by another waxwing"), "{}", stderr(&refused));
    server.stop().await;
    let wrong = run_in(world.dir.path(), &["migrate", "--database", "mysql:x"], &[], b"").await;
    assert_eq!(wrong.status.code(), Some(2));
}
