//! `waxwing backup` and `waxwing restore`, on the built program.

mod damage;
mod drill;
mod erasing;
mod load;
mod refusals;

use std::{path::PathBuf, process::Output};

use serde_json::{Value, json};

use crate::harness::{Server, World, run_in, server::expect, stderr, stdout};

/// Runs a command in a world, with some of its settings.
async fn run(world: &World, arguments: &[&str], settings: &[(&str, &str)], stdin: &[u8]) -> Output {
    let settings: Vec<_> =
        settings.iter().map(|(name, value)| (format!("WAXWING_{name}"), (*value).to_owned())).collect();
    run_in(world.dir.path(), arguments, &settings, stdin).await
}

/// Backs up a world's database to `backup.db`; what the command printed.
async fn back_up(world: &World) -> Value {
    let arguments = ["backup", "--database", "sqlite:test.db", "--output", "backup.db", "--json"];
    printed(&run(world, &arguments, &[], b"").await)
}

/// Restores the backup of a world in another one, which gets its key and its authority.
async fn restore(from: &World, into: &World) -> Value {
    for name in ["test.db.key", "ca.pem"] {
        std::fs::copy(from.path(name), into.path(name)).unwrap();
    }
    let backup = from.path("backup.db");
    let arguments = ["restore", backup.to_str().unwrap(), "--database", "sqlite:test.db", "--json"];
    printed(&run(into, &arguments, &[], b"").await)
}

/// What a command printed that succeeded.
fn printed(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_str(&stdout(output)).unwrap()
}

/// Publishes so many events of some 64 KiB.
async fn fill(server: &Server, account: &str, events: usize) {
    let filling = "x".repeat(64_000);
    for batch in 0..events.div_ceil(100) {
        let event = |n: usize| json!({ "account_id": account, "type": "a.b", "data": { "n": n, "filling": filling } });
        let events: Vec<Value> = (batch * 100..events.min(batch * 100 + 100)).map(event).collect();
        expect(202, server.api.post("/api/events/batch", Some(json!({ "events": events }))).await.unwrap());
    }
}

/// Files whose copy was not finished.
fn partial_files(world: &World) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(world.dir.path()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "partial")).collect()
}
