//! The methods of the `Store` trait: publishing and recording go to the committer,
//! everything else has a transaction of its own.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::oneshot;
use waxwing_core::{
    AccountId, ErasureId, EventId, EventType, KeyId, Timestamp, WebhookId, WebhookStatus, seal::Sealed,
};
use waxwing_store::{
    Account, Actor, AuditEntry, AuditFilter, CatalogEntry, Completion, CreateAccountError,
    CreateWebhookError, DataKey, DeleteKeyError, Directory, Erasure, EventDetail, Feed, Key, LanePage,
    LaneStart, LogDetail, LogEntry, LogFilter, NewAccount, NewEvent, NewKey, NewWebhook, Node, NodeEntry,
    Page, PageRequest, PublishError, Published, Queue, Recorded, Resealed, RetryError, RotatedSecret,
    SealedColumn, SealedValue, SigningKeyChange, Store, StoreError, TakenOver, Webhook, WebhookChange, group,
    metrics::Backlog,
};

use crate::{PostgresStore, committer::Job, error::Error};

/// Renewals that may hang before a lease runs out.
const TRIES_PER_LEASE: u32 = 3;

type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The caller's error out of a refusal or a failure.
pub(crate) fn flat<T, E: From<StoreError>>(result: Result<Result<T, E>, Error>) -> Result<T, E> {
    result.map_err(|error| E::from(StoreError::from(error)))?
}

fn lost() -> StoreError {
    StoreError::Stopped("it is closed".into())
}

#[async_trait]
impl Store for PostgresStore {
    fn directory(&self) -> &Directory {
        &self.shared.directory
    }

    fn feed(&self) -> &Arc<Feed> {
        &self.shared.feed
    }

    fn health(&self) -> Result<()> {
        self.shared.check()
    }

    async fn publish(&self, node: Node, events: Vec<NewEvent>) -> Result<Vec<Published>, PublishError> {
        let (reply, answered) = oneshot::channel();
        let weight = group::weight(&events);
        let answer = self.shared.group.publish(Job::Publish(node, events, reply), weight, answered).await;
        if matches!(answer, Err(StoreError::Busy)) {
            self.shared.metrics.busy.inc();
        }
        answer?
    }

    async fn record(&self, node: Node, completion: Completion) -> Result<Recorded> {
        let (reply, answered) = oneshot::channel();
        self.shared.group.record(Job::Record(node, Box::new(completion), reply))?;
        answered.await.unwrap_or_else(|_| Err(lost()))
    }

    async fn lanes(&self, node: Node) -> Result<Vec<LaneStart>> {
        Ok(self.shared.within(self.shared.lanes(node)).await?)
    }

    async fn lane_page(
        &self,
        node: Node,
        webhook: i64,
        queue: Queue,
        after: i64,
        now: Timestamp,
        limit: usize,
    ) -> Result<LanePage> {
        Ok(self.shared.within(self.shared.lane_page(node, webhook, queue, after, now, limit)).await?)
    }

    async fn release(&self, webhook: i64, limit: usize, _now: Timestamp) -> Result<bool> {
        Ok(self.shared.within(self.shared.release(webhook, limit)).await?)
    }

    async fn cancel_deleted(&self, limit: usize, now: Timestamp) -> Result<usize> {
        Ok(self.shared.within(self.shared.cancel_deleted(limit, now)).await?)
    }

    async fn register(&self, name: &str, now: Timestamp, lease: Duration) -> Result<Node> {
        Ok(self.shared.within(self.shared.register(name, now, lease)).await?)
    }

    async fn renew(&self, node: Node, now: Timestamp, lease: Duration) -> Result<Node> {
        // One that hangs must leave time for another on a fresh connection.
        flat(self.shared.within_for(lease / TRIES_PER_LEASE, self.shared.renew(node, now, lease)).await)
    }

    async fn rejoin(&self, node: Node, now: Timestamp, lease: Duration) -> Result<Node> {
        flat(self.shared.within(self.shared.rejoin(node, now, lease)).await)
    }

    async fn take_over(&self, node: Node, now: Timestamp, limit: usize) -> Result<TakenOver> {
        flat(self.shared.within(self.shared.take_over(node, now, limit)).await)
    }

    async fn leave(&self, node: Node) -> Result<()> {
        Ok(self.shared.within(self.shared.leave(node)).await?)
    }

    async fn nodes(&self, limit: usize) -> Result<Vec<NodeEntry>> {
        Ok(self.shared.within(self.shared.nodes(limit)).await?)
    }

    async fn audit_log(&self, filter: AuditFilter, page: PageRequest) -> Result<Page<AuditEntry>> {
        Ok(self.shared.within(self.shared.audit_log(&filter, page)).await?)
    }

    async fn create_account(&self, account: NewAccount, by: &Actor) -> Result<Account, CreateAccountError> {
        flat(self.shared.within(self.shared.create_account(account, by)).await)
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Account>> {
        Ok(self.shared.within(self.shared.account(id)).await?)
    }

    async fn accounts(&self, page: PageRequest) -> Result<Page<Account>> {
        Ok(self.shared.within(self.shared.accounts(page)).await?)
    }

    async fn delete_account(&self, id: &AccountId, by: &Actor) -> Result<bool> {
        Ok(self.shared.within(self.shared.delete_account(id, by)).await?)
    }

    async fn create_key(&self, key: NewKey, by: &Actor) -> Result<bool> {
        Ok(self.shared.within(self.shared.create_key(&key, by)).await?)
    }

    async fn keys(&self, account: Option<&AccountId>) -> Result<Vec<Key>> {
        Ok(self.shared.within(self.shared.keys(account)).await?)
    }

    async fn delete_key(
        &self,
        account: Option<&AccountId>,
        id: &KeyId,
        by: &Actor,
    ) -> Result<(), DeleteKeyError> {
        flat(self.shared.within(self.shared.delete_key(account, id, by)).await)
    }

    async fn touch_keys(&self, uses: Vec<(KeyId, Timestamp)>) -> Result<()> {
        Ok(self.shared.within(self.shared.touch_keys(&uses)).await?)
    }

    async fn remove_portal_tokens(&self, cutoff: Timestamp, limit: usize) -> Result<usize> {
        Ok(self.shared.within(self.shared.remove_portal_tokens(cutoff, limit)).await?)
    }

    async fn create_data_key(&self, key: DataKey, by: &Actor) -> Result<bool> {
        Ok(self.shared.within(self.shared.create_data_key(key, by)).await?)
    }

    async fn replace_data_key(&self, before: &DataKey, sealed: Sealed, by: &Actor) -> Result<bool> {
        Ok(self.shared.within(self.shared.replace_data_key(before, sealed, by)).await?)
    }

    async fn delete_data_keys_before(&self, number: u32, by: &Actor) -> Result<usize> {
        Ok(self.shared.within(self.shared.delete_data_keys_before(number, by)).await?)
    }

    async fn sealed_otherwise(&self, number: u32) -> Result<u64> {
        Ok(self.shared.within(self.shared.sealed_otherwise(number)).await?)
    }

    async fn sealed_page(
        &self,
        column: SealedColumn,
        number: u32,
        after: i64,
        limit: usize,
    ) -> Result<Vec<SealedValue>> {
        Ok(self.shared.within(self.shared.sealed_page(column, number, after, limit)).await?)
    }

    async fn replace_sealed(&self, column: SealedColumn, values: Vec<Resealed>) -> Result<usize> {
        Ok(self.shared.within(self.shared.replace_sealed(column, &values)).await?)
    }

    async fn put_event_type(&self, entry: CatalogEntry, by: &Actor) -> Result<bool> {
        Ok(self.shared.within(self.shared.put_event_type(entry, by)).await?)
    }

    async fn delete_event_type(&self, event_type: &EventType, by: &Actor) -> Result<bool> {
        Ok(self.shared.within(self.shared.delete_event_type(event_type, by)).await?)
    }

    async fn create_webhook(&self, webhook: NewWebhook, by: &Actor) -> Result<Webhook, CreateWebhookError> {
        flat(self.shared.within(self.shared.create_webhook(&webhook, by)).await)
    }

    async fn webhook(&self, account: &AccountId, id: &WebhookId) -> Result<Option<Webhook>> {
        Ok(self.shared.within(self.shared.webhook(account, id)).await?)
    }

    async fn webhooks(
        &self,
        account: &AccountId,
        status: Option<WebhookStatus>,
        page: PageRequest,
    ) -> Result<Page<Webhook>> {
        Ok(self.shared.within(self.shared.webhooks(account, status, page)).await?)
    }

    async fn update_webhook(
        &self,
        account: &AccountId,
        id: &WebhookId,
        change: WebhookChange,
        by: &Actor,
    ) -> Result<Option<Webhook>> {
        Ok(self.shared.within(self.shared.update_webhook(account, id, &change, by)).await?)
    }

    async fn delete_webhook(&self, account: &AccountId, id: &WebhookId, by: &Actor) -> Result<bool> {
        Ok(self.shared.within(self.shared.delete_webhook(account, id, by)).await?)
    }

    async fn rotate_secret(
        &self,
        account: &AccountId,
        id: &WebhookId,
        secret: RotatedSecret,
        by: &Actor,
    ) -> Result<bool> {
        Ok(self.shared.within(self.shared.rotate_secret(account, id, &secret, by)).await?)
    }

    async fn end_grace_period(&self, account: &AccountId, id: &WebhookId, by: &Actor) -> Result<bool> {
        Ok(self.shared.within(self.shared.end_grace_period(account, id, by)).await?)
    }

    async fn change_signing_key(
        &self,
        account: &AccountId,
        id: &WebhookId,
        change: SigningKeyChange,
        by: &Actor,
    ) -> Result<Option<bool>> {
        Ok(self.shared.within(self.shared.change_signing_key(account, id, &change, by)).await?)
    }

    async fn log(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        filter: LogFilter,
        page: PageRequest,
    ) -> Result<Option<Page<LogEntry>>> {
        Ok(self.shared.within(self.shared.log(account, webhook, &filter, page)).await?)
    }

    async fn log_detail(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        event: &EventId,
    ) -> Result<Option<LogDetail>> {
        Ok(self.shared.within(self.shared.log_detail(account, webhook, event)).await?)
    }

    async fn event(&self, id: &EventId) -> Result<Option<EventDetail>> {
        Ok(self.shared.within(self.shared.event(id)).await?)
    }

    async fn retry(
        &self,
        node: Node,
        account: &AccountId,
        webhook: &WebhookId,
        event: &EventId,
        now: Timestamp,
    ) -> Result<LogEntry, RetryError> {
        let row = self.shared.directory.target_named(webhook).map(|target| target.row);
        let doubt = self.shared.doubt_replay(row);
        let retry = self.shared.retry(node, account, webhook, event, now);
        flat(doubt.settled_by(self.shared.within(retry).await))
    }

    async fn erase_account(&self, id: ErasureId, account: &AccountId, by: &Actor) -> Result<Option<Erasure>> {
        Ok(self.shared.within(self.shared.erase_account(id, account, by)).await?)
    }

    async fn erase_event(&self, id: ErasureId, event: &EventId, by: &Actor) -> Result<Option<Erasure>> {
        Ok(self.shared.within(self.shared.erase_event(&id, event, by)).await?)
    }

    async fn erasure(&self, id: &ErasureId) -> Result<Option<Erasure>> {
        Ok(self.shared.within(self.shared.erasure(id)).await?)
    }

    async fn erasures(&self, page: PageRequest) -> Result<Page<Erasure>> {
        Ok(self.shared.within(self.shared.erasures(page)).await?)
    }

    async fn erase_step(&self, now: Timestamp, limit: usize) -> Result<bool> {
        Ok(self.shared.within(self.shared.erase_step(now, limit)).await?)
    }

    async fn retain(&self, cutoff: Timestamp, from: i64, _limit: usize) -> Result<Option<i64>> {
        Ok(self.shared.within(self.shared.retain(cutoff, from)).await?)
    }

    async fn backlog(&self) -> Result<Backlog> {
        Ok(self.shared.within(self.shared.backlog()).await?)
    }

    async fn fact(&self, name: &str) -> Result<Option<Bytes>> {
        Ok(self.shared.within(self.shared.fact(name)).await?)
    }

    async fn keep_fact(&self, name: &str, value: Bytes) -> Result<Bytes> {
        Ok(self.shared.within(self.shared.keep_fact(name, value)).await?)
    }

    async fn close(&self) {
        self.end().await;
    }
}
