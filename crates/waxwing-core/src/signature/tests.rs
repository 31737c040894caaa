//! Signatures against published vectors, and what is refused.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{PublicKey, SigningKey, Timestamp};

/// FIELD.md: secret, id, timestamp, body, signature.
const VECTORS: [(&str, &str, i64, &str, &str); 2] = [
    (
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        1_649_367_553,
        r#"{"email":"test@example.com","username":"test_user"}"#,
        "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
    ),
    (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        r#"{"test": 2432232314}"#,
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
];
const NOW: i64 = 1_649_367_553;
const TOLERANCE: Duration = Duration::from_mins(5);

fn secret() -> Secret {
    Secret::given(VECTORS[0].0).unwrap()
}

/// Verifies the first vector with another timestamp and signature header.
fn verify(timestamp: &str, header: &str) -> Result<(), VerifyError> {
    let (_, id, _, body, _) = VECTORS[0];
    let now = Timestamp::from_millis(NOW * 1000);
    verify_standard(&secret(), id, timestamp, body.as_bytes(), header, now, TOLERANCE)
}

fn signed(seconds: i64) -> String {
    let (_, id, _, body, _) = VECTORS[0];
    Signer::new(&secret()).standard(id, seconds, body.as_bytes())
}

#[test]
fn computes_the_hmac_vectors_of_rfc_4231() {
    let counting: Vec<u8> = (1..=25).collect();
    let larger = "This is a test using a larger than block-size key and a larger than \
        block-size data. The key needs to be hashed before being used by the HMAC algorithm.";
    let cases: [(&[u8], &[u8], &str); 6] = [
        (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (&counting, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        (
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (&[0xaa; 131], larger.as_bytes(), "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ];
    for (key, data, expected) in cases {
        assert_eq!(hex(mac(&keyed(key), &[data]).as_bytes()), expected);
    }
}

#[test]
fn signs_and_verifies_the_vectors_of_standard_webhooks() {
    for (secret, id, seconds, body, expected) in VECTORS {
        let secret = Secret::given(secret).unwrap();
        let body = body.as_bytes();
        assert_eq!(Signer::new(&secret).standard(id, seconds, body), expected);
        let now = Timestamp::from_millis(seconds * 1000);
        let text = seconds.to_string();
        let verified = verify_standard(&secret, id, &text, body, expected, now, Duration::ZERO);
        assert_eq!(verified, Ok(()));
    }
}

#[test]
fn the_legacy_key_is_the_whole_text_of_the_secret() {
    let expected = hex(mac(&keyed(VECTORS[0].0.as_bytes()), &[b"body"]).as_bytes());
    assert_eq!(Signer::new(&secret()).legacy(b"body"), expected);
    assert!(verify_legacy(&secret(), b"body", &expected));
}

#[test]
fn a_legacy_signature_is_exactly_64_lowercase_digits() {
    let good = Signer::new(&secret()).legacy(b"body");
    assert!(!verify_legacy(&secret(), b"other", &good));
    let spellings = [good.to_uppercase(), format!("{good} "), format!("0{good}"), good[..62].into()];
    for header in spellings.iter().map(String::as_str).chain(["", "é", &"0".repeat(64)]) {
        assert!(!verify_legacy(&secret(), b"body", header), "{header}");
    }
}

#[test]
fn during_a_rotation_either_secret_verifies() {
    let (_, id, _, body, _) = VECTORS[0];
    let [old, new] = [secret(), Secret::generate([3; 32])];
    let [first, second] = [Signer::new(&old), Signer::new(&new)];
    let header = standard_header(&[&first, &second], &[], id, NOW, body.as_bytes());
    assert_eq!(header, format!("{} {}", signed(NOW), second.standard(id, NOW, body.as_bytes())));
    assert_eq!(verify(&NOW.to_string(), &header), Ok(()));
}

/// Signing key, id, timestamp, body and signature as another sender has them in its
/// tests: the key is its seed and its public key.
const WITH_KEY: (&str, &str, i64, &str, &str) = (
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    1_614_265_330,
    r#"{"test": 2432232314}"#,
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
);

/// Verifies the vector with another public key and signature header.
fn verify_with_key(key: &PublicKey, header: &str) -> Result<(), VerifyError> {
    let (_, id, seconds, body, _) = WITH_KEY;
    let now = Timestamp::from_millis(seconds * 1000);
    verify_standard(key, id, &seconds.to_string(), body.as_bytes(), header, now, TOLERANCE)
}

#[test]
fn a_signing_key_signs_as_other_senders_do() {
    let (key, id, seconds, body, expected) = WITH_KEY;
    let key = SigningKey::parse(key).unwrap();
    assert_eq!(key.standard(id, seconds, body.as_bytes()), expected);
    assert_eq!(verify_with_key(&key.public_key(), expected), Ok(()));
}

#[test]
fn secrets_and_keys_sign_side_by_side_and_neither_verifies_for_the_other() {
    let (_, id, seconds, body, _) = WITH_KEY;
    let [old, new] = [1, 2].map(|seed| SigningKey::from_seed(&[seed; 32]));
    let signer = Signer::new(&secret());
    let header = standard_header(&[&signer], &[&new, &old], id, seconds, body.as_bytes());
    let versions: Vec<_> = header.split(' ').filter_map(|part| part.split(',').next()).collect();
    assert_eq!(versions, ["v1", "v1a", "v1a"]);
    for key in [&old, &new] {
        assert_eq!(verify_with_key(&key.public_key(), &header), Ok(()));
    }
    let other = SigningKey::from_seed(&[3; 32]).public_key();
    assert_eq!(verify_with_key(&other, &header), Err(VerifyError::NoPublicMatch));
    let by_secret = signer.standard(id, seconds, body.as_bytes());
    assert_eq!(verify_with_key(&old.public_key(), &by_secret), Err(VerifyError::NoPublicSignature));
    let relabelled = by_secret.replace("v1,", "v1a,");
    assert_eq!(verify_with_key(&old.public_key(), &relabelled), Err(VerifyError::NoPublicMatch));
    let by_key = old.standard(id, seconds, body.as_bytes());
    assert_eq!(verify(&NOW.to_string(), &by_key), Err(VerifyError::NoSignature));
}

#[test]
fn a_cut_or_otherwise_spelled_signature_does_not_hold() {
    let (key, _, _, _, good) = WITH_KEY;
    let key = SigningKey::parse(key).unwrap().public_key();
    for header in ["v1a,", "v1a,AAAA", "v1a,!", good.trim_end_matches('='), &good[..good.len() - 4]] {
        assert_eq!(verify_with_key(&key, header), Err(VerifyError::NoPublicMatch), "{header}");
    }
    for header in ["", &good.replace("v1a,", "V1A,"), &good.replace("v1a,", "v2a,")] {
        assert_eq!(verify_with_key(&key, header), Err(VerifyError::NoPublicSignature), "{header}");
    }
}

#[test]
fn signatures_of_other_versions_are_skipped() {
    let good = signed(NOW);
    let at = NOW.to_string();
    assert_eq!(verify(&at, &format!("v1a,AAAA v2,x {good}")), Ok(()));
    assert_eq!(verify(&at, &good.replace("v1,", "v2,")), Err(VerifyError::NoSignature));
    assert_eq!(verify(&at, ""), Err(VerifyError::NoSignature));
    for header in ["v1,", "v1,AAAA", "v1,!", &signed(NOW + 1), good.trim_end_matches('=')] {
        assert_eq!(verify(&at, header), Err(VerifyError::NoMatch), "{header}");
    }
}

#[test]
fn times_outside_the_tolerance_are_refused_however_well_signed() {
    let at = |seconds: i64| verify(&seconds.to_string(), &signed(seconds));
    assert_eq!(at(NOW - 300), Ok(()));
    assert_eq!(at(NOW + 300), Ok(()));
    assert_eq!(at(NOW - 301), Err(VerifyError::TooOld));
    assert_eq!(at(NOW + 301), Err(VerifyError::TooNew));
    assert_eq!(at(0), Err(VerifyError::TooOld));
    assert_eq!(at(i64::MAX), Err(VerifyError::TooNew));
}

#[test]
fn a_time_has_one_spelling_and_an_id_no_dot() {
    for text in
        ["", "-1", "+1649367553", "01649367553", "1649367553.0", " 1649367553", "1e9", "99999999999999999999"]
    {
        assert_eq!(verify(text, &signed(NOW)), Err(VerifyError::MalformedTimestamp), "{text}");
    }
    for id in ["", "a.b"] {
        let now = Timestamp::from_millis(NOW * 1000);
        let header = Signer::new(&secret()).standard(id, NOW, b"");
        let result = verify_standard(&secret(), id, "1649367553", b"", &header, now, TOLERANCE);
        assert_eq!(result, Err(VerifyError::MalformedId));
    }
}

#[test]
fn nothing_prints_a_signer() {
    assert_eq!(format!("{:?}", Signer::new(&secret())), "Signer(…)");
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_nothing_else(
        text in "[ -~]{16,256}",
        body: Vec<u8>,
        other: Vec<u8>,
        id in "[A-Za-z0-9_:-]{1,128}",
        seconds in 0..=Timestamp::MAX.seconds(),
    ) {
        let secret = Secret::given(&text).unwrap();
        let signer = Signer::new(&secret);
        prop_assert!(verify_legacy(&secret, &body, &signer.legacy(&body)));
        prop_assert_eq!(verify_legacy(&secret, &other, &signer.legacy(&body)), other == body);
        let header = signer.standard(&id, seconds, &body);
        let now = Timestamp::from_millis(seconds * 1000);
        let check = |body| verify_standard(&secret, &id, &seconds.to_string(), body, &header, now, TOLERANCE);
        prop_assert_eq!(check(&body), Ok(()));
        prop_assert_eq!(check(&other).is_ok(), other == body);
    }

    #[test]
    fn what_a_key_signs_its_public_key_verifies_and_nothing_else(
        seed: [u8; 32],
        body: Vec<u8>,
        other: Vec<u8>,
        id in "[A-Za-z0-9_:-]{1,128}",
        seconds in 0..=Timestamp::MAX.seconds(),
        at: prop::sample::Index,
        bit in 0..8_u8,
    ) {
        let key = SigningKey::from_seed(&seed);
        let public_key = key.public_key();
        let header = key.standard(&id, seconds, &body);
        let now = Timestamp::from_millis(seconds * 1000);
        let check = |body: &[u8], header: &str| {
            verify_standard(&public_key, &id, &seconds.to_string(), body, header, now, TOLERANCE)
        };
        prop_assert_eq!(check(&body, &header), Ok(()));
        prop_assert_eq!(check(&other, &header).is_ok(), other == body);
        let mut flipped = header.clone().into_bytes();
        let at = at.index(flipped.len());
        flipped[at] ^= 1 << bit;
        prop_assert!(check(&body, &String::from_utf8_lossy(&flipped)).is_err());
    }

    #[test]
    fn any_headers_are_judged_without_a_panic(id in ".*", timestamp in ".*", header in ".*") {
        let now = Timestamp::EPOCH;
        let key = SigningKey::from_seed(&[1; 32]).public_key();
        prop_assert!(verify_standard(&secret(), &id, &timestamp, b"", &header, now, TOLERANCE).is_err());
        prop_assert!(verify_standard(&key, &id, &timestamp, b"", &header, now, TOLERANCE).is_err());
        prop_assert!(!verify_legacy(&secret(), b"", &header));
    }
}
