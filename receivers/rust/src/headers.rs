//! The headers of a request that a scheme needs: found in any case, then checked.
//!
//! The order is the same for all of them: what is missing, then what is repeated, then what is
//! malformed. So the same request is refused with the same reason in every language.

use crate::{Error, Reason};

pub(crate) const ID: &str = "webhook-id";
pub(crate) const TIMESTAMP: &str = "webhook-timestamp";
pub(crate) const SIGNATURE: &str = "webhook-signature";
pub(crate) const PLAIN: &str = "x-webhook-signature";

const NAMES: [&str; 4] = [ID, TIMESTAMP, SIGNATURE, PLAIN];

/// The longest `webhook-id`, in characters.
const MAX_ID_LEN: usize = 256;
/// The most digits of `webhook-timestamp`.
const MAX_TIMESTAMP_LEN: usize = 15;
/// The hex digits of an HMAC-SHA256.
const HEX_LEN: usize = 64;

/// What came under each of the four names.
#[derive(Default)]
pub(crate) struct Headers([Found; NAMES.len()]);

#[derive(Default)]
struct Found {
    value: Option<Vec<u8>>,
    twice: bool,
}

/// The headers of [`Scheme::Standard`](crate::Scheme::Standard).
pub(crate) struct Standard {
    pub(crate) id: Vec<u8>,
    /// As it was signed.
    pub(crate) timestamp: Vec<u8>,
    pub(crate) unix_seconds: u64,
    pub(crate) signatures: Vec<u8>,
}

impl Headers {
    pub(crate) fn find(headers: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<[u8]>)>) -> Self {
        let mut found = Self::default();
        for (name, value) in headers {
            let place = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name.as_ref()));
            if let Some(slot) = place.and_then(|place| found.0.get_mut(place)) {
                slot.twice |= slot.value.is_some();
                slot.value = Some(value.as_ref().to_vec());
            }
        }
        found
    }

    /// The three headers of Standard Webhooks.
    pub(crate) fn standard(self) -> Result<Standard, Error> {
        let Self([id, timestamp, signatures, plain]) = self;
        let other = plain.value.is_some().then_some(PLAIN);
        let id = id.needed(ID, other)?;
        let timestamp = timestamp.needed(TIMESTAMP, other)?;
        let signatures = signatures.needed(SIGNATURE, other)?;
        id.must_be_single(joined(&id.value), ID)?;
        timestamp.must_be_single(joined(&timestamp.value), TIMESTAMP)?;
        signatures.must_be_single(parts(&signatures.value).any(holds_two), SIGNATURE)?;
        if !is_id(&id.value) {
            let detail = format!("1 to {MAX_ID_LEN} printable ASCII characters without space and dot");
            return Err(malformed(ID, &detail));
        }
        let unix_seconds = seconds(&timestamp.value)
            .ok_or_else(|| malformed(TIMESTAMP, "a whole number of Unix seconds in decimal digits"))?;
        if parts(&signatures.value).next().is_none() {
            return Err(malformed(SIGNATURE, "one or more signatures, separated by spaces"));
        }
        Ok(Standard { id: id.value, timestamp: timestamp.value, unix_seconds, signatures: signatures.value })
    }

    /// The 32 bytes of `x-webhook-signature`.
    pub(crate) fn plain(self) -> Result<[u8; HEX_LEN / 2], Error> {
        let Self([_, _, standard, plain]) = self;
        let plain = plain.needed(PLAIN, standard.value.is_some().then_some(SIGNATURE))?;
        plain.must_be_single(joined(&plain.value), PLAIN)?;
        unhex(&plain.value).ok_or_else(|| malformed(PLAIN, "exactly 64 lowercase hex digits"))
    }
}

/// A header that is there.
struct Present {
    value: Vec<u8>,
    twice: bool,
}

impl Found {
    /// `other` is the header of the other scheme, if that is there.
    fn needed(self, name: &str, other: Option<&str>) -> Result<Present, Error> {
        let twice = self.twice;
        self.value.map(|value| Present { value, twice }).ok_or_else(|| {
            let detail = match other {
                None => format!("the header {name} is missing"),
                Some(PLAIN) => format!(
                    "the header {name} is missing while {PLAIN} is there: verify with Scheme::Plain if the \
                     sender signs that way only, else find out what takes {name} away"
                ),
                Some(other) => format!(
                    "the header {name} is missing while {other} is there: verify with Scheme::Standard"
                ),
            };
            Error::new(Reason::MissingHeader, detail)
        })
    }
}

impl Present {
    fn must_be_single(&self, joined: bool, name: &str) -> Result<(), Error> {
        if self.twice || joined {
            let detail = format!("the header {name} came more than once, or a server in front joined two");
            return Err(Error::new(Reason::RepeatedHeader, detail));
        }
        Ok(())
    }
}

fn malformed(name: &str, must_be: &str) -> Error {
    Error::new(Reason::MalformedHeader, format!("the header {name} is malformed: it must be {must_be}"))
}

/// The space-separated parts of `webhook-signature`.
pub(crate) fn parts(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b' ').filter(|part| !part.is_empty())
}

fn joined(value: &[u8]) -> bool {
    value.contains(&b',')
}

fn holds_two(part: &[u8]) -> bool {
    part.split(|byte| *byte == b',').count() > 2
}

fn is_id(value: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_graphic() && *byte != b'.';
    (1..=MAX_ID_LEN).contains(&value.len()) && value.iter().all(allowed)
}

/// Decimal digits without a sign and without a zero in front.
fn seconds(value: &[u8]) -> Option<u64> {
    let digits = (1..=MAX_TIMESTAMP_LEN).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    let canonical = value == b"0" || !value.starts_with(b"0");
    if !digits || !canonical {
        return None;
    }
    str::from_utf8(value).ok()?.parse().ok()
}

fn unhex(value: &[u8]) -> Option<[u8; HEX_LEN / 2]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = value.as_chunks::<2>();
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    rest.is_empty().then_some(bytes?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error<T>(result: Result<T, Error>) -> String {
        result.err().unwrap().to_string()
    }

    #[test]
    fn a_missing_header_is_named_and_the_other_schemes_too_if_it_is_there() {
        let headers: [(&str, &str); 1] = [("X-Webhook-Signature", "")];
        let said = error(Headers::find(headers).standard());
        assert!(said.starts_with("the header webhook-id is missing while x-webhook-signature"), "{said}");
        let headers: [(&str, &str); 1] = [("Webhook-Signature", "")];
        let said = error(Headers::find(headers).plain());
        assert!(
            said.starts_with("the header x-webhook-signature is missing while webhook-signature"),
            "{said}"
        );
        let none: [(&str, &str); 0] = [];
        assert_eq!(error(Headers::find(none).plain()), "the header x-webhook-signature is missing");
    }

    #[test]
    fn a_time_has_only_decimal_digits_and_one_way_of_being_written() {
        assert_eq!(seconds(b"0"), Some(0));
        assert_eq!(seconds(b"999999999999999"), Some(999_999_999_999_999));
        for wrong in ["", "00", "01", "+1", "-1", "1.0", " 1", "1e3", "0x1", "1000000000000000", "١"] {
            assert_eq!(seconds(wrong.as_bytes()), None, "{wrong:?}");
        }
    }

    #[test]
    fn hex_is_lowercase_and_whole() {
        let text = b"00ff".repeat(16);
        assert_eq!(unhex(&text), [0, 255].repeat(16).try_into().ok());
        for wrong in [&text[1..], &text[2..], &b"00FF".repeat(16), &b"00fg".repeat(16)] {
            assert_eq!(unhex(wrong), None);
        }
    }
}
