//! Signature headers: nothing but the right signature is accepted.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use waxwing_core::{
    PublicKey, Secret, SigningKey, Timestamp,
    signature::{Signer, Verifier, VerifyError, verify_legacy, verify_standard},
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
    let key = SigningKey::from_seed(&[7; 32]);
    let public_key = key.public_key();
    for (verifier, version, sign) in [
        ((&secret).into(), "v1,", &|id: &str, at, body: &[u8]| signer.standard(id, at, body)),
        ((&public_key).into(), "v1a,", &|id: &str, at, body: &[u8]| key.standard(id, at, body) as String),
    ] as [(Verifier<'_>, &str, &Sign<'_>); 2]
    {
        let scheme = Scheme { verifier, version, sign };
        scheme.arbitrary(header, id, timestamp, body);
        scheme.right_among_others(header, id, body);
    }
    given(header);
}

/// A signature of an id, a time and a body.
type Sign<'a> = dyn Fn(&str, i64, &[u8]) -> String + 'a;

/// One way to sign, and what verifies it.
struct Scheme<'a> {
    verifier: Verifier<'a>,
    version: &'static str,
    sign: &'a Sign<'a>,
}

impl Scheme<'_> {
    /// What was not signed is not accepted, whatever the reason is called.
    fn arbitrary(&self, header: &str, id: &str, timestamp: &str, body: &[u8]) {
        let verdict = verify_standard(self.verifier, id, timestamp, body, header, NOW, TOLERANCE);
        let Ok(seconds) = timestamp.parse::<i64>() else {
            assert!(verdict.is_err());
            return;
        };
        assert!(timestamp == i64::to_string(&seconds) || verdict.is_err(), "{timestamp:?} has two spellings");
        let right = (self.sign)(id, seconds, body);
        let signatures =
            header.split(' ').filter_map(|part| STANDARD.decode(part.strip_prefix(self.version)?).ok());
        let signed = signatures
            .into_iter()
            .any(|signature| format!("{}{}", self.version, STANDARD.encode(signature)) == right);
        assert!(signed || verdict.is_err(), "{header:?} was accepted");
    }

    /// The right signature is found among any others, as long as a space divides them.
    fn right_among_others(&self, others: &str, id: &str, body: &[u8]) {
        let seconds = NOW.seconds();
        let right = (self.sign)(id, seconds, body);
        let expected = if id.is_empty() || id.contains('.') { Err(VerifyError::MalformedId) } else { Ok(()) };
        let verify = |timestamp: &str, header: &str| {
            verify_standard(self.verifier, id, timestamp, body, header, NOW, TOLERANCE)
        };
        assert!(verify(&format!("0{seconds}"), &right).is_err());
        for header in [format!("{others} {right}"), format!("{right} {others}")] {
            assert_eq!(verify(&seconds.to_string(), &header), expected, "{header:?}");
        }
    }
}

/// A secret that an account brings along signs, or is refused; keys are read from one
/// spelling and printed in it, or refused.
fn given(text: &str) {
    if let Ok(secret) = Secret::given(text) {
        assert_eq!(secret.expose(), text);
        assert!(!secret.signing_key_standard().is_empty(), "{text:?} signs with nothing");
    }
    if let Ok(key) = SigningKey::parse(text) {
        assert_eq!(SigningKey::from_seed(&key.expose_seed()), key);
    }
    if let Ok(key) = PublicKey::parse(text) {
        let printed = key.to_string();
        assert_eq!(printed.trim_end_matches('='), text.trim_end_matches('='));
        assert_eq!(key.thumbprint().len(), 43);
    }
}
