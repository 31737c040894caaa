//! Who judges the vectors besides the libraries: the domain, the command line, OpenSSL and
//! the code of the documentation. None of them knows reasons; they tell genuine from not.

use std::{path::Path, process::Command, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use waxwing_core::{
    PublicKey, Secret, Timestamp,
    signature::{Verifier, verify_legacy, verify_standard},
};

use super::{case::Case, plain, standard};
use crate::{
    harness::{run_in, stderr},
    snippets::{block, output, without_types},
};

const TOLERANCE: u64 = 300;
const PAGE: &str = "docs/receiving/without-a-library.md";

/// Of a vector, what those need who know one secret and one value of each header.
struct Simple {
    name: String,
    genuine: bool,
    case: Case,
}

/// The vectors that such a judge can be asked about: with one secret that the server would
/// take, every header once and in lowercase, the usual tolerance, and a body of text.
fn simple(cases: Vec<Case>, headers: &[&str]) -> Vec<Simple> {
    let kept = cases.into_iter().filter_map(|case| {
        let vector = case.to_json();
        let mut names: Vec<&str> = case.headers.iter().map(|(name, _)| &name[..]).collect();
        names.sort_unstable();
        let reason = vector["expect"]["error"].as_str();
        let asked = names == headers
            && case.secrets.len() == 1
            && case.tolerance.is_none()
            && str::from_utf8(&case.body).is_ok()
            && !matches!(reason, Some("invalid_secret" | "repeated_header"));
        let genuine = matches!(reason, None | Some("not_an_event"));
        let name = vector["name"].as_str().unwrap().to_owned();
        asked.then_some(Simple { name, genuine, case })
    });
    let kept: Vec<_> = kept.collect();
    let genuine = kept.iter().filter(|simple| simple.genuine).count();
    assert!(genuine > 5 && kept.len() - genuine > 10, "{genuine} of {} are genuine", kept.len());
    kept
}

const STANDARD_HEADERS: [&str; 3] = ["webhook-id", "webhook-signature", "webhook-timestamp"];

fn by_secret() -> Vec<Simple> {
    // The domain knows no bound on the number of signatures; receivers do.
    let mut kept = simple(standard::secrets(), &STANDARD_HEADERS);
    kept.retain(|simple| simple.name != "the right signature after too many others");
    kept
}

fn by_key() -> Vec<Simple> {
    simple(standard::signing_keys(), &STANDARD_HEADERS)
}

fn by_plain() -> Vec<Simple> {
    simple(plain::cases(), &["x-webhook-signature"])
}

impl Simple {
    fn secret(&self) -> &str {
        &self.case.secrets[0]
    }

    fn header(&self, name: &str) -> &str {
        self.case.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    fn standard(&self, verifier: Verifier<'_>) -> bool {
        let [id, signatures, timestamp] = STANDARD_HEADERS.map(|name| self.header(name));
        let now = Timestamp::from_millis(self.case.now * 1000);
        let tolerance = Duration::from_secs(TOLERANCE);
        verify_standard(verifier, id, timestamp, &self.case.body, signatures, now, tolerance).is_ok()
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.case.body).unwrap()
    }
}

#[test]
fn the_domain_tells_genuine_from_not() {
    for simple in by_secret() {
        let secret = Secret::given(simple.secret()).unwrap();
        assert_eq!(simple.standard((&secret).into()), simple.genuine, "{}", simple.name);
    }
    for simple in by_key().iter().filter(|simple| simple.secret().starts_with("whpk_")) {
        let key = PublicKey::parse(simple.secret()).unwrap();
        assert_eq!(simple.standard((&key).into()), simple.genuine, "{}", simple.name);
    }
    for simple in by_plain() {
        let secret = Secret::given(simple.secret()).unwrap();
        let judged = verify_legacy(&secret, &simple.case.body, simple.header("x-webhook-signature"));
        assert_eq!(judged, simple.genuine, "{}", simple.name);
    }
}

#[tokio::test]
async fn the_command_line_tells_genuine_from_not() {
    let dir = tempfile::tempdir().unwrap();
    let of = |simples: Vec<Simple>, by_key| simples.into_iter().map(move |simple| (simple, by_key));
    for (simple, by_key) in of(by_secret(), false).chain(of(by_key(), true)).chain(of(by_plain(), false)) {
        let lines: Vec<_> =
            simple.case.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        std::fs::write(dir.path().join("headers.txt"), lines.concat()).unwrap();
        let now = simple.case.now.to_string();
        let mut arguments = vec!["verify", "--headers-file", "headers.txt", "--at", &now];
        let mut environment = vec![("WAXWING_SECRET".to_owned(), simple.secret().to_owned())];
        if by_key {
            arguments.extend(["--public-key", simple.secret()]);
            environment.clear();
        }
        let verified = run_in(dir.path(), &arguments, &environment, &simple.case.body).await;
        let expected = if simple.genuine { 0 } else { 3 };
        assert_eq!(verified.status.code(), Some(expected), "{}: {}", simple.name, stderr(&verified));
    }
}

/// Whether OpenSSL verifies one of the `v1a` signatures, whatever the time.
fn openssl_verifies(dir: &Path, simple: &Simple) -> bool {
    // SubjectPublicKeyInfo of Ed25519 (RFC 8410, 4) in front of the key's bytes.
    let mut der = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".to_vec();
    der.extend(STANDARD.decode(simple.secret().replace("whpk_", "")).unwrap());
    std::fs::write(dir.join("key.der"), der).unwrap();
    let [id, _, timestamp] = STANDARD_HEADERS.map(|name| simple.header(name));
    std::fs::write(dir.join("message"), format!("{id}.{timestamp}.{}", simple.text())).unwrap();
    let signatures = simple.header("webhook-signature").split(' ');
    signatures
        .filter_map(|part| STANDARD.decode(part.strip_prefix("v1a,")?).ok())
        .any(|signature| openssl_accepts(dir, &signature))
}

fn openssl_accepts(dir: &Path, signature: &[u8]) -> bool {
    std::fs::write(dir.join("signature"), signature).unwrap();
    let verify = "pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in message -sigfile signature";
    let output = Command::new("openssl").args(verify.split(' ')).current_dir(dir).output();
    output.expect("openssl cannot be run; scripts/setup.sh installs it").status.success()
}

#[test]
fn openssl_judges_signatures_by_keys_alike() {
    let dir = tempfile::tempdir().unwrap();
    // It knows nothing of times.
    for simple in
        by_key().iter().filter(|simple| (simple.case.now - super::case::AT).unsigned_abs() <= TOLERANCE)
    {
        assert_eq!(openssl_verifies(dir.path(), simple), simple.genuine, "{}", simple.name);
    }
}

/// What a snippet is asked: by secret, by key and plain, as a list.
fn questions() -> Vec<(&'static str, Simple)> {
    // They decode every secret as base64 that is padded, and take signatures without padding.
    let base64 = |simple: &Simple| {
        let encoded = simple.secret().strip_prefix("whsec_");
        encoded.is_some_and(|encoded| STANDARD.decode(encoded).is_ok())
    };
    let strict = |(_, simple): &(_, Simple)| simple.name != "no padding";
    let by_secret = by_secret().into_iter().filter(base64).map(|simple| ("v1", simple));
    let by_key = by_key().into_iter().map(|simple| ("v1a", simple));
    let plain = by_plain().into_iter().map(|simple| ("plain", simple));
    by_secret.chain(by_key).chain(plain).filter(strict).collect()
}

fn write_questions(dir: &Path) {
    let asked: Vec<Value> = questions()
        .iter()
        .map(|(scheme, simple)| {
            let headers: serde_json::Map<_, _> = simple
                .case
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), value.clone().into()))
                .collect();
            json!({
                "scheme": scheme, "secret": simple.secret(), "now": simple.case.now,
                "headers": headers, "body": simple.text(),
            })
        })
        .collect();
    std::fs::write(dir.join("questions.json"), serde_json::to_string(&asked).unwrap()).unwrap();
}

fn assert_judged(language: &str, printed: &str) {
    let printed: Vec<bool> = serde_json::from_str(printed).unwrap();
    let questions = questions();
    assert_eq!(printed.len(), questions.len());
    for ((scheme, simple), judged) in questions.iter().zip(printed) {
        assert_eq!(judged, simple.genuine, "{language}, {scheme}: {}", simple.name);
    }
}

#[test]
fn the_typescript_of_the_documentation_tells_genuine_from_not() {
    let dir = tempfile::tempdir().unwrap();
    write_questions(dir.path());
    let code =
        ["function isGenuine(", "function isGenuineByKey("].map(|word| block(PAGE, "typescript", word));
    let checks = "import { readFileSync } from 'node:fs';\n\
        const judge = (q) => ({\n\
            v1: () => isGenuine(Buffer.from(q.body), q.headers, q.secret, q.now),\n\
            v1a: () => isGenuineByKey(Buffer.from(q.body), q.headers, q.secret, q.now),\n\
            plain: () => isGenuinePlain(Buffer.from(q.body), q.headers['x-webhook-signature'], q.secret)\n\
        })[q.scheme]();\n\
        console.log(JSON.stringify(JSON.parse(readFileSync('questions.json', 'utf8')).map(judge)));";
    std::fs::write(dir.path().join("judge.mjs"), format!("{}\n{checks}", without_types(&code.concat())))
        .unwrap();
    let mut node = Command::new("node");
    node.arg("judge.mjs").current_dir(dir.path());
    assert_judged("TypeScript", &output(node));
}

#[test]
fn the_python_of_the_documentation_tells_genuine_from_not() {
    let dir = tempfile::tempdir().unwrap();
    write_questions(dir.path());
    let code = ["def is_genuine(", "def is_genuine_by_key("].map(|word| block(PAGE, "python", word));
    let checks = "import json\n\
        def judge(q):\n    body = q['body'].encode()\n    return {\n\
        'v1': lambda: is_genuine(body, q['headers'], q['secret'], q['now']),\n\
        'v1a': lambda: is_genuine_by_key(body, q['headers'], q['secret'], q['now']),\n\
        'plain': lambda: is_genuine_plain(body, q['headers']['x-webhook-signature'], q['secret'])\n\
        }[q['scheme']]()\n\
        print(json.dumps([judge(q) for q in json.load(open('questions.json'))]))";
    let mut python = Command::new("python3");
    python.args(["-c", &format!("{}\n{checks}", code.concat())]).current_dir(dir.path());
    assert_judged("Python", &output(python));
}

#[test]
fn the_php_of_the_documentation_tells_genuine_from_not() {
    let dir = tempfile::tempdir().unwrap();
    write_questions(dir.path());
    let code = ["function is_genuine(", "function is_genuine_by_key("].map(|word| block(PAGE, "php", word));
    let checks = "$judge = function (array $q): bool {\n\
        $server = [];\n\
        foreach ($q['headers'] as $name => $value) {\n\
            $server['HTTP_' . strtoupper(strtr($name, '-', '_'))] = $value;\n\
        }\n\
        return match ($q['scheme']) {\n\
            'v1' => is_genuine($q['body'], $server, $q['secret'], $q['now']),\n\
            'v1a' => is_genuine_by_key($q['body'], $server, $q['secret'], $q['now']),\n\
            'plain' => is_genuine_plain($q['body'], $server['HTTP_X_WEBHOOK_SIGNATURE'], $q['secret']),\n\
        };\n\
        };\n\
        echo json_encode(array_map($judge, json_decode(file_get_contents('questions.json'), true)));";
    let mut php = Command::new("php");
    php.args(["-r", &format!("{}\n{checks}", code.concat())]).current_dir(dir.path());
    assert_judged("PHP", &output(php));
}
