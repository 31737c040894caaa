//! The settings that bound what the API accepts.

use super::{parse, settings::Reader};

/// Sizes and counts that the API accepts.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Bytes of one event.
    pub(crate) event_bytes: usize,
    /// Events of a batch.
    pub(crate) batch_events: usize,
    /// Webhooks of an account.
    pub(crate) webhooks_per_account: usize,
    /// Patterns of a webhook.
    pub(crate) patterns_per_webhook: usize,
    /// Connections to the API.
    pub(crate) connections: usize,
}

impl Reader<'_> {
    pub(super) fn limits(&mut self) -> Option<Limits> {
        let event_bytes = self.required("max_event_bytes", parse::number(1_024, 16 << 20));
        let batch_events = self.required("max_batch_events", parse::number(1, 10_000));
        let webhooks_per_account = self.required("max_webhooks_per_account", parse::number(1, 1_000_000));
        let patterns_per_webhook = self.required("max_patterns_per_webhook", parse::number(1, 10_000));
        let connections = self.required("max_connections", parse::number(2, 1_000_000));
        Some(Limits {
            event_bytes: event_bytes?,
            batch_events: batch_events?,
            webhooks_per_account: webhooks_per_account?,
            patterns_per_webhook: patterns_per_webhook?,
            connections: connections?,
        })
    }
}
