//! Options that no sender can be made of.

use waxwing_delivery::https::{HttpsSender, SenderOptions};

use crate::harness::{CONNECT_LIMIT, FixedClock, IDLE, World, policy};

fn refused(world: &World, change: impl FnOnce(&mut SenderOptions)) -> String {
    let mut options = SenderOptions {
        policy: policy(&[]),
        proxy: None,
        extra_ca_pem: None,
        user_agent: "Waxwing/test".into(),
        connect_timeout: CONNECT_LIMIT,
        idle_timeout: IDLE,
        max_connections_per_host: 1,
        clock: std::sync::Arc::new(FixedClock),
        metrics: std::sync::Arc::clone(&world.metrics),
    };
    change(&mut options);
    HttpsSender::new(options).err().expect("no sender can be made of this").to_string()
}

#[test]
fn a_ca_file_without_a_certificate_is_refused() {
    let world = World::new();
    for pem in ["", "not a certificate", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        let said = refused(&world, |options| options.extra_ca_pem = Some(pem.into()));
        assert_eq!(
            said, "the extra CA file holds no usable certificate: it has no BEGIN CERTIFICATE block",
            "{pem:?}"
        );
    }
}

#[test]
fn a_ca_file_with_a_broken_certificate_is_refused() {
    let world = World::new();
    let whole = world.ca.pem();
    let broken = whole.replacen("MII", "AAA", 1);
    let cut = &whole[..whole.len() / 2];
    for pem in [broken.as_str(), cut, &format!("{whole}{broken}")] {
        let said = refused(&world, |options| options.extra_ca_pem = Some(pem.into()));
        assert!(said.starts_with("the extra CA file holds no usable certificate: "), "{said}");
    }
}

#[test]
fn a_user_agent_that_cannot_stand_in_a_header_is_refused() {
    let world = World::new();
    let said = refused(&world, |options| options.user_agent = "Waxwing\r\nX-Injected: 1".into());
    assert_eq!(said, "the user agent cannot be sent in a header");
}
