//! The vectors for receivers: made by the server's own code, and judged alike by the
//! domain, by the command line, by OpenSSL, and by the code of the documentation.
//!
//! The libraries for receivers are held to the same files by their own tests.

mod case;
mod judges;
mod plain;
mod standard;

use serde_json::{Value, json};
use waxwing_core::SigningKey;

use self::case::{Case, NEW_SIGNING_KEY, SIGNING_KEY};
use crate::pages::root;

const FOLDER: &str = "receivers/vectors";

/// The reasons of refusals and the statuses that receivers answer them with.
const REASONS: [(&str, u16); 11] = [
    ("body_not_raw", 500),
    ("invalid_secret", 500),
    ("missing_header", 401),
    ("repeated_header", 401),
    ("malformed_header", 401),
    ("unsupported_version", 401),
    ("no_matching_signature", 401),
    ("timestamp_too_old", 401),
    ("timestamp_too_new", 401),
    ("not_an_event", 400),
    ("body_too_large", 413),
];

/// A file of vectors.
struct Vectors {
    name: &'static str,
    about: &'static str,
    scheme: &'static str,
    cases: Vec<Case>,
}

fn all() -> [Vectors; 3] {
    [
        Vectors {
            name: "standard.json",
            about: "Signatures of webhook-signature made with shared secrets (v1). ",
            scheme: "standard",
            cases: standard::secrets(),
        },
        Vectors {
            name: "signing-key.json",
            about: "Signatures of webhook-signature made with signing keys (v1a). ",
            scheme: "standard",
            cases: standard::signing_keys(),
        },
        Vectors {
            name: "plain.json",
            about: "Signatures of X-Webhook-Signature. ",
            scheme: "plain",
            cases: plain::cases(),
        },
    ]
}

const ABOUT: &str = "Each vector is a request, with the secrets that its receiver has, the \
    receiver's clock (Unix seconds) and tolerance (seconds; 300 if it is missing), and what must \
    come of it. Headers are in the order of the wire; a body that is no text is in body_base64. \
    The keys are for tests alone.";

impl Vectors {
    fn to_json(&self) -> Value {
        let vectors: Vec<Value> = self.cases.iter().map(Case::to_json).collect();
        let about = format!("{}{ABOUT}", self.about);
        json!({ "about": about, "scheme": self.scheme, "vectors": vectors })
    }
}

/// Compares a file with what it has to be; `UPDATE_DOCS` writes it.
fn assert_kept(name: &str, made: &Value) {
    let path = root().join(FOLDER).join(name);
    let made = format!("{made:#}\n");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "{FOLDER}/{name}: write it anew: UPDATE_DOCS=1 cargo test -p waxwing --test docs vectors"
    );
}

#[test]
fn the_vectors_are_those_that_the_server_signs() {
    for vectors in all() {
        assert_kept(vectors.name, &vectors.to_json());
    }
}

#[test]
fn each_vector_has_a_name_of_its_own_and_a_reason_that_is_listed() {
    for vectors in all() {
        let made: Vec<Value> = vectors.cases.iter().map(Case::to_json).collect();
        let mut names: Vec<&str> = made.iter().map(|vector| vector["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), made.len(), "{}", vectors.name);
        let reasons = made.iter().filter_map(|vector| vector["expect"]["error"].as_str());
        for reason in reasons {
            assert!(REASONS.iter().any(|(known, _)| *known == reason), "{reason}");
        }
    }
}

#[test]
fn the_reasons_are_those_of_the_file() {
    let reasons: Vec<Value> =
        REASONS.iter().map(|(reason, status)| json!({ "reason": reason, "status": status })).collect();
    assert_kept("reasons.json", &json!({ "reasons": reasons }));
}

#[test]
fn the_signing_keys_are_those_of_the_file() {
    let keys: Vec<Value> = [SIGNING_KEY, NEW_SIGNING_KEY]
        .iter()
        .map(|text| {
            let public_key = SigningKey::parse(text).unwrap().public_key();
            let jwk = json!({
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                "x": public_key.to_base64_url(), "kid": public_key.thumbprint(),
            });
            json!({ "signing_key": text, "public_key": public_key.to_string(), "jwk": jwk })
        })
        .collect();
    assert_kept("keys.json", &json!({ "keys": keys }));
}
