//! One vector: a request, what it is verified with, and what must come of it.
//!
//! A vector begins as a request that the server's own code signed; what an attacker or a
//! proxy may have done to it, and how the receiver was configured, is said step by step.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use waxwing_core::{
    Secret, SigningKey,
    signature::{Signer, standard_header},
};

/// The secret of most vectors, as it is generated.
pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The secret after a rotation.
pub(super) const NEW_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
/// A secret that its account chose.
pub(super) const OWN_SECRET: &str = "a secret of my own, no whsec";
/// The signing key of most vectors.
pub(super) const SIGNING_KEY: &str = "whsk_NiUkAePk+GARpxILLKIgpgrWwpmKmIfbuqmtZ0MqOVQ=";
/// The signing key after a rotation.
pub(super) const NEW_SIGNING_KEY: &str = "whsk_FSG+3XynzPg6+5EC3YsCj1LJWkMLSjx2sn5fJ7Kt/TQ=";
/// When requests are signed, in Unix seconds.
pub(super) const AT: i64 = 1_774_519_200;
/// The id of most events.
pub(super) const ID: &str = "evt_01m85ve0y6efp98b9vafhqkpt6";

/// The body of an event of this id, with the member `data`, or something else, at its end.
pub(super) fn envelope(id: &str, rest: &str) -> Vec<u8> {
    let head = format!(r#"{{"id":"{id}","type":"deposit.completed","created_at":"2026-03-26T10:00:00.000Z""#);
    format!("{head}{rest}}}").into_bytes()
}

/// The body of most vectors.
pub(super) fn ordinary() -> Vec<u8> {
    envelope(ID, r#","data":{"id":"dep_1","amount":250.00,"currency":"USD"}"#)
}

/// A vector.
pub(super) struct Case {
    name: &'static str,
    pub(super) secrets: Vec<String>,
    pub(super) now: i64,
    pub(super) tolerance: Option<u64>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    refused: Option<&'static str>,
}

/// `webhook-signature` of a body by secrets and signing keys.
pub(super) fn signature(signed_by: &[&str], id: &str, at: i64, body: &[u8]) -> String {
    let (keys, secrets): (Vec<&str>, Vec<&str>) =
        signed_by.iter().partition(|text| text.starts_with("whsk_"));
    let signers: Vec<_> = secrets.iter().map(|secret| Signer::new(&Secret::given(secret).unwrap())).collect();
    let keys: Vec<_> = keys.iter().map(|key| SigningKey::parse(key).unwrap()).collect();
    standard_header(&signers.iter().collect::<Vec<_>>(), &keys.iter().collect::<Vec<_>>(), id, at, body)
}

/// `X-Webhook-Signature` of a body.
pub(super) fn plain_signature(secret: &str, body: &[u8]) -> String {
    Signer::new(&Secret::given(secret).unwrap()).legacy(body)
}

impl Case {
    fn new(name: &'static str, headers: &[(&str, &str)], body: Vec<u8>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self {
            name,
            secrets: vec![SECRET.to_owned()],
            now: AT,
            tolerance: None,
            headers,
            body,
            refused: None,
        }
    }

    /// An event with the body's id, signed by Standard Webhooks.
    pub(super) fn standard(name: &'static str, signed_by: &[&str], id: &str, body: Vec<u8>) -> Self {
        let signed = signature(signed_by, id, AT, &body);
        let at = AT.to_string();
        Self::new(
            name,
            &[("webhook-id", id), ("webhook-timestamp", &at), ("webhook-signature", &signed)],
            body,
        )
    }

    /// An event signed by `X-Webhook-Signature`.
    pub(super) fn plain(name: &'static str, signed_by: &str, body: Vec<u8>) -> Self {
        Self::new(name, &[("x-webhook-signature", &plain_signature(signed_by, &body))], body)
    }

    /// What the receiver was given to verify with.
    pub(super) fn with(mut self, secrets: &[&str]) -> Self {
        self.secrets = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        self
    }

    /// The receiver's clock, in seconds after the signing.
    pub(super) fn after(mut self, seconds: i64) -> Self {
        self.now = AT + seconds;
        self
    }

    /// How far the times may be apart.
    pub(super) fn tolerance(mut self, seconds: u64) -> Self {
        self.tolerance = Some(seconds);
        self
    }

    /// Another body than the one that was signed.
    pub(super) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The value of a header changed.
    pub(super) fn header(mut self, name: &str, change: impl FnOnce(&str) -> String) -> Self {
        let header = self.headers.iter_mut().find(|(known, _)| known == name).unwrap();
        header.1 = change(&header.1);
        self
    }

    /// A header taken away.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// One header more.
    pub(super) fn and(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Header names in another case.
    pub(super) fn names(mut self, change: impl Fn(&str) -> String) -> Self {
        self.headers.iter_mut().for_each(|(name, _)| *name = change(name));
        self
    }

    /// A request that must not be taken, and why.
    pub(super) fn refused(mut self, reason: &'static str) -> Self {
        self.refused = Some(reason);
        self
    }

    /// What stands in the file.
    pub(super) fn to_json(&self) -> Value {
        let mut vector = json!({
            "name": self.name,
            "secrets": self.secrets,
            "now": self.now,
            "headers": self.headers,
        });
        if let Some(tolerance) = self.tolerance {
            vector["tolerance"] = tolerance.into();
        }
        match str::from_utf8(&self.body) {
            Ok(text) => vector["body"] = text.into(),
            Err(_) => vector["body_base64"] = STANDARD.encode(&self.body).into(),
        }
        vector["expect"] = self.refused.map_or_else(|| self.event(), |reason| json!({ "error": reason }));
        vector
    }

    fn event(&self) -> Value {
        let event: Value = serde_json::from_slice(&self.body).unwrap();
        json!({ "event": { "id": event["id"], "type": event["type"], "created_at": event["created_at"] } })
    }
}
