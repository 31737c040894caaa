//! What a verification costs, beside the bare HMAC-SHA256 of the same bytes.
//!
//! `cargo run --release -p waxwing-receiver --features ed25519 --example bench`, with `-- --quick`
//! for a run that shows only that it works.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures the time of this machine, and prints it"
)]

use std::{error::Error, hint::black_box, time::Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use waxwing_receiver::{Options, Scheme, Secrets, verify};

/// The length of the body.
const BODY_LEN: usize = 1024;
/// Rounds of which the median is taken.
const ROUNDS: usize = 15;
/// Verifications of a round.
const EACH: u32 = 5000;
const KEY: [u8; 32] = [7; 32];
const ID: &str = "evt_01m85ve0y6efp98b9vafhqkpt6";
const NOW: u64 = 1_774_519_200;

type Done<T> = Result<T, Box<dyn Error>>;

fn body() -> String {
    let head =
        format!(r#"{{"id":"{ID}","type":"a.b","created_at":"2026-03-26T10:00:00.000Z","data":{{"text":""#);
    let text = "x".repeat(BODY_LEN - head.len() - 3);
    format!("{head}{text}\"}}}}")
}

fn hmac(key: &[u8], message: &[u8]) -> Done<[u8; 32]> {
    Ok(Hmac::<Sha256>::new_from_slice(key)?.chain_update(message).finalize().into_bytes().into())
}

/// The median of the rounds, in microseconds.
fn measured(each: u32, once: impl Fn() -> Done<()>) -> Done<f64> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..each {
            once()?;
        }
        rounds.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(each));
    }
    rounds.sort_by(f64::total_cmp);
    Ok(rounds[ROUNDS / 2])
}

/// The time of one verification, which must succeed.
fn verification(each: u32, body: &str, secret: &str, scheme: Scheme, signature: &str) -> Done<f64> {
    let secrets = Secrets::new([secret])?;
    let options = Options::new().now(NOW).scheme(scheme);
    let now = NOW.to_string();
    let name = if scheme == Scheme::Plain { "x-webhook-signature" } else { "webhook-signature" };
    let headers = [("webhook-id", ID), ("webhook-timestamp", &now), (name, signature)];
    measured(each, || {
        black_box(verify::<serde_json::Value>(body.as_bytes(), headers, &secrets, &options)?);
        Ok(())
    })
}

/// Public key and signature.
#[cfg(feature = "ed25519")]
fn by_key(message: &str) -> (String, String) {
    use ed25519_dalek::{Signer, SigningKey};
    let key = SigningKey::from_bytes(&KEY);
    let public = STANDARD.encode(key.verifying_key().as_bytes());
    let signature = STANDARD.encode(key.sign(message.as_bytes()).to_bytes());
    (format!("whpk_{public}"), format!("v1a,{signature}"))
}

fn main() -> Done<()> {
    let each = if std::env::args().any(|argument| argument == "--quick") { 2 } else { EACH };
    let body = body();
    let message = format!("{ID}.{NOW}.{body}");
    let bare = measured(each, || {
        black_box(hmac(black_box(&KEY), black_box(message.as_bytes()))?);
        Ok(())
    })?;
    let show = |name: &str, took: f64| println!("{name:<20} {took:>8.2} µs {:>8.2} × bare", took / bare);
    show("bare HMAC-SHA256", bare);
    let secret = format!("whsec_{}", STANDARD.encode(KEY));
    let v1 = format!("v1,{}", STANDARD.encode(hmac(&KEY, message.as_bytes())?));
    show("standard, v1", verification(each, &body, &secret, Scheme::Standard, &v1)?);
    let tag = hmac(secret.as_bytes(), body.as_bytes())?;
    let hex = tag.map(|byte| format!("{byte:02x}")).concat();
    show("plain", verification(each, &body, &secret, Scheme::Plain, &hex)?);
    #[cfg(feature = "ed25519")]
    {
        let (public, v1a) = by_key(&message);
        show("standard, v1a", verification(each, &body, &public, Scheme::Standard, &v1a)?);
    }
    Ok(())
}
