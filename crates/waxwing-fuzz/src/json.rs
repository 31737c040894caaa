//! JSON that is passed through: the one pass over its bytes sees what a parser sees.

use std::{collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use waxwing_api::json::{JsonError, MAX_DEPTH, check};

pub(super) fn run(bytes: &[u8]) {
    // Whatever it is, it must not panic.
    let _ = check(crate::text(bytes));
    let Ok(raw) = serde_json::from_slice::<&RawValue>(bytes) else { return };
    let raw = raw.get();
    let seen = check(raw);
    let deep = depth(raw) > MAX_DEPTH;
    let faulty = deep || is_faulty(raw);
    assert_eq!(seen.is_err(), faulty, "{seen:?} of {raw}");
    if seen == Err(JsonError::TooDeep) {
        assert!(deep, "{raw}");
    }
}

/// How deep brackets nest that are not in strings.
fn depth(raw: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in raw.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Whether a parser finds a member twice, or a name that is no text.
fn is_faulty(raw: &str) -> bool {
    let mut parser = serde_json::Deserializer::from_str(raw);
    Strict.deserialize(&mut parser).is_err()
}

/// Reads any value and refuses a member that stands twice in one object.
#[derive(Clone, Copy)]
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // Only what holds members matters; numbers and texts of any size pass.
        let raw = <&RawValue as serde::Deserialize>::deserialize(deserializer)?.get();
        let mut parser = serde_json::Deserializer::from_str(raw);
        let inside = match raw.as_bytes().first() {
            Some(b'{' | b'[') => parser.deserialize_any(self),
            _ => Ok(()),
        };
        inside.map_err(D::Error::custom)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name) {
                members.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom("a member stands twice"));
            }
            members.next_value_seed(self)?;
        }
        Ok(())
    }
}
