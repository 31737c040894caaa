//! Answers of a proxy: their end is found whatever follows, and no earlier.

use std::fmt::Debug;

use waxwing_delivery::https::proxy::{Answer, connect, socks};

pub(super) fn run(bytes: &[u8]) {
    ends(bytes, connect::answer);
    ends(bytes, socks::method);
    ends(bytes, socks::login);
    ends(bytes, socks::reply);
}

fn ends<T: Debug + PartialEq>(bytes: &[u8], read: fn(&[u8]) -> Answer<T>) {
    let whole = read(bytes);
    let Ok(Some((_, length))) = &whole else {
        if whole == Ok(None) {
            // What was not complete cannot have been with less of it.
            assert!(read(&bytes[..bytes.len() / 2]) == Ok(None), "{bytes:?}");
        }
        return;
    };
    assert!((1..=bytes.len()).contains(length), "{bytes:?}");
    assert_eq!(read(&bytes[..*length]), whole, "{bytes:?}");
    assert_eq!(read(&bytes[..*length - 1]), Ok(None), "{bytes:?}");
}
