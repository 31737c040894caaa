//! Sealing values anew after a rotation of data keys, beside what else happens to them.

use waxwing_core::{
    SigningKey,
    seal::{Sealed, SealedBy},
};

use super::{
    data_keys::{Counted, keyring, numbers},
    world::{Hook, World, at, by},
};
use crate::{
    Credentials, CredentialsChange, Keyring, Resealed, RotatedSecret, SEALED_COLUMNS, SealedColumn,
    SealedValue, SigningKeyChange, WebhookChange,
};

const SECRET: SealedColumn = SEALED_COLUMNS[0];
const PREVIOUS: SealedColumn = SEALED_COLUMNS[1];

/// A webhook whose secret is its own id, sealed.
async fn webhook(w: &World, keyring: &Keyring) -> Hook {
    let mut new = w.new_webhook(&w.account, &["*"], at(0));
    new.secret = sealed(keyring, &new.id.to_string());
    w.hook(&w.store.create_webhook(new, &by(at(0))).await.unwrap())
}

fn sealed(keyring: &Keyring, id: &str) -> Sealed {
    keyring.seal([3; 24], id, id.as_bytes()).unwrap()
}

async fn page(w: &World, column: SealedColumn) -> Vec<SealedValue> {
    w.store.sealed_page(column, 2, 0, 100).await.unwrap()
}

async fn rotate(w: &World, keyring: &Keyring, hook: &Hook) {
    let secret = sealed(keyring, hook.id.as_str());
    let rotated = RotatedSecret { secret, previous_expires_at: Some(at(100)) };
    assert!(w.store.rotate_secret(&w.account, &hook.id, rotated, &by(at(1))).await.unwrap());
}

/// Every value of every column, with what the loop of a node does.
async fn reseal_all(w: &World, keyring: &Keyring) -> usize {
    let mut unopened = 0;
    for column in SEALED_COLUMNS {
        unopened += keyring.reseal(*column, 2, page(w, *column).await, &Counted).await.unwrap();
    }
    unopened
}

pub(super) async fn what_other_keys_sealed_is_read_in_pages(w: World) {
    let keyring = keyring(&w, 7).await.unwrap();
    let hooks = [webhook(&w, &keyring).await, webhook(&w, &keyring).await, webhook(&w, &keyring).await];
    rotate(&w, &keyring, &hooks[1]).await;
    assert_eq!(w.store.sealed_otherwise(1).await.unwrap(), 0);
    assert_eq!(w.store.sealed_otherwise(2).await.unwrap(), 4);
    let rows = |page: &[SealedValue]| page.iter().map(|value| value.row).collect::<Vec<_>>();
    let first = w.store.sealed_page(SECRET, 2, 0, 2).await.unwrap();
    assert_eq!(rows(&first), [hooks[0].row, hooks[1].row]);
    let second = w.store.sealed_page(SECRET, 2, hooks[1].row, 2).await.unwrap();
    assert_eq!(rows(&second), [hooks[2].row]);
    let previous = page(&w, PREVIOUS).await;
    assert_eq!(rows(&previous), [hooks[1].row]);
    assert_eq!(previous[0].place, hooks[1].id.as_str());
    assert!(w.store.sealed_page(SECRET, 1, 0, 2).await.unwrap().is_empty());
}

pub(super) async fn every_value_is_sealed_anew_and_opens_as_before(w: World) {
    let keyring = keyring(&w, 7).await.unwrap();
    let (kept, deleted) = (webhook(&w, &keyring).await, webhook(&w, &keyring).await);
    rotate(&w, &keyring, &kept).await;
    for (mark, previous_expires_at) in [(1, None), (2, Some(at(100)))] {
        let key = SigningKey::from_seed(&[mark; 32]);
        let key = keyring.seal_signing_key([mark; 24], &kept.id, &key).unwrap();
        let change = SigningKeyChange::Rotate { key, key_id: String::new(), previous_expires_at };
        w.store.change_signing_key(&w.account, &kept.id, change, &by(at(1))).await.unwrap();
    }
    let credential =
        |name| keyring.seal([4; 24], &Credentials::place(&kept.id, name), name.as_bytes()).unwrap();
    let credentials = CredentialsChange {
        headers: Some(Some(credential("headers"))),
        authorization: Some(Some(credential("authorization"))),
        client_certificate: Some(Some(credential("client_certificate"))),
    };
    let change = WebhookChange { credentials, ..WebhookChange::default() };
    w.store.update_webhook(&w.account, &kept.id, change, &by(at(1))).await.unwrap();
    assert!(w.store.delete_webhook(&w.account, &deleted.id, &by(at(2))).await.unwrap());
    keyring.rotate(&by(at(0)), &Counted).await.unwrap();
    assert_eq!(reseal_all(&w, &keyring).await, 0);
    assert_eq!(w.store.sealed_otherwise(2).await.unwrap(), 0);
    let target = w.target(&kept);
    let Credentials { headers, authorization, client_certificate } = target.credentials.clone();
    for (name, sealed) in
        [("headers", headers), ("authorization", authorization), ("client_certificate", client_certificate)]
    {
        let sealed = sealed.unwrap();
        assert_eq!(sealed.by(), Ok(SealedBy::Number(2)), "{name}");
        let opened = keyring.open(&Credentials::place(&kept.id, name), &sealed).unwrap();
        assert_eq!(*opened, name.as_bytes());
    }
    for sealed in [&target.secret, &target.previous.as_ref().unwrap().0] {
        assert_eq!(sealed.by(), Ok(SealedBy::Number(2)));
        assert_eq!(**keyring.open(kept.id.as_str(), sealed).as_ref().unwrap(), *kept.id.as_str().as_bytes());
    }
    let opened = target.signing_keys.at(at(2)).map(|sealed| {
        assert_eq!(sealed.by(), Ok(SealedBy::Number(2)));
        *keyring.open_signing_key(&kept.id, sealed).unwrap().expose_seed()
    });
    assert_eq!(opened.collect::<Vec<_>>(), [[2; 32], [1; 32]]);
}

pub(super) async fn sealing_anew_is_no_change_of_a_webhook(w: World) {
    let keyring = keyring(&w, 7).await.unwrap();
    let hook = webhook(&w, &keyring).await;
    let before = w.store.webhook(&w.account, &hook.id).await.unwrap();
    keyring.rotate(&by(at(0)), &Counted).await.unwrap();
    w.wakeups();
    reseal_all(&w, &keyring).await;
    assert!(w.wakeups().changed.is_empty(), "its lane goes on as it is");
    assert_eq!(w.store.webhook(&w.account, &hook.id).await.unwrap(), before);
}

pub(super) async fn a_secret_that_is_rotated_meanwhile_is_not_overwritten(w: World) {
    let keyring = keyring(&w, 7).await.unwrap();
    let hook = webhook(&w, &keyring).await;
    keyring.rotate(&by(at(0)), &Counted).await.unwrap();
    let read = page(&w, SECRET).await;
    let before = read[0].sealed.clone();
    rotate(&w, &keyring, &hook).await;
    let fresh = w.target(&hook).secret.clone();
    keyring.reseal(SECRET, 2, read, &Counted).await.unwrap();
    assert_eq!(w.target(&hook).secret, fresh);
    // The secret of before is the previous one now, and is met there.
    assert_eq!(w.target(&hook).previous.as_ref().unwrap().0, before);
    reseal_all(&w, &keyring).await;
    assert_eq!(w.store.sealed_otherwise(2).await.unwrap(), 0);
}

pub(super) async fn what_does_not_open_is_left_as_it_is(w: World) {
    let keyring = keyring(&w, 7).await.unwrap();
    let (good, moved) = (webhook(&w, &keyring).await, webhook(&w, &keyring).await);
    let (before, foreign) = (w.target(&moved).secret.clone(), w.target(&good).secret.clone());
    let swap = Resealed { row: moved.row, before, after: foreign.clone() };
    assert_eq!(w.store.replace_sealed(SECRET, vec![swap]).await.unwrap(), 1);
    keyring.rotate(&by(at(0)), &Counted).await.unwrap();
    assert_eq!(reseal_all(&w, &keyring).await, 1);
    assert_eq!(w.target(&moved).secret, foreign);
    assert_eq!(w.target(&good).secret.by(), Ok(SealedBy::Number(2)));
    assert_eq!(w.store.sealed_otherwise(2).await.unwrap(), 1);
}

pub(super) async fn data_keys_are_deleted_once_nothing_needs_them(w: World) {
    let keyring = keyring(&w, 7).await.unwrap();
    let hook = webhook(&w, &keyring).await;
    keyring.rotate(&by(at(0)), &Counted).await.unwrap();
    assert_eq!(w.store.delete_data_keys_before(2, &by(at(3))).await.unwrap(), 0);
    assert_eq!(numbers(&w), [1, 2]);
    reseal_all(&w, &keyring).await;
    assert_eq!(w.store.delete_data_keys_before(2, &by(at(3))).await.unwrap(), 1);
    assert_eq!(numbers(&w), [2]);
    assert_eq!(w.store.delete_data_keys_before(2, &by(at(3))).await.unwrap(), 0);
    assert!(keyring.open(hook.id.as_str(), &w.target(&hook).secret).is_ok());
}
