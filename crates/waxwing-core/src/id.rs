//! Ids: a prefix and a UUIDv7 (RFC 9562) in lowercase Crockford base32.
//!
//! A generated id sorts by the time it was made. An operator may choose account
//! and event ids of its own within the alphabets below.

use std::{borrow::Borrow, fmt, ops::Range, sync::Arc};

use crate::Timestamp;

/// Crockford's base32 alphabet, lowercase: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 128 bits in groups of five.
const ENCODED_LEN: usize = 26;

/// Why a text is not an id of this kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind} id: {rule}")]
pub struct InvalidId {
    kind: &'static str,
    rule: &'static str,
}

/// The 26 characters of a UUIDv7 made at `now` from ten random bytes.
fn uuid_v7(now: Timestamp, random: [u8; 10]) -> String {
    let millis = u128::from(now.millis().unsigned_abs()) & 0xffff_ffff_ffff;
    let mut tail = [0; 16];
    tail[6..].copy_from_slice(&random);
    let mut bits = millis << 80 | u128::from_be_bytes(tail);
    bits = bits & !(0xf << 76) | 0x7 << 76; // version 7
    bits = bits & !(0b11 << 62) | 0b10 << 62; // variant of RFC 9562
    let mut text = String::with_capacity(ENCODED_LEN);
    for group in (0..ENCODED_LEN).rev() {
        text.push(char::from(ALPHABET[(bits >> (5 * group) & 31) as usize]));
    }
    text
}

fn is_generated(text: &str, prefix: &str) -> bool {
    let Some(encoded) = text.strip_prefix(prefix) else {
        return false;
    };
    encoded.len() == ENCODED_LEN
        && encoded.bytes().all(|b| ALPHABET.contains(&b))
        // Five bits in each of 26 characters are 130: the first has three.
        && encoded.as_bytes()[0] < b'8'
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $prefix:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// A fresh id that sorts by `now`; `random` makes it unique.
            pub fn generate(now: Timestamp, random: [u8; 10]) -> Self {
                Self(format!("{}{}", $prefix, uuid_v7(now, random)).into())
            }

            /// Reads an id that came from outside.
            ///
            /// # Errors
            /// [`InvalidId`] when the text breaks the rule for ids of this kind.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidId { kind: $kind, rule: $rule })
                }
            }

            /// The id as it is written everywhere.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

fn chosen(text: &str, longest: usize, extra: &[u8]) -> bool {
    (1..=longest).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || extra.contains(&b))
}

id!(
    /// One customer of the operator. Generated (`acc_…`) or chosen by the operator.
    AccountId, "account", "acc_", "1 to 64 of A-Z a-z 0-9 _ -",
    |text| chosen(text, 64, b"_-")
);
id!(
    /// One event. Generated (`evt_…`) or chosen by the publisher. It holds no dot,
    /// because Standard Webhooks signs it between dots.
    EventId, "event", "evt_", "1 to 128 of A-Z a-z 0-9 _ : -",
    |text| chosen(text, 128, b"_:-")
);
id!(
    /// One webhook; always generated.
    WebhookId, "webhook", "wh_", "wh_ and 26 characters",
    |text| is_generated(text, "wh_")
);
id!(
    /// One API key's public name, never the key itself; always generated.
    KeyId, "key", "key_", "key_ and 26 characters",
    |text| is_generated(text, "key_")
);
id!(
    /// One erasure of personal data, and its receipt; always generated.
    ErasureId, "erasure", "ers_", "ers_ and 26 characters",
    |text| is_generated(text, "ers_")
);
id!(
    /// One replay; always generated.
    ReplayId, "replay", "rpl_", "rpl_ and 26 characters",
    |text| is_generated(text, "rpl_")
);

impl EventId {
    /// The moments at which ids were generated that begin with `text`: from the first to
    /// before the last. `None` when no generated id begins so.
    pub fn made_between(text: &str) -> Option<Range<Timestamp>> {
        /// The characters that hold the time: 50 bits, of which the first two are 0.
        const TIME_LEN: usize = 10;
        let encoded = text.strip_prefix("evt_")?;
        if encoded.len() > ENCODED_LEN {
            return None;
        }
        let (mut time, mut len) = (0_i64, 0);
        for byte in encoded.bytes() {
            let digit = ALPHABET.iter().position(|known| *known == byte)?;
            if len < TIME_LEN {
                time = time << 5 | i64::try_from(digit).ok()?;
                len += 1;
            }
        }
        let rest = 5 * (TIME_LEN - len);
        let moment = |time: i64| Timestamp::from_millis(time << rest);
        (time >> (5 * len).saturating_sub(2) == 0).then(|| moment(time)..moment(time + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_beginning_of_an_event_id_tells_when_it_was_made() {
        let now = Timestamp::from_millis(1_774_519_200_123);
        let id = EventId::generate(now, [0xff; 10]);
        for len in 4..=id.as_str().len() {
            let made = EventId::made_between(&id.as_str()[..len]).unwrap();
            assert!(made.contains(&now), "{len}: {made:?}");
        }
        let exact = EventId::made_between(id.as_str()).unwrap();
        assert_eq!(exact.end.since(exact.start), std::time::Duration::from_millis(1));
        for text in ["", "evt", "dep_1", "evt_0i", "evt_8", "evt_z", "evt_00000000000000000000000000x"] {
            assert_eq!(EventId::made_between(text), None, "{text}");
        }
    }

    #[test]
    fn encodes_the_uuid_v7_example_of_rfc_9562() {
        // RFC 9562, A.6: 017F22E2-79B0-7CC3-98C4-DC0C0C07398F
        let random = [0x7c, 0xc3, 0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
        let id = uuid_v7(Timestamp::from_millis(0x017f_22e2_79b0), random);
        let bits = id
            .bytes()
            .fold(0u128, |bits, b| bits << 5 | ALPHABET.iter().position(|a| *a == b).unwrap() as u128);
        assert_eq!(bits, 0x017f_22e2_79b0_7cc3_98c4_dc0c_0c07_398f);
    }

    #[test]
    fn operators_choose_account_and_event_ids_within_bounds() {
        assert!(AccountId::parse("Customer_42-b").is_ok());
        assert!(EventId::parse("order:42-b_C").is_ok());
        for text in ["", "a.b", "a b", "ä", "a/b"] {
            assert!(AccountId::parse(text).is_err(), "{text:?}");
            assert!(EventId::parse(text).is_err(), "{text:?}");
        }
        assert!(AccountId::parse(&"a".repeat(65)).is_err());
        assert!(EventId::parse(&"a".repeat(129)).is_err());
    }

    #[test]
    fn webhook_and_key_ids_are_generated_only() {
        for text in ["wh_", "wh_1", "key_01jq8d7tz0f3nv2xk5m9r4c6be", "wh_81jq8d7tz0f3nv2xk5m9r4c6be"] {
            assert!(WebhookId::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn generated_ids_parse_and_sort_by_time(a in 0..1_i64 << 47, gap in 1..1_i64 << 20, random: [u8; 10]) {
            let early = WebhookId::generate(Timestamp::from_millis(a), random);
            let late = WebhookId::generate(Timestamp::from_millis(a + gap), [0; 10]);
            prop_assert_eq!(WebhookId::parse(early.as_str()), Ok(early.clone()));
            prop_assert!(early < late);
            prop_assert_eq!(early.as_str().len(), 29);
        }

        #[test]
        fn any_text_is_read_back_or_refused(text in ".*") {
            if let Ok(id) = EventId::parse(&text) {
                prop_assert_eq!(id.as_str(), text);
            }
        }
    }
}
