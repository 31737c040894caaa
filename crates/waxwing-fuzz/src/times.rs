//! Points in time: what is read prints as the same moment.

use waxwing_core::Timestamp;

pub(super) fn run(bytes: &[u8]) {
    let text = crate::text(bytes);
    if let Ok(time) = Timestamp::parse(text) {
        assert!((Timestamp::EPOCH..=Timestamp::MAX).contains(&time));
        assert_eq!(Timestamp::parse(&time.to_string()), Ok(time), "{text:?}");
    }
    if let Some((first, _)) = bytes.split_first_chunk() {
        let time = Timestamp::from_millis(i64::from_be_bytes(*first));
        assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
        assert_eq!(time.to_string().len(), "2026-03-26T10:00:00.000Z".len());
    }
}
