//! Accounts, and the keys that speak for them.

use waxwing_core::Role;

use super::{
    steps::MANY,
    world::{TYPE, World, account_id, at, by},
};
use crate::{
    Account, AuditFilter, CreateAccountError, CreateWebhookError, DeleteKeyError, Key, NewAccount, NewKey,
    PageRequest, Principal, PublishError, RetryError,
};

async fn listed(w: &World, limit: usize) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), None);
    for _ in 0..MANY {
        let page = w.store.accounts(PageRequest { limit, cursor }).await.unwrap();
        assert!(page.items.len() <= limit);
        all.extend(page.items.iter().map(|account| account.id.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
    panic!("the list does not end");
}

pub(super) async fn an_account_is_made_and_found(w: World) {
    let id = account_id("Other_1");
    assert!(w.store.account(&id).await.unwrap().is_none());
    assert!(w.store.directory().account(&id).is_none());
    let made = w
        .store
        .create_account(NewAccount { id: id.clone(), name: None, created_at: at(3) }, &by(at(0)))
        .await
        .unwrap();
    assert_eq!(made, Account { id: id.clone(), name: None, created_at: at(3) });
    assert_eq!(w.store.account(&id).await.unwrap(), Some(made));
    assert!(w.store.directory().account(&id).is_some(), "the directory knows at once");
    assert_ne!(w.store.directory().account(&id), w.store.directory().account(&w.account));
}

pub(super) async fn an_account_id_is_taken_once(w: World) {
    let again = NewAccount { id: w.account.clone(), name: Some("again".into()), created_at: at(3) };
    assert_eq!(w.store.create_account(again, &by(at(0))).await, Err(CreateAccountError::Exists));
    let kept = w.store.account(&w.account).await.unwrap().expect("it is there");
    assert_eq!((kept.name.as_deref(), kept.created_at), (Some("ACME"), at(0)));
    assert!(
        w.store
            .create_account(NewAccount { id: account_id("ACME"), name: None, created_at: at(3) }, &by(at(0)))
            .await
            .is_ok()
    );
}

pub(super) async fn accounts_are_listed_oldest_first(w: World) {
    let mut expected = vec!["acme".to_owned()];
    for name in ["zebra", "beta", "omega", "alpha"] {
        w.account(name, at(1)).await;
        expected.push(name.into());
    }
    for limit in 1..=6 {
        assert_eq!(listed(&w, limit).await, expected, "limit {limit}");
    }
    assert!(w.store.delete_account(&account_id("beta"), &by(at(2))).await.unwrap());
    expected.retain(|name| name != "beta");
    assert_eq!(listed(&w, 2).await, expected);
}

pub(super) async fn a_deleted_account_takes_its_webhooks_and_keys_along(w: World) {
    let (hook, other) = (w.webhook().await, w.account("other", at(0)).await);
    let theirs = w.webhook_of(&other, &["*"]).await;
    for (account, mark) in [(Some(&w.account), 1), (Some(&other), 2), (None, 3)] {
        assert!(w.store.create_key(w.key(account, mark, at(0)), &by(at(0))).await.unwrap());
    }
    let id = w.publish(1, at(1)).await.remove(0);
    assert!(w.store.delete_account(&w.account, &by(at(2))).await.unwrap());
    let directory = w.store.directory();
    assert!(directory.account(&w.account).is_none());
    assert!(directory.target(hook.row).is_none());
    assert!(directory.principal(&[1; 32]).is_none());
    assert!(directory.target(theirs.row).is_some());
    assert!(directory.principal(&[2; 32]).is_some() && directory.principal(&[3; 32]).is_some());
    assert!(w.store.account(&w.account).await.unwrap().is_none());
    assert!(w.store.webhook(&w.account, &hook.id).await.unwrap().is_none());
    assert!(w.store.keys(Some(&w.account)).await.unwrap().is_empty());
    assert!(!w.store.delete_account(&w.account, &by(at(3))).await.unwrap());
    assert!(w.waiting(&hook).await.is_empty());
    assert_eq!(w.store.cancel_deleted(10, at(3)).await.unwrap(), 1, "what waited is ended");
    let refused = w.store.retry(w.node, &w.account, &hook.id, &id, at(4)).await;
    assert_eq!(refused, Err(RetryError::NotFound));
}

pub(super) async fn a_deleted_account_takes_nothing_more(w: World) {
    assert!(w.store.delete_account(&w.account, &by(at(1))).await.unwrap());
    let event = w.event(TYPE, at(2));
    let account = w.account.clone();
    assert_eq!(w.offer(vec![event]).await, Err(PublishError::UnknownAccount { index: 0, account }));
    let webhook = w.new_webhook(&w.account, &["*"], at(2));
    assert_eq!(w.store.create_webhook(webhook, &by(at(0))).await, Err(CreateWebhookError::UnknownAccount));
    assert!(!w.store.create_key(w.key(Some(&w.account), 1, at(2)), &by(at(0))).await.unwrap());
}

pub(super) async fn a_key_speaks_for_whom_it_was_made(w: World) {
    let (ours, operators) = (w.key(Some(&w.account), 1, at(1)), w.key(None, 2, at(1)));
    for key in [&ours, &operators] {
        assert!(w.store.create_key(key.clone(), &by(at(0))).await.unwrap());
    }
    let directory = w.store.directory();
    assert_eq!(directory.principal(&[1; 32]), Some(Principal::of(&ours.key)));
    assert_eq!(directory.principal(&[2; 32]), Some(Principal::of(&operators.key)));
    assert_eq!(directory.principal(&[9; 32]), None);
}

pub(super) async fn keys_are_listed_oldest_first(w: World) {
    let other = w.account("other", at(0)).await;
    let mut made = Vec::new();
    for (account, mark) in
        [(Some(&w.account), 9), (None, 7), (Some(&w.account), 3), (Some(&other), 4), (None, 1)]
    {
        let key = w.key(account, mark, at(1));
        w.store.create_key(key.clone(), &by(at(0))).await.unwrap();
        made.push(key.key);
    }
    let pick = |picked: &[usize]| picked.iter().map(|n| made[*n].clone()).collect::<Vec<_>>();
    assert_eq!(w.store.keys(Some(&w.account)).await.unwrap(), pick(&[0, 2]));
    assert_eq!(w.store.keys(Some(&other)).await.unwrap(), pick(&[3]));
    assert_eq!(w.store.keys(None).await.unwrap(), pick(&[1, 4]));
}

pub(super) async fn a_key_needs_its_account(w: World) {
    let key = w.key(Some(&account_id("stranger")), 1, at(1));
    assert!(!w.store.create_key(key, &by(at(0))).await.unwrap());
    assert_eq!(w.store.directory().principal(&[1; 32]), None);
}

pub(super) async fn a_hash_that_is_kept_stays_as_it_is(w: World) {
    let first = w.key(None, 1, at(1));
    w.store.create_key(first.clone(), &by(at(0))).await.unwrap();
    w.store.create_key(w.key(Some(&w.account), 1, at(2)), &by(at(0))).await.unwrap();
    assert_eq!(w.store.directory().principal(&[1; 32]), Some(Principal::of(&first.key)));
    assert_eq!(w.store.keys(None).await.unwrap(), [first.key]);
    assert!(w.store.keys(Some(&w.account)).await.unwrap().is_empty());
}

pub(super) async fn a_key_is_revoked_by_its_own_account(w: World) {
    let other = w.account("other", at(0)).await;
    let (ours, operators) = (w.key(Some(&w.account), 1, at(1)), w.key(None, 2, at(1)));
    for key in [&ours, &operators] {
        w.store.create_key(key.clone(), &by(at(0))).await.unwrap();
    }
    let (ours, operators) = (&ours.key.id, &operators.key.id);
    let nobodys = Err(DeleteKeyError::NotFound);
    assert_eq!(w.store.delete_key(Some(&other), ours, &by(at(0))).await, nobodys);
    assert_eq!(w.store.delete_key(None, ours, &by(at(0))).await, nobodys);
    assert_eq!(w.store.delete_key(Some(&w.account), operators, &by(at(0))).await, nobodys);
    assert!(w.store.directory().principal(&[1; 32]).is_some());
    w.store.delete_key(Some(&w.account), ours, &by(at(0))).await.unwrap();
    assert!(w.store.directory().principal(&[1; 32]).is_none(), "the directory knows at once");
    assert!(w.store.directory().principal(&[2; 32]).is_some());
    assert!(w.store.keys(Some(&w.account)).await.unwrap().is_empty());
    assert_eq!(w.store.delete_key(Some(&w.account), ours, &by(at(0))).await, nobodys);
}

pub(super) async fn the_last_operator_key_that_works_stays(w: World) {
    let with = |mark, role, end: Option<u64>| {
        let new = w.key(None, mark, at(1));
        NewKey { key: Key { role, expires_at: end.map(at), ..new.key }, ..new }
    };
    let (last, publisher) = (with(1, Role::Operator, None), with(2, Role::Publisher, None));
    let (short, old) = (with(3, Role::Operator, Some(50)), with(4, Role::Operator, Some(10)));
    for new in [&last, &publisher, &short, &old] {
        assert!(w.store.create_key(new.clone(), &by(at(1))).await.unwrap());
    }
    let delete = async |new: &NewKey, now| w.store.delete_key(None, &new.key.id, &by(at(now))).await;
    assert_eq!(delete(&last, 50).await, Err(DeleteKeyError::LastOperator), "the others expired by now");
    assert!(w.store.directory().principal(&[1; 32]).is_some());
    assert_eq!(delete(&old, 20).await, Ok(()), "an expired one is of no use");
    assert_eq!(delete(&publisher, 20).await, Ok(()));
    assert_eq!(delete(&last, 20).await, Ok(()), "the short one works still");
    assert_eq!(delete(&short, 20).await, Err(DeleteKeyError::LastOperator));
    assert_eq!(w.store.keys(None).await.unwrap(), [short.key]);
}

pub(super) async fn of_operator_keys_revoked_at_once_one_stays(w: World) {
    let keys: Vec<_> = (1..=8).map(|mark| w.key(None, mark, at(1))).collect();
    for key in &keys {
        assert!(w.store.create_key(key.clone(), &by(at(1))).await.unwrap());
    }
    let mut tasks = tokio::task::JoinSet::new();
    for key in keys {
        let store = w.store.clone();
        tasks.spawn(async move { store.delete_key(None, &key.key.id, &by(at(2))).await });
    }
    let ends = tasks.join_all().await;
    let refused = ends.iter().filter(|end| **end == Err(DeleteKeyError::LastOperator)).count();
    assert_eq!((refused, w.store.keys(None).await.unwrap().len()), (1, 1), "{ends:?}");
}

fn token(w: &World, mark: u8, end: u64) -> NewKey {
    let new = w.key(Some(&w.account), mark, at(1));
    NewKey { key: Key { portal: true, expires_at: Some(at(end)), ..new.key }, ..new }
}

pub(super) async fn a_portal_token_is_kept_as_one(w: World) {
    let made = token(&w, 1, 60);
    assert!(w.store.create_key(made.clone(), &by(at(1))).await.unwrap());
    assert_eq!(w.store.directory().principal(&[1; 32]), Some(Principal::of(&made.key)));
    assert_eq!(w.store.keys(Some(&w.account)).await.unwrap(), [made.key]);
}

pub(super) async fn portal_tokens_are_removed_in_bites_after_their_end_and_other_keys_are_not(w: World) {
    let expired = w.key(Some(&w.account), 9, at(1));
    let expired = NewKey { key: Key { expires_at: Some(at(5)), ..expired.key }, ..expired };
    let (young, forever) = (token(&w, 8, 60), w.key(None, 7, at(1)));
    let mut all = vec![expired.clone(), young.clone(), forever];
    all.extend((1..=5).map(|mark| token(&w, mark, 10)));
    for new in all {
        assert!(w.store.create_key(new, &by(at(1))).await.unwrap());
    }
    assert_eq!(w.store.remove_portal_tokens(at(10), 10).await.unwrap(), 0, "not yet");
    assert_eq!(w.store.remove_portal_tokens(at(11), 3).await.unwrap(), 3);
    assert_eq!(w.store.remove_portal_tokens(at(11), 3).await.unwrap(), 2);
    assert_eq!(w.store.keys(Some(&w.account)).await.unwrap(), [expired.key, young.key]);
    let known: Vec<u8> =
        (1..=9).filter(|mark| w.store.directory().principal(&[*mark; 32]).is_some()).collect();
    assert_eq!(known, [7, 8, 9], "the directory forgets them too");
}

pub(super) async fn the_last_use_of_a_key_is_kept_and_never_set_back(w: World) {
    let (one, two) = (w.key(Some(&w.account), 1, at(1)), w.key(Some(&w.account), 2, at(1)));
    for key in [&one, &two] {
        assert!(w.store.create_key(key.clone(), &by(at(1))).await.unwrap());
    }
    let gone = w.key(None, 3, at(1)).key.id;
    let log = w.store.audit_log(AuditFilter::default(), PageRequest::first(250)).await.unwrap();
    let used = async || {
        let keys = w.store.keys(Some(&w.account)).await.unwrap();
        keys.into_iter().map(|key| key.last_used_at).collect::<Vec<_>>()
    };
    assert_eq!(used().await, [None, None]);
    w.store.touch_keys(vec![(one.key.id.clone(), at(9)), (gone, at(9))]).await.unwrap();
    assert_eq!(used().await, [Some(at(9)), None]);
    w.store.touch_keys(vec![(one.key.id.clone(), at(5)), (two.key.id.clone(), at(6))]).await.unwrap();
    assert_eq!(used().await, [Some(at(9)), Some(at(6))], "another node's later use stays");
    w.store.touch_keys(Vec::new()).await.unwrap();
    let after = w.store.audit_log(AuditFilter::default(), PageRequest::first(250)).await.unwrap();
    assert_eq!(after.items, log.items, "a use is no change");
}

pub(super) async fn uses_noted_at_once_keep_the_latest(w: World) {
    let keys: Vec<_> = (1..=20).map(|mark| w.key(Some(&w.account), mark, at(1))).collect();
    for key in &keys {
        assert!(w.store.create_key(key.clone(), &by(at(1))).await.unwrap());
    }
    let mut tasks = tokio::task::JoinSet::new();
    for second in 10..18 {
        let mut uses: Vec<_> = keys.iter().map(|new| (new.key.id.clone(), at(second))).collect();
        if second % 2 == 0 {
            uses.reverse();
        }
        let store = w.store.clone();
        tasks.spawn(async move { store.touch_keys(uses).await });
    }
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
    let kept = w.store.keys(Some(&w.account)).await.unwrap();
    assert!(kept.iter().all(|key| key.last_used_at == Some(at(17))), "{kept:?}");
}
