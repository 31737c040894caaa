//! Sealed values: what was sealed opens for its place alone, and nothing else opens.

use waxwing_core::seal::{Sealed, SealedBy, SealingKey};

const PLACE: &str = "wh_01k5q8d7tz0f3nv2xk5m9r4c6b";
const NUMBER: u32 = 7;

pub(super) fn run(bytes: &[u8]) {
    let [key, other] = [7, 8].map(|byte| SealingKey::generate(|key| key.fill(byte)));
    assert!(key.open(PLACE, &Sealed::from_bytes(bytes.to_vec())).is_err(), "nobody sealed this");
    if let Ok(read) = SealingKey::from_base64(crate::text(bytes)) {
        let again = SealingKey::from_base64(&read.to_base64());
        assert_eq!(again.map(|again| again.expose() == read.expose()), Ok(true));
    }
    let sealed = key.seal(NUMBER, [9; 24], PLACE, bytes);
    assert_eq!(sealed.by(), Ok(SealedBy::Number(NUMBER)));
    assert!(key.open(PLACE, &sealed).is_ok_and(|opened| *opened == bytes));
    assert!(key.open("wh_another", &sealed).is_err());
    assert!(other.open(PLACE, &sealed).is_err());
    altered(&key, sealed.as_bytes(), bytes);
}

/// No byte of what was sealed can be changed, added or left out.
fn altered(key: &SealingKey, sealed: &[u8], bytes: &[u8]) {
    let opens = |bytes: Vec<u8>| key.open(PLACE, &Sealed::from_bytes(bytes)).is_ok();
    let place = bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>() % sealed.len();
    let mut changed = sealed.to_vec();
    changed[place] ^= 1;
    assert!(!opens(changed), "byte {place} was changed");
    assert!(!opens(sealed[..place].to_vec()), "it was cut at {place}");
    assert!(!opens([sealed, &[0]].concat()), "a byte was added");
}
