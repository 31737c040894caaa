//! How long, how much, how fast: from the environment, with defaults for `make test`.

use std::{sync::Arc, time::Duration};

use crate::{
    harness::setting,
    shim::{Faults, Knob},
};

/// From here on a run is judged as one by hand: by tight bounds, latency included.
const LONG: Duration = Duration::from_mins(10);
/// How often the clock is set.
const TICK: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) length: Duration,
    /// Events published each second.
    pub(crate) rate: u64,
    pub(crate) sample_every: Duration,
    /// Seconds of the server's clock in one of ours.
    pub(crate) speed: u64,
}

impl Plan {
    pub(crate) fn of_environment() -> Self {
        let seconds = setting("SOAK_SECONDS", 75);
        let sample_every = Duration::from_secs(setting("SOAK_SAMPLE", (seconds / 60).max(1)));
        let speed = (86_400 * 10 / seconds).max(1);
        Self { length: Duration::from_secs(seconds), rate: setting("SOAK_RATE", 100), sample_every, speed }
    }

    pub(crate) fn is_long(&self) -> bool {
        self.length >= LONG
    }

    /// Three attempts, a second and five after the one before, by our clock.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let (soon, later) = (self.speed, 5 * self.speed);
        vec![
            ("RETRY_SCHEDULE", format!("{soon}s,{later}s")),
            ("RETENTION", "1d".to_owned()),
            ("DISABLE_AFTER", "3650d".to_owned()),
            ("REQUEST_TIMEOUT", "2s".to_owned()),
            ("LOG", "warn,waxwing=info".to_owned()),
        ]
    }
}

/// How many attempts a delivery has by these settings.
pub(crate) const ATTEMPTS: u32 = 3;

/// Lets the server's clock run so many times as fast as ours.
pub(crate) async fn hurry(faults: Arc<Faults>, speed: u64) {
    let mut tick = tokio::time::interval(TICK);
    let step = i64::try_from(TICK.as_millis()).unwrap() * i64::try_from(speed - 1).unwrap();
    let mut ahead = 0;
    loop {
        tick.tick().await;
        ahead += step;
        faults.set(Knob::ClockMs, ahead);
    }
}
