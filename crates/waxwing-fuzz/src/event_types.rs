//! Event types and patterns: what is read, and what matches what.

use waxwing_core::{EventType, Pattern, event_type::MAX_LEN};

/// A pattern in the first line, an event type in the rest.
pub(super) fn run(bytes: &[u8]) {
    let (pattern, event_type) = crate::split(bytes);
    let (pattern, event_type) = (crate::text(pattern), crate::text(event_type));
    let read_pattern = Pattern::parse(pattern);
    let read_type = EventType::parse(event_type);
    assert_eq!(read_pattern.is_ok(), is_pattern(pattern), "{pattern:?}");
    assert_eq!(read_type.is_ok(), is_type(event_type), "{event_type:?}");
    if let Ok(read) = &read_pattern {
        assert_eq!(read.to_string(), pattern);
    }
    if let Ok(read) = &read_type {
        assert_eq!(read.as_str(), event_type);
        assert_eq!(Pattern::parse(event_type), Ok(Pattern::Exact(read.clone())));
    }
    if let (Ok(pattern), Ok(event_type)) = (read_pattern, read_type) {
        let (pattern_text, type_text) = (pattern.to_string(), event_type.as_str());
        let expected = match pattern_text.strip_suffix('*') {
            Some(prefix) => type_text.starts_with(prefix),
            None => pattern_text == type_text,
        };
        assert_eq!(pattern.matches(&event_type), expected, "{pattern_text} and {type_text}");
    }
}

/// The rule in other words, character by character.
fn is_type(text: &str) -> bool {
    let mut word = 0;
    for character in text.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => word += 1,
            '.' if word > 0 => word = 0,
            _ => return false,
        }
    }
    word > 0 && text.len() <= MAX_LEN
}

fn is_pattern(text: &str) -> bool {
    text == "*" || is_type(text.strip_suffix(".*").unwrap_or(text))
}
