//! Publishing, as fast as the server takes it or at a given rate.
//!
//! Every task has a connection of its own. At a rate, the moments of sending
//! are fixed beforehand, and an event that had to wait for a free connection
//! counts from its planned moment: a slow server cannot hide behind itself.

use std::{
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

use super::{arrivals::Run, rig::KEY, wire::Wire};

/// How late tokio's timer may be by itself.
const TIMER: Duration = Duration::from_millis(2);

/// Who publishes what to whom.
#[derive(Clone)]
pub(crate) struct Load {
    /// The servers; connections take turns.
    pub(crate) servers: Vec<std::net::SocketAddr>,
    /// Accounts that take turns.
    pub(crate) accounts: Arc<Vec<String>>,
    /// The JSON of `data`.
    pub(crate) data: Arc<str>,
    /// The events.
    pub(crate) run: Arc<Run>,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accepted {
    /// From the first publish to the last answer.
    pub(crate) took: Duration,
    /// Answers 429 and 503; the publishes were repeated.
    pub(crate) refused: u64,
}

/// `data` of an event whose envelope has about this many bytes.
pub(crate) fn data_of(bytes: usize) -> Arc<str> {
    let fixed = r#"{"amount":"1042.50","currency":"USD","status":"completed","note":""}"#;
    let padding = "x".repeat(bytes.saturating_sub(fixed.len() + 110));
    fixed.replace(r#""note":"""#, &format!(r#""note":"{padding}""#)).into()
}

impl Load {
    fn event(&self, event: usize) -> String {
        let account = &self.accounts[event % self.accounts.len()];
        let (id, data) = (self.run.id(event), &self.data);
        format!(r#"{{"account_id":"{account}","type":"deposit.completed","id":"{id}","data":{data}}}"#)
    }

    /// Publishes every event of the run, one by one, as fast as `connections`
    /// connections get answers.
    pub(crate) async fn at_full_speed(&self, connections: usize) -> anyhow::Result<Accepted> {
        let next = Arc::new(AtomicUsize::new(0));
        self.spread(connections, |mut wire, load| {
            let next = Arc::clone(&next);
            async move {
                loop {
                    let event = next.fetch_add(1, Relaxed);
                    if event >= load.run.len() {
                        return Ok(wire.refused);
                    }
                    let body = load.event(event);
                    load.run.sending(event, Instant::now());
                    wire.post("/api/events", body.as_bytes()).await?;
                }
            }
        })
        .await
    }

    /// Publishes every event of the run, `rate` a second, evenly spread.
    pub(crate) async fn at_rate(&self, rate: f64, connections: usize) -> anyhow::Result<Accepted> {
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
                    let body = load.event(event);
                    #[expect(clippy::cast_precision_loss, reason = "events are few enough")]
                    let planned = began + Duration::from_secs_f64(event as f64 / rate);
                    sleep_until(planned).await;
                    let late = Instant::now().saturating_duration_since(planned) > TIMER;
                    load.run.sending(event, if late { planned } else { Instant::now() });
                    wire.post("/api/events", body.as_bytes()).await?;
                }
            }
        })
        .await
    }

    /// Publishes every event of the run in batches of `size`.
    pub(crate) async fn in_batches(&self, size: usize, connections: usize) -> anyhow::Result<Accepted> {
        let next = Arc::new(AtomicUsize::new(0));
        self.spread(connections, |mut wire, load| {
            let next = Arc::clone(&next);
            async move {
                loop {
                    let first = next.fetch_add(size, Relaxed);
                    if first >= load.run.len() {
                        return Ok(wire.refused);
                    }
                    let events: Vec<String> = (first..load.run.len().min(first + size))
                        .map(|event| {
                            load.run.sending(event, Instant::now());
                            load.event(event)
                        })
                        .collect();
                    let body = format!(r#"{{"events":[{}]}}"#, events.join(","));
                    wire.post("/api/events/batch", body.as_bytes()).await?;
                }
            }
        })
        .await
    }

    async fn spread<F, W>(&self, connections: usize, work: F) -> anyhow::Result<Accepted>
    where
        F: Fn(Wire, Self) -> W,
        W: Future<Output = anyhow::Result<u64>> + Send + 'static,
    {
        let mut tasks = JoinSet::new();
        let mut wires = Vec::with_capacity(connections);
        for server in self.servers.iter().cycle().take(connections) {
            wires.push(Wire::open(*server, KEY).await?);
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
        let data = data_of(1024);
        assert!(serde_json::from_str::<serde_json::Value>(&data).is_ok());
        assert!((880..=1024).contains(&data.len()), "{}", data.len());
    }
}
