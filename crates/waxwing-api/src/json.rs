//! A look at JSON that is passed through byte for byte.
//!
//! Its grammar is checked already (serde's `RawValue`). What is left: no object
//! may hold a member twice, because receivers' parsers differ on which one
//! counts, and nesting is bounded, because theirs is. One pass, no tree.

use std::{borrow::Cow, collections::HashSet};

use memchr::memchr2;

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 64;

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Arrays and objects nest deeper than [`MAX_DEPTH`].
    #[error("arrays and objects may nest {MAX_DEPTH} deep at most")]
    TooDeep,
    /// An object holds a member twice.
    #[error("the member {0:?} stands twice in one object; receivers would disagree on which one counts")]
    Duplicate(String),
    /// A name that is no text: half a surrogate pair.
    #[error("a member's name is not valid text")]
    Name,
}

/// Checks a value that is known to be valid JSON.
///
/// # Errors
/// [`JsonError`] names the first fault.
pub fn check(raw: &str) -> Result<(), JsonError> {
    let bytes = raw.as_bytes();
    // For each open object its names; `None` for an open array.
    let mut open: Vec<Option<Names<'_>>> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' => open.push(Some(Names::default())),
            b'[' => open.push(None),
            b'}' | b']' => drop(open.pop()),
            b'"' => {
                let end = string_end(bytes, at);
                if is_name(bytes, end)
                    && let Some(Some(names)) = open.last_mut()
                {
                    names.add(&raw[at..end])?;
                }
                at = end;
                continue;
            }
            _ => {}
        }
        if open.len() > MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        at += 1;
    }
    Ok(())
}

/// The position after the string that begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(next) = bytes.get(end..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        if bytes[end + next] == b'"' {
            return end + next + 1;
        }
        end += next + 2;
    }
    bytes.len()
}

/// Whether a colon follows.
fn is_name(bytes: &[u8], end: usize) -> bool {
    bytes[end..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

/// The names of one object: few are compared one by one, many by their hash.
#[derive(Default)]
struct Names<'a> {
    few: Vec<Cow<'a, str>>,
    many: HashSet<Cow<'a, str>>,
}

const FEW: usize = 16;

impl<'a> Names<'a> {
    fn add(&mut self, quoted: &'a str) -> Result<(), JsonError> {
        let name = if quoted.contains('\\') {
            // The same name can be written in several ways.
            Cow::Owned(serde_json::from_str::<String>(quoted).map_err(|_| JsonError::Name)?)
        } else {
            Cow::Borrowed(&quoted[1..quoted.len() - 1])
        };
        if self.few.contains(&name) || self.many.contains(&name) {
            return Err(JsonError::Duplicate(name.into_owned()));
        }
        if self.few.len() < FEW {
            self.few.push(name);
        } else {
            self.many.insert(name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_member_twice_is_found_however_it_is_written() {
        for raw in [r#"{"a":1,"a":2}"#, r#"{"a":1,"\u0061":2}"#, r#"[{"b":{"c":1, "c" : 2}}]"#] {
            assert!(matches!(check(raw), Err(JsonError::Duplicate(_))), "{raw}");
        }
    }

    #[test]
    fn the_same_name_in_different_objects_is_fine() {
        assert_eq!(check(r#"{"a":{"a":"a"},"b":[{"a":1},{"a":2}],"c":"\"a\":"}"#), Ok(()));
    }

    #[test]
    fn the_last_of_many_members_is_compared_too() {
        let members: Vec<String> = (0..100).map(|n| format!("\"m{n}\":0,")).collect();
        let members = members.concat();
        assert_eq!(check(&format!("{{{members}\"x\":0}}")), Ok(()));
        assert!(check(&format!("{{{members}\"m50\":0}}")).is_err());
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(check(&nested(MAX_DEPTH)), Ok(()));
        assert_eq!(check(&nested(MAX_DEPTH + 1)), Err(JsonError::TooDeep));
        assert_eq!(check(&nested(100_000)), Err(JsonError::TooDeep));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(json!(null)), any::<i64>().prop_map(Value::from), ".*".prop_map(Value::from)];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(".{0,4}", inner, 0..8).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_a_tree_can_hold_passes(value in value()) {
            prop_assert_eq!(check(&value.to_string()), Ok(()));
            prop_assert_eq!(check(&serde_json::to_string_pretty(&value).unwrap()), Ok(()));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = check(&text);
        }
    }
}
