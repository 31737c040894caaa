//! The receivers: how they answer, which changes while a history runs.
//!
//! Some lie: they say that they took what they did not, or fail after they took it.
//! Nobody can tell from outside; what the oracle counts is what arrived and what was said.
//! A receiver that lied about taking something gets it again, or never: that is its own doing.

use std::{collections::BTreeMap, time::Duration};

use parking_lot::Mutex;
use waxwing_core::{AttemptError, Outcome};

use crate::{chance::Chance, tally::Fault, world::World};

/// How a receiver behaves for the time being.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Healthy,
    /// Answers shortly before the sender's time runs out, or after it.
    Slow,
    /// Fails each time, or now and then.
    Failing(u32),
    Hanging,
    /// Drops the connection, perhaps after it took the request.
    Resetting,
    /// 429 with `Retry-After`.
    Busy(u64),
    /// 410.
    Gone,
    /// 200 without having taken it, or 500 after it did.
    Lying,
}

/// What becomes of a request.
#[derive(Debug, Clone)]
pub(crate) struct Fate {
    pub(crate) there: Duration,
    pub(crate) lost: bool,
    /// Whether it arrives twice.
    pub(crate) twice: bool,
    /// Whether the receiver works on it.
    pub(crate) takes: bool,
    /// What is wrong with the receiver.
    pub(crate) fault: Option<Fault>,
    pub(crate) back: Duration,
    /// `None` is no answer at all.
    pub(crate) answer: Option<Outcome>,
}

/// All of them, by host; who is not named is healthy.
#[derive(Default)]
pub(crate) struct Receivers(Mutex<BTreeMap<String, Mood>>);

impl Mood {
    pub(crate) fn draw(chance: &Chance) -> Self {
        match chance.among(0..20) {
            0..7 => Self::Healthy,
            7 => Self::Lying,
            8..10 => Self::Slow,
            10..12 => Self::Failing(100),
            12..14 => Self::Failing(50),
            14..16 => Self::Hanging,
            16..18 => Self::Resetting,
            18 => Self::Busy(chance.among(1..30)),
            _ => Self::Gone,
        }
    }

    /// Whether it takes a request, what it answers, and what is wrong with that.
    fn meets(self, chance: &Chance) -> (bool, Option<Outcome>, Option<Fault>) {
        let fine = Some(Outcome::Succeeded { status: 200 });
        let status =
            |status, retry_after| Some(Outcome::Failed(AttemptError::Status { status, retry_after }));
        match self {
            Self::Healthy => (true, fine, None),
            Self::Slow => (true, fine, Some(Fault::ReceiverSlow)),
            Self::Failing(percent) if !chance.percent(percent) => (true, fine, None),
            Self::Failing(_) => (false, status(500, None), Some(Fault::ReceiverFailed)),
            Self::Hanging => (chance.percent(50), None, Some(Fault::ReceiverHung)),
            Self::Resetting => {
                let reset = Some(Outcome::Failed(AttemptError::Reset));
                (chance.percent(50), reset, Some(Fault::ReceiverReset))
            }
            Self::Busy(seconds) => {
                let wait = Some(Duration::from_secs(seconds));
                (false, status(429, wait), Some(Fault::ReceiverBusy))
            }
            Self::Gone => (false, status(410, None), Some(Fault::ReceiverGone)),
            Self::Lying if chance.percent(50) => (false, fine, Some(Fault::ReceiverTookNothing)),
            Self::Lying => (true, status(500, None), Some(Fault::ReceiverTookIt)),
        }
    }
}

impl Receivers {
    pub(crate) fn set(&self, host: &str, mood: Mood) {
        self.0.lock().insert(host.to_owned(), mood);
    }

    /// Makes all of them healthy.
    pub(crate) fn heal(&self) {
        self.0.lock().clear();
    }

    /// What becomes of a request to a host.
    pub(crate) fn fate(&self, world: &World, host: &str) -> Fate {
        let chance = &world.chance;
        let mood = self.0.lock().get(host).copied().unwrap_or(Mood::Healthy);
        let trouble = world.is_trouble();
        let back = match mood {
            Mood::Slow => chance.millis(200..2_600),
            _ => chance.millis(1..60),
        };
        let (takes, answer, fault) = mood.meets(chance);
        Fate {
            there: chance.millis(1..20),
            lost: trouble && chance.percent(2),
            twice: trouble && chance.percent(2),
            takes,
            fault,
            back,
            answer,
        }
    }
}
