//! Measures rates, latencies and costs while events are published one by one.

use std::time::Duration;

use super::{
    progress,
    results::{Against, Latency, Published},
    runner::Runner,
    scenario::Publish,
    words::Pace,
};

impl Runner<'_> {
    /// Publishes as the step says, and waits until what counts is delivered.
    pub(super) async fn measure(&mut self, publish: &Publish) -> anyhow::Result<Published> {
        let rate = match publish.at {
            Pace::Full => None,
            Pace::Rate(rate) => Some(rate),
            Pace::Share(share) => self.full_speed.map(|full| full * share),
        };
        let events = match rate {
            None => publish.events.unwrap_or(1),
            Some(rate) => whole((rate * publish.lasts().as_secs_f64()).ceil()),
        };
        progress(format_args!("{}: {events} events at {}", publish.name, pace(publish, rate)));
        let run = self.rig.arrivals.begin(events);
        let load = self.load(&publish.receivers, &run);
        let written = || self.rig.own.as_ref().and_then(super::own::Own::written);
        let (cpu, written_before) = (self.rig.cpu(self.plan), written());
        let accepted = match rate {
            None => load.at_full_speed(self.connections()).await?,
            Some(rate) => load.at_rate(rate, self.connections()).await?,
        };
        let deliveries = load.deliveries();
        self.arrived(&run, deliveries).await?;
        let cpu = self
            .rig
            .cpu(self.plan)
            .zip(cpu)
            .map(|(now, before)| (now.0.saturating_sub(before.0), now.1.saturating_sub(before.1)));
        let written = written().zip(written_before).and_then(|(now, before)| now.checked_sub(before));
        #[expect(clippy::cast_precision_loss, reason = "bytes and events are few enough")]
        let (count, delivered, written) =
            (events as f64, deliveries as f64, written.map(|bytes| bytes as f64 / events as f64));
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / delivered.max(1.0);
        let postgres = self.rig.own.as_ref().is_some_and(|own| own.postgres);
        let last = run.until_last().as_secs_f64().max(1e-6);
        let latency_ms = Latency::of(&run.latency);
        let against = publish.against.as_ref().and_then(|name| {
            let before = self.p99_ms.get(name)?;
            let p99_ratio = latency_ms.p99 / before.max(1e-3);
            Some(Against { name: name.clone(), p99_ratio })
        });
        let published = Published {
            name: publish.name.clone(),
            receivers: publish.receivers.clone(),
            rate_per_second: rate,
            events,
            deliveries,
            events_stored_before: self.stored,
            accepted_per_second: count / accepted.took.as_secs_f64(),
            delivered_per_second: delivered / last,
            cpu_us_per_delivery: cpu.map(|(servers, database)| micros(servers + database)),
            database_cpu_us_per_delivery: cpu.filter(|_| postgres).map(|(_, database)| micros(database)),
            written_bytes_per_event: written,
            refused_busy: accepted.refused,
            peak_rss_bytes: self.peak_rss(),
            latency_ms,
            against,
        };
        if publish.at == Pace::Full {
            self.full_speed = Some(count / last);
        }
        self.add(&publish.receivers, events);
        self.p99_ms.insert(published.name.clone(), published.latency_ms.p99);
        Ok(published)
    }
}

fn pace(publish: &Publish, rate: Option<f64>) -> String {
    match rate {
        Some(rate) => format!("{rate:.0}/s for {} s", publish.lasts().as_secs()),
        None => publish.at.to_string(),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rates are bounded and positive")]
fn whole(number: f64) -> usize {
    (number as usize).max(1)
}
