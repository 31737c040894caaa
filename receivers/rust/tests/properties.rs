//! What holds for every input: nothing panics, what was signed is genuine, what was changed
//! since is not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::Value;
use sha2::Sha256;
use waxwing_receiver::{Event, Options, RawEvent, Reason, Scheme, Secrets, verify};

const NOW: u64 = 1_774_519_200;

/// A request as its sender makes it.
#[derive(Debug, Clone)]
struct Request {
    id: String,
    timestamp: String,
    signature: String,
    body: Vec<u8>,
}

impl Request {
    fn signed(&self) -> Vec<u8> {
        let head = format!("{}.{}.", self.id, self.timestamp);
        [head.as_bytes(), &self.body].concat()
    }

    fn result(&self, secrets: &Secrets) -> Result<RawEvent, Reason> {
        let headers = [
            ("webhook-id", &self.id),
            ("webhook-timestamp", &self.timestamp),
            ("webhook-signature", &self.signature),
        ];
        let event = verify(&self.body, headers, secrets, &Options::new().now(NOW));
        event.map_err(|error| error.reason())
    }
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().into()
}

fn event() -> impl Strategy<Value = Request> {
    ("[!-+/-~]{1,40}", 0..=300_u64, any::<bool>(), ".*", any::<i64>()).prop_map(
        |(id, distance, late, text, number)| {
            let body =
                serde_json::json!({ "id": id, "type": "a.b", "created_at": "now", "data": [text, number] });
            let time = if late { NOW - distance } else { NOW + distance };
            let (timestamp, body) = (time.to_string(), body.to_string().into_bytes());
            Request { id, timestamp, signature: String::new(), body }
        },
    )
}

/// By a shared secret, or by a signing key.
fn signed() -> impl Strategy<Value = (Request, Secrets)> {
    (event(), prop::array::uniform32(any::<u8>()), any::<bool>()).prop_map(|(mut request, key, shared)| {
        let message = request.signed();
        let secret = if shared {
            request.signature = format!("v1,{}", STANDARD.encode(hmac(&key, &message)));
            format!("whsec_{}", STANDARD.encode(key))
        } else {
            let key = SigningKey::from_bytes(&key);
            request.signature = format!("v1a,{}", STANDARD.encode(key.sign(&message).to_bytes()));
            format!("whpk_{}", STANDARD.encode(key.verifying_key().as_bytes()))
        };
        (request, Secrets::new([secret]).unwrap())
    })
}

proptest! {
    #[test]
    fn what_was_signed_is_genuine((request, secrets) in signed()) {
        let event = request.result(&secrets);
        prop_assert_eq!(event.map(|event| event.id), Ok(request.id));
    }

    #[test]
    fn every_changed_byte_is_found(
        (request, secrets) in signed(),
        place in any::<prop::sample::Index>(),
        to in any::<u8>(),
    ) {
        let mut changed = request.clone();
        let place = place.index(changed.body.len());
        prop_assume!(changed.body[place] != to);
        changed.body[place] = to;
        prop_assert_eq!(changed.result(&secrets).map(drop), Err(Reason::NoMatchingSignature));
    }

    #[test]
    fn a_signature_is_of_one_id_and_time(
        (request, secrets) in signed(),
        id in "[!-+/-~]{1,40}",
        time in (NOW - 300)..=(NOW + 300),
    ) {
        let moved = Request { timestamp: time.to_string(), ..request.clone() };
        let named = Request { id, ..request.clone() };
        for other in [moved, named] {
            prop_assume!(other.signed() != request.signed());
            prop_assert_eq!(other.result(&secrets).map(drop), Err(Reason::NoMatchingSignature));
        }
    }

    #[test]
    fn every_changed_character_of_a_signature_is_found(
        (request, secrets) in signed(),
        place in any::<prop::sample::Index>(),
        to in "[A-Za-z0-9+/=]",
    ) {
        let start = request.signature.find(',').unwrap() + 1;
        let place = start + place.index(request.signature.len() - start);
        let mut changed = request.clone();
        prop_assume!(changed.signature[place..=place] != to);
        changed.signature.replace_range(place..=place, &to);
        prop_assert_eq!(changed.result(&secrets).map(drop), Err(Reason::NoMatchingSignature));
    }

    #[test]
    fn no_headers_panic(
        values in prop::array::uniform4(prop::option::of(prop::collection::vec(any::<u8>(), 0..80))),
        body in prop::collection::vec(any::<u8>(), 0..80),
        plain in any::<bool>(),
    ) {
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature", "X-Webhook-Signature"];
        let headers = names.iter().zip(values).filter_map(|(name, value)| Some((*name, value?)));
        let scheme = if plain { Scheme::Plain } else { Scheme::Standard };
        let secrets = Secrets::new(["my-own-secret-of-old"]).unwrap();
        let result = verify::<Value>(&body, headers, &secrets, &Options::new().scheme(scheme));
        prop_assert!(result.is_err());
    }

    #[test]
    fn no_text_panics_as_a_secret(text in ".*", prefix in "(whsec_|whpk_)?") {
        let _ = Secrets::new([prefix + &text]);
    }

    #[test]
    fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Event::<Value>::from_json(&body);
    }

    #[test]
    fn no_json_panics_as_an_event(
        members in prop::collection::vec(("(id|type|created_at|data|x)", "(null|1e999|\"\"|\"\\\\ud800\"|\\[\\]|\\{\\}|NaN)"), 0..6),
    ) {
        let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let _ = Event::<Value>::from_json(format!("{{{}}}", members.join(",")).as_bytes());
    }
}
