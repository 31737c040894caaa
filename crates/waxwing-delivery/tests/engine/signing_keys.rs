//! Signatures by keys, beside those by secrets.

use std::time::Duration;

use waxwing_core::{DeliveryState, PublicKey, Secret, SigningKey, seal::Sealed, signature::verify_standard};
use waxwing_store::SigningKeyChange;

use crate::{
    harness::{Hook, SECRET, World, options},
    receivers::Sent,
};

async fn next(world: &World, hook: &Hook) -> Sent {
    world.publish(hook, 1).await;
    world.settle().await;
    world.receivers.sent(hook).pop().unwrap()
}

fn header<'a>(sent: &'a Sent, name: &str) -> &'a str {
    sent.request.headers[name].to_str().unwrap()
}

/// Whether the secret and each of the keys verifies it.
fn verified(sent: &Sent, keys: [&PublicKey; 2]) -> [bool; 3] {
    let secret = Secret::given(SECRET).unwrap();
    [(&secret).into(), keys[0].into(), keys[1].into()].map(
        |verifier: waxwing_core::signature::Verifier<'_>| {
            let (id, at) = (header(sent, "webhook-id"), header(sent, "webhook-timestamp"));
            let (body, signatures) = (&sent.request.body, header(sent, "webhook-signature"));
            verify_standard(verifier, id, at, body, signatures, sent.at, Duration::from_secs(1)).is_ok()
        },
    )
}

#[tokio::test(start_paused = true)]
async fn keys_sign_beside_the_secret_for_as_long_as_they_are_there() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    let [old, new] = [1, 2].map(|seed| SigningKey::from_seed(&[seed; 32]));
    let keys = [&old.public_key(), &new.public_key()];
    assert_eq!(verified(&next(&world, &hook).await, keys), [true, false, false], "none");
    world.change_signing_key(&hook, world.new_key(&hook, &old)).await;
    assert_eq!(verified(&next(&world, &hook).await, keys), [true, true, false], "the first");
    world.change_signing_key(&hook, world.new_key(&hook, &new)).await;
    let both = next(&world, &hook).await;
    assert_eq!(verified(&both, keys), [true, true, true], "for an hour both");
    let (id, at) = (header(&both, "webhook-id"), both.at.seconds());
    let by_keys = [&new, &old].map(|key| key.standard(id, at, &both.request.body)).join(" ");
    assert!(header(&both, "webhook-signature").ends_with(&by_keys), "the new one first");
    world.pass(Duration::from_mins(61)).await;
    assert_eq!(verified(&next(&world, &hook).await, keys), [true, false, true], "the new one");
    world.change_signing_key(&hook, world.new_key(&hook, &old)).await;
    world.change_signing_key(&hook, SigningKeyChange::EndGracePeriod).await;
    assert_eq!(verified(&next(&world, &hook).await, keys), [true, true, false], "ended early");
    world.change_signing_key(&hook, SigningKeyChange::Remove).await;
    assert_eq!(verified(&next(&world, &hook).await, keys), [true, false, false], "removed");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_without_the_signature_of_a_key_that_does_not_open() {
    let world = World::new().await;
    let _engine = world.start(options());
    let hook = world.webhook("a").await;
    let key = Sealed::from_bytes(vec![0; 77]);
    let damaged = SigningKeyChange::Rotate { key, key_id: String::new(), previous_expires_at: None };
    world.change_signing_key(&hook, damaged).await;
    let event = world.publish(&hook, 1).await.remove(0);
    world.settle().await;
    assert!(world.receivers.sent(&hook).is_empty());
    assert_eq!(world.state(&hook, &event).await, DeliveryState::Retrying);
}
