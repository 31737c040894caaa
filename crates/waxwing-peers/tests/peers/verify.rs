//! Checking signatures as a webhook's server should.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use waxwing_core::{
    Secret, SigningKey, Timestamp,
    signature::{Signer, VerifyError as StandardError, standard_header},
};
use waxwing_peers::{
    VerifyError, verify,
    verify::{TOLERANCE, legacy, standard},
};

const NOW: Timestamp = Timestamp::from_millis(1_774_519_200_000);
const BODY: &[u8] = br#"{"id":"evt_1"}"#;

fn secret(fill: u8) -> Secret {
    Secret::generate([fill; 32])
}

/// The headers of a request signed with this secret at this time.
fn signed(secret: &Secret, at: Timestamp) -> HeaderMap {
    let signer = Signer::new(secret);
    let mut headers = HeaderMap::new();
    let mut insert = |name: &'static str, value: String| headers.insert(name, value.parse().unwrap());
    insert("x-webhook-signature", signer.legacy(BODY));
    insert("webhook-id", "evt_1".into());
    insert("webhook-timestamp", at.seconds().to_string());
    insert("webhook-signature", standard_header(&[&signer], &[], "evt_1", at.seconds(), BODY));
    headers
}

#[test]
fn what_was_signed_with_the_secret_is_accepted() {
    assert_eq!(verify(&signed(&secret(1), NOW), BODY, &secret(1), NOW), Ok(()));
}

#[test]
fn another_secret_or_body_is_refused_by_each_scheme() {
    let headers = signed(&secret(1), NOW);
    for (body, key) in [(BODY, secret(2)), (&b"forged"[..], secret(1))] {
        assert_eq!(verify(&headers, body, &key, NOW), Err(VerifyError::Legacy));
        assert_eq!(legacy(&headers, body, &key), Err(VerifyError::Legacy));
        let no_match = Err(VerifyError::Standard(StandardError::NoMatch));
        assert_eq!(standard(&headers, body, &key, NOW), no_match);
    }
}

#[test]
fn each_header_must_be_there() {
    for name in ["x-webhook-signature", "webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut headers = signed(&secret(1), NOW);
        headers.remove(name);
        assert_eq!(verify(&headers, BODY, &secret(1), NOW), Err(VerifyError::Missing(name)));
        headers.insert(name, HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(verify(&headers, BODY, &secret(1), NOW), Err(VerifyError::Missing(name)));
    }
}

#[test]
fn a_request_may_be_as_old_as_the_tolerance() {
    let too_far = TOLERANCE + Duration::from_secs(1);
    for (at, accepted) in [
        (NOW.before(TOLERANCE), Ok(())),
        (NOW.after(TOLERANCE), Ok(())),
        (NOW.before(too_far), Err(VerifyError::Standard(StandardError::TooOld))),
        (NOW.after(too_far), Err(VerifyError::Standard(StandardError::TooNew))),
    ] {
        assert_eq!(verify(&signed(&secret(1), at), BODY, &secret(1), NOW), accepted);
    }
}

#[test]
fn while_a_secret_is_replaced_both_are_good_for_the_standard_scheme() {
    let (old, new) = (secret(1), secret(2));
    let mut headers = signed(&old, NOW);
    let both = standard_header(&[&Signer::new(&new), &Signer::new(&old)], &[], "evt_1", NOW.seconds(), BODY);
    headers.insert("webhook-signature", both.parse().unwrap());
    assert_eq!(verify(&headers, BODY, &old, NOW), Ok(()));
    assert_eq!(standard(&headers, BODY, &new, NOW), Ok(()));
    assert_eq!(legacy(&headers, BODY, &new), Err(VerifyError::Legacy));
}

#[test]
fn a_public_key_verifies_the_standard_scheme_without_the_secret() {
    let [key, other] = [1, 2].map(|seed| SigningKey::from_seed(&[seed; 32]));
    let mut headers = signed(&secret(1), NOW);
    let by_secret = standard(&headers, BODY, &key.public_key(), NOW);
    assert_eq!(by_secret, Err(VerifyError::Standard(StandardError::NoPublicSignature)));
    let both = standard_header(&[&Signer::new(&secret(1))], &[&key], "evt_1", NOW.seconds(), BODY);
    headers.insert("webhook-signature", both.parse().unwrap());
    assert_eq!(verify(&headers, BODY, &secret(1), NOW), Ok(()));
    assert_eq!(standard(&headers, BODY, &key.public_key(), NOW), Ok(()));
    let by_another = standard(&headers, BODY, &other.public_key(), NOW);
    assert_eq!(by_another, Err(VerifyError::Standard(StandardError::NoPublicMatch)));
}
