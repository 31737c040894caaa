//! Publishing, as fast as the server takes it or at a given rate.
//!
//! Every task has a connection of its own. At a rate, the moments of sending
//! are fixed beforehand, and an event that had to wait for a free connection
//! counts from its planned moment: a slow server cannot hide behind itself.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use waxwing_core::Clock;

use super::{
    adapter::{Ready, ReadyBatch},
    arrivals::Run,
    template::Template,
    wire::{Host, Wire},
};
use crate::system::SystemClock;

/// How late tokio's timer may be by itself.
const TIMER: Duration = Duration::from_millis(2);
/// Connections that publish in batches.
const BATCH_CONNECTIONS: usize = 4;

/// An account that events are published for.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) publish: Ready,
    pub(super) batch: Option<ReadyBatch>,
    /// Deliveries of each event that count.
    pub(super) deliveries: usize,
}

/// Who publishes what to whom.
#[derive(Clone)]
pub(super) struct Load {
    /// The servers; connections take turns.
    pub(super) servers: Arc<[Host]>,
    /// Accounts that take turns.
    pub(super) accounts: Arc<[Arc<Account>]>,
    pub(super) data: Arc<Data>,
    /// The events.
    pub(super) run: Arc<Run>,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Accepted {
    /// From the first publish to the last answer.
    pub(super) took: Duration,
    /// Answers by which an overloaded server put us off.
    pub(super) refused: u64,
}

/// What every event says.
#[derive(Debug)]
pub(super) struct Data {
    json: String,
    /// The same as the inside of a JSON text.
    text: String,
}

impl Data {
    /// `data` of an event whose envelope has about this many bytes.
    pub(super) fn of(bytes: usize) -> Self {
        let fixed = r#"{"amount":"1042.50","currency":"USD","status":"completed","note":""}"#;
        let padding = "x".repeat(bytes.saturating_sub(fixed.len() + 110));
        let json = fixed.replace(r#""note":"""#, &format!(r#""note":"{padding}""#));
        let text = json.replace('"', "\\\"");
        Self { json, text }
    }
}

impl Load {
    fn account(&self, event: usize) -> &Account {
        &self.accounts[event % self.accounts.len()]
    }

    /// Deliveries of the whole run that count.
    pub(super) fn deliveries(&self) -> u64 {
        (0..self.run.len()).map(|event| self.account(event).deliveries as u64).sum()
    }

    fn write(&self, template: &Template, event: usize, into: &mut String) {
        template.write(into, |name, into| match name {
            "event" => self.run.write_id(event, into),
            "data" => into.push_str(&self.data.json),
            "data_text" => into.push_str(&self.data.text),
            "uuid" => self.run.write_uuid(event, into),
            "time" => {
                let _ = write!(into, "{}", SystemClock.now()); // a String takes everything
            }
            _ => {}
        });
    }

    /// Sends one event; its answer has come when this returns.
    async fn send(&self, wire: &mut Wire, event: usize) -> anyhow::Result<()> {
        let publish = &self.account(event).publish;
        wire.ask(publish, |template, into| self.write(template, event, into)).await
    }

    /// Publishes every event of the run, one by one, as fast as `connections`
    /// connections get answers.
    pub(super) async fn at_full_speed(&self, connections: usize) -> anyhow::Result<Accepted> {
        let next = Arc::new(AtomicUsize::new(0));
        self.spread(connections, |mut wire, load| {
            let next = Arc::clone(&next);
            async move {
                loop {
                    let event = next.fetch_add(1, Relaxed);
                    if event >= load.run.len() {
                        return Ok(wire.refused);
                    }
                    load.run.sending(event, Instant::now());
                    load.send(&mut wire, event).await?;
                }
            }
        })
        .await
    }

    /// Publishes every event of the run, `rate` a second, evenly spread.
    pub(super) async fn at_rate(&self, rate: f64, connections: usize) -> anyhow::Result<Accepted> {
        let next = Arc::new(AtomicUsize::new(0));
        let began = Instant::now() + Duration::from_millis(50);
        self.spread(connections, |mut wire, load| {
            let next = Arc::clone(&next);
            async move {
                loop {
                    let event = next.fetch_add(1, Relaxed);
                    if event >= load.run.len() {
                        return Ok(wire.refused);
                    }
                    #[expect(clippy::cast_precision_loss, reason = "events are few enough")]
                    let planned = began + Duration::from_secs_f64(event as f64 / rate);
                    sleep_until(planned).await;
                    let late = Instant::now().saturating_duration_since(planned) > TIMER;
                    load.run.sending(event, if late { planned } else { Instant::now() });
                    load.send(&mut wire, event).await?;
                }
            }
        })
        .await
    }

    /// Publishes every event of the run in batches, or one by one where the server takes none.
    pub(super) async fn in_batches(&self, connections: usize) -> anyhow::Result<Accepted> {
        let first = self.account(0);
        let Some(size) = first.batch.as_ref().map(|batch| batch.most) else {
            return self.at_full_speed(connections).await;
        };
        let next = Arc::new(AtomicUsize::new(0));
        self.spread(BATCH_CONNECTIONS, |mut wire, load| {
            let next = Arc::clone(&next);
            async move {
                loop {
                    let first = next.fetch_add(size, Relaxed);
                    if first >= load.run.len() {
                        return Ok(wire.refused);
                    }
                    load.send_batch(&mut wire, first..load.run.len().min(first + size)).await?;
                }
            }
        })
        .await
    }

    async fn send_batch(&self, wire: &mut Wire, events: std::ops::Range<usize>) -> anyhow::Result<()> {
        let mut joined = String::new();
        for event in events.clone() {
            self.run.sending(event, Instant::now());
            let Some(batch) = &self.account(event).batch else { continue };
            if !joined.is_empty() {
                joined.push(',');
            }
            self.write(&batch.each, event, &mut joined);
        }
        let Some(batch) = &self.account(events.start).batch else { return Ok(()) };
        let fill = |template: &Template, into: &mut String| {
            template.write(into, |name, into| {
                if name == "events" {
                    into.push_str(&joined);
                }
            });
        };
        wire.ask(&batch.call, fill).await
    }

    async fn spread<F, W>(&self, connections: usize, work: F) -> anyhow::Result<Accepted>
    where
        F: Fn(Wire, Self) -> W,
        W: Future<Output = anyhow::Result<u64>> + Send + 'static,
    {
        let mut tasks = JoinSet::new();
        let connections = connections.min(self.run.len());
        let mut wires = Vec::with_capacity(connections);
        for server in self.servers.iter().cycle().take(connections) {
            wires.push(Wire::open(server).await?);
        }
        let began = Instant::now();
        for wire in wires {
            tasks.spawn(work(wire, self.clone()));
        }
        let mut refused = 0;
        while let Some(ended) = tasks.join_next().await {
            refused += ended??;
        }
        Ok(Accepted { took: began.elapsed(), refused })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_json_and_fills_an_envelope_to_its_size() {
        let data = Data::of(1024);
        let json: serde_json::Value = serde_json::from_str(&data.json).unwrap();
        assert!((880..=1024).contains(&data.json.len()), "{}", data.json.len());
        let text: String = serde_json::from_str(&format!("\"{}\"", data.text)).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), json);
    }
}
