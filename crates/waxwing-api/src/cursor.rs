//! Cursors: positions in lists as the outside sees them, opaque.

/// Leads a cursor, so that later versions can tell it from theirs.
const PREFIX: &str = "c1_";

/// A position, not negative, as a cursor.
pub fn write(position: i64) -> String {
    format!("{PREFIX}{position:x}")
}

/// The position of a cursor that [`write()`] made; none for any other text.
pub fn read(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(PREFIX)?;
    let position = i64::from_str_radix(digits, 16).ok()?;
    (position >= 0 && write(position) == text).then_some(position)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn cursors_read_back(position in 0..i64::MAX) {
            prop_assert_eq!(read(&write(position)), Some(position));
        }

        #[test]
        fn other_texts_are_no_cursors(text in "[^c].*|c1_[g-z+-].*") {
            prop_assert_eq!(read(&text), None);
        }
    }
}
