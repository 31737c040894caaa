//! A scenario: receivers, and steps that are taken one after the other.
//!
//! Read strictly: a key that nobody knows, a name that stands for nothing or a step that
//! cannot work is an error that says where.

use std::{collections::BTreeMap, time::Duration};

use anyhow::ensure;
use serde::Deserialize;

use super::words::{Answer, Pace};
use crate::exit::Exit;

/// The most events of a step.
const MAX_EVENTS: usize = 100_000_000;
/// The most webhooks of a scenario.
const MAX_WEBHOOKS: usize = 10_000;
/// The longest that a step lasts, in seconds.
const MAX_SECONDS: u64 = 600;

/// What is measured, and how one gets there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    /// The file's name without its ending.
    #[serde(skip)]
    pub(super) name: String,
    /// The file.
    #[serde(skip)]
    pub(super) text: String,
    /// One sentence for people.
    pub(super) shows: String,
    /// Connections of the load generator.
    #[serde(default = "default_connections")]
    pub(super) connections: usize,
    /// Bytes of an event.
    #[serde(default = "default_event_bytes")]
    pub(super) event_bytes: usize,
    /// Who receives, by name.
    pub(super) receivers: BTreeMap<String, Receivers>,
    /// What is done, in order.
    pub(super) steps: Vec<Step>,
}

/// Webhooks that are answered alike.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receivers {
    pub(super) answer: Answer,
    /// Events go to one account each, in turn.
    pub(super) accounts: usize,
    /// Webhooks of each account, all of which get its events.
    #[serde(default = "one")]
    pub(super) webhooks: usize,
}

/// One step.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Step {
    /// Publish in batches and wait until all is delivered: fills the database.
    Store { receivers: Vec<String>, events: usize },
    /// Publish in batches and go on: deliveries wait.
    PileUp { receivers: Vec<String>, events: usize },
    /// Webhooks are paused: what is published for them is held.
    Pause { receivers: Vec<String> },
    /// Paused webhooks become active.
    Release { receivers: Vec<String> },
    /// Publish one by one, and measure.
    Publish(Publish),
    /// Wait until what has piled up is delivered; how fast it was since the release.
    Drain { receivers: Vec<String> },
    /// Start the server again; after so many seconds of work its memory is looked at.
    Restart { seconds: u64 },
    /// Read the event log, each question so many times.
    Query { receivers: Vec<String>, times: usize },
}

/// A measurement of rates and latencies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Publish {
    /// Its name in the results.
    pub(super) name: String,
    pub(super) receivers: Vec<String>,
    pub(super) at: Pace,
    /// How many, at full speed.
    pub(super) events: Option<usize>,
    /// How long, at a rate.
    pub(super) seconds: Option<u64>,
    /// An earlier measurement to whose p99 this one's is compared.
    pub(super) against: Option<String>,
}

fn default_connections() -> usize {
    64
}
fn default_event_bytes() -> usize {
    1024
}
fn one() -> usize {
    1
}

impl Step {
    /// The receivers that it names.
    fn receivers(&self) -> &[String] {
        match self {
            Self::Store { receivers, .. }
            | Self::PileUp { receivers, .. }
            | Self::Pause { receivers }
            | Self::Release { receivers }
            | Self::Drain { receivers }
            | Self::Query { receivers, .. } => receivers,
            Self::Publish(publish) => &publish.receivers,
            Self::Restart { .. } => &[],
        }
    }
}

impl Scenario {
    /// Reads a file; `path` is for messages.
    ///
    /// # Errors
    /// When it is no scenario; the message says where.
    pub(super) fn parse(name: &str, path: &str, text: &str) -> anyhow::Result<Self> {
        let parsed: Result<Self, _> = toml::from_str(text);
        let unusable = |error: &dyn std::fmt::Display| {
            Exit::Usage.because(format_args!("{path} is no scenario: {error}"))
        };
        let mut scenario = parsed.map_err(|error| unusable(&error))?;
        scenario.check().map_err(|error| unusable(&error))?;
        name.clone_into(&mut scenario.name);
        text.clone_into(&mut scenario.text);
        Ok(scenario)
    }

    /// The same with its counts multiplied by `scale` and its seconds by the root of it:
    /// a rate needs some time to be one.
    pub(super) fn scaled(mut self, scale: f64) -> Self {
        for step in &mut self.steps {
            match step {
                Step::Store { events, .. } | Step::PileUp { events, .. } => *events = times(*events, scale),
                Step::Query { times: count, .. } => *count = times(*count, scale),
                Step::Publish(publish) => {
                    publish.events = publish.events.map(|events| times(events, scale));
                    publish.seconds = publish.seconds.map(|seconds| longer(seconds, scale));
                }
                Step::Restart { seconds } => *seconds = longer(*seconds, scale),
                Step::Pause { .. } | Step::Release { .. } | Step::Drain { .. } => {}
            }
        }
        self
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!((1..=4096).contains(&self.connections), "connections: 1 to 4096");
        ensure!((256..=262_144).contains(&self.event_bytes), "event_bytes: 256 to 262144");
        let webhooks = self.receivers.iter().map(|(name, receivers)| {
            let plain = |c: char| c.is_ascii_lowercase() || c == '-';
            ensure!(name.chars().all(plain), "receivers.{name}: names are a-z and -");
            ensure!(receivers.accounts > 0 && receivers.webhooks > 0, "receivers.{name}: there are none");
            Ok(receivers.accounts.saturating_mul(receivers.webhooks))
        });
        let webhooks: usize = webhooks.sum::<anyhow::Result<_>>()?;
        ensure!(webhooks <= MAX_WEBHOOKS, "receivers: {webhooks} webhooks, at most {MAX_WEBHOOKS}");
        ensure!(!self.steps.is_empty(), "steps: there are none");
        let mut names = Vec::new();
        let mut piled: Vec<&str> = Vec::new();
        for (at, step) in self.steps.iter().enumerate() {
            let problem = self.check_step(step, &names, &piled).err();
            ensure!(
                problem.is_none(),
                "step {}: {}",
                at + 1,
                problem.map(|it| it.to_string()).unwrap_or_default()
            );
            match step {
                Step::Publish(publish) => names.push((publish.name.as_str(), publish.at)),
                Step::PileUp { receivers, .. } => piled.extend(receivers.iter().map(String::as_str)),
                _ => {}
            }
        }
        Ok(())
    }

    fn check_step(&self, step: &Step, before: &[(&str, Pace)], piled: &[&str]) -> anyhow::Result<()> {
        let unknown = step.receivers().iter().find(|name| !self.receivers.contains_key(*name));
        ensure!(unknown.is_none(), "there is no receivers.{}", unknown.map_or("", String::as_str));
        ensure!(
            !step.receivers().is_empty() || matches!(step, Step::Restart { .. }),
            "receivers: none are named"
        );
        match step {
            Step::Store { receivers, events } | Step::PileUp { receivers, events } => {
                ensure!((1..=MAX_EVENTS).contains(events), "events: 1 to {MAX_EVENTS}");
                let one_kind = matches!(step, Step::PileUp { .. });
                ensure!(!one_kind || receivers.len() == 1, "pile-up: one kind of receivers at a time");
                let never = receivers.iter().find(|name| !self.counts(name));
                ensure!(
                    one_kind || never.is_none(),
                    "store waits until all is delivered, but {} does not answer 200 at once",
                    never.map_or("", String::as_str)
                );
            }
            Step::Publish(publish) => self.check_publish(publish, before)?,
            Step::Drain { receivers } => {
                let fits = |name: &String| piled.contains(&name.as_str()) && self.counts(name);
                ensure!(receivers.len() == 1, "drain: one kind of receivers at a time");
                ensure!(
                    receivers.iter().all(fits),
                    "drain: nothing has piled up that is going to be delivered"
                );
            }
            Step::Restart { seconds } => ensure!(*seconds <= MAX_SECONDS, "seconds: at most {MAX_SECONDS}"),
            Step::Query { times, .. } => ensure!((1..=100_000).contains(times), "times: 1 to 100000"),
            Step::Pause { .. } | Step::Release { .. } => {}
        }
        Ok(())
    }

    fn check_publish(&self, publish: &Publish, before: &[(&str, Pace)]) -> anyhow::Result<()> {
        ensure!(before.iter().all(|(name, _)| *name != publish.name), "the name {:?} is taken", publish.name);
        ensure!(publish.receivers.iter().any(|name| self.counts(name)), "no receiver answers 200 at once");
        match publish.at {
            Pace::Full => ensure!(
                publish.events.is_some_and(|events| (1..=MAX_EVENTS).contains(&events))
                    && publish.seconds.is_none(),
                "full speed takes events (1 to {MAX_EVENTS}), not seconds"
            ),
            Pace::Rate(_) | Pace::Share(_) => ensure!(
                publish.seconds.is_some_and(|it| (1..=MAX_SECONDS).contains(&it)) && publish.events.is_none(),
                "a rate takes seconds (1 to {MAX_SECONDS}), not events"
            ),
        }
        let full = before.iter().any(|(_, at)| *at == Pace::Full);
        ensure!(full || !matches!(publish.at, Pace::Share(_)), "nothing was measured at full speed before");
        if let Some(against) = &publish.against {
            ensure!(
                before.iter().any(|(name, _)| name == against),
                "against: there is no {against:?} before"
            );
        }
        Ok(())
    }

    /// Whether what arrives at these receivers counts.
    pub(super) fn counts(&self, receivers: &str) -> bool {
        self.receivers.get(receivers).is_some_and(|receivers| receivers.answer.is_good())
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are few enough"
)]
fn times(count: usize, scale: f64) -> usize {
    ((count as f64 * scale).round() as usize).clamp(1, MAX_EVENTS)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds are few"
)]
fn longer(seconds: u64, scale: f64) -> u64 {
    ((seconds as f64 * scale.sqrt()).round() as u64).clamp(1, MAX_SECONDS)
}

impl Publish {
    /// How long a measurement at a rate lasts.
    pub(super) fn lasts(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
shows = "x"
[receivers.healthy]
answer = "200"
accounts = 2
[receivers.hangs]
answer = "nothing"
accounts = 1
[[steps]]
store = { receivers = ["healthy"], events = 1000 }
[[steps]]
publish = { name = "full", receivers = ["healthy", "hangs"], at = "full speed", events = 200 }
[[steps]]
publish = { name = "half", receivers = ["healthy"], at = "50%", seconds = 20, against = "full" }
"#;

    fn refusal(from: &str, to: &str) -> String {
        let text = GOOD.replace(from, to);
        assert_ne!(text, GOOD, "{from}");
        Scenario::parse("x", "x.toml", &text).unwrap_err().to_string()
    }

    #[test]
    fn counts_are_scaled_and_seconds_by_the_root() {
        let scenario = Scenario::parse("x", "x.toml", GOOD).unwrap().scaled(0.01);
        let Step::Store { events, .. } = &scenario.steps[0] else { panic!("{scenario:?}") };
        let Step::Publish(half) = &scenario.steps[2] else { panic!("{scenario:?}") };
        assert_eq!((*events, half.lasts()), (10, Duration::from_secs(2)));
    }

    #[test]
    fn a_key_that_nobody_knows_is_refused_with_its_line() {
        let error = refusal("events = 200", "event = 200");
        assert!(
            error.contains("x.toml") && error.contains("line 12") && error.contains("`event`"),
            "{error}"
        );
        assert!(refusal("shows = \"x\"", "shows = \"x\"\ncolor = 1").contains("`color`"));
        assert!(refusal("\"full speed\"", "\"fast\"").contains("full speed"));
        assert!(refusal("store =", "stores =").contains("`stores`"));
    }

    #[test]
    fn a_step_that_cannot_work_is_refused_with_its_number() {
        for (from, to, says) in [
            ("receivers = [\"healthy\"], events = 1000", "receivers = [\"who\"], events = 1000", "step 1"),
            ("receivers = [\"healthy\"], events = 1000", "receivers = [\"hangs\"], events = 1000", "step 1"),
            ("receivers = [\"healthy\"], events = 1000", "receivers = [], events = 1000", "step 1"),
            ("events = 200", "seconds = 2", "full speed takes events"),
            ("seconds = 20", "events = 20", "a rate takes seconds"),
            ("at = \"full speed\", events = 200", "at = \"9/s\", seconds = 9", "at full speed before"),
            ("against = \"full\"", "against = \"fool\"", "\"fool\""),
            ("name = \"half\"", "name = \"full\"", "is taken"),
            ("accounts = 2", "accounts = 0", "receivers.healthy"),
            ("accounts = 2", "accounts = 20000", "at most 10000"),
        ] {
            let error = refusal(from, to);
            assert!(error.contains(says), "{to}: {error}");
        }
    }
}
