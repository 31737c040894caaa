//! The body of every request: an event in compact JSON, made once.
//!
//! The members stand in the order of the contract, and `data` is passed through
//! byte for byte, so that numbers keep their digits and keys their order.
//! Nothing is escaped: ids, types and times have no character in their alphabets
//! that JSON would want escaped. Whether `data` is JSON is checked by whoever
//! takes it in.

use crate::{EventId, EventType, Timestamp};

/// The bytes that every attempt sends. `data` is one JSON value.
pub fn envelope(id: &EventId, event_type: &EventType, created_at: Timestamp, data: &str) -> Vec<u8> {
    let mut body = head(id, event_type, created_at, data.len() + 1);
    body.push_str(data);
    body.push('}');
    body.into_bytes()
}

/// The `data` within `body`, when `body` is the envelope of such an event;
/// tells whether a repeated publish says the same as the first one.
pub fn data_of<'a>(
    body: &'a [u8],
    id: &EventId,
    event_type: &EventType,
    created_at: Timestamp,
) -> Option<&'a [u8]> {
    body.strip_prefix(head(id, event_type, created_at, 0).as_bytes())?.strip_suffix(b"}")
}

/// Everything before `data`, with room for `more` bytes after it.
fn head(id: &EventId, event_type: &EventType, created_at: Timestamp, more: usize) -> String {
    let created_at = created_at.to_string();
    let parts = [
        r#"{"id":""#,
        id.as_str(),
        r#"","type":""#,
        event_type.as_str(),
        r#"","created_at":""#,
        &created_at,
        r#"","data":"#,
    ];
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut head = String::with_capacity(length + more);
    for part in parts {
        head.push_str(part);
    }
    head
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event() -> (EventId, EventType, Timestamp) {
        let id = EventId::parse("evt_01jq8d7tz0f3nv2xk5m9r4c6be").unwrap();
        let event_type = EventType::parse("deposit.completed").unwrap();
        (id, event_type, Timestamp::from_millis(1_774_519_200_000))
    }

    #[test]
    fn members_stand_in_the_order_of_the_contract_without_spaces() {
        let (id, event_type, at) = event();
        let body = envelope(&id, &event_type, at, r#"{"amount": 1.10}"#);
        assert_eq!(
            String::from_utf8(body).unwrap(),
            r#"{"id":"evt_01jq8d7tz0f3nv2xk5m9r4c6be","type":"deposit.completed","created_at":"2026-03-26T10:00:00.000Z","data":{"amount": 1.10}}"#
        );
    }

    #[test]
    fn an_envelope_is_made_in_one_allocation() {
        let (id, event_type, at) = event();
        let body = envelope(&id, &event_type, at, "null");
        assert_eq!(body.capacity(), body.len());
    }

    #[test]
    fn the_data_of_another_event_is_not_found() {
        let (id, event_type, at) = event();
        let body = envelope(&id, &event_type, at, "{}");
        let other = EventId::parse("evt_2").unwrap();
        assert_eq!(data_of(&body, &other, &event_type, at), None);
        let later = at.after(std::time::Duration::from_millis(1));
        assert_eq!(data_of(&body, &id, &event_type, later), None);
        assert_eq!(data_of(b"", &id, &event_type, at), None);
    }

    proptest! {
        #[test]
        fn data_is_found_again_byte_for_byte(
            id in "[A-Za-z0-9_:-]{1,128}",
            event_type in "[A-Za-z0-9_-]{1,9}(\\.[A-Za-z0-9_-]{1,9}){0,3}",
            millis in 0..=Timestamp::MAX.millis(),
            data in ".*",
        ) {
            let id = EventId::parse(&id).unwrap();
            let event_type = EventType::parse(&event_type).unwrap();
            let at = Timestamp::from_millis(millis);
            let body = envelope(&id, &event_type, at, &data);
            prop_assert_eq!(data_of(&body, &id, &event_type, at), Some(data.as_bytes()));
        }
    }
}
