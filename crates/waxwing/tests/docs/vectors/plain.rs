//! Vectors of `X-Webhook-Signature`.

use super::{
    case::{Case, ID, NEW_SECRET, OWN_SECRET, SECRET, SIGNING_KEY, envelope, ordinary},
    standard::public,
};

const HEADER: &str = "x-webhook-signature";

fn event(name: &'static str) -> Case {
    Case::plain(name, SECRET, ordinary())
}

fn signed(name: &'static str, change: impl FnOnce(&str) -> String) -> Case {
    event(name).header(HEADER, change)
}

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    [genuine(), refused(), no_events()].into_iter().flatten().collect()
}

fn genuine() -> Vec<Case> {
    vec![
        event("an event"),
        Case::plain("text beyond ASCII", SECRET, envelope(ID, r#","data":"Żółw 🐢""#)),
        Case::plain("a newline at the end counts", SECRET, [ordinary(), b"\n".to_vec()].concat()),
        Case::plain("a secret of the account's own", OWN_SECRET, ordinary()).with(&[OWN_SECRET]),
        event("the name in title case").names(|_| "X-Webhook-Signature".to_owned()),
        event("the name in upper case").names(str::to_uppercase),
        event("two secrets, the first signed").with(&[SECRET, NEW_SECRET]),
        event("two secrets, the second signed").with(&[NEW_SECRET, SECRET]),
        event("nothing is said about time").after(1_000_000),
        event("the other scheme's headers do not matter")
            .and("webhook-id", "evt.9")
            .and("webhook-timestamp", "noon"),
    ]
}

fn refused() -> Vec<Case> {
    let (no_match, malformed) = ("no_matching_signature", "malformed_header");
    let padding = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=";
    let changed = String::from_utf8(ordinary()).unwrap().replace("250.00", "250.0");
    vec![
        event("another secret").with(&[NEW_SECRET]).refused(no_match),
        event("the secret is taken as text, so its padding counts").with(&[padding]).refused(no_match),
        event("the secret without its prefix").with(&[SECRET.trim_start_matches("whsec_")]).refused(no_match),
        event("a body parsed and printed again").body(changed).refused(no_match),
        event("a newline added").body([ordinary(), b"\n".to_vec()].concat()).refused(no_match),
        event("the body gone").body("").refused(no_match),
        event("one byte beyond UTF-8").body([ordinary(), b"\xff".to_vec()].concat()).refused(no_match),
        signed("the first digit changed", |right| {
            format!("{}{}", if right.starts_with('0') { '1' } else { '0' }, &right[1..])
        })
        .refused(no_match),
        signed("64 zeros", |_| "0".repeat(64)).refused(no_match),
        signed("digits in upper case", str::to_uppercase).refused(malformed),
        signed("one digit less", |right| right[..63].to_owned()).refused(malformed),
        signed("one digit more", |right| format!("{right}0")).refused(malformed),
        signed("not hex", |right| format!("g{}", &right[1..])).refused(malformed),
        signed("a prefix in front", |right| format!("sha256={right}")).refused(malformed),
        signed("an empty header", |_| String::new()).refused(malformed),
        event("no header").without(HEADER).refused("missing_header"),
        Case::standard("the other scheme's headers alone", &[SECRET], ID, ordinary())
            .refused("missing_header"),
        event("two headers").and("X-Webhook-Signature", &"0".repeat(64)).refused("repeated_header"),
        signed("two headers, joined", |right| format!("{right}, {right}")).refused("repeated_header"),
        event("no secrets").with(&[]).refused("invalid_secret"),
        event("an empty secret").with(&[""]).refused("invalid_secret"),
        event("a secret with a newline at its end").with(&[&format!("{SECRET}\n")]).refused("invalid_secret"),
        event("a public key verifies the other scheme only")
            .with(&[&public(SIGNING_KEY)])
            .refused("invalid_secret"),
    ]
}

fn no_events() -> Vec<Case> {
    let no_event = |name, text: &[u8]| Case::plain(name, SECRET, text.to_vec()).refused("not_an_event");
    vec![
        no_event("signed: an empty body", b""),
        no_event("signed: a body beyond UTF-8", b"\xff\xfe\x00\x80"),
        no_event("signed: no JSON", b"deposit"),
        no_event("signed: a list", b"[]"),
        no_event("signed: no data", &envelope(ID, "")),
    ]
}
