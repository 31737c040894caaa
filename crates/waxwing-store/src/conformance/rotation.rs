//! Secrets: kept sealed, rotated with a grace period.

use super::world::{World, at, by, sealed};
use crate::RotatedSecret;

fn rotation(mark: u8, previous_expires: Option<u64>) -> RotatedSecret {
    RotatedSecret { secret: sealed(mark), previous_expires_at: previous_expires.map(at) }
}

pub(super) async fn a_rotation_keeps_the_previous_secret_until_the_given_time(w: World) {
    let hook = w.webhook().await;
    assert_eq!((&w.target(&hook).secret, &w.target(&hook).previous), (&sealed(1), &None));
    w.wakeups();
    assert!(w.store.rotate_secret(&w.account, &hook.id, rotation(2, Some(500)), &by(at(1))).await.unwrap());
    let target = w.target(&hook);
    assert_eq!((&target.secret, &target.previous), (&sealed(2), &Some((sealed(1), at(500)))));
    assert!(w.wakeups().changed.contains(&hook.row), "the engine is told");
}

pub(super) async fn a_second_rotation_drops_the_oldest(w: World) {
    let hook = w.webhook().await;
    for (mark, until) in [(2, 500), (3, 300)] {
        assert!(
            w.store
                .rotate_secret(&w.account, &hook.id, rotation(mark, Some(until)), &by(at(1)))
                .await
                .unwrap()
        );
    }
    let target = w.target(&hook);
    assert_eq!((&target.secret, &target.previous), (&sealed(3), &Some((sealed(2), at(300)))));
}

pub(super) async fn a_rotation_without_grace_ends_the_old_secret_at_once(w: World) {
    let hook = w.webhook().await;
    w.store.rotate_secret(&w.account, &hook.id, rotation(2, Some(500)), &by(at(1))).await.unwrap();
    w.store.rotate_secret(&w.account, &hook.id, rotation(3, None), &by(at(2))).await.unwrap();
    let target = w.target(&hook);
    assert_eq!((&target.secret, &target.previous), (&sealed(3), &None));
}

pub(super) async fn a_grace_period_is_ended_early(w: World) {
    let hook = w.webhook().await;
    assert!(
        w.store.end_grace_period(&w.account, &hook.id, &by(at(1))).await.unwrap(),
        "there is nothing to end"
    );
    w.store.rotate_secret(&w.account, &hook.id, rotation(2, Some(500)), &by(at(2))).await.unwrap();
    assert!(w.store.end_grace_period(&w.account, &hook.id, &by(at(3))).await.unwrap());
    let target = w.target(&hook);
    assert_eq!(target.secret, sealed(2));
    assert!(target.previous.as_ref().is_none_or(|(_, until)| *until <= at(3)));
}

pub(super) async fn a_change_keeps_the_secrets(w: World) {
    let hook = w.webhook().await;
    w.store.rotate_secret(&w.account, &hook.id, rotation(2, Some(500)), &by(at(1))).await.unwrap();
    let before = w.target(&hook);
    w.set_active(&hook, false, at(2)).await;
    w.activate(&hook, at(3)).await;
    assert_eq!(*w.target(&hook), *before);
}

pub(super) async fn another_accounts_secret_is_out_of_reach(w: World) {
    let hook = w.webhook().await;
    let other = w.account("other", at(0)).await;
    assert!(!w.store.rotate_secret(&other, &hook.id, rotation(2, None), &by(at(1))).await.unwrap());
    assert!(!w.store.end_grace_period(&other, &hook.id, &by(at(1))).await.unwrap());
    assert_eq!(w.target(&hook).secret, sealed(1));
}
