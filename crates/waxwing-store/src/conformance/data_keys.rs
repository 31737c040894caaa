//! Data keys, and the keyring on top of them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use tokio::task::JoinSet;
use waxwing_core::{
    Clock, Entropy, Timestamp,
    seal::{Sealed, SealedBy, SealingKey, UnsealError},
};

use super::world::{World, at, by, sealed};
use crate::{AuditEntry, AuditFilter, DataKey, Keyring, KeyringError, PageRequest, RootKeys, Store};

/// What versions before data keys kept as the proof of [`root`]`(7)`.
const OLD_PROOF: &[u8] =
    b"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\
    \x01\x01\xc6\x15\x7b\x3a\xa0\x82\x8a\xbf\x4e\x8e\xf6\xef\x4e\x65\x30\xad\xd4\x2f\xf7\x46\xcf\
    \x41\x74\x11\xf0\xb6\x58\xe9\x0c\x04\xca\xcd\xa5\xc7\xdb\xb9\x1f";

pub(super) struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        at(0)
    }
}

/// Bytes that are not given twice.
pub(super) struct Counted;

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        for chunk in bytes.chunks_mut(8) {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            chunk.iter_mut().zip(number).for_each(|(byte, value)| *byte = value);
        }
    }
}

pub(super) fn root(mark: u8) -> SealingKey {
    SealingKey::generate(|bytes| bytes.fill(mark))
}

pub(super) async fn unlock(store: &Arc<dyn Store>, roots: RootKeys) -> Result<Keyring, KeyringError> {
    Keyring::unlock(Arc::clone(store), roots, &Still, &Counted).await
}

pub(super) async fn keyring(w: &World, mark: u8) -> Result<Keyring, KeyringError> {
    unlock(&w.store, RootKeys::only(root(mark))).await
}

pub(super) fn numbers(w: &World) -> Vec<u32> {
    w.store.directory().data_keys().iter().map(|key| key.number).collect()
}

pub(super) async fn a_data_key_is_kept_under_its_number(w: World) {
    assert_eq!((numbers(&w), w.store.directory().newest_data_key()), (vec![], None));
    for number in [1, 2, u32::MAX] {
        let key = DataKey { number, sealed: sealed(3), created_at: at(5) };
        assert!(w.store.create_data_key(key.clone(), &by(at(5))).await.unwrap());
        assert_eq!(w.store.directory().data_key(number), Some(key));
        assert_eq!(w.store.directory().newest_data_key(), Some(number));
    }
    assert_eq!(numbers(&w), [1, 2, u32::MAX]);
}

pub(super) async fn a_number_is_taken_once(w: World) {
    let first = DataKey { number: 1, sealed: sealed(1), created_at: at(1) };
    assert!(w.store.create_data_key(first.clone(), &by(at(1))).await.unwrap());
    let second = DataKey { number: 1, sealed: sealed(2), created_at: at(2) };
    assert!(!w.store.create_data_key(second, &by(at(2))).await.unwrap());
    assert_eq!(w.store.directory().data_key(1), Some(first));
}

pub(super) async fn a_data_key_is_replaced_if_it_is_as_it_was(w: World) {
    let key = |mark| DataKey { number: 1, sealed: sealed(mark), created_at: at(1) };
    assert!(!w.store.replace_data_key(&key(1), sealed(2), &by(at(2))).await.unwrap(), "there is none");
    assert!(w.store.create_data_key(key(1), &by(at(1))).await.unwrap());
    assert!(w.store.replace_data_key(&key(1), sealed(2), &by(at(2))).await.unwrap());
    assert!(!w.store.replace_data_key(&key(1), sealed(3), &by(at(3))).await.unwrap(), "another was faster");
    assert_eq!(w.store.directory().data_keys(), [key(2)]);
}

pub(super) async fn what_becomes_of_data_keys_is_in_the_audit_log(w: World) {
    let old = keyring(&w, 7).await.unwrap();
    old.rotate(&by(at(3)), &Counted).await.unwrap();
    let roots = RootKeys { current: root(8), previous: vec![root(7)] };
    unlock(&w.store, roots).await.unwrap();
    assert_eq!(w.store.delete_data_keys_before(2, &by(at(4))).await.unwrap(), 1);
    let log = w.store.audit_log(AuditFilter::default(), PageRequest::first(250)).await.unwrap().items;
    let told = |entry: &AuditEntry| {
        let [before, after] = [&entry.before, &entry.after].map(Option::is_some);
        entry
            .action
            .starts_with("data_key.")
            .then(|| (entry.action.clone(), entry.object.clone(), before, after))
    };
    let mut told: Vec<_> = log.iter().filter_map(told).collect();
    told.reverse();
    let expected = [
        ("data_key.create", "1", false, true),
        ("data_key.create", "2", false, true),
        ("data_key.update", "1", true, true),
        ("data_key.update", "2", true, true),
        ("data_key.delete", "1", true, false),
    ];
    let expected =
        expected.map(|(action, object, before, after)| (action.to_owned(), object.to_owned(), before, after));
    assert_eq!(told, expected);
}

pub(super) async fn the_first_start_makes_a_data_key_and_later_ones_use_it(w: World) {
    assert!(!Keyring::exists(&*w.store).await.unwrap());
    let first = keyring(&w, 7).await.unwrap();
    assert!(Keyring::exists(&*w.store).await.unwrap());
    let value = first.seal([1; 24], "wh_1", b"a secret").unwrap();
    assert_eq!(value.by(), Ok(SealedBy::Number(1)));
    let second = keyring(&w, 7).await.unwrap();
    assert_eq!(numbers(&w), [1]);
    assert_eq!(**second.open("wh_1", &value).as_ref().unwrap(), *b"a secret");
    assert_eq!(second.open("wh_1/headers", &value), Err(UnsealError::WrongKey));
}

pub(super) async fn starts_at_once_agree_on_one_data_key(w: World) {
    let mut starts = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&w.store);
        starts.spawn(async move { unlock(&store, RootKeys::only(root(7))).await.unwrap() });
    }
    let keyrings = starts.join_all().await;
    let value = keyrings[0].seal([1; 24], "wh_1", b"a secret").unwrap();
    for keyring in &keyrings {
        assert_eq!(**keyring.open("wh_1", &value).as_ref().unwrap(), *b"a secret");
    }
    assert_eq!(numbers(&w), [1]);
}

pub(super) async fn another_root_key_is_refused_and_changes_nothing(w: World) {
    let right = keyring(&w, 7).await.unwrap();
    let kept = w.store.directory().data_keys();
    assert!(matches!(keyring(&w, 8).await, Err(KeyringError::WrongKey)));
    assert_eq!(w.store.directory().data_keys(), kept);
    assert!(right.seal([1; 24], "wh_1", b"a secret").is_ok());
}

pub(super) async fn a_previous_root_key_opens_what_it_sealed(w: World) {
    let value = keyring(&w, 7).await.unwrap().seal([1; 24], "wh_1", b"a secret").unwrap();
    let roots = RootKeys { current: root(8), previous: vec![root(9), root(7)] };
    let keyring = unlock(&w.store, roots).await.unwrap();
    assert_eq!(**keyring.open("wh_1", &value).as_ref().unwrap(), *b"a secret");
}

pub(super) async fn a_start_with_a_new_root_key_seals_data_keys_with_it(w: World) {
    let old = keyring(&w, 7).await.unwrap();
    old.rotate(&by(at(0)), &Counted).await.unwrap();
    let value = old.seal([1; 24], "wh_1", b"a secret").unwrap();
    let mut starts = JoinSet::new();
    for _ in 0..4 {
        let (store, roots) = (Arc::clone(&w.store), RootKeys { current: root(8), previous: vec![root(7)] });
        starts.spawn(async move { unlock(&store, roots).await.unwrap() });
    }
    starts.join_all().await;
    let ids: Vec<_> = w.store.directory().data_keys().iter().map(|key| key.sealed.by()).collect();
    let new_root = || Ok(SealedBy::Number(root(8).id()));
    assert_eq!(ids, [new_root(), new_root()]);
    assert!(matches!(keyring(&w, 7).await, Err(KeyringError::WrongKey)));
    let new = keyring(&w, 8).await.unwrap();
    assert_eq!(**new.open("wh_1", &value).as_ref().unwrap(), *b"a secret");
    // A node that runs since before goes on.
    assert_eq!(**old.open("wh_1", &old.seal([2; 24], "wh_1", b"new").unwrap()).as_ref().unwrap(), *b"new");
}

pub(super) async fn a_rotation_makes_a_data_key_that_every_node_uses(w: World) {
    let (one, two) = (keyring(&w, 7).await.unwrap(), keyring(&w, 7).await.unwrap());
    let old = one.seal([1; 24], "wh_1", b"old").unwrap();
    one.rotate(&by(at(0)), &Counted).await.unwrap();
    assert_eq!(numbers(&w), [1, 2]);
    let new = two.seal([2; 24], "wh_1", b"new").unwrap();
    assert_eq!(new.by(), Ok(SealedBy::Number(2)));
    for keyring in [one, two] {
        assert_eq!(**keyring.open("wh_1", &old).as_ref().unwrap(), *b"old");
        assert_eq!(**keyring.open("wh_1", &new).as_ref().unwrap(), *b"new");
    }
}

pub(super) async fn a_database_from_before_data_keys_goes_on_with_its_own_root_key(w: World) {
    w.store.keep_fact("sealing_check", Bytes::from_static(OLD_PROOF)).await.unwrap();
    assert!(Keyring::exists(&*w.store).await.unwrap());
    assert!(matches!(keyring(&w, 8).await, Err(KeyringError::WrongKey)));
    assert!(numbers(&w).is_empty());
    let keyring = keyring(&w, 7).await.unwrap();
    assert_eq!(numbers(&w), [1]);
    let old = Sealed::from_bytes(OLD_PROOF.to_vec());
    assert_eq!(**keyring.open("sealing_check", &old).as_ref().unwrap(), *b"waxwing sealing check");
}
