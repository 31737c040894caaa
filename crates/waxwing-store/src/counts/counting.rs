//! The part of a store that counts: a trait of its own, because [`Store`](crate::Store) is long.

use async_trait::async_trait;
use waxwing_core::{AccountId, Timestamp, WebhookId};

use super::{Point, Span, Worst};
use crate::StoreError;

type Result<T, E = StoreError> = std::result::Result<T, E>;

/// What a store counts of webhooks. Publishing and recording do it; this is how it is read.
#[async_trait]
pub trait Counting {
    /// What was counted of a webhook in each step of `span`, in order; steps in which
    /// nothing was are left out. `None` when the account never had such a webhook.
    async fn counts(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        span: Span,
    ) -> Result<Option<Vec<Point>>>;

    /// The same of all webhooks together, those included that are gone.
    async fn counts_of_all(&self, span: Span) -> Result<Vec<Point>>;

    /// At most `limit` webhooks with failed attempts in `span`, those with the most first.
    /// A webhook may be missing until its tallies are rolled up.
    async fn worst(&self, span: Span, limit: usize) -> Result<Vec<Worst>>;

    /// Rolls up at most `limit` tallies into minutes, and when there are no more, at most
    /// `limit` rows that are old enough into longer steps; deletes those of days past. What
    /// is read does not change by it. Whether there may be more to do now.
    async fn roll_up(&self, now: Timestamp, limit: usize) -> Result<bool>;
}
