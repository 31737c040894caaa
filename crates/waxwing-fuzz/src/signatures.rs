//! Signature headers: nothing but the right signature is accepted.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use waxwing_core::{
    Secret, Timestamp,
    signature::{Signer, VerifyError, verify_legacy, verify_standard},
};

const NOW: Timestamp = Timestamp::from_millis(1_774_519_200_000);
const TOLERANCE: Duration = Duration::from_mins(5);

/// A header in the first line, an id in the second, a timestamp in the third, the
/// body in the rest.
pub(super) fn run(bytes: &[u8]) {
    let (header, rest) = crate::split(bytes);
    let (id, rest) = crate::split(rest);
    let (timestamp, body) = crate::split(rest);
    let (header, id, timestamp) = (crate::text(header), crate::text(id), crate::text(timestamp));
    let secret = Secret::generate([7; 32]);
    let signer = Signer::new(&secret);
    let legacy = signer.legacy(body);
    assert!(verify_legacy(&secret, body, &legacy));
    assert_eq!(verify_legacy(&secret, body, header), header == legacy);
    arbitrary(&secret, header, id, timestamp, body);
    right_among_others(&secret, &signer, header, id, body);
    given(header);
}

/// What was not signed is not accepted, whatever the reason is called.
fn arbitrary(secret: &Secret, header: &str, id: &str, timestamp: &str, body: &[u8]) {
    let verdict = verify_standard(secret, id, timestamp, body, header, NOW, TOLERANCE);
    let Ok(seconds) = timestamp.parse::<i64>() else {
        assert!(verdict.is_err());
        return;
    };
    assert!(timestamp == i64::to_string(&seconds) || verdict.is_err(), "{timestamp:?} has two spellings");
    let right = Signer::new(secret).standard(id, seconds, body);
    let tags = header.split(' ').filter_map(|part| STANDARD.decode(part.strip_prefix("v1,")?).ok());
    let signed = tags.into_iter().any(|tag| format!("v1,{}", STANDARD.encode(tag)) == right);
    assert!(signed || verdict.is_err(), "{header:?} was accepted");
}

/// The right signature is found among any others, as long as a space divides them.
fn right_among_others(secret: &Secret, signer: &Signer, others: &str, id: &str, body: &[u8]) {
    let seconds = NOW.seconds();
    let right = signer.standard(id, seconds, body);
    let expected = if id.is_empty() || id.contains('.') { Err(VerifyError::MalformedId) } else { Ok(()) };
    let spelled_otherwise = format!("0{seconds}");
    let verdict = verify_standard(secret, id, &spelled_otherwise, body, &right, NOW, TOLERANCE);
    assert!(verdict.is_err());
    for header in [format!("{others} {right}"), format!("{right} {others}")] {
        let verdict = verify_standard(secret, id, &seconds.to_string(), body, &header, NOW, TOLERANCE);
        assert_eq!(verdict, expected, "{header:?}");
    }
}

/// A secret that an account brings along signs, or is refused.
fn given(text: &str) {
    if let Ok(secret) = Secret::given(text) {
        assert_eq!(secret.expose(), text);
        assert!(!secret.signing_key_standard().is_empty(), "{text:?} signs with nothing");
    }
}
