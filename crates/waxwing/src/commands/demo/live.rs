//! What arrives, as it arrives.

use std::{collections::HashMap, future::Future};

use tokio::{pin, time::Instant};
use waxwing_core::{Clock, Secret};

use super::{
    actors::{ATTEMPTS, Arrival},
    stage::Arrivals,
};
use crate::{
    system::SystemClock,
    terminal::{self, Paint},
};

/// Everything that arrived so far.
#[derive(Debug)]
pub(super) struct Live {
    began: Instant,
    paint: Paint,
    arriving: Arrivals,
    /// In the order of arrival, with seconds since the story began.
    pub(super) arrivals: Vec<(f64, Arrival)>,
    /// How many of them were signed correctly.
    pub(super) verified: usize,
}

impl Live {
    /// From now on.
    pub(super) fn begin(paint: Paint, arriving: Arrivals) -> Self {
        Self { began: Instant::now(), paint, arriving, arrivals: Vec::new(), verified: 0 }
    }

    /// Shows what arrives until `done` is; then what has arrived by then.
    pub(super) async fn until<T>(
        &mut self,
        secrets: &HashMap<&'static str, &Secret>,
        done: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        pin!(done);
        let result = loop {
            tokio::select! {
                biased;
                Some(arrival) = self.arriving.recv() => self.show(arrival, secrets)?,
                result = &mut done => break result?,
            }
        };
        while let Ok(arrival) = self.arriving.try_recv() {
            self.show(arrival, secrets)?;
        }
        Ok(result)
    }

    fn show(&mut self, arrival: Arrival, secrets: &HashMap<&'static str, &Secret>) -> anyhow::Result<()> {
        let paint = self.paint;
        let received = &arrival.received;
        let verdict = secrets.get(arrival.name.as_str()).map(|secret| {
            waxwing_peers::verify(&received.headers, &received.body, secret, SystemClock.now())
        });
        let signature = match verdict {
            Some(Ok(())) => {
                self.verified += 1;
                paint.green("signature ✓")
            }
            _ => paint.red("signature ✗"),
        };
        let answer = match arrival.status {
            Some(status @ 200..=299) => paint.green(status),
            Some(status) => paint.red(format_args!("{status}, will be retried")),
            None if u64::from(arrival.attempt) < ATTEMPTS => paint.red("no answer, will be retried"),
            None => paint.red("no answer, given up"),
        };
        let seconds = received.received_at.saturating_duration_since(self.began).as_secs_f64();
        let event_type = event_type(&received.body);
        terminal::print(format_args!(
            "  {} {:<7} {event_type:<25} attempt {}  {signature}  {answer}",
            paint.dim(format_args!("{seconds:6.3} s")),
            arrival.name,
            arrival.attempt,
        ))?;
        self.arrivals.push((seconds, arrival));
        Ok(())
    }

    /// Arrivals at one of the customers' servers.
    pub(super) fn at(&self, name: &str) -> impl Iterator<Item = &(f64, Arrival)> {
        self.arrivals.iter().filter(move |(_, arrival)| arrival.name == name)
    }
}

/// The type that an envelope names.
pub(super) fn event_type(body: &[u8]) -> String {
    let envelope: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    envelope.and_then(|envelope| envelope["type"].as_str().map(str::to_owned)).unwrap_or_default()
}
