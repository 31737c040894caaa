//! Every command of the documentation is run, in the order of its page, or says
//! here why it is not.

use std::{collections::BTreeMap, path::Path};

use tokio::process::Command;
use waxwing_core::{KeyKind, Role, key::PATTERN};

use crate::{
    harness::{KEY, Server, World, within},
    pages::{Page, root},
};

/// Blocks that are not run: by page, words of each, and why.
const NOT_RUN: &[(&str, &str, &str)] = &[
    ("README.md", "cargo run --release -- demo", "tests/demo runs it; make test runs this test"),
    ("README.md", "cargo run --release -- serve", "a server runs already, as for every page"),
    ("docs/internals/benchmark.md", "bench --quick", "takes minutes; tests/bench runs small ones"),
    ("docs/internals/soak.md", "make soak", "takes an hour; tests/soak is a minute of it"),
    ("docs/internals/testing.md", "make test", "runs this test"),
    ("docs/internals/proof.md", "cargo test", "is a test itself"),
    ("docs/internals/proof.md", "HELL_", "is a test itself"),
    ("docs/internals/simulation.md", "make sim", "runs for ever; sim/tests runs some histories"),
    ("docs/internals/testing.md", "CRASH_SEED", "is a test itself"),
    ("docs/internals/testing.md", "CHAOS_SEED", "is a test itself"),
    ("docs/operating/backup.md", "docker exec", "needs Docker, age and another machine"),
    ("docs/operating/backup.md", "mv /var/lib", "needs a server that was stopped; the drill needs none"),
    ("docs/operating/backup.md", "waxwing restore /backup/", "the same; tests/it does so"),
    ("docs/operating/backup.md", "--denied-networks", "runs for ever; tests/it looks at a copy so"),
    ("docs/operating/backup.md", "litestream ", "needs Litestream and a place to replicate to"),
    ("docs/operating/moving.md", "systemctl", "needs a service and directories of the system"),
    ("docs/operating/moving.md", "waxwing move", "tests/it moves to a real PostgreSQL"),
    ("docs/operating/moving.md", "createdb", "needs PostgreSQL; tests/it moves to a real one"),
    ("docs/operating/dashboard.md", "portal-tokens", "docs/reference/api runs the same"),
    ("docs/operating/README.md", "install -d", "needs directories of the system"),
    ("docs/operating/README.md", "while :", "runs for ever"),
    ("docs/operating/README.md", "WAXWING_LOG=", "runs for ever"),
    ("docs/internals/benchmark.md", "scripts/postgres.sh", "runs for ever"),
    ("docs/internals/costs.md", "bench/profile.py", "needs a release build, valgrind and strace"),
    ("docs/internals/benchmark.md", "make bench-report", "takes half an hour; tests/bench draws"),
    ("docs/internals/benchmark.md", "--adapter", "needs Svix; tests/bench runs adapters"),
    ("docs/operating/personal-data.md", "/erase", "docs/reference/api runs the same"),
    ("docs/operating/personal-data.md", "receipts-", "docs/reference/api runs the same"),
    ("docs/operating/postgresql.md", "waxwing serve", "runs for ever; tests/postgres does so"),
    ("docs/operating/postgresql.md", "pg_dump", "needs a database of one's own"),
    ("docs/reference/command-line.md", "waxwing serve --listen", "runs for ever"),
    ("docs/reference/command-line.md", "waxwing demo", "tests/demo runs it"),
    ("docs/reference/command-line.md", "waxwing listen", "runs for ever; docs/start runs it"),
    ("docs/reference/command-line.md", "waxwing move", "tests/it moves to a real PostgreSQL"),
    ("docs/reference/command-line.md", "source <(", "needs bash with its completion package"),
    ("docs/receiving/php.md", "composer require", "receivers/php/check.sh checks the package"),
    ("docs/receiving/python.md", "pip install", "receivers/python/check.sh builds the package"),
    ("docs/receiving/test.md", "waxwing listen", "runs for ever; docs/start runs it"),
    ("docs/receiving/typescript.md", "npm install", "receivers/typescript/check.sh packs the package"),
    ("docs/start/README.md", "cargo build", "builds what is tested"),
    ("docs/start/README.md", "waxwing listen", "runs for ever: the test runs it with a free port"),
    ("docs/start/README.md", "waxwing serve", "a server runs already, as for every page"),
];

/// Commands of a page that are expected to end with another code than 0.
const FAILING: &[(&str, &str, i32)] = &[
    ("docs/reference/command-line.md", "--retention 1h", 2),
    ("docs/reference/command-line.md", "waxwing verify", 3),
    ("docs/reference/errors.md", "http://example.com/hooks", 22),
    // A stream has no end; curl gives up after the time that it was given.
    ("docs/reference/api.md", "/events/stream", 28),
];

fn is_left_out(page: &str, block: &str) -> bool {
    NOT_RUN.iter().any(|(name, words, _)| *name == page && block.contains(words))
}

/// The blocks of a page that are run.
fn blocks(page: &str) -> Vec<String> {
    let blocks = Page::read(page).blocks_of("sh");
    blocks.into_iter().filter(|block| !is_left_out(page, block)).collect()
}

/// A script that runs the blocks one after the other. Ids in later blocks stand
/// for those that earlier ones printed.
fn script(page: &str, blocks: &[String], server: &str, hooks: &str) -> String {
    let mut script = String::from(
        "set -u\nWH=wh_0 EVT=evt_0 ERS=ers_0 RPL=rpl_0 KEY_ID=key_0 OWN_KEY_ID=key_0\n\
         curl() { command curl -sS --noproxy '*' --fail-with-body \"$@\"; }\n\
         last() { cat out.* | grep -oE \"$1_[0-9a-z]{26}\" | tail -n 1; }\n\
         made() { cat out.* | grep -oE '\"key_[0-9a-z]{26}\",\"key\":\"'\"$1\" | tail -n 1 | cut -d '\"' -f 2; }\n",
    );
    for (number, block) in blocks.iter().enumerate() {
        let block = block
            .replace("http://127.0.0.1:8080", server)
            .replace("/var/lib/waxwing/waxwing.db", "test.db")
            .replace("/backup/", "backup-")
            .replace("https://example.com/hooks", hooks)
            .replace("https://127.0.0.1:9443/hooks", hooks)
            .replace("wh_…", "${WH}")
            .replace("evt_…", "${EVT}")
            .replace("ers_…", "${ERS}")
            .replace("rpl_…", "${RPL}")
            .replace("$API/keys/key_…", "$API/keys/${OWN_KEY_ID}")
            .replace("key_…", "${KEY_ID}")
            .replace("wxo_…", KEY)
            .replace("wxo_choose_a_long_random_key_here", KEY)
            .replace("waxwing events tail --account acme --once", "waxwing events tail --account acme")
            .replace("waxwing events tail", "waxwing events tail --once");
        let code = FAILING.iter().find(|(name, words, _)| *name == page && block.contains(words));
        let code = code.map_or(0, |(_, _, code)| *code);
        let step = format!(
            "echo 'block {number}' >&2\n{{ {block}\n}} > out.{number:03}; code=$?\n\
             cat out.{number:03}\n\
             [ $code -eq {code} ] || {{ echo \"block {number} ended with $code:\" >&2; cat <<'SHOWN' >&2\n{block}\nSHOWN\nexit 1; }}\n\
             WH=$(last wh || echo \"$WH\"); EVT=$(last evt || echo \"$EVT\"); ERS=$(last ers || echo \"$ERS\"); \
             RPL=$(last rpl || echo \"$RPL\"); KEY_ID=$(made wxa_) OWN_KEY_ID=$(made wx[op]_)\n"
        );
        script.push_str(&step);
    }
    script
}

/// Runs a page's blocks beside a server; what they print.
async fn run(world: &World, server: &Server, page: &str, blocks: &[String], hooks: &str) -> String {
    std::os::unix::fs::symlink(root().join("samples"), world.path("samples")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_waxwing")).parent().unwrap();
    let path = format!("{}:{}", program.display(), inherited_path());
    let mut shell = Command::new("sh");
    shell.args(["-c", &script(page, blocks, &server.url(), hooks)]).current_dir(world.dir.path()).env_clear();
    shell.env("PATH", path).env("WAXWING_OPERATOR_KEY", KEY).kill_on_drop(true);
    if !blocks.iter().any(|block| block.contains("WAXWING_LISTEN=")) {
        shell.env("WAXWING_URL", server.url()).env("WAXWING_API_KEY", KEY);
    }
    let output = within(shell.output()).await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{page}: {out}\n{err}\n{}", server.log());
    out.into_owned()
}

#[allow(clippy::disallowed_methods, reason = "tools are found where the caller finds them")]
fn inherited_path() -> String {
    std::env::var("PATH").unwrap()
}

#[test]
fn every_command_is_run_or_says_why_not() {
    let run = [
        "README.md",
        "docs/operating/README.md",
        "docs/operating/backup.md",
        "docs/receiving/failures.md",
        "docs/receiving/test.md",
        "docs/receiving/verify.md",
        "docs/operating/keys.md",
        "docs/reference/api.md",
        "docs/reference/command-line.md",
        "docs/reference/delivery-request.md",
        "docs/reference/errors.md",
        "docs/sending/README.md",
        "docs/start/README.md",
    ];
    let mut unknown = BTreeMap::new();
    for page in Page::all() {
        let left: Vec<String> = blocks(&page.name);
        if !left.is_empty() && !run.contains(&page.name.as_str()) {
            unknown.insert(page.name, left);
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    for (page, words, why) in NOT_RUN {
        let blocks = Page::read(page).blocks_of("sh");
        assert!(blocks.iter().any(|block| block.contains(words)), "{page} has no {words:?} any more ({why})");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_event_of_the_readme_is_published_and_seen() {
    let world = World::new();
    let inbox = crate::harness::Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let out = run(&world, &server, "README.md", &blocks("README.md"), &inbox.url("/hooks")).await;
    assert!(out.contains(r#""type":"deposit.completed""#), "{out}");
    assert!(out.contains(r#""data":[{"event_id""#), "the log has an entry: {out}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_steps_end_with_two_signatures_that_hold() {
    let mut world = World::new();
    let mut listen = Command::new(env!("CARGO_BIN_EXE_waxwing"));
    listen.args(["listen", "--listen", "127.0.0.1:0", "--ca-file", "ca.pem", "--json"]).env_clear();
    let received = std::fs::File::create(world.path("received.jsonl")).unwrap();
    listen.current_dir(world.dir.path()).stdout(received).stderr(std::process::Stdio::piped());
    let mut listen = listen.kill_on_drop(true).spawn().unwrap();
    let mut lines =
        tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(listen.stderr.take().unwrap()));
    let line = within(lines.next_line()).await.unwrap().unwrap();
    let url = line.strip_prefix("Listening at ").unwrap().trim_end_matches('/').to_owned();
    // Until here its certificate is written, and the rest is for people.
    world.dir.disable_cleanup(false);
    let server = world.serve(&[]).await;
    let page = Page::read("docs/start/README.md");
    let verify = page.blocks_of("python").remove(0);
    std::fs::write(world.path("verify.py"), verify).unwrap();
    let mut blocks = blocks("docs/start/README.md");
    let at = blocks.iter().position(|block| block.contains("verify.py")).unwrap();
    let arrived = "until [ -s received.jsonl ]; do :; done\n";
    blocks[at].insert_str(0, arrived);
    let out = run(&world, &server, &page.name, &blocks, &format!("{url}/hooks")).await;
    assert!(out.contains("X-Webhook-Signature True\nwebhook-signature   True\n"), "{out}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_page_can_be_followed_from_its_beginning_to_its_end() {
    let world = World::new();
    let inbox = crate::harness::Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let page = "docs/reference/api.md";
    // What is deleted is needed by the examples that follow: deletions come last.
    let (mut delete, mut blocks): (Vec<_>, Vec<_>) = blocks(page)
        .into_iter()
        .partition(|block| block.contains("-X DELETE") || block.contains("acme/erase"));
    // An account can be erased once it is deleted, and is what stands first on the page.
    delete.reverse();
    delete.sort_by_key(|block| block.contains("acme/erase"));
    blocks.extend(delete);
    assert!(blocks.len() > 20);
    run(&world, &server, page, &blocks, &inbox.url("/hooks")).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_for_senders_operators_and_receivers_can_be_followed() {
    for page in [
        "docs/sending/README.md",
        "docs/operating/README.md",
        "docs/operating/backup.md",
        "docs/receiving/failures.md",
        "docs/receiving/test.md",
        "docs/receiving/verify.md",
    ] {
        let world = World::new();
        let inbox = crate::harness::Inbox::healthy(&world).await;
        let server = world.serve(&[]).await;
        let hook = server.webhook("acme", &inbox.url("/hooks"), &["*"]).await;
        prepare_verify(&world);
        let mut blocks = blocks(page);
        // The account is there, as it would be for a reader of a later page.
        blocks.retain(|block| !block.contains("/accounts\" ") || page.contains("reference"));
        let setup = format!(
            "API={}/api; AUTH='Authorization: Bearer {KEY}'; JSON='Content-Type: application/json'; echo {}\n\
             KEY=$(curl -X POST \"$API/accounts/acme/keys\" -H \"$AUTH\" | sed 's/.*\"key\":\"//; s/\".*//')\n",
            server.url(),
            hook.id
        );
        blocks.insert(0, setup);
        run(&world, &server, page, &blocks, &inbox.url("/hooks")).await;
        server.stop().await;
    }
}

/// The files that the receivers' page verifies.
fn prepare_verify(world: &World) {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    std::fs::write(world.path("secret.txt"), secret).unwrap();
    std::fs::write(world.path("body.json"), "{}").unwrap();
    let sign = std::process::Command::new(env!("CARGO_BIN_EXE_waxwing"))
        .args(["sign", "--id", "evt_1", "--secret", secret])
        .arg(world.path("body.json"))
        .output()
        .unwrap();
    std::fs::write(world.path("headers.txt"), sign.stdout).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_reference_print_what_it_shows() {
    let world = World::new();
    let inbox = crate::harness::Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/hooks"), &["*"]).await;
    let event = server.publish("acme", "deposit.completed", serde_json::json!({})).await;
    let page = "docs/reference/command-line.md";
    let access =
        format!("export WAXWING_URL={} WAXWING_API_KEY={KEY}; echo {} {event}\n", server.url(), hook.id);
    let blocks: Vec<String> = std::iter::once(access).chain(blocks(page)).collect();
    let out = run(&world, &server, page, &blocks, &inbox.url("/hooks")).await;
    for shown in [
        "webhook-signature: v1,Jl+Effl4z0uXXHeSYEqmb86xVivI6kgFRFC0hpaQqIc=",
        "X-Webhook-Signature: f05256fab4767e5c59d1961a1837e251dde4a5aff2c760d7d7ae929afee56363",
        "verified: both signatures match",
        "1 deliveries are sent again",
        "52 event types added, 0 replaced",
        "waxwing.db to sqlite:restored.db, checked",
        " migrations were applied; the schema has version ",
        "listen                                0.0.0.0:80           environment",
    ] {
        assert!(Page::read(page).text.contains(shown) && out.contains(shown), "{shown} is not in {out}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signatures_of_the_delivery_request_page_are_right() {
    let world = World::new();
    let server = world.serve(&[]).await;
    let page = "docs/reference/delivery-request.md";
    let out = run(&world, &server, page, &blocks(page), "").await;
    for shown in [
        "454e043191630d87ebd814c5c2df00fa7969238a1529078884f566c5e73d7d66",
        "g4WLDU9ZHEE4yBhNuHYF3R+oIVGK6VMMOODJAMOqbRw=",
        "Signature Verified Successfully",
        "verified: both signatures match",
    ] {
        assert!(out.contains(shown), "{shown} is not in {out}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_page_makes_a_key_that_scanners_find_and_its_patterns_are_right() {
    let world = World::new();
    let server = world.serve(&[]).await;
    let page = "docs/operating/keys.md";
    let out = run(&world, &server, page, &blocks(page), "").await;
    let made = out.lines().next().unwrap();
    assert_eq!(KeyKind::parse(made), Ok(KeyKind::Key(Role::Operator)), "{out}");
    let page = Page::read(page);
    assert_eq!(page.blocks_of("text")[0].trim(), PATTERN);
    assert!(page.blocks_of("text")[1].contains(&format!("regex = '''\\b{PATTERN}\\b'''")));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_problem_of_the_errors_page_is_the_one_that_comes() {
    let world = World::new();
    let server = world.serve(&[]).await;
    server.account("acme").await;
    let page = "docs/reference/errors.md";
    let setup = format!(
        "API={}/api; AUTH='Authorization: Bearer {KEY}'; JSON='Content-Type: application/json'\n",
        server.url()
    );
    let blocks: Vec<String> = std::iter::once(setup).chain(blocks(page)).collect();
    let out = run(&world, &server, page, &blocks, "").await;
    let shown: serde_json::Value = serde_json::from_str(&Page::read(page).blocks_of("json")[0]).unwrap();
    let mut came: serde_json::Value = serde_json::from_str(out.trim()).unwrap();
    came["request_id"] = shown["request_id"].clone();
    assert_eq!(came, shown);
    server.stop().await;
}
