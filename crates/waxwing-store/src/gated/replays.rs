//! Replays behind the gate.

use async_trait::async_trait;
use waxwing_core::{AccountId, ReplayId, Timestamp, WebhookId};

use super::{Call, Gate, Gated, Result};
use crate::{
    Actor, Matching, Node, Page, PageRequest, Replay, ReplayBite, ReplayFilter, ReplayKey, Replays,
    RetryError,
};

#[async_trait]
impl<G: Gate> Replays for Gated<G> {
    async fn matching(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        filter: &ReplayFilter,
        look: usize,
    ) -> Result<Option<Matching>> {
        self.gate.pass(Call::Read, self.inner.matching(account, webhook, filter, look)).await?
    }

    async fn begin_replay(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: ReplayId,
        filter: &ReplayFilter,
        by: &Actor,
    ) -> Result<ReplayKey, RetryError> {
        self.gate.pass(Call::Replay, self.inner.begin_replay(account, webhook, id, filter, by)).await?
    }

    async fn replay(
        &self,
        node: Node,
        replay: ReplayKey,
        filter: &ReplayFilter,
        from: i64,
        limit: usize,
        now: Timestamp,
    ) -> Result<ReplayBite, RetryError> {
        let bite = self.inner.replay(node, replay, filter, from, limit, now);
        self.gate.pass(Call::Replay, bite).await?
    }

    async fn replays(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        page: PageRequest,
    ) -> Result<Option<Page<Replay>>> {
        self.gate.pass(Call::Read, self.inner.replays(account, webhook, page)).await?
    }

    async fn replay_named(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
    ) -> Result<Option<Replay>> {
        self.gate.pass(Call::Read, self.inner.replay_named(account, webhook, id)).await?
    }

    async fn stop_replay(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
        limit: usize,
        by: &Actor,
    ) -> Result<Option<bool>> {
        self.gate.pass(Call::Replay, self.inner.stop_replay(account, webhook, id, limit, by)).await?
    }
}
