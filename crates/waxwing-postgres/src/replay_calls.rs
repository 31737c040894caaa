//! The methods of the `Replays` trait.

use async_trait::async_trait;
use waxwing_core::{AccountId, ReplayId, Timestamp, WebhookId};
use waxwing_store::{
    Actor, Matching, Node, Page, PageRequest, Replay, ReplayBite, ReplayFilter, ReplayKey, Replays,
    RetryError, StoreError,
};

use crate::{PostgresStore, calls::flat};

type Result<T, E = StoreError> = std::result::Result<T, E>;

#[async_trait]
impl Replays for PostgresStore {
    async fn matching(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        filter: &ReplayFilter,
        look: usize,
    ) -> Result<Option<Matching>> {
        Ok(self.shared.within(self.shared.matching(account, webhook, filter, look)).await?)
    }

    async fn begin_replay(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: ReplayId,
        filter: &ReplayFilter,
        by: &Actor,
    ) -> Result<ReplayKey, RetryError> {
        let begun = self.shared.begin_replay(account, webhook, &id, filter, by);
        flat(self.shared.within(begun).await)
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
        let doubt = self.shared.doubt_replay(Some(replay.webhook));
        let bite = self.shared.replay(node, replay, filter, from, limit, now);
        flat(doubt.settled_by(self.shared.within(bite).await))
    }

    async fn replays(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        page: PageRequest,
    ) -> Result<Option<Page<Replay>>> {
        Ok(self.shared.within(self.shared.replays(account, webhook, page)).await?)
    }

    async fn replay_named(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
    ) -> Result<Option<Replay>> {
        Ok(self.shared.within(self.shared.replay_named(account, webhook, id)).await?)
    }

    async fn stop_replay(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
        limit: usize,
        by: &Actor,
    ) -> Result<Option<bool>> {
        Ok(self.shared.within(self.shared.stop_replay(account, webhook, id, limit, by)).await?)
    }
}
