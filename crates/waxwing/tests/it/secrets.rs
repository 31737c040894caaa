//! No secret leaves: not by logs, metrics, errors, `config print` or files.
//!
//! The same secrets are looked for as they are and in each shape that a careless line
//! of code could give them.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use waxwing_peers::ApiClient;

use crate::harness::{Inbox, KEY, World, run_in, server::expect, stderr, stdout};

const ROOT: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const PREVIOUS: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
const GIVEN: &str = "a secret of the account's own";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// A secret as it is, as bytes in decimals, in base64 and in hex; and what it stands for.
fn shapes(secret: &str) -> Vec<Vec<u8>> {
    let body = secret.strip_prefix("whsec_").unwrap_or(secret);
    let mut raw = vec![secret.as_bytes().to_vec(), body.as_bytes().to_vec()];
    raw.extend(STANDARD.decode(body));
    let mut shapes = raw.clone();
    for bytes in raw {
        shapes.push(STANDARD.encode(&bytes).trim_end_matches('=').as_bytes().to_vec());
        shapes.push(hex(&bytes).into_bytes());
        shapes.push(hex(&bytes).to_uppercase().into_bytes());
        shapes.push(format!("{bytes:?}").trim_matches(['[', ']']).as_bytes().to_vec());
    }
    shapes
}

/// Fails when one of the secrets is in there.
fn holds_none(what: &str, text: &[u8], secrets: &[String]) {
    for secret in secrets {
        for shape in shapes(secret) {
            let found = text.windows(shape.len()).position(|window| window == shape);
            assert!(found.is_none(), "{what} holds {secret:?} as {:?}", String::from_utf8_lossy(&shape));
        }
    }
}

#[test]
fn what_is_looked_for_would_be_found() {
    for shape in shapes(ROOT) {
        let text = [b"before ", &shape[..], b" behind"].concat();
        let found = std::panic::catch_unwind(|| holds_none("text", &text, &[ROOT.to_owned()]));
        assert!(found.is_err());
    }
    holds_none("text", b"nothing of the kind", &[ROOT.to_owned()]);
}

/// Answers to what is wrong, and to what is right and shows no secret.
async fn ask(api: &ApiClient, acting: &ApiClient, hook: &str) -> String {
    let bad = [
        json!({ "url": "https://a.example/", "events": ["*"], "secret": "short" }),
        json!({ "url": "https://a.example/", "events": ["*"], "secret": GIVEN, "more": 1 }),
        json!({ "url": "http://a.example/", "events": ["*"], "secret": GIVEN }),
        json!({ "url": "https://a.example/", "events": "*", "secret": GIVEN }),
    ];
    let mut texts = String::new();
    for body in bad {
        let answer = acting.post("/api/webhook/create", Some(body)).await.unwrap();
        assert_eq!(answer.status, 422, "{answer:?}");
        texts += &String::from_utf8_lossy(&answer.body);
    }
    for path in ["/metrics", "/readyz", "/openapi.json", "/docs", "/api/encryption", "/api/accounts"] {
        texts += &String::from_utf8_lossy(&api.get(path).await.unwrap().body);
    }
    for path in ["", "/events"] {
        let answer = acting.get(&format!("/api/webhook/{hook}{path}")).await.unwrap();
        texts += &String::from_utf8_lossy(&answer.body);
    }
    texts += &String::from_utf8_lossy(&api.get("/api/audit").await.unwrap().body);
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_counted_told_or_kept_in_plain() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let settings = [("ENCRYPTION_KEY", ROOT), ("PREVIOUS_ENCRYPTION_KEYS", PREVIOUS), ("LOG", "trace")];
    let server = world.serve(&settings).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let acting = server.acting_for("acme");
    let key = expect(201, server.api.post("/api/accounts/acme/keys", Some(json!({}))).await.unwrap());
    let mut secrets = vec![ROOT.to_owned(), PREVIOUS.to_owned(), KEY.to_owned(), GIVEN.to_owned()];
    secrets.extend([hook.secret.clone(), key["key"].as_str().unwrap().to_owned()]);
    for wanted in [json!({}), json!({ "secret": GIVEN })] {
        let path = format!("/api/webhook/{}/rotate-secret", hook.id);
        let rotated: Value = expect(200, acting.post(&path, Some(wanted)).await.unwrap());
        secrets.push(rotated["secret"].as_str().unwrap().to_owned());
        server.publish("acme", "deposit.created", json!({})).await;
        inbox.next().await;
    }
    expect(202, server.api.post("/api/encryption/rotate", None).await.unwrap());
    let stranger = ApiClient::new(&server.url(), "wxo_nobody-knows-this-key").unwrap();
    assert_eq!(stranger.get("/api/accounts").await.unwrap().status, 401);
    let told = ask(&server.api, &acting, &hook.id).await;
    holds_none("an answer", told.as_bytes(), &secrets);
    // While it runs, so that what waits beside the file is seen too.
    for entry in std::fs::read_dir(world.dir.path()).unwrap() {
        let path = entry.unwrap().path();
        holds_none(&path.display().to_string(), &std::fs::read(&path).unwrap(), &secrets);
    }
    let log = {
        let log = server.log();
        assert!(log.contains("\"level\":\"TRACE\""), "a log of every level");
        server.stop().await;
        log
    };
    holds_none("the log", log.as_bytes(), &secrets);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_told_when_the_configuration_cannot_be_used() {
    let world = World::new();
    world.serve(&[("ENCRYPTION_KEY", ROOT)]).await.stop().await;
    let secrets = [ROOT, PREVIOUS, KEY, "hunter2-of-the-database"].map(str::to_owned);
    let cut = &ROOT[..43];
    let twice = format!("{PREVIOUS},{cut}=x");
    let bad: [&[(&str, &str)]; 4] = [
        &[("ENCRYPTION_KEY", PREVIOUS), ("LOG", "trace")],
        &[("ENCRYPTION_KEY", &twice)],
        &[("ENCRYPTION_KEY", ROOT), ("PREVIOUS_ENCRYPTION_KEYS", &twice)],
        &[("ENCRYPTION_KEY", ROOT), ("ENCRYPTION_KEY_FILE", "x"), ("RETENTION", "nonsense")],
    ];
    for settings in bad {
        let refused = world.serve_in_vain(settings).await;
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        holds_none("an error", stderr(&refused).as_bytes(), &secrets);
    }
    let environment = [
        ("WAXWING_ENCRYPTION_KEY", ROOT),
        ("WAXWING_PREVIOUS_ENCRYPTION_KEYS", PREVIOUS),
        ("WAXWING_OPERATOR_KEY", KEY),
        ("WAXWING_DATABASE", "postgres://me:hunter2-of-the-database@localhost/waxwing"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    for arguments in [&["config", "print"][..], &["config", "print", "--json"]] {
        let printed = run_in(world.dir.path(), arguments, &environment, b"").await;
        assert!(printed.status.success(), "{}", stderr(&printed));
        holds_none("config print", stdout(&printed).as_bytes(), &secrets);
    }
}
