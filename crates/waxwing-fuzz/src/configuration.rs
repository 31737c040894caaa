//! The configuration file: read or refused in words, and its secrets shown in neither.

use serde_json::Value;

/// What a secret setting holds here, wherever `SECRET` stands in the input.
const SECRET: &str = "hunter2hunter2hunter2";

pub(super) fn run(bytes: &[u8]) {
    let text = crate::text(bytes);
    // Outside the two settings that hold a secret it would be shown, and may be.
    let secrets_only = text.lines().filter(|line| line.contains("SECRET")).all(|line| {
        let key = line.split('=').next().unwrap_or_default().trim();
        matches!(key, "operator_key" | "encryption_key")
    });
    let said = waxwing::configuration(&text.replace("SECRET", SECRET));
    match &said {
        Ok(shown) => {
            let shown: Value = serde_json::from_str(shown).unwrap_or_default();
            assert!(shown.get("listen").is_some_and(|listen| listen["value"].is_string()), "{shown}");
        }
        Err(error) => assert!(!error.trim().is_empty()),
    }
    let said = said.unwrap_or_else(|error| error);
    assert!(!secrets_only || !said.contains(SECRET), "{text:?} shows a secret: {said}");
}
