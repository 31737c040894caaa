//! `waxwing move` and `waxwing migrate`: from an SQLite file to a real PostgreSQL.

mod everything;
mod interrupted;
mod migrate;
mod refusals;

use std::process::Output;

use serde_json::Value;
use waxwing_cluster::Database;

use crate::harness::{Server, World, run_in, stderr, stdout};

/// Runs the move of a world's database to its end.
async fn run_move(world: &World, to: &Database) -> Output {
    let arguments = ["move", "--from", "sqlite:test.db", "--to", &to.url, "--json"];
    run_in(world.dir.path(), &arguments, &[], b"").await
}

/// What a move that succeeded printed.
fn summary(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_str(&stdout(output)).unwrap()
}

/// A server on what was moved, with the encryption key of the file.
async fn serve_moved(world: &World, database: &Database, extra: &[(&str, &str)]) -> Server {
    let here = [("DATABASE", database.url.as_str()), ("ENCRYPTION_KEY_FILE", "test.db.key")];
    world.serve(&[&here, extra].concat()).await
}

/// How many rows of a table were moved.
fn rows(summary: &Value, table: &str) -> u64 {
    let tables = summary["tables"].as_array().unwrap();
    tables.iter().find(|one| one["table"] == table).unwrap()["rows"].as_u64().unwrap()
}
