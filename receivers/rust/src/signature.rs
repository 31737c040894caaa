//! Whether a request is genuine: its signatures against every secret, in constant time.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac, digest::CtOutput};
use sha2::Sha256;

use crate::{
    Error, Reason, Secrets,
    error::shortened,
    headers::{Standard, parts},
    secrets::Key,
};

/// How many signatures of `webhook-signature` are looked at; a sender has two or three.
pub const MAX_SIGNATURES: usize = 16;

/// How many versions a message names.
const MAX_NAMED: usize = 4;

/// Made with a shared secret.
const V1: &[u8] = b"v1";
/// Made with a signing key.
const V1A: &[u8] = b"v1a";

pub(crate) type HmacSha256 = Hmac<Sha256>;
/// A result whose `==` takes the same time wherever two of them differ.
type Tag = CtOutput<HmacSha256>;

/// One signature of the header: `version,base64`.
struct Signature<'a> {
    version: &'a [u8],
    base64: &'a [u8],
}

impl<'a> Signature<'a> {
    fn read(part: &'a [u8]) -> Self {
        let comma = part.iter().position(|byte| *byte == b',').unwrap_or(part.len());
        Self { version: &part[..comma], base64: part.get(comma + 1..).unwrap_or_default() }
    }

    /// Its bytes, if it has this version and is canonical base64 of so many.
    fn bytes<const LEN: usize>(&self, version: &[u8]) -> Option<[u8; LEN]> {
        let decoded = (self.version == version).then(|| STANDARD.decode(self.base64).ok())?;
        decoded?.try_into().ok()
    }
}

/// Checks `webhook-signature`. All secrets are tried, whichever fits.
pub(crate) fn check_standard(headers: &Standard, body: &[u8], secrets: &Secrets) -> Result<(), Error> {
    let signatures: Vec<Signature<'_>> =
        parts(&headers.signatures).take(MAX_SIGNATURES).map(Signature::read).collect();
    let can_be_checked =
        |signature: &Signature<'_>| secrets.keys().iter().any(|key| version(key) == signature.version);
    if !signatures.iter().any(can_be_checked) {
        return Err(unsupported(&signatures, secrets));
    }
    let message = [&headers.id[..], b".", &headers.timestamp, b".", body];
    let genuine = secrets.keys().iter().fold(false, |found, key| found | signed(key, &message, &signatures));
    if genuine { Ok(()) } else { Err(no_match()) }
}

/// Checks `x-webhook-signature`. All secrets are tried, whichever fits.
pub(crate) fn check_plain(given: [u8; 32], body: &[u8], secrets: &Secrets) -> Result<(), Error> {
    let given = Tag::new(given.into());
    let matches = |key: &Key| match key {
        Key::Shared { plain, .. } => tag(plain, &[body]) == given,
        #[cfg(feature = "ed25519")]
        Key::Public(_) => false,
    };
    let genuine = secrets.keys().iter().fold(false, |found, key| found | matches(key));
    if genuine { Ok(()) } else { Err(no_match()) }
}

/// Refuses public keys, which no signature of the plain scheme can be checked with.
pub(crate) fn must_be_shared(secrets: &Secrets) -> Result<(), Error> {
    match secrets.keys().iter().position(|key| version(key) != V1) {
        None => Ok(()),
        Some(at) => Err(Error::new(
            Reason::InvalidSecret,
            format!(
                "secret {} is a public key, which cannot verify Scheme::Plain: give a shared one",
                at + 1
            ),
        )),
    }
}

/// The version of the signatures that a key checks.
fn version(key: &Key) -> &'static [u8] {
    match key {
        Key::Shared { .. } => V1,
        #[cfg(feature = "ed25519")]
        Key::Public(_) => V1A,
    }
}

/// Whether one of the signatures was made with this secret, or the other half of this key.
fn signed(key: &Key, message: &[&[u8]], signatures: &[Signature<'_>]) -> bool {
    match key {
        Key::Shared { standard, .. } => {
            let expected = tag(standard, message);
            let given = signatures.iter().filter_map(|signature| signature.bytes::<32>(V1));
            given.fold(false, |found, given| found | (Tag::new(given.into()) == expected))
        }
        #[cfg(feature = "ed25519")]
        Key::Public(key) => {
            let message = message.concat();
            let mut given = signatures.iter().filter_map(|signature| signature.bytes::<64>(V1A));
            // Nothing here is secret, so that the first that fits is enough.
            given.any(|given| key.verify_strict(&message, &given.into()).is_ok())
        }
    }
}

fn tag(keyed: &HmacSha256, parts: &[&[u8]]) -> Tag {
    parts.iter().fold(keyed.clone(), Mac::chain_update).finalize()
}

fn no_match() -> Error {
    Error::new(
        Reason::NoMatchingSignature,
        "no signature matches: the body is not the bytes that were sent (was it parsed and printed again?), \
         or the secret is that of another webhook",
    )
}

fn unsupported(signatures: &[Signature<'_>], secrets: &Secrets) -> Error {
    let there = signatures.iter().take(MAX_NAMED).map(|signature| String::from_utf8_lossy(signature.version));
    let there: Vec<String> = there.map(|version| shortened(&version.escape_debug().to_string())).collect();
    let more = if signatures.len() > MAX_NAMED { ", …" } else { "" };
    let has = |version_of: &[u8]| secrets.keys().iter().any(|key| version(key) == version_of);
    let can = match (has(V1), has(V1A)) {
        (true, true) => "v1 and v1a",
        (false, true) => "v1a alone, being public keys: give the shared secret, or ask for a signing key",
        _ => "v1 alone: give the public key (whpk_…) to check v1a",
    };
    let detail = format!("the signatures are of {}{more}; the secrets check {can}", there.join(", "));
    Error::new(Reason::UnsupportedVersion, detail)
}
