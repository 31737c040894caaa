//! Secrets, their rotation, and the commands that sign and verify.

use base64::Engine;
use serde_json::json;
use waxwing_core::{Secret, SigningKey, Timestamp, signature::Signer};
use waxwing_peers::Received;

use crate::harness::{Inbox, World, inbox::header, run_in, server::expect, stderr, stdout};

fn secret(text: &str) -> Vec<(String, String)> {
    vec![("WAXWING_SECRET".to_owned(), text.to_owned())]
}

fn verifies(secret: &str, received: &Received) -> bool {
    let secret = Secret::given(secret).unwrap();
    let at = Timestamp::from_millis(header(received, "webhook-timestamp").parse::<i64>().unwrap() * 1000);
    waxwing_peers::verify(&received.headers, &received.body, &secret, at).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_leaves_no_gap_for_a_receiver_with_either_secret() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let path = format!("/api/webhook/{}/rotate-secret", hook.id);
    let rotated = expect(200, server.acting_for("acme").post(&path, Some(json!({}))).await.unwrap());
    let new = rotated["secret"].as_str().unwrap();
    assert!(rotated["previous_expires_at"].is_string());
    server.publish("acme", "deposit.created", json!({})).await;
    let received = inbox.next().await;
    let signatures = header(&received, "webhook-signature").split(' ').count();
    assert_eq!(signatures, 2);
    let hex = |secret: &str| Signer::new(&Secret::given(secret).unwrap()).legacy(&received.body);
    assert_eq!(header(&received, "x-webhook-signature"), hex(&hook.secret));
    // The end of the grace period.
    let ended = json!({ "secret": new, "grace_seconds": 0 });
    expect(200, server.acting_for("acme").post(&path, Some(ended)).await.unwrap());
    server.publish("acme", "deposit.created", json!({})).await;
    let received = inbox.next().await;
    assert!(verifies(new, &received));
    assert!(!verifies(&hook.secret, &received));
    server.stop().await;
}

#[tokio::test]
async fn what_sign_prints_verify_accepts() {
    let world = World::new();
    let body = br#"{"id":"evt_1"}"#;
    std::fs::write(world.path("body.json"), body).unwrap();
    let environment = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let dir = world.dir.path();
    let signed = run_in(dir, &["sign", "--id", "evt_1", "body.json"], &environment, b"").await;
    assert!(signed.status.success(), "{}", stderr(&signed));
    let arguments = ["verify", "--headers-file", "-", "body.json"];
    let verified = run_in(dir, &arguments, &environment, &signed.stdout).await;
    assert_eq!(verified.status.code(), Some(0), "{}", stderr(&verified));
    std::fs::write(world.path("body.json"), br#"{"id":"evt_2"}"#).unwrap();
    let forged = run_in(dir, &arguments, &environment, &signed.stdout).await;
    assert_eq!(forged.status.code(), Some(3));
    let other = secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    assert_eq!(run_in(dir, &arguments, &other, &signed.stdout).await.status.code(), Some(3));
}

#[tokio::test]
async fn sign_prints_the_published_test_vector() {
    let world = World::new();
    let arguments = ["sign", "--id", "msg_p5jXN8AQM9LWM0D4loKWxJek", "--timestamp", "1614265330", "--json"];
    let environment = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let signed = run_in(world.dir.path(), &arguments, &environment, br#"{"test": 2432232314}"#).await;
    let headers: serde_json::Value = serde_json::from_str(&stdout(&signed)).unwrap();
    assert_eq!(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[tokio::test]
async fn verify_says_what_is_wrong() {
    let world = World::new();
    let environment = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let verify = |arguments: &'static [&'static str]| {
        let (dir, environment) = (world.dir.path().to_owned(), environment.clone());
        async move { run_in(&dir, arguments, &environment, br#"{"test": 2432232314}"#).await }
    };
    let old = [
        "verify",
        "-H",
        "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek",
        "-H",
        "webhook-timestamp: 1614265330",
        "-H",
        "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ];
    let old: &'static [&'static str] = Box::leak(Box::new(old));
    assert_eq!(verify(old).await.status.code(), Some(3));
    let any_age: &'static [&'static str] = Box::leak([old, &["--any-age"][..]].concat().into_boxed_slice());
    assert_eq!(verify(any_age).await.status.code(), Some(0));
    let none = verify(&["verify"]).await;
    assert_eq!(none.status.code(), Some(2), "{}", stderr(&none));
}

#[tokio::test]
async fn a_public_key_verifies_what_a_signing_key_signed_and_names_what_it_cannot() {
    let world = World::new();
    let dir = world.dir.path();
    let key = SigningKey::from_seed(&[5; 32]);
    let text = format!("whsk_{}\n", base64::engine::general_purpose::STANDARD.encode([5; 32]));
    std::fs::write(world.path("signing.key"), text).unwrap();
    let environment = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let sign = ["sign", "--id", "evt_1", "--signing-key-file", "signing.key"];
    let signed = run_in(dir, &sign, &environment, b"{}").await;
    assert!(signed.status.success(), "{}", stderr(&signed));
    std::fs::write(world.path("headers.txt"), &signed.stdout).unwrap();
    let (public_key, other) = (key.public_key().to_string(), SigningKey::from_seed(&[6; 32]).public_key());
    let verify = ["verify", "--headers-file", "headers.txt", "--public-key"];
    for (key, environment, code, said) in [
        (&public_key, &[][..], 0, "verified: webhook-signature matches the public key"),
        (&public_key, &environment, 0, "verified: both signatures match, and the public key's too"),
        (&other.to_string(), &[], 3, "another public key"),
        (&"whpk_AAAA".to_owned(), &[], 2, "not a public key"),
    ] {
        let arguments = [&verify[..], &[key]].concat();
        let verified = run_in(dir, &arguments, environment, b"{}").await;
        let output = stdout(&verified) + &stderr(&verified);
        assert_eq!(verified.status.code(), Some(code), "{output}");
        assert!(output.contains(said), "{output}");
    }
    let plain = ["verify", "--public-key", &public_key, "-H", "X-Webhook-Signature: 00"];
    let nothing = run_in(dir, &plain, &[], b"{}").await;
    assert_eq!(nothing.status.code(), Some(2));
    assert!(stderr(&nothing).contains("verifies webhook-signature alone"), "{}", stderr(&nothing));
    let bad = ["sign", "--id", "evt_1", "--signing-key", "whsk_AAAA"];
    let refused = run_in(dir, &bad, &environment, b"{}").await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(!stderr(&refused).contains("AAAA"), "the key is not repeated: {}", stderr(&refused));
}

#[tokio::test]
async fn sign_asks_for_a_secret() {
    let world = World::new();
    let asked = run_in(world.dir.path(), &["sign", "--id", "evt_1"], &[], b"{}").await;
    assert_eq!(asked.status.code(), Some(2));
    assert!(stderr(&asked).contains("WAXWING_SECRET"), "{}", stderr(&asked));
}
