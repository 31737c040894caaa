//! The receivers: how they answer, which changes while a history runs.
//!
//! Some lie: they say that they took what they did not, or fail after they took it.
//! Nobody can tell from outside; what the oracle counts is what arrived and what was said.

use std::{collections::BTreeMap, time::Duration};

use parking_lot::Mutex;
use waxwing_core::{AttemptError, Outcome};

use crate::{chance::Chance, world::World};

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
}

/// What becomes of a request.
#[derive(Debug, Clone)]
pub(crate) struct Fate {
    pub(crate) there: Duration,
    pub(crate) lost: bool,
    /// How often it arrives.
    pub(crate) copies: u32,
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
            0..8 => Self::Healthy,
            8..10 => Self::Slow,
            10..12 => Self::Failing(100),
            12..14 => Self::Failing(50),
            14..16 => Self::Hanging,
            16..18 => Self::Resetting,
            18 => Self::Busy(chance.among(1..30)),
            _ => Self::Gone,
        }
    }

    fn answer(self, chance: &Chance) -> Option<Outcome> {
        let status =
            |status, retry_after| Some(Outcome::Failed(AttemptError::Status { status, retry_after }));
        match self {
            Self::Healthy | Self::Slow => Some(Outcome::Succeeded { status: 204 }),
            Self::Failing(percent) if chance.percent(percent) => status(500, None),
            Self::Failing(_) => Some(Outcome::Succeeded { status: 200 }),
            Self::Hanging => None,
            Self::Resetting => Some(Outcome::Failed(AttemptError::Reset)),
            Self::Busy(seconds) => status(429, Some(Duration::from_secs(seconds))),
            Self::Gone => status(410, None),
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
        Fate {
            there: chance.millis(1..20),
            lost: trouble && chance.percent(2),
            copies: if trouble && chance.percent(2) { 2 } else { 1 },
            back,
            answer: mood.answer(chance),
        }
    }
}
