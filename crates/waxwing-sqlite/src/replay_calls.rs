//! The methods of the `Replays` trait.

use async_trait::async_trait;
use waxwing_core::{AccountId, ReplayId, Timestamp, WebhookId};
use waxwing_store::{
    Actor, Matching, Node, Page, PageRequest, Replay, ReplayBite, ReplayFilter, ReplayKey, Replays,
    RetryError, StoreError,
};

use crate::{SqliteStore, replays};

type Result<T, E = StoreError> = std::result::Result<T, E>;

#[async_trait]
impl Replays for SqliteStore {
    async fn matching(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        filter: &ReplayFilter,
        look: usize,
    ) -> Result<Option<Matching>> {
        let (account, webhook, filter) = (account.clone(), webhook.clone(), filter.clone());
        self.read(move |connection| replays::matching(connection, &account, &webhook, &filter, look)).await
    }

    async fn begin_replay(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: ReplayId,
        filter: &ReplayFilter,
        by: &Actor,
    ) -> Result<ReplayKey, RetryError> {
        let (account, webhook, filter, by) = (account.clone(), webhook.clone(), filter.clone(), by.clone());
        self.write(move |writer| writer.begin_replay(&account, &webhook, &id, &filter, &by)).await
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
        let filter = filter.clone();
        self.write(move |writer| writer.replay(node, replay.replay, &filter, from, limit, now)).await
    }

    async fn replays(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        page: PageRequest,
    ) -> Result<Option<Page<Replay>>> {
        let (account, webhook) = (account.clone(), webhook.clone());
        self.read(move |connection| replays::list(connection, &account, &webhook, page)).await
    }

    async fn replay_named(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
    ) -> Result<Option<Replay>> {
        let (account, webhook, id) = (account.clone(), webhook.clone(), id.clone());
        let found = self.read(move |connection| replays::one(connection, &account, &webhook, &id)).await?;
        Ok(found.map(|(_, replay)| replay))
    }

    async fn stop_replay(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        id: &ReplayId,
        limit: usize,
        by: &Actor,
    ) -> Result<Option<bool>> {
        let (account, webhook, id, by) = (account.clone(), webhook.clone(), id.clone(), by.clone());
        self.write_plain(move |writer| writer.stop_replay(&account, &webhook, &id, limit, &by)).await
    }
}
