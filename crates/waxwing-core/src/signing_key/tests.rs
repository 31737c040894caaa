//! Keys and signatures against the vectors of the RFCs, and what is refused.

use proptest::prelude::*;

use super::*;

/// RFC 8032, 7.1: seed, public key, message, signature.
const RFC_8032: [(&str, &str, &str, &str); 4] = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; KEY_LEN])
}

fn public(bytes: &[u8]) -> Result<PublicKey, InvalidPublicKey> {
    PublicKey::parse(&format!("whpk_{}", STANDARD.encode(bytes)))
}

#[test]
fn signs_and_verifies_the_vectors_of_rfc_8032() {
    for (seed, public_key, message, signature) in RFC_8032 {
        let key = SigningKey::from_seed(bytes(seed).as_slice().try_into().unwrap());
        assert_eq!(key.public_key().0.as_bytes(), bytes(public_key).as_slice());
        let message = bytes(message);
        let (head, tail) = message.split_at(message.len() / 2);
        let signed = key.sign(&[head, tail]);
        assert_eq!(signed.as_slice(), bytes(signature));
        assert!(public(&bytes(public_key)).unwrap().verifies(&message, &signed));
    }
}

#[test]
fn names_a_key_as_rfc_8037_does() {
    let public_key = public(&bytes(RFC_8032[0].1)).unwrap();
    assert_eq!(public_key.to_base64_url(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(public_key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_signing_key_is_read_from_its_seed_alone_or_with_its_public_key() {
    let (seed, other) = ([1; KEY_LEN], key(2));
    let text = |parts: &[&[u8]]| format!("whsk_{}", STANDARD.encode(parts.concat()));
    let padded = text(&[&seed]);
    for text in [padded.trim_end_matches('='), &padded, &text(&[&seed, key(1).public_key().0.as_bytes()])] {
        assert_eq!(SigningKey::parse(text), Ok(key(1)));
    }
    let refused = [
        String::new(),
        padded.replace("whsk_", ""),
        padded.replace("whsk_", "whpk_"),
        text(&[&seed[1..]]),
        text(&[&seed, &[0]]),
        text(&[&seed, other.public_key().0.as_bytes()]),
        text(&[&seed, key(1).public_key().0.as_bytes(), &[0]]),
        "whsk_not base64".into(),
    ];
    for text in refused {
        assert_eq!(SigningKey::parse(&text), Err(InvalidSigningKey), "{text}");
    }
}

#[test]
fn keys_that_would_let_any_signature_hold_are_refused() {
    let of_small_order = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ];
    for hex in of_small_order {
        assert_eq!(public(&bytes(hex)), Err(InvalidPublicKey), "{hex}");
    }
    let no_point = "0200000000000000000000000000000000000000000000000000000000000000";
    assert_eq!(public(&bytes(no_point)), Err(InvalidPublicKey));
    for text in ["", "whpk_", "whpk_AAAA", &key(1).public_key().to_string().replace("whpk_", "whsk_")] {
        assert_eq!(PublicKey::parse(text), Err(InvalidPublicKey), "{text}");
    }
}

#[test]
fn a_signature_with_the_order_of_the_group_added_does_not_hold() {
    // RFC 8032, 5.1.7: the second half must be below the order L. Added to it, the
    // equation still holds: without the check, who saw one signature could make another.
    let order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut signature = key(1).sign(&[b"message"]);
    let mut carry = 0;
    for (digit, add) in signature[KEY_LEN..].iter_mut().zip(order) {
        let sum = u16::from(*digit) + u16::from(add) + carry;
        *digit = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert!(!key(1).public_key().verifies(b"message", &signature));
}

#[test]
fn nothing_prints_a_signing_key() {
    assert_eq!(format!("{:?} {:?}", key(1), InvalidSigningKey), "SigningKey(…) InvalidSigningKey");
    let public_key = key(1).public_key();
    assert_eq!(format!("{public_key:?}"), format!("PublicKey({public_key})"));
}

proptest! {
    #[test]
    fn every_key_comes_back_from_its_text(seed: [u8; KEY_LEN]) {
        let key = SigningKey::from_seed(&seed);
        prop_assert_eq!(&SigningKey::from_seed(&key.expose_seed()), &key);
        prop_assert_eq!(&SigningKey::generate(|bytes| bytes.copy_from_slice(&seed)), &key);
        let public_key = key.public_key();
        prop_assert_eq!(PublicKey::parse(&public_key.to_string()), Ok(public_key));
    }

    #[test]
    fn any_text_is_a_key_or_refused(text in "(whsk_|whpk_)?[A-Za-z0-9+/=]{0,100}") {
        prop_assert!(SigningKey::parse(&text).is_err() || text.starts_with(SIGNING_PREFIX));
        prop_assert!(PublicKey::parse(&text).is_err() || text.starts_with(PUBLIC_PREFIX));
    }

    #[test]
    fn one_changed_bit_is_noticed(
        seed: [u8; KEY_LEN],
        mut message in prop::collection::vec(any::<u8>(), 1..200),
        at: prop::sample::Index,
        bit in 0..8_u8,
    ) {
        let key = SigningKey::from_seed(&seed);
        let public_key = key.public_key();
        let signature = key.sign(&[&message]);
        prop_assert!(public_key.verifies(&message, &signature));
        let mut changed = signature;
        changed[at.index(SIGNATURE_LEN)] ^= 1 << bit;
        prop_assert!(!public_key.verifies(&message, &changed));
        let at = at.index(message.len());
        message[at] ^= 1 << bit;
        prop_assert!(!public_key.verifies(&message, &signature));
    }
}
