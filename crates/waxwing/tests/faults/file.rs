//! Database files that are older, cut off, overwritten, or something else: brought up to
//! date, or refused without a change. A server never goes on with a damaged file.

use std::{collections::HashSet, io::Write, path::Path, process::Stdio};

use serde_json::json;
use waxwing_core::{Secret, Timestamp};
use waxwing_peers::{Received, Reply};

use crate::harness::{Hook, Inbox, Server, World, inbox::header, run_with, stderr, waxwing};

const PAGE: usize = 8_192;
/// Stands in the body of each event.
const MARK: &[u8] = b"the-body-of-an-event";

/// Deliveries that wait for an hour, in a file of a server that has ended.
async fn filled(world: &World, inbox: &mut Inbox) -> (Hook, Vec<u8>) {
    let server = world.serve(&[("RETRY_SCHEDULE", "1h")]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    for n in 0..12 {
        let data = json!({ "n": n, "filling": String::from_utf8_lossy(MARK).repeat(150) });
        let event = server.publish("acme", "a.b", data).await;
        inbox.next().await;
        server.until(&hook, &event, "retrying").await;
    }
    server.stop().await;
    (hook, std::fs::read(world.path("test.db")).unwrap())
}

/// Puts a file in the place of the database.
fn put(world: &World, bytes: &[u8]) {
    for beside in ["test.db-wal", "test.db-shm"] {
        // There is none before the first start.
        let _ = std::fs::remove_file(world.path(beside));
    }
    std::fs::write(world.path("test.db"), bytes).unwrap();
}

/// A server that refuses this file, says so, and leaves it as it is.
async fn refuses(world: &World, bytes: &[u8], words: &str, what: &str) {
    put(world, bytes);
    let refused = world.serve_in_vain(&[]).await;
    let said = stderr(&refused);
    assert_eq!(refused.status.code(), Some(1), "{what}: {said}");
    assert!(said.contains("test.db") && said.contains(words), "{what}: {said}");
    assert!(std::fs::read(world.path("test.db")).unwrap() == bytes, "{what}: the file has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_cut_off_or_is_no_database_is_refused_and_left_as_it_is() {
    let world = World::new();
    let mut inbox = Inbox::scripted(&world, [Reply::status(500)]).await;
    let (hook, whole) = filled(&world, &mut inbox).await;
    for left in [50, 512, PAGE, whole.len() / 2, whole.len() - PAGE, whole.len() - 100] {
        refuses(&world, &whole[..left], "is damaged", &format!("{left} of {} bytes", whole.len())).await;
    }
    let mut other = whole.clone();
    other[..16].copy_from_slice(b"another format 1");
    refuses(&world, &other, "not a Waxwing database", "another first page").await;
    refuses(&world, b"a short letter", "not a Waxwing database", "a letter").await;
    put(&world, &whole);
    let server = world.serve(&[]).await;
    assert_eq!(server.log_of(&hook, "limit=100").await.len(), 12, "the whole file is taken");
    server.stop().await;
}

/// A server that ends once it runs, if nothing is wrong with what it needed until then.
async fn serve_shortly(world: &World) -> std::process::Output {
    let mut command = waxwing(world.dir.path());
    command.args(["serve", "--until-stdin-closes"]);
    run_with(command, &world.environment(&[("RETRY_SCHEDULE", "1h")]), b"").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_overwritten_is_told_as_damage_and_nothing_else() {
    let world = World::new();
    let mut inbox = Inbox::scripted(&world, [Reply::status(500)]).await;
    let (_, whole) = filled(&world, &mut inbox).await;
    let mut told = 0;
    for page in 0..whole.len() / PAGE {
        let mut bytes = whole.clone();
        bytes[page * PAGE..(page + 1) * PAGE].iter_mut().for_each(|byte| *byte ^= 0xa5);
        put(&world, &bytes);
        let output = serve_shortly(&world).await;
        let said = stderr(&output);
        match output.status.code() {
            // Not needed until then.
            Some(0) => continue,
            Some(1) if page == 0 => assert!(said.contains("not a Waxwing database"), "{said}"),
            Some(1 | 5) => assert!(said.contains("is damaged"), "page {page}: {said}"),
            code => panic!("page {page}: {code:?}: {said}"),
        }
        if said.contains("left as it is") {
            let now = std::fs::read(world.path("test.db")).unwrap();
            assert!(now == bytes, "page {page} was overwritten, and the file has changed");
        }
        told += 1;
    }
    assert!(told > whole.len() / PAGE / 4, "{told} of {} pages", whole.len() / PAGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_that_is_found_while_it_runs_ends_the_server() {
    let world = World::new();
    let mut inbox = Inbox::scripted(&world, [Reply::status(500)]).await;
    let (hook, mut bytes) = filled(&world, &mut inbox).await;
    // The first events; the last ones are looked at already by the start.
    let mut pages = bytes.chunks_exact_mut(PAGE);
    pages.find(|page| page.windows(MARK.len()).any(|it| it == MARK)).unwrap().fill(0xa5);
    put(&world, &bytes);
    let mut server: Server = world.serve(&[]).await;
    // A replay makes the engine read what waits.
    let path = format!("/api/webhook/{}/replay", hook.id);
    let _ = server.acting_for("acme").post(&path, Some(json!({ "status": "retrying" }))).await;
    assert_eq!(server.ended().await.code(), Some(5), "{}", server.log());
    assert!(server.log().contains("the database file is damaged"), "{}", server.log());
    assert!(!server.log().contains("Nothing acknowledged is lost"), "{}", server.log());
}

/// Makes a database of these statements.
fn load(path: &Path, sql: &str) {
    let program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())";
    let mut python = std::process::Command::new("python3");
    let mut child = python.args(["-c", program]).arg(path).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_an_older_version_is_brought_up_to_date_and_delivers_what_waited() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let port = inbox.receiver.addr.port().to_string();
    load(&world.path("test.db"), &include_str!("version_1.sql").replace("PORT", &port));
    let key = [("ENCRYPTION_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")];
    let server = world.serve(&key).await;
    let arrived: Vec<Received> = inbox.take(3).await;
    let secret = Secret::given("a-secret-of-an-older-version").unwrap();
    for received in &arrived {
        let seconds: i64 = header(received, "webhook-timestamp").parse().unwrap();
        let at = Timestamp::from_millis(seconds * 1_000);
        assert!(waxwing_peers::verify(&received.headers, &received.body, &secret, at).is_ok());
    }
    let ids: HashSet<&str> = arrived.iter().map(|received| header(received, "webhook-id")).collect();
    assert_eq!(ids, HashSet::from(["old-1", "old-2", "old-3"]));
    let hook = Hook {
        account: "acme".to_owned(),
        id: "wh_01m8aeq3mvect8gvsndyye9r8d".to_owned(),
        secret: String::new(),
    };
    assert_eq!(server.until(&hook, "old-1", "delivered").await["attempt_count"], 2);
    server.stop().await;
}
