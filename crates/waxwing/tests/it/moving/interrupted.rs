//! SIGKILL in the middle of a move, many times: it goes on where it was.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};
use waxwing_cluster::Database;

use super::{rows, run_move, serve_moved, summary};
use crate::harness::{Inbox, Server, World, inbox::header, server::expect, stderr, waxwing, within};

const EVENTS: usize = 20_000;
const BATCH: usize = 1_000;
const KILLS: usize = 12;

/// SplitMix64: enough for choosing moments.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

async fn publish_many(server: &Server) {
    for batch in 0..EVENTS / BATCH {
        let event = |n: usize| {
            let id = format!("e{}", batch * BATCH + n);
            json!({ "account_id": "acme", "type": "many.made", "id": id, "data": { "n": n } })
        };
        let events: Vec<Value> = (0..BATCH).map(event).collect();
        let batch = json!({ "events": events });
        expect(202, server.api.post("/api/events/batch", Some(batch)).await.unwrap());
    }
}

/// How far a move is, as the target says.
fn state(database: &Database) -> String {
    let exists = database.execute("SELECT to_regclass('fact') IS NOT NULL");
    if exists.trim() != "t" {
        return String::new();
    }
    database.execute("SELECT convert_from(value, 'UTF8') FROM fact WHERE name = 'move'")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_was_killed_goes_on_where_it_was() {
    let (world, database) = (World::new(), Database::new().await);
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    server.set_status(&hook, "inactive").await;
    publish_many(&server).await;
    server.stop().await;

    let mut seed = u64::from(std::process::id());
    println!("moments follow from {seed}");
    let mut interruptions = Vec::new();
    for _ in 0..KILLS {
        let mut command = waxwing(world.dir.path());
        command.args(["move", "--from", "sqlite:test.db", "--to", &database.url]);
        let mut moving = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let before = state(&database);
        // Killed at a random moment after it got on.
        let got_on = async {
            while state(&database) == before {
                tokio::task::yield_now().await;
            }
        };
        within(got_on).await;
        let moment = Duration::from_millis(random(&mut seed) % 60);
        if tokio::time::timeout(moment, moving.wait()).await.is_ok() {
            break;
        }
        moving.start_kill().unwrap();
        within(moving.wait()).await.unwrap();
        let now = state(&database);
        if now.starts_with("finished") {
            break;
        }
        let here = [("DATABASE", database.url.as_str()), ("ENCRYPTION_KEY_FILE", "test.db.key")];
        let refused = world.serve_in_vain(&here).await;
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains("is not finished"), "{}", stderr(&refused));
        interruptions.push(now);
    }
    assert!(!interruptions.is_empty(), "it was never in the middle");
    println!("killed at {interruptions:?}");

    let moved = summary(&run_move(&world, &database).await);
    if moved["status"] == "moved" {
        assert!(moved["rows_by_earlier_runs"].as_u64().unwrap() > 0, "{moved}");
        assert_eq!(["event", "delivery", "pending"].map(|table| rows(&moved, table)), [EVENTS as u64; 3]);
    }
    let server = serve_moved(&world, &database, &[]).await;
    server.set_status(&hook, "active").await;
    let ids: Vec<String> =
        inbox.take(100).await.iter().map(|one| header(one, "webhook-id").to_owned()).collect();
    assert!(
        ids.contains(&"e0".to_owned()) && !ids.contains(&"e1000".to_owned()),
        "not from the first on: {ids:?}"
    );
    server.stop().await;
}
