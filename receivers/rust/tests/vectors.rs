//! The vectors that all receiver libraries and the server are held to.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::{fs, path::Path, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::Value;
use waxwing_receiver::{Error, Event, Options, Reason, Scheme, Secrets, verify};

#[derive(Deserialize)]
struct File {
    scheme: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    secrets: Vec<String>,
    now: u64,
    tolerance: Option<u64>,
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_base64: Option<String>,
    expect: Expectation,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expectation {
    Event { id: String, r#type: String, created_at: String },
    Error(String),
}

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Vector {
    fn body(&self) -> Vec<u8> {
        match (&self.body, &self.body_base64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(base64)) => STANDARD.decode(base64).unwrap(),
            _ => panic!("{}: one body", self.name),
        }
    }

    fn result(&self, scheme: &str) -> Result<Event<Value>, Error> {
        let mut options = Options::new().now(self.now);
        if let Some(seconds) = self.tolerance {
            options = options.tolerance(Duration::from_secs(seconds));
        }
        if scheme == "plain" {
            options = options.scheme(Scheme::Plain);
        }
        let headers = self.headers.iter().map(|(name, value)| (name, value));
        verify(&self.body(), headers, &Secrets::new(&self.secrets)?, &options)
    }

    /// What came of it, and what should have.
    fn compared(&self, scheme: &str) -> (String, String) {
        let found = match self.result(scheme) {
            Ok(event) => format!("{} {} {}", event.id, event.event_type, event.created_at),
            Err(error) => error.reason().to_string(),
        };
        let expected = match &self.expect {
            Expectation::Event { id, r#type, created_at } => format!("{id} {type} {created_at}"),
            Expectation::Error(reason) => reason.clone(),
        };
        (found, expected)
    }
}

/// Checks each vector of a file, of which there must be as many at least.
fn check(name: &str, at_least: usize) {
    let File { scheme, vectors } = serde_json::from_str(&text(name)).unwrap();
    assert!(vectors.len() >= at_least, "{name} has {} vectors", vectors.len());
    let mut wrong = Vec::new();
    for vector in &vectors {
        let (found, expected) = vector.compared(&scheme);
        if found != expected {
            wrong.push(format!("{name}: {}: {found} instead of {expected}", vector.name));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn signatures_by_shared_secrets_are_told_apart() {
    check("standard.json", 100);
}

#[test]
fn signatures_by_signing_keys_are_told_apart() {
    check("signing-key.json", 20);
}

#[test]
fn plain_signatures_are_told_apart() {
    check("plain.json", 30);
}

#[test]
fn reasons_and_statuses_are_those_of_every_language() {
    let listed: Value = serde_json::from_str(&text("reasons.json")).unwrap();
    let here =
        Reason::ALL.map(|reason| serde_json::json!({ "reason": reason.as_str(), "status": reason.status() }));
    assert_eq!(listed["reasons"], Value::from(here.to_vec()));
}
