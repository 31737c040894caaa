//! Vectors of Standard Webhooks 1.0: `v1` by shared secrets, `v1a` by signing keys.

use base64::{Engine, engine::general_purpose::STANDARD};
use waxwing_core::{Secret, SigningKey};

use super::case::{
    AT, Case, ID, NEW_SECRET, NEW_SIGNING_KEY, OWN_SECRET, SECRET, SIGNING_KEY, envelope, ordinary, signature,
};

/// The public half of a signing key.
pub(super) fn public(signing_key: &str) -> String {
    SigningKey::parse(signing_key).unwrap().public_key().to_string()
}

fn event(name: &'static str) -> Case {
    Case::standard(name, &[SECRET], ID, ordinary())
}

fn of(name: &'static str, id: &str, rest: &str) -> Case {
    Case::standard(name, &[SECRET], id, envelope(id, rest))
}

fn body(name: &'static str, body: &[u8]) -> Case {
    Case::standard(name, &[SECRET], ID, body.to_vec())
}

fn signed(case: Case, change: impl FnOnce(&str) -> String) -> Case {
    case.header("webhook-signature", change)
}

/// `v1` by shared secrets.
pub(super) fn secrets() -> Vec<Case> {
    [genuine(), forged(), headers(), times(), no_events(), unusable()].into_iter().flatten().collect()
}

fn genuine() -> Vec<Case> {
    let own_body = ordinary();
    let not_base64 = "whsec_not base64, is it";
    vec![
        event("an event"),
        of(
            "digits, spaces and the order of members are kept",
            "evt_2",
            r#" , "data": {"b": 1.10, "a": 12345678901234567890}"#,
        ),
        of(
            "text beyond ASCII, and escapes",
            "evt_3",
            r#","data":{"name":"Żółw 🐢","escaped":"\u00e9\n\ud83d\ude00"}"#,
        ),
        of("an id that the publisher chose", "order:42_x-1", r#","data":{}"#),
        of("data that is null", "evt_4", r#","data":null"#),
        of("data that is a number", "evt_5", r#","data":12.50"#),
        of("members that nobody knows are ignored", "evt_6", r#","data":{},"version":2"#),
        body("a newline at the end counts", &[ordinary(), b"\n".to_vec()].concat()),
        event("names in title case").names(|name| name.replace("webhook", "Webhook").replace("-id", "-Id")),
        event("names in upper case").names(str::to_uppercase),
        event("the other scheme's header does not matter").and("x-webhook-signature", "not hex"),
        Case::standard(
            "a secret of the account's own signs with its own bytes",
            &[OWN_SECRET],
            ID,
            ordinary(),
        )
        .with(&[OWN_SECRET]),
        Case::standard(
            "what is not base64 after whsec_ signs with its own bytes",
            &[not_base64],
            ID,
            own_body,
        )
        .with(&[not_base64]),
        event("base64 of a secret without its padding").with(&[SECRET.trim_end_matches('=')]),
        Case::standard(
            "a padded secret, verified without the padding",
            &["whsec_AAECAwQFBgcICQ=="],
            ID,
            ordinary(),
        )
        .with(&["whsec_AAECAwQFBgcICQ"]),
        Case::standard(
            "unused bits of a secret's base64 do not matter",
            &["whsec_AAECAwQFBgcICQ=="],
            ID,
            ordinary(),
        )
        .with(&["whsec_AAECAwQFBgcICR"]),
        own_bytes("more padding than base64 has is no base64", "whsec_AAECAwQFBgcICQ==="),
        own_bytes("base64 of an impossible length is no base64", "whsec_AAECAwQFBgcIC"),
        own_bytes("the other alphabet of base64 is no base64", "whsec_AAECAw_FBgcI-Q=="),
        Case::standard("a rotated secret, verified with the old one", &[NEW_SECRET, SECRET], ID, ordinary()),
        Case::standard("a rotated secret, verified with the new one", &[NEW_SECRET, SECRET], ID, ordinary())
            .with(&[NEW_SECRET]),
        event("two secrets, the first signed").with(&[SECRET, NEW_SECRET]),
        event("two secrets, the second signed").with(&[NEW_SECRET, SECRET]),
        Case::standard(
            "a signing key's signature is skipped without its public key",
            &[SECRET, SIGNING_KEY],
            ID,
            ordinary(),
        ),
        signed(event("unknown versions and wrong signatures before the right one"), |right| {
            format!("v2,AAAA v1,AAAA v1a,AAAA nonsense {right}")
        }),
        signed(event("spaces around signatures"), |right| format!("  v2,AAAA   {right} ")),
    ]
}

fn own_bytes(name: &'static str, secret: &str) -> Case {
    let signed = Secret::given(secret).unwrap();
    assert_eq!(*signed.signing_key_standard(), *secret.as_bytes(), "{name}");
    Case::standard(name, &[secret], ID, ordinary()).with(&[secret])
}

fn forged() -> Vec<Case> {
    let no_match = "no_matching_signature";
    let printed_again = String::from_utf8(ordinary()).unwrap().replace("250.00", "250.0");
    let changed = String::from_utf8(ordinary()).unwrap().replace("250.00", "350.00");
    let own_bytes = format!("v1,{}", STANDARD.encode([0; 32]));
    vec![
        event("another secret").with(&[NEW_SECRET]).refused(no_match),
        event("two other secrets").with(&[NEW_SECRET, OWN_SECRET]).refused(no_match),
        event("the secret without its prefix").with(&[SECRET.trim_start_matches("whsec_")]).refused(no_match),
        event("a changed digit").body(changed).refused(no_match),
        event("a body parsed and printed again").body(printed_again).refused(no_match),
        event("a newline added").body([ordinary(), b"\n".to_vec()].concat()).refused(no_match),
        event("the last byte cut off").body(&ordinary()[..ordinary().len() - 1]).refused(no_match),
        event("the body gone").body("").refused(no_match),
        event("one byte beyond UTF-8").body([ordinary(), b"\xff".to_vec()].concat()).refused(no_match),
        event("another id").header("webhook-id", |_| "evt_9".to_owned()).refused(no_match),
        event("another time").header("webhook-timestamp", |_| (AT + 1).to_string()).refused(no_match),
        signed(event("one bit changed"), |right| right.replacen("v1,P", "v1,Q", 1)).refused(no_match),
        signed(event("one byte less"), |right| format!("v1,{}", STANDARD.encode(&bytes(right)[..31])))
            .refused(no_match),
        signed(event("one byte more"), |right| {
            format!("v1,{}", STANDARD.encode([bytes(right), vec![0]].concat()))
        })
        .refused(no_match),
        signed(event("no padding"), |right| right.trim_end_matches('=').to_owned()).refused(no_match),
        signed(event("not base64"), |_| "v1,what is*not*base64".replace(' ', "_")).refused(no_match),
        signed(event("hex instead of base64"), |right| {
            let digits: Vec<String> = bytes(right).iter().map(|byte| format!("{byte:02x}")).collect();
            format!("v1,{}", digits.concat())
        })
        .refused(no_match),
        signed(event("letters of the base64 in another case"), str::to_lowercase).refused(no_match),
        signed(event("nothing after the version"), |_| "v1,".to_owned()).refused(no_match),
        signed(event("32 bytes of zero"), |_| own_bytes).refused(no_match),
        signed(event("the right signature after too many others"), |right| {
            format!("{}{right}", "v1,AAAA ".repeat(16))
        })
        .refused(no_match),
        signed(event("the version in upper case"), str::to_uppercase).refused("unsupported_version"),
        signed(event("a version that nobody knows"), |right| right.replace("v1,", "v2,"))
            .refused("unsupported_version"),
        signed(event("no version at all"), |right| right.replace("v1,", "")).refused("unsupported_version"),
        Case::standard("a signing key's signature alone", &[SIGNING_KEY], ID, ordinary())
            .refused("unsupported_version"),
    ]
}

fn bytes(signature: &str) -> Vec<u8> {
    STANDARD.decode(signature.split_once(',').unwrap().1).unwrap()
}

fn headers() -> Vec<Case> {
    let (missing, repeated, malformed) = ("missing_header", "repeated_header", "malformed_header");
    let id = |name, value: &str| event(name).header("webhook-id", |_| value.to_owned());
    let time = |name, value: &str| event(name).header("webhook-timestamp", |_| value.to_owned());
    let own = signature(&[SECRET], ID, AT, &ordinary());
    vec![
        event("no id").without("webhook-id").refused(missing),
        event("no time").without("webhook-timestamp").refused(missing),
        event("no signature").without("webhook-signature").refused(missing),
        event("no headers")
            .without("webhook-id")
            .without("webhook-timestamp")
            .without("webhook-signature")
            .refused(missing),
        Case::plain("the other scheme's header alone", SECRET, ordinary()).refused(missing),
        event("two ids").and("webhook-id", ID).refused(repeated),
        event("two times").and("webhook-timestamp", "1774519200").refused(repeated),
        event("two headers of signatures").and("webhook-signature", &own).refused(repeated),
        event("two ids, in different cases").and("Webhook-Id", ID).refused(repeated),
        id("two ids, joined by a server in front", &format!("{ID}, {ID}")).refused(repeated),
        time("two times, joined", "1774519200,1774519200").refused(repeated),
        signed(event("two headers of signatures, joined"), |right| format!("{right}, {right}"))
            .refused(repeated),
        signed(event("two headers of signatures, joined without a space"), |right| {
            format!("{right},{right}")
        })
        .refused(repeated),
        event("a missing header counts before a repeated one")
            .without("webhook-id")
            .and("webhook-timestamp", "1")
            .refused(missing),
        id("an empty id", "").refused(malformed),
        id("a dot in the id", "evt.1").refused(malformed),
        id("a space in the id", "evt 1").refused(malformed),
        time("an empty time", "").refused(malformed),
        time("a time with a sign", "+1774519200").refused(malformed),
        time("a time before 1970", "-1774519200").refused(malformed),
        time("a time with a zero in front", "01774519200").refused(malformed),
        time("a time with a fraction", "1774519200.0").refused(malformed),
        time("a time in hex", "0x69c50aa0").refused(malformed),
        time("a time that is no number", "2026-03-26T10:00:00Z").refused(malformed),
        time("a time beyond every number", "99999999999999999999999999").refused(malformed),
        signed(event("an empty signature"), |_| String::new()).refused(malformed),
        signed(event("spaces for a signature"), |_| "  ".to_owned()).refused(malformed),
        id("a repeated header counts before a malformed one", "")
            .and("webhook-timestamp", "1774519200")
            .refused(repeated),
    ]
}

fn times() -> Vec<Case> {
    let (old, new) = ("timestamp_too_old", "timestamp_too_new");
    vec![
        event("five minutes late").after(300),
        event("five minutes early").after(-300),
        event("later than five minutes").after(301).refused(old),
        event("earlier than five minutes").after(-301).refused(new),
        event("a day late").after(86_400).refused(old),
        event("a tolerance of ten seconds, kept").after(10).tolerance(10),
        event("a tolerance of ten seconds, exceeded").after(11).tolerance(10).refused(old),
        event("no tolerance, at the same second").tolerance(0),
        event("no tolerance, a second early").after(-1).tolerance(0).refused(new),
        event("a tolerance of a day").after(86_400).tolerance(86_400),
        event("a forged request is not said to be old")
            .after(301)
            .body("{}")
            .refused("no_matching_signature"),
    ]
}

fn no_events() -> Vec<Case> {
    let no_event = |name, text: &[u8]| body(name, text).refused("not_an_event");
    let utf16: Vec<u8> =
        String::from_utf8(ordinary()).unwrap().encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        no_event("signed: an empty body", b""),
        no_event("signed: a body beyond UTF-8", b"\xff\xfe\x00\x80"),
        no_event("signed: JSON in UTF-16", &utf16),
        no_event(
            "signed: one byte beyond UTF-8 in a text",
            &envelope(ID, ",\"data\":\"?\"")
                .iter()
                .map(|byte| if *byte == b'?' { 0xff } else { *byte })
                .collect::<Vec<_>>(),
        ),
        no_event("signed: no JSON", b"id=evt_1&type=deposit.completed"),
        no_event("signed: JSON that ends too early", br#"{"id":"evt_1","type":"#),
        no_event("signed: something after the JSON", &[ordinary(), b"{}".to_vec()].concat()),
        no_event("signed: a number that JSON does not know", &envelope(ID, r#","data":NaN"#)),
        no_event("signed: a text", br#""an event""#),
        no_event("signed: a list", &[b"[", &ordinary()[..], b"]"].concat()),
        no_event(
            "signed: a list of what an event has",
            br#"["evt_1","deposit.completed","2026-03-26T10:00:00.000Z",{}]"#,
        ),
        no_event("signed: null", b"null"),
        no_event("signed: an empty object", b"{}"),
        no_event("signed: no data", &envelope(ID, "")),
        no_event(
            "signed: an id that is a number",
            br#"{"id":1,"type":"a","created_at":"2026-03-26T10:00:00.000Z","data":{}}"#,
        ),
        no_event(
            "signed: a type that is null",
            br#"{"id":"evt_1","type":null,"created_at":"2026-03-26T10:00:00.000Z","data":{}}"#,
        ),
        no_event("signed: no created_at", br#"{"id":"evt_1","type":"a","data":{}}"#),
    ]
}

fn unusable() -> Vec<Case> {
    let unusable = |name, secrets: &[&str]| event(name).with(secrets).refused("invalid_secret");
    vec![
        unusable("no secrets", &[]),
        unusable("an empty secret", &[""]),
        unusable("a secret of 15 characters", &["whsec_MfKQ9r8GK"]),
        unusable("a secret with a newline at its end", &["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"]),
        unusable("a secret beyond ASCII", &["päßwörter sind keine Geheimnisse"]),
        unusable("a secret of 257 characters", &[&"s".repeat(257)]),
        unusable("an unusable secret beside a good one", &[SECRET, "short"]),
        unusable("a public key that is not base64", &["whpk_not base64 at all, nor 32 bytes"]),
        unusable("a public key of 31 bytes", &[&format!("whpk_{}", STANDARD.encode([7; 31]))]),
        unusable("secrets count before headers", &[""]).without("webhook-id"),
    ]
}

/// `v1a` by signing keys.
pub(super) fn signing_keys() -> Vec<Case> {
    let (old, new) = (public(SIGNING_KEY), public(NEW_SIGNING_KEY));
    let event = |name, signed_by: &[&str]| Case::standard(name, signed_by, ID, ordinary()).with(&[&old]);
    let no_match = "no_matching_signature";
    vec![
        event("an event", &[SECRET, SIGNING_KEY]),
        event("a signature by key alone", &[SIGNING_KEY]),
        Case::standard("text beyond ASCII", &[SECRET, SIGNING_KEY], ID, envelope(ID, r#","data":"Żółw 🐢""#))
            .with(&[&old]),
        event("a rotated key, verified with the new one", &[SECRET, NEW_SIGNING_KEY, SIGNING_KEY])
            .with(&[&new]),
        event("a rotated key, verified with the old one", &[SECRET, NEW_SIGNING_KEY, SIGNING_KEY]),
        event("two keys, the second signed", &[SIGNING_KEY]).with(&[&new, &old]),
        event("a secret and a key, the key signed", &[SIGNING_KEY]).with(&[SECRET, &old]),
        event("a secret and a key, the secret signed", &[SECRET]).with(&[&old, SECRET]),
        event("another secret and the right key", &[SECRET, SIGNING_KEY]).with(&[NEW_SECRET, &old]),
        event("five minutes late", &[SIGNING_KEY]).after(300),
        event("later than five minutes", &[SIGNING_KEY]).after(301).refused("timestamp_too_old"),
        event("earlier than five minutes", &[SIGNING_KEY]).after(-301).refused("timestamp_too_new"),
        event("another key", &[SECRET, SIGNING_KEY]).with(&[&new]).refused(no_match),
        event("a changed body", &[SIGNING_KEY]).body("{}").refused(no_match),
        event("another id", &[SIGNING_KEY]).header("webhook-id", |_| "evt_9".to_owned()).refused(no_match),
        signed(event("one bit changed", &[SIGNING_KEY]), |right| changed(right, |bytes| bytes[0] ^= 1))
            .refused(no_match),
        signed(event("one byte less", &[SIGNING_KEY]), |right| changed(right, |bytes| bytes.truncate(63)))
            .refused(no_match),
        signed(event("one byte more", &[SIGNING_KEY]), |right| changed(right, |bytes| bytes.push(0)))
            .refused(no_match),
        signed(event("no padding", &[SIGNING_KEY]), |right| right.trim_end_matches('=').to_owned())
            .refused(no_match),
        signed(event("the order of the curve added to the signature", &[SIGNING_KEY]), |right| {
            changed(right, |bytes| add_order(bytes))
        })
        .refused(no_match),
        signed(event("64 bytes of zero", &[SIGNING_KEY]), |right| changed(right, |bytes| bytes.fill(0)))
            .refused(no_match),
        signed(event("a secret's signature called v1a", &[SECRET]), |right| right.replace("v1,", "v1a,"))
            .refused(no_match),
        signed(event("a key's signature called v1", &[SIGNING_KEY]), |right| right.replace("v1a,", "v1,"))
            .refused("unsupported_version"),
        event("no signature by key", &[SECRET]).refused("unsupported_version"),
        event("a body that is no event", &[SIGNING_KEY])
            .body("{}")
            .header("webhook-signature", |_| signature(&[SIGNING_KEY], ID, AT, b"{}"))
            .refused("not_an_event"),
    ]
}

fn changed(signature: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = bytes(signature);
    change(&mut bytes);
    format!("v1a,{}", STANDARD.encode(bytes))
}

/// Adds the order of the curve's group (RFC 8032, 5.1) to the second half, so that the
/// equation still holds. RFC 8032 asks for the smaller of both, so that a signature cannot
/// be altered.
fn add_order(signature: &mut [u8]) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
}
