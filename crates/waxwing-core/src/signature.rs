//! How a request proves where it comes from: HMAC-SHA256 (RFC 2104) in two forms.
//!
//! `X-Webhook-Signature` signs the raw body with the secret's own text;
//! `webhook-signature` is Standard Webhooks 1.0, which also signs id and time.
//! A [`Signer`] has both keys absorbed, because every attempt needs both.
//! Signatures are compared in constant time.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac, digest::CtOutput};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{Secret, Timestamp};

type HmacSha256 = Hmac<Sha256>;
/// A result whose `==` takes the same time wherever two of them differ.
type Tag = CtOutput<HmacSha256>;

/// The version of a Standard Webhooks signature made with a shared secret.
const V1: &str = "v1,";
/// The bytes of a SHA-256 block and of its result (FIPS 180-4).
const BLOCK_LEN: usize = 64;
const TAG_LEN: usize = 32;

/// Signs the requests of one webhook.
#[derive(Clone)]
pub struct Signer {
    legacy: HmacSha256,
    standard: HmacSha256,
}

/// Why a Standard Webhooks signature was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// An id that is empty or holds the dot that parts are signed between.
    #[error("webhook-id is empty or contains a dot")]
    MalformedId,
    /// Something else than Unix seconds.
    #[error("webhook-timestamp is not a whole number of Unix seconds")]
    MalformedTimestamp,
    /// Signed longer ago than the tolerance: perhaps a replayed request.
    #[error("webhook-timestamp is too old: a replayed request, or this machine's clock is ahead")]
    TooOld,
    /// Signed further in the future than the tolerance.
    #[error("webhook-timestamp is in the future: this machine's clock is behind")]
    TooNew,
    /// No signature of version 1 in the header.
    #[error("webhook-signature contains no `v1,` signature")]
    NoSignature,
    /// None of the signatures is right.
    #[error("no signature matches: another secret, or the body is not the bytes that were sent")]
    NoMatch,
}

impl Signer {
    /// A signer with the keys of `secret`.
    pub fn new(secret: &Secret) -> Self {
        Self {
            legacy: keyed(secret.expose().as_bytes()),
            standard: keyed(&secret.signing_key_standard()),
        }
    }

    /// `X-Webhook-Signature`: 64 lowercase hex digits over the raw body.
    pub fn legacy(&self, body: &[u8]) -> String {
        hex(mac(&self.legacy, &[body]).as_bytes())
    }

    /// One signature of `webhook-signature`: `v1,` and base64 over
    /// `<id>.<timestamp>.<body>`.
    pub fn standard(&self, id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
        let tag = standard_mac(&self.standard, id, timestamp_seconds, body);
        let mut text = String::with_capacity(V1.len() + TAG_LEN.div_ceil(3) * 4);
        text.push_str(V1);
        STANDARD.encode_string(tag.as_bytes(), &mut text);
        text
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}

/// `webhook-signature` while several secrets are valid: one signature of each,
/// separated by spaces.
pub fn standard_header(
    signers: &[&Signer],
    id: &str,
    timestamp_seconds: i64,
    body: &[u8],
) -> String {
    let sign = |signer: &&Signer| signer.standard(id, timestamp_seconds, body);
    signers.iter().map(sign).collect::<Vec<_>>().join(" ")
}

/// Whether `header` is the `X-Webhook-Signature` of `body`: exactly 64 lowercase
/// hex digits.
pub fn verify_legacy(secret: &Secret, body: &[u8], header: &str) -> bool {
    let expected = mac(&keyed(secret.expose().as_bytes()), &[body]);
    unhex(header).is_some_and(|claimed| Tag::new(claimed.into()) == expected)
}

/// Whether the three headers of a Standard Webhooks request are right for `body`:
/// signed with `secret`, and at most `tolerance` before or after `now`.
/// Signatures of other versions are skipped, as the specification asks.
///
/// # Errors
/// [`VerifyError`] tells what is wrong.
pub fn verify_standard(
    secret: &Secret,
    id: &str,
    timestamp: &str,
    body: &[u8],
    header: &str,
    now: Timestamp,
    tolerance: Duration,
) -> Result<(), VerifyError> {
    if id.is_empty() || id.contains('.') {
        return Err(VerifyError::MalformedId);
    }
    let seconds = unix_seconds(timestamp).ok_or(VerifyError::MalformedTimestamp)?;
    let signed_at = Timestamp::from_millis(seconds.saturating_mul(1000));
    if now.since(signed_at) > tolerance {
        return Err(VerifyError::TooOld);
    }
    if signed_at.since(now) > tolerance {
        return Err(VerifyError::TooNew);
    }
    let keyed = keyed(&secret.signing_key_standard());
    let expected = standard_mac(&keyed, id, seconds, body);
    let mut claimed = header
        .split(' ')
        .filter_map(|part| part.strip_prefix(V1))
        .peekable();
    if claimed.peek().is_none() {
        return Err(VerifyError::NoSignature);
    }
    if claimed.any(|text| unbase64(text).is_some_and(|tag| Tag::new(tag.into()) == expected)) {
        Ok(())
    } else {
        Err(VerifyError::NoMatch)
    }
}

/// Digits as a sender prints them: no sign, no leading zero, so that a time has
/// one spelling.
fn unix_seconds(text: &str) -> Option<i64> {
    text.parse()
        .ok()
        .filter(|seconds: &i64| *seconds >= 0 && seconds.to_string() == text)
}

/// HMAC-SHA256 with `key` absorbed. A key longer than a block is hashed first
/// (RFC 2104, 2).
fn keyed(key: &[u8]) -> HmacSha256 {
    let mut block = Zeroizing::new([0; BLOCK_LEN]);
    if let Some(start) = block.get_mut(..key.len()) {
        start.copy_from_slice(key);
    } else {
        block[..TAG_LEN].copy_from_slice(&Sha256::digest(key));
    }
    HmacSha256::new((&*block).into())
}

fn mac(keyed: &HmacSha256, parts: &[&[u8]]) -> Tag {
    let mut mac = keyed.clone();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize()
}

fn standard_mac(keyed: &HmacSha256, id: &str, timestamp_seconds: i64, body: &[u8]) -> Tag {
    let head = format!("{id}.{timestamp_seconds}.");
    mac(keyed, &[head.as_bytes(), body])
}

fn unbase64(text: &str) -> Option<[u8; TAG_LEN]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

fn unhex(text: &str) -> Option<[u8; TAG_LEN]> {
    let digit = |character: u8| match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
        verify_standard(
            &secret(),
            id,
            timestamp,
            body.as_bytes(),
            header,
            now,
            TOLERANCE,
        )
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
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &counting,
                &[0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &[0xaa; 131],
                larger.as_bytes(),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
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
        let spellings = [
            good.to_uppercase(),
            format!("{good} "),
            format!("0{good}"),
            good[..62].into(),
        ];
        for header in spellings
            .iter()
            .map(String::as_str)
            .chain(["", "é", &"0".repeat(64)])
        {
            assert!(!verify_legacy(&secret(), b"body", header), "{header}");
        }
    }

    #[test]
    fn during_a_rotation_either_secret_verifies() {
        let (_, id, _, body, _) = VECTORS[0];
        let [old, new] = [secret(), Secret::generate([3; 32])];
        let [first, second] = [Signer::new(&old), Signer::new(&new)];
        let header = standard_header(&[&first, &second], id, NOW, body.as_bytes());
        assert_eq!(
            header,
            format!(
                "{} {}",
                signed(NOW),
                second.standard(id, NOW, body.as_bytes())
            )
        );
        assert_eq!(verify(&NOW.to_string(), &header), Ok(()));
    }

    #[test]
    fn signatures_of_other_versions_are_skipped() {
        let good = signed(NOW);
        let at = NOW.to_string();
        assert_eq!(verify(&at, &format!("v1a,AAAA v2,x {good}")), Ok(()));
        assert_eq!(
            verify(&at, &good.replace("v1,", "v2,")),
            Err(VerifyError::NoSignature)
        );
        assert_eq!(verify(&at, ""), Err(VerifyError::NoSignature));
        for header in [
            "v1,",
            "v1,AAAA",
            "v1,!",
            &signed(NOW + 1),
            good.trim_end_matches('='),
        ] {
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
        for text in [
            "",
            "-1",
            "+1649367553",
            "01649367553",
            "1649367553.0",
            " 1649367553",
            "1e9",
            "99999999999999999999",
        ] {
            assert_eq!(
                verify(text, &signed(NOW)),
                Err(VerifyError::MalformedTimestamp),
                "{text}"
            );
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
        fn any_headers_are_judged_without_a_panic(id in ".*", timestamp in ".*", header in ".*") {
            let now = Timestamp::EPOCH;
            prop_assert!(verify_standard(&secret(), &id, &timestamp, b"", &header, now, TOLERANCE).is_err());
            prop_assert!(!verify_legacy(&secret(), b"", &header));
        }
    }
}
