//! Signing keys: kept sealed, rotated with a grace period, removed.

use waxwing_core::{SigningKey, Timestamp};

use super::{
    data_keys::keyring,
    world::{Hook, World, at, by, sealed},
};
use crate::{AuditFilter, PageRequest, SigningKeyChange, SigningKeys};

fn rotation(mark: u8, previous_expires: Option<u64>) -> SigningKeyChange {
    SigningKeyChange::Rotate {
        key: sealed(mark),
        key_id: format!("key {mark}"),
        previous_expires_at: previous_expires.map(at),
    }
}

async fn change(w: &World, hook: &Hook, change: SigningKeyChange, now: u64) -> Option<bool> {
    w.store.change_signing_key(&w.account, &hook.id, change, &by(at(now))).await.unwrap()
}

/// The keys, as the directory and the table have them.
async fn kept(w: &World, hook: &Hook) -> SigningKeys {
    let webhook = w.store.webhook(&w.account, &hook.id).await.unwrap().unwrap();
    assert_eq!(webhook.signing_keys, w.target(hook).signing_keys);
    webhook.signing_keys
}

fn keys(current: u8, previous: Option<(u8, u64)>) -> SigningKeys {
    SigningKeys {
        current: Some(sealed(current)),
        previous: previous.map(|(mark, until)| (sealed(mark), at(until))),
    }
}

pub(super) async fn a_webhook_begins_without_a_signing_key(w: World) {
    let hook = w.webhook().await;
    assert_eq!(kept(&w, &hook).await, SigningKeys::default());
}

pub(super) async fn a_first_key_has_none_before_it(w: World) {
    let hook = w.webhook().await;
    w.wakeups();
    assert_eq!(change(&w, &hook, rotation(2, Some(500)), 1).await, Some(false));
    assert_eq!(kept(&w, &hook).await, keys(2, None));
    assert!(w.wakeups().changed.contains(&hook.row), "the engine is told");
}

pub(super) async fn the_key_before_signs_until_the_given_time(w: World) {
    let hook = w.webhook().await;
    change(&w, &hook, rotation(2, None), 1).await;
    assert_eq!(change(&w, &hook, rotation(3, Some(500)), 2).await, Some(true));
    let kept = kept(&w, &hook).await;
    assert_eq!(kept, keys(3, Some((2, 500))));
    let signing = |now| kept.at(at(now)).cloned().collect::<Vec<_>>();
    assert_eq!((signing(499), signing(500)), (vec![sealed(3), sealed(2)], vec![sealed(3)]));
}

pub(super) async fn a_second_rotation_drops_the_oldest_key(w: World) {
    let hook = w.webhook().await;
    for (mark, until) in [(2, Some(100)), (3, Some(500)), (4, Some(300))] {
        change(&w, &hook, rotation(mark, until), 1).await;
    }
    assert_eq!(kept(&w, &hook).await, keys(4, Some((3, 300))));
    change(&w, &hook, rotation(5, None), 2).await;
    assert_eq!(kept(&w, &hook).await, keys(5, None), "no grace");
}

pub(super) async fn the_grace_period_of_a_key_is_ended_early(w: World) {
    let hook = w.webhook().await;
    change(&w, &hook, rotation(2, None), 1).await;
    change(&w, &hook, rotation(3, Some(500)), 2).await;
    assert_eq!(change(&w, &hook, SigningKeyChange::EndGracePeriod, 3).await, Some(true));
    assert_eq!(kept(&w, &hook).await, keys(3, None));
}

pub(super) async fn a_removed_key_leaves_nothing_behind(w: World) {
    let hook = w.webhook().await;
    change(&w, &hook, rotation(2, None), 1).await;
    change(&w, &hook, rotation(3, Some(500)), 2).await;
    assert_eq!(change(&w, &hook, SigningKeyChange::Remove, 3).await, Some(true));
    assert_eq!(kept(&w, &hook).await, SigningKeys::default());
    assert_eq!(w.target(&hook).secret, sealed(1), "the secret signs on");
    assert_eq!(change(&w, &hook, rotation(4, Some(500)), 4).await, Some(false));
    assert_eq!(kept(&w, &hook).await, keys(4, None));
}

pub(super) async fn without_a_key_there_is_nothing_to_end_or_remove(w: World) {
    let hook = w.webhook().await;
    for nothing in [SigningKeyChange::EndGracePeriod, SigningKeyChange::Remove] {
        assert_eq!(change(&w, &hook, nothing, 1).await, Some(false));
    }
    let webhook = w.store.webhook(&w.account, &hook.id).await.unwrap().unwrap();
    assert_eq!(webhook.updated_at, at(0));
}

pub(super) async fn another_accounts_signing_key_is_out_of_reach(w: World) {
    let hook = w.webhook().await;
    let other = w.account("other", at(0)).await;
    change(&w, &hook, rotation(2, None), 1).await;
    for change in [rotation(3, None), SigningKeyChange::EndGracePeriod, SigningKeyChange::Remove] {
        assert_eq!(w.store.change_signing_key(&other, &hook.id, change, &by(at(2))).await.unwrap(), None);
    }
    assert_eq!(kept(&w, &hook).await, keys(2, None));
}

pub(super) async fn other_changes_keep_the_signing_keys(w: World) {
    let hook = w.webhook().await;
    change(&w, &hook, rotation(2, None), 1).await;
    change(&w, &hook, rotation(3, Some(500)), 1).await;
    w.set_active(&hook, false, at(2)).await;
    w.activate(&hook, at(3)).await;
    assert!(w.store.end_grace_period(&w.account, &hook.id, &by(at(4))).await.unwrap());
    assert_eq!(kept(&w, &hook).await, keys(3, Some((2, 500))));
}

pub(super) async fn each_change_of_a_signing_key_is_in_the_audit_log(w: World) {
    let hook = w.webhook().await;
    let changes = [rotation(2, Some(500)), SigningKeyChange::EndGracePeriod, SigningKeyChange::Remove];
    for (now, one) in (1..).zip(changes) {
        change(&w, &hook, one, now).await;
    }
    change(&w, &hook, SigningKeyChange::Remove, 9).await;
    let about = AuditFilter { object: Some(hook.id.to_string()), ..AuditFilter::default() };
    let entries = w.store.audit_log(about, PageRequest::first(250)).await.unwrap().items;
    let told: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), entry.actor.at)).collect();
    let expected: [(&str, Timestamp); 4] = [
        ("signing_key.delete", at(3)),
        ("signing_key.end_grace_period", at(2)),
        ("signing_key.rotate", at(1)),
        ("webhook.create", at(0)),
    ];
    assert_eq!(told, expected, "newest first, and none of what changed nothing");
    let after = entries[2].after.as_deref().unwrap();
    assert!(after.contains(r#""key_id":"key 2""#), "{after}");
}

pub(super) async fn a_signing_key_opens_for_its_own_webhook_only(w: World) {
    let keyring = keyring(&w, 7).await.unwrap();
    let (hook, other) = (w.webhook().await, w.webhook().await);
    let key = SigningKey::from_seed(&[9; 32]);
    let sealed = keyring.seal_signing_key([1; 24], &hook.id, &key).unwrap();
    assert_eq!(keyring.open_signing_key(&hook.id, &sealed), Ok(key));
    assert!(keyring.open_signing_key(&other.id, &sealed).is_err());
    let as_a_secret = keyring.seal([2; 24], hook.id.as_str(), &[9; 32]).unwrap();
    assert!(keyring.open_signing_key(&hook.id, &as_a_secret).is_err(), "a secret is no signing key");
}
