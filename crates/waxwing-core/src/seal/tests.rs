//! What holds for sealed values: who can open them, and who cannot.

use proptest::prelude::*;

use super::*;

const PLACE: &str = "wh_1";

fn key() -> SealingKey {
    SealingKey::from_slice(&[7; KEY_LEN]).unwrap()
}

fn sealed() -> Sealed {
    key().seal(3, [1; NONCE_LEN], PLACE, b"a secret of some length")
}

/// A proof as versions before data keys sealed it, with [`key`] for `sealing_check`.
const OLD: &[u8] =
    b"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\
    \x01\x01\xc6\x15\x7b\x3a\xa0\x82\x8a\xbf\x4e\x8e\xf6\xef\x4e\x65\x30\xad\xd4\x2f\xf7\x46\xcf\
    \x41\x74\x11\xf0\xb6\x58\xe9\x0c\x04\xca\xcd\xa5\xc7\xdb\xb9\x1f";

#[test]
fn a_value_opens_for_its_own_place_and_key_only() {
    assert_eq!(**key().open(PLACE, &sealed()).as_ref().unwrap(), *b"a secret of some length");
    assert_eq!(key().open("wh_2", &sealed()), Err(UnsealError::WrongKey));
    assert_eq!(key().open("wh_1/headers", &sealed()), Err(UnsealError::WrongKey));
    let other = SealingKey::from_slice(&[8; KEY_LEN]).unwrap();
    assert_eq!(other.open(PLACE, &sealed()), Err(UnsealError::WrongKey));
}

#[test]
fn a_value_says_which_key_sealed_it_and_cannot_be_made_to_say_another() {
    assert_eq!(sealed().by(), Ok(SealedBy::Number(3)));
    assert_eq!(key().seal(u32::MAX, [1; NONCE_LEN], PLACE, b"").by(), Ok(SealedBy::Number(u32::MAX)));
    let mut bytes = sealed().as_bytes().to_vec();
    bytes[4] = 4;
    let altered = Sealed::from_bytes(bytes);
    assert_eq!(altered.by(), Ok(SealedBy::Number(4)));
    assert_eq!(key().open(PLACE, &altered), Err(UnsealError::WrongKey));
}

#[test]
fn what_was_sealed_before_data_keys_opens() {
    let old = Sealed::from_bytes(OLD.to_vec());
    assert_eq!(old.by(), Ok(SealedBy::Root));
    assert_eq!(**key().open("sealing_check", &old).as_ref().unwrap(), *b"waxwing sealing check");
    assert_eq!(key().open(PLACE, &old), Err(UnsealError::WrongKey));
}

#[test]
fn what_was_never_sealed_does_not_open() {
    for bytes in [vec![], vec![1], vec![1; 24], vec![2; 4], vec![2; 28], vec![3; 80]] {
        let sealed = Sealed::from_bytes(bytes);
        assert_eq!(key().open(PLACE, &sealed), Err(UnsealError::Malformed));
    }
    for no_tag in [vec![1; 25], vec![2; 29]] {
        assert_eq!(key().open(PLACE, &Sealed::from_bytes(no_tag)), Err(UnsealError::WrongKey));
    }
}

#[test]
fn keys_are_32_bytes_of_base64() {
    let text = key().to_base64();
    assert_eq!(text.len(), 44);
    for text in [text.as_str(), &format!(" {}\n", *text), text.trim_end_matches('=')] {
        assert_eq!(SealingKey::from_base64(text).unwrap().expose(), [7; KEY_LEN]);
    }
    for text in ["", "AAAA", "not base64!", &STANDARD.encode([0; 31]), &STANDARD.encode([0; 33])] {
        assert_eq!(SealingKey::from_base64(text).unwrap_err(), InvalidSealingKey, "{text}");
    }
}

#[test]
fn a_key_is_known_by_an_id_that_does_not_change() {
    assert_eq!(key().id(), key().id());
    assert_ne!(key().id(), SealingKey::from_slice(&[8; KEY_LEN]).unwrap().id());
    // Data keys in databases name it: it is the same in every version.
    assert_eq!(key().id(), 0x4482_bd22);
}

#[test]
fn nothing_prints_a_key_or_what_it_sealed() {
    assert_eq!(format!("{:?} {:?}", key(), sealed()), "SealingKey(…) Sealed(…)");
}

proptest! {
    #[test]
    fn every_value_comes_back(value: Vec<u8>, key: [u8; 32], number: u32, nonce: [u8; 24], place in ".*") {
        let key = SealingKey::from_slice(&key).unwrap();
        let sealed = key.seal(number, nonce, &place, &value);
        prop_assert_eq!(sealed.as_bytes().len(), value.len() + 45);
        let stored = Sealed::from_bytes(sealed.as_bytes().to_vec());
        prop_assert_eq!(stored.by(), Ok(SealedBy::Number(number)));
        prop_assert!(stored.as_bytes().starts_with(&Sealed::head(number)));
        let opened = key.open(&place, &stored).unwrap();
        prop_assert_eq!(&*opened, &value);
    }

    #[test]
    fn one_changed_bit_is_noticed(at in 0..1000_usize, bit in 0..8_u8) {
        let mut bytes = sealed().as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert!(key().open(PLACE, &Sealed::from_bytes(bytes)).is_err());
    }

    #[test]
    fn any_bytes_are_opened_or_refused(bytes: Vec<u8>) {
        let sealed = Sealed::from_bytes(bytes);
        let _ = sealed.by();
        prop_assert!(key().open(PLACE, &sealed).is_err());
    }
}
