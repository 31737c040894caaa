//! A cursor has one spelling.

use waxwing_api::cursor;

pub(super) fn run(bytes: &[u8]) {
    let text = crate::text(bytes);
    if let Some(position) = cursor::read(text) {
        assert!(position >= 0);
        assert_eq!(cursor::write(position), text);
    }
    if let Some((first, _)) = bytes.split_first_chunk() {
        let position = i64::from_be_bytes(*first);
        let read = cursor::read(&cursor::write(position));
        assert_eq!(read, (position >= 0).then_some(position));
    }
}
