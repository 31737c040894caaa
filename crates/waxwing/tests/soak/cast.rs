//! Who receives: one account with one webhook for each way to behave.

use std::{sync::Arc, time::Duration};

use waxwing_peers::{Received, Receiver, ReceiverOptions, Reply};

use crate::{
    harness::{Hook, Server, World, inbox::header},
    ledger::Ledger,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Healthy,
    /// Fails the first attempt of one event in seven, and the second of some.
    Flaky,
    /// Answers after a fifth of a second.
    Slow,
    /// Healthy, but its webhook is paused time and again.
    Paused,
    /// Fails every request.
    Dead,
    /// Never answers.
    Hanging,
}

const KINDS: [Kind; 6] = [Kind::Healthy, Kind::Flaky, Kind::Slow, Kind::Paused, Kind::Dead, Kind::Hanging];
const DELAY: Duration = Duration::from_millis(200);

impl Kind {
    /// Whose event this is: of a hundred, so many for each.
    pub(crate) fn of(number: usize) -> Self {
        // 37 is prime to 100, which mixes them.
        match number * 37 % 100 {
            0..60 => Self::Healthy,
            60..75 => Self::Flaky,
            75..85 => Self::Slow,
            85..93 => Self::Paused,
            93..99 => Self::Dead,
            _ => Self::Hanging,
        }
    }

    pub(crate) fn account(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// How many requests for an event fail.
    pub(crate) fn failures(self, number: usize) -> u32 {
        match self {
            Self::Dead | Self::Hanging => u32::MAX,
            Self::Flaky => u32::from(number.is_multiple_of(7)) + u32::from(number.is_multiple_of(49)),
            Self::Healthy | Self::Slow | Self::Paused => 0,
        }
    }

    /// Whether its events are delivered in the end.
    pub(crate) fn accepts(self) -> bool {
        !matches!(self, Self::Dead | Self::Hanging)
    }
}

pub(crate) struct Cast {
    receiver: Receiver,
    hooks: Vec<Hook>,
}

impl Cast {
    pub(crate) async fn begin(world: &World, server: &Server, ledger: &Arc<Ledger>) -> Self {
        let cert = world.ca.issue(&["127.0.0.1"]).unwrap();
        let ledger = Arc::clone(ledger);
        let handler = move |received: Received| reply(&ledger, &received);
        let receiver = Receiver::start(ReceiverOptions::local(cert, handler)).await.unwrap();
        let mut hooks = Vec::new();
        for kind in KINDS {
            let account = kind.account();
            hooks.push(server.webhook(&account, &receiver.url(&format!("/{account}")), &["*"]).await);
        }
        server.account("passing").await;
        Self { receiver, hooks }
    }

    pub(crate) fn hook(&self, kind: Kind) -> &Hook {
        &self.hooks[KINDS.iter().position(|it| *it == kind).unwrap()]
    }

    pub(crate) fn hooks(&self) -> &[Hook] {
        &self.hooks
    }

    /// A URL whose events nobody counts.
    pub(crate) fn passing(&self) -> String {
        self.receiver.url("/passing")
    }
}

fn reply(ledger: &Ledger, received: &Received) -> Reply {
    // The others are of webhooks that come and go.
    let Some(number) = header(received, "webhook-id").strip_prefix("soak-") else {
        return Reply::status(200);
    };
    let number = number.parse().unwrap();
    let kind = ledger.kind_of(number);
    assert_eq!(received.path, format!("/{}", kind.account()), "an event at another account's webhook");
    let good = ledger.arrive(number);
    match kind {
        Kind::Hanging => Reply::Hang,
        Kind::Slow => Reply::Delay(DELAY, Box::new(Reply::status(200))),
        _ => Reply::status(if good { 200 } else { 500 }),
    }
}
