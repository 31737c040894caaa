//! The part of the gated store that counts.

use async_trait::async_trait;
use waxwing_core::{AccountId, Timestamp, WebhookId};

use super::{Call, Gate, Gated, Result};
use crate::{Counting, Point, Span, Worst};

#[async_trait]
impl<G: Gate> Counting for Gated<G> {
    async fn counts(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        span: Span,
    ) -> Result<Option<Vec<Point>>> {
        self.gate.pass(Call::Read, self.inner.counts(account, webhook, span)).await?
    }

    async fn counts_of_all(&self, span: Span) -> Result<Vec<Point>> {
        self.gate.pass(Call::Read, self.inner.counts_of_all(span)).await?
    }

    async fn worst(&self, span: Span, limit: usize) -> Result<Vec<Worst>> {
        self.gate.pass(Call::Read, self.inner.worst(span, limit)).await?
    }

    async fn roll_up(&self, now: Timestamp, limit: usize) -> Result<bool> {
        self.gate.pass(Call::RollUp, self.inner.roll_up(now, limit)).await?
    }
}
