//! The published vectors: the program signs and judges as they say, and so do OpenSSL
//! and the code for receivers.

use std::{path::Path, process::Command, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use waxwing_core::{
    PublicKey, Secret, SigningKey, Timestamp,
    signature::{Signer, Verifier, standard_header, verify_legacy, verify_standard},
};

use crate::{
    harness::{run_in, stderr, stdout},
    pages::{Page, root},
    snippets::{block, output, without_types},
};

const TOLERANCE: Duration = Duration::from_mins(5);

fn read() -> Value {
    let text = std::fs::read_to_string(root().join("docs/receiving/vectors.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn vectors() -> Vec<Value> {
    read()["vectors"].as_array().unwrap().clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn header<'a>(vector: &'a Value, name: &str) -> &'a str {
    text(&vector["headers"][name])
}

/// Which of its signatures verify, by the functions of the domain.
fn judged(vector: &Value) -> Value {
    let secret = Secret::given(text(&vector["secret"])).unwrap();
    let public_key = PublicKey::parse(text(&vector["public_key"])).unwrap();
    let body = text(&vector["body"]).as_bytes();
    let now = Timestamp::from_millis(vector["now"].as_i64().unwrap() * 1000);
    let standard = |verifier: Verifier<'_>| {
        let [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let [id, timestamp, signatures] = [id, timestamp, signatures].map(|name| header(vector, name));
        verify_standard(verifier, id, timestamp, body, signatures, now, TOLERANCE).is_ok()
    };
    json!({
        "v1": standard((&secret).into()),
        "v1a": standard((&public_key).into()),
        "plain": verify_legacy(&secret, body, header(vector, "x-webhook-signature")),
    })
}

#[test]
fn each_vector_is_judged_as_it_says() {
    for vector in vectors() {
        assert_eq!(judged(&vector), vector["verifies"], "{}", vector["name"]);
        let all = vector["verifies"].as_object().unwrap().values().all(|holds| holds == true);
        assert!(all || vector["reason"].is_string(), "{} says why", vector["name"]);
    }
}

#[test]
fn the_headers_are_those_that_the_named_secrets_and_keys_make() {
    let mut made = 0;
    for vector in vectors().iter().filter(|vector| vector["signed_by"].is_object()) {
        let named = |name: &str| vector["signed_by"][name].as_array().unwrap();
        let signers: Vec<_> =
            named("secrets").iter().map(|secret| Secret::given(text(secret)).unwrap()).collect();
        let signers: Vec<_> = signers.iter().map(Signer::new).collect();
        let keys: Vec<_> =
            named("signing_keys").iter().map(|key| SigningKey::parse(text(key)).unwrap()).collect();
        let (id, body) = (header(vector, "webhook-id"), text(&vector["body"]).as_bytes());
        let at = header(vector, "webhook-timestamp").parse().unwrap();
        let (signers, keys) = (signers.iter().collect::<Vec<_>>(), keys.iter().collect::<Vec<_>>());
        assert_eq!(standard_header(&signers, &keys, id, at, body), header(vector, "webhook-signature"));
        assert_eq!(signers.last().unwrap().legacy(body), header(vector, "x-webhook-signature"));
        made += 1;
    }
    assert!(made > 10, "{made} were made");
}

#[test]
fn each_signing_key_has_the_public_key_and_the_jwk_beside_it() {
    for key in read()["keys"].as_array().unwrap() {
        let public_key = SigningKey::parse(text(&key["signing_key"])).unwrap().public_key();
        assert_eq!(key["public_key"], public_key.to_string());
        assert_eq!(key["jwk"]["x"], public_key.to_base64_url());
        assert_eq!(key["jwk"]["kid"], public_key.thumbprint());
    }
}

#[tokio::test]
async fn sign_and_verify_do_as_the_vectors_say() {
    let dir = tempfile::tempdir().unwrap();
    for vector in vectors() {
        let body = text(&vector["body"]).as_bytes();
        let headers = vector["headers"].as_object().unwrap();
        let lines: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {}\n", text(value))).collect();
        std::fs::write(dir.path().join("headers.txt"), lines.concat()).unwrap();
        let (key, now) = (text(&vector["public_key"]), vector["now"].to_string());
        let by_key = ["verify", "--public-key", key, "--headers-file", "headers.txt", "--at", &now];
        let verified = run_in(dir.path(), &by_key, &[], body).await;
        let expected = if vector["verifies"]["v1a"] == true { 0 } else { 3 };
        assert_eq!(verified.status.code(), Some(expected), "{}: {}", vector["name"], stderr(&verified));
        let secret = ("WAXWING_SECRET".to_owned(), text(&vector["secret"]).to_owned());
        let by_secret = ["verify", "--headers-file", "headers.txt", "--at", &now];
        let verified = run_in(dir.path(), &by_secret, std::slice::from_ref(&secret), body).await;
        let both = vector["verifies"]["v1"] == true && vector["verifies"]["plain"] == true;
        assert_eq!(verified.status.code(), Some(if both { 0 } else { 3 }), "{}", vector["name"]);
    }
    let first = &vectors()[0];
    let named = |name: &str| text(&first["signed_by"][name][0]).to_owned();
    let environment = [
        ("WAXWING_SECRET".to_owned(), named("secrets")),
        ("WAXWING_SIGNING_KEY".to_owned(), named("signing_keys")),
    ];
    let (id, at) = (header(first, "webhook-id"), header(first, "webhook-timestamp"));
    let sign = ["sign", "--id", id, "--timestamp", at, "--json"];
    let signed = run_in(dir.path(), &sign, &environment, text(&first["body"]).as_bytes()).await;
    let signed: Value = serde_json::from_str(&stdout(&signed)).unwrap();
    assert_eq!(signed, first["headers"]);
}

/// Whether OpenSSL verifies one of the `v1a` signatures, whatever the time.
fn openssl_verifies(dir: &Path, vector: &Value) -> bool {
    // SubjectPublicKeyInfo of Ed25519 (RFC 8410, 4) in front of the key's bytes.
    let mut der = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".to_vec();
    der.extend(STANDARD.decode(text(&vector["public_key"]).replace("whpk_", "")).unwrap());
    std::fs::write(dir.join("key.der"), der).unwrap();
    let [id, timestamp] = ["webhook-id", "webhook-timestamp"].map(|name| header(vector, name));
    std::fs::write(dir.join("message"), format!("{id}.{timestamp}.{}", text(&vector["body"]))).unwrap();
    let signatures = header(vector, "webhook-signature").split(' ');
    signatures.filter_map(|part| part.strip_prefix("v1a,")).any(|signature| {
        std::fs::write(dir.join("signature"), STANDARD.decode(signature).unwrap()).unwrap();
        let verify =
            "pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in message -sigfile signature";
        let mut openssl = Command::new("openssl");
        let output = openssl.args(verify.split(' ')).current_dir(dir).output();
        output.expect("openssl cannot be run; scripts/setup.sh installs it").status.success()
    })
}

#[test]
fn openssl_judges_signatures_by_keys_alike() {
    let dir = tempfile::tempdir().unwrap();
    let mut judged = [0, 0];
    for vector in vectors() {
        let timestamp: Option<i64> = header(&vector, "webhook-timestamp").parse().ok();
        let now = vector["now"].as_i64().unwrap();
        // OpenSSL knows nothing of times.
        if timestamp.is_none_or(|at| (now - at).unsigned_abs() > TOLERANCE.as_secs())
            || header(&vector, "webhook-timestamp").starts_with('+')
        {
            continue;
        }
        let verified = openssl_verifies(dir.path(), &vector);
        assert_eq!(vector["verifies"]["v1a"], verified, "{}", vector["name"]);
        judged[usize::from(verified)] += 1;
    }
    assert!(judged.iter().all(|count| *count > 8), "{judged:?} were judged false and true");
}

/// What is expected of a snippet: its functions on every vector whose secret is base64,
/// as these decode it.
fn expected() -> (Vec<Value>, Vec<Value>) {
    let kept: Vec<Value> =
        vectors().into_iter().filter(|vector| text(&vector["secret"]).starts_with("whsec_")).collect();
    let verdicts = kept.iter().map(|vector| vector["verifies"].clone()).collect();
    (kept, verdicts)
}

fn assert_judged(language: &str, printed: &str) {
    let printed: Vec<Value> = serde_json::from_str(printed).unwrap();
    let (vectors, verdicts) = expected();
    assert_eq!(printed.len(), vectors.len());
    for ((vector, printed), verdict) in vectors.iter().zip(printed).zip(verdicts) {
        assert_eq!(printed, verdict, "{language}: {}", vector["name"]);
    }
}

const PAGE: &str = "docs/receiving/README.md";

fn vectors_file(dir: &Path) {
    std::fs::write(dir.join("vectors.json"), serde_json::to_string(&expected().0).unwrap()).unwrap();
}

#[test]
fn the_typescript_for_receivers_judges_the_vectors() {
    let dir = tempfile::tempdir().unwrap();
    vectors_file(dir.path());
    let code =
        ["function isGenuine(", "function isGenuineByKey("].map(|word| block(PAGE, "typescript", word));
    let checks = "import { readFileSync } from 'node:fs';\n\
        const judge = (v) => ({\n\
            v1: isGenuine(Buffer.from(v.body), v.headers, v.secret, v.now),\n\
            v1a: isGenuineByKey(Buffer.from(v.body), v.headers, v.public_key, v.now),\n\
            plain: isGenuinePlain(Buffer.from(v.body), v.headers['x-webhook-signature'], v.secret) });\n\
        console.log(JSON.stringify(JSON.parse(readFileSync('vectors.json', 'utf8')).map(judge)));";
    std::fs::write(dir.path().join("judge.mjs"), format!("{}\n{checks}", without_types(&code.concat())))
        .unwrap();
    let mut node = Command::new("node");
    node.arg("judge.mjs").current_dir(dir.path());
    assert_judged("TypeScript", &output(node));
}

#[test]
fn the_python_for_receivers_judges_the_vectors() {
    let dir = tempfile::tempdir().unwrap();
    vectors_file(dir.path());
    let code = ["def is_genuine(", "def is_genuine_by_key("].map(|word| block(PAGE, "python", word));
    let checks = "import json\n\
        def judge(v):\n    body = v['body'].encode()\n    return {\n\
        'v1': is_genuine(body, v['headers'], v['secret'], v['now']),\n\
        'v1a': is_genuine_by_key(body, v['headers'], v['public_key'], v['now']),\n\
        'plain': is_genuine_plain(body, v['headers']['x-webhook-signature'], v['secret'])}\n\
        print(json.dumps([judge(v) for v in json.load(open('vectors.json'))]))";
    let mut python = Command::new("python3");
    python.args(["-c", &format!("{}\n{checks}", code.concat())]).current_dir(dir.path());
    assert_judged("Python", &output(python));
}

#[test]
fn the_php_for_receivers_judges_the_vectors() {
    let dir = tempfile::tempdir().unwrap();
    vectors_file(dir.path());
    let code = ["function is_genuine(", "function is_genuine_by_key("].map(|word| block(PAGE, "php", word));
    let checks = "$judge = function (array $v): array {\n\
        $server = [];\n\
        foreach ($v['headers'] as $name => $value) {\n\
            $server['HTTP_' . strtoupper(strtr($name, '-', '_'))] = $value;\n\
        }\n\
        return [\n\
            'v1' => is_genuine($v['body'], $server, $v['secret'], $v['now']),\n\
            'v1a' => is_genuine_by_key($v['body'], $server, $v['public_key'], $v['now']),\n\
            'plain' => is_genuine_plain($v['body'], $v['headers']['x-webhook-signature'], $v['secret'])];\n\
        };\n\
        echo json_encode(array_map($judge, json_decode(file_get_contents('vectors.json'), true)));";
    let mut php = Command::new("php");
    php.args(["-r", &format!("{}\n{checks}", code.concat())]).current_dir(dir.path());
    assert_judged("PHP", &output(php));
}

#[test]
fn the_page_for_receivers_names_the_file_of_vectors() {
    assert!(Page::read(PAGE).text.contains("](vectors.json)"));
}
