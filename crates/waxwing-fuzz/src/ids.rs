//! Ids: read back as they were, within their alphabets, generated or chosen.

use waxwing_core::{AccountId, EventId, KeyId, Timestamp, WebhookId};

pub(super) fn run(bytes: &[u8]) {
    let text = crate::text(bytes);
    let word = |longest: usize, extra: &str| {
        (1..=longest).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
    };
    assert_eq!(AccountId::parse(text).is_ok(), word(64, "_-"), "{text:?}");
    assert_eq!(EventId::parse(text).is_ok(), word(128, "_:-"), "{text:?}");
    for (read, prefix) in [
        (WebhookId::parse(text).map(|id| id.to_string()), "wh_"),
        (KeyId::parse(text).map(|id| id.to_string()), "key_"),
    ] {
        if let Ok(read) = read {
            assert_eq!(read, text);
            assert_eq!(text.len(), prefix.len() + 26);
            assert!(text.starts_with(prefix) && word(64, "_"), "{text:?}");
            assert!(!text.chars().any(|c| c.is_ascii_uppercase()), "{text:?} has two spellings");
        }
    }
    generated(bytes);
}

/// What is generated at any time from any randomness is an id.
fn generated(bytes: &[u8]) {
    let Some((time, rest)) = bytes.split_first_chunk() else { return };
    let Some((random, _)) = rest.split_first_chunk() else { return };
    let now = Timestamp::from_millis(i64::from_be_bytes(*time));
    let (webhook, key) = (WebhookId::generate(now, *random), KeyId::generate(now, *random));
    let (account, event) = (AccountId::generate(now, *random), EventId::generate(now, *random));
    assert_eq!(WebhookId::parse(webhook.as_str()), Ok(webhook));
    assert_eq!(KeyId::parse(key.as_str()), Ok(key));
    assert_eq!(AccountId::parse(account.as_str()), Ok(account));
    assert_eq!(EventId::parse(event.as_str()), Ok(event));
}
