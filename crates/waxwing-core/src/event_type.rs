//! Event types and the patterns that a webhook subscribes with.

use std::{fmt, sync::Arc};

/// The longest event type, in bytes.
pub const MAX_LEN: usize = 128;

/// A dotted name such as `deposit.completed`: words of `A-Z a-z 0-9 _ -`,
/// separated by single dots, at most [`MAX_LEN`] bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(Arc<str>);

/// What a webhook subscribes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// `*`: everything.
    Any,
    /// `deposit.*`: every type that begins with `deposit.`, kept with its dot.
    Prefix(Arc<str>),
    /// One type.
    Exact(EventType),
}

/// A text that is no event type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an event type: words of A-Z a-z 0-9 _ - separated by dots, at most {MAX_LEN} characters, such as deposit.completed"
)]
pub struct InvalidEventType;

/// A text that is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an event pattern: an event type (deposit.completed), a prefix (deposit.*) or *")]
pub struct InvalidPattern;

impl EventType {
    /// Reads an event type that came from outside.
    ///
    /// # Errors
    /// [`InvalidEventType`] when the text breaks the rule above.
    pub fn parse(text: &str) -> Result<Self, InvalidEventType> {
        let word =
            |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if text.len() <= MAX_LEN && text.split('.').all(word) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidEventType)
        }
    }

    /// The dotted name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Pattern {
    /// Reads a pattern that came from outside.
    ///
    /// # Errors
    /// [`InvalidPattern`] when the text is neither a type, a prefix nor `*`.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some(prefix) = text.strip_suffix(".*") {
            EventType::parse(prefix).map_err(|_| InvalidPattern)?;
            return Ok(Self::Prefix(text[..text.len() - 1].into()));
        }
        EventType::parse(text).map(Self::Exact).map_err(|_| InvalidPattern)
    }

    /// Whether an event of this type is subscribed to.
    pub fn matches(&self, event_type: &EventType) -> bool {
        match self {
            Self::Any => true,
            Self::Prefix(prefix) => event_type.0.starts_with(&**prefix),
            Self::Exact(exact) => exact == event_type,
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::Exact(exact) => exact.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, event_type: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(&EventType::parse(event_type).unwrap())
    }

    #[test]
    fn a_prefix_matches_below_its_dot_only() {
        assert!(matches("deposit.*", "deposit.completed"));
        assert!(matches("deposit.*", "deposit.a.b"));
        assert!(!matches("deposit.*", "deposit"));
        assert!(!matches("deposit.*", "deposits.completed"));
    }

    #[test]
    fn refuses_what_is_neither_type_nor_pattern() {
        for text in ["", ".", "a.", ".a", "a..b", "a b", "*.a", "a*", "a.*.b", "**", "ä"] {
            assert!(Pattern::parse(text).is_err(), "{text:?}");
        }
        assert!(EventType::parse(&"a".repeat(129)).is_err());
        assert!(EventType::parse("*").is_err());
    }

    proptest! {
        #[test]
        fn patterns_print_as_they_were_read(text in "[a-z_]{1,5}(\\.[A-Z0-9-]{1,5}){0,3}(\\.\\*)?") {
            prop_assert_eq!(Pattern::parse(&text).unwrap().to_string(), text);
        }

        #[test]
        fn a_type_matches_itself_its_prefixes_and_the_star(text in "[a-z]{1,5}(\\.[a-z]{1,5}){1,3}") {
            prop_assert!(matches(&text, &text));
            prop_assert!(matches("*", &text));
            for (dot, _) in text.match_indices('.') {
                let prefix = format!("{}.*", &text[..dot]);
                prop_assert!(matches(&prefix, &text));
            }
        }
    }
}
