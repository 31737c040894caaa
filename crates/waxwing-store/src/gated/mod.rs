//! A store behind a gate, for tests: the gate sees every call, and may fail it,
//! delay it, or lose its answer.
//!
//! The gate stands outside of the store. A call that it refuses never reaches the
//! store; a call whose answer it drops was done all the same, which is what a
//! broken connection to a database looks like.

mod counting;
mod replays;

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use waxwing_core::{
    AccountId, ErasureId, EventId, EventType, KeyId, Timestamp, WebhookId, WebhookStatus, seal::Sealed,
};

use crate::{
    Account, Actor, AuditEntry, AuditFilter, CatalogEntry, Completion, CreateAccountError,
    CreateWebhookError, DataKey, DeleteKeyError, Directory, Erasure, EventDetail, Feed, Key, LanePage,
    LaneStart, LogDetail, LogEntry, LogFilter, NewAccount, NewEvent, NewKey, NewWebhook, Node, NodeEntry,
    Page, PageRequest, PublishError, Published, Queue, Recorded, Resealed, RetryError, RotatedSecret,
    SealedColumn, SealedValue, SigningKeyChange, Store, StoreError, TakenOver, Webhook, WebhookChange,
    metrics::Backlog,
};

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// [`Store::publish`].
    Publish,
    /// [`Store::record`].
    Record,
    /// [`Store::lanes`].
    TakeUp,
    /// [`Store::lane_page`].
    ReadLane,
    /// [`Store::release`] and [`Store::cancel_deleted`].
    Release,
    /// [`Store::register`], [`Store::renew`], [`Store::rejoin`], [`Store::take_over`], [`Store::leave`].
    Lease,
    /// Accounts, keys, data keys, webhooks, event types.
    Configure,
    /// The log, lists, counts, the backlog and facts.
    Read,
    /// [`Store::retry`], and what begins, goes on with or stops a replay.
    Replay,
    /// [`Store::retain`] and [`Store::remove_portal_tokens`].
    Retain,
    /// [`Store::erase_account`], [`Store::erase_event`] and [`Store::erase_step`].
    Erase,
    /// [`Counting::roll_up`](crate::Counting::roll_up).
    RollUp,
}

/// Decides what becomes of a call.
#[async_trait]
pub trait Gate: Send + Sync + 'static {
    /// Lets `inner` run, or not. An error here is what the caller sees, whether
    /// `inner` ran or not.
    async fn pass<T: Send>(&self, call: Call, inner: impl Future<Output = T> + Send)
    -> Result<T, StoreError>;

    /// What [`Store::health`] answers instead of the store's own word.
    fn health(&self) -> Option<StoreError> {
        None
    }
}

/// A store behind a gate.
pub struct Gated<G> {
    inner: Arc<dyn Store>,
    gate: G,
}

impl<G: Gate> Gated<G> {
    /// Puts `gate` before `inner`.
    pub fn new(inner: Arc<dyn Store>, gate: G) -> Self {
        Self { inner, gate }
    }
}

type Result<T, E = StoreError> = std::result::Result<T, E>;

#[async_trait]
impl<G: Gate> Store for Gated<G> {
    fn directory(&self) -> &Directory {
        self.inner.directory()
    }

    fn feed(&self) -> &Arc<Feed> {
        self.inner.feed()
    }

    fn health(&self) -> Result<()> {
        self.gate.health().map_or_else(|| self.inner.health(), Err)
    }

    async fn publish(&self, node: Node, events: Vec<NewEvent>) -> Result<Vec<Published>, PublishError> {
        self.gate.pass(Call::Publish, self.inner.publish(node, events)).await?
    }

    async fn record(&self, node: Node, completion: Completion) -> Result<Recorded> {
        self.gate.pass(Call::Record, self.inner.record(node, completion)).await?
    }

    async fn lanes(&self, node: Node) -> Result<Vec<LaneStart>> {
        self.gate.pass(Call::TakeUp, self.inner.lanes(node)).await?
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
        let page = self.inner.lane_page(node, webhook, queue, after, now, limit);
        self.gate.pass(Call::ReadLane, page).await?
    }

    async fn release(&self, webhook: i64, limit: usize, now: Timestamp) -> Result<bool> {
        self.gate.pass(Call::Release, self.inner.release(webhook, limit, now)).await?
    }

    async fn cancel_deleted(&self, limit: usize, now: Timestamp) -> Result<usize> {
        self.gate.pass(Call::Release, self.inner.cancel_deleted(limit, now)).await?
    }

    async fn register(&self, name: &str, now: Timestamp, lease: Duration) -> Result<Node> {
        self.gate.pass(Call::Lease, self.inner.register(name, now, lease)).await?
    }

    async fn renew(&self, node: Node, now: Timestamp, lease: Duration) -> Result<Node> {
        self.gate.pass(Call::Lease, self.inner.renew(node, now, lease)).await?
    }

    async fn rejoin(&self, node: Node, now: Timestamp, lease: Duration) -> Result<Node> {
        self.gate.pass(Call::Lease, self.inner.rejoin(node, now, lease)).await?
    }

    async fn take_over(&self, node: Node, now: Timestamp, limit: usize) -> Result<TakenOver> {
        self.gate.pass(Call::Lease, self.inner.take_over(node, now, limit)).await?
    }

    async fn leave(&self, node: Node) -> Result<()> {
        self.gate.pass(Call::Lease, self.inner.leave(node)).await?
    }

    async fn nodes(&self, limit: usize) -> Result<Vec<NodeEntry>> {
        self.gate.pass(Call::Read, self.inner.nodes(limit)).await?
    }

    async fn audit_log(&self, filter: AuditFilter, page: PageRequest) -> Result<Page<AuditEntry>> {
        self.gate.pass(Call::Read, self.inner.audit_log(filter, page)).await?
    }

    async fn create_account(&self, account: NewAccount, by: &Actor) -> Result<Account, CreateAccountError> {
        self.gate.pass(Call::Configure, self.inner.create_account(account, by)).await?
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Account>> {
        self.gate.pass(Call::Read, self.inner.account(id)).await?
    }

    async fn accounts(&self, page: PageRequest) -> Result<Page<Account>> {
        self.gate.pass(Call::Read, self.inner.accounts(page)).await?
    }

    async fn delete_account(&self, id: &AccountId, by: &Actor) -> Result<bool> {
        self.gate.pass(Call::Configure, self.inner.delete_account(id, by)).await?
    }

    async fn create_key(&self, key: NewKey, by: &Actor) -> Result<bool> {
        self.gate.pass(Call::Configure, self.inner.create_key(key, by)).await?
    }

    async fn keys(&self, account: Option<&AccountId>) -> Result<Vec<Key>> {
        self.gate.pass(Call::Read, self.inner.keys(account)).await?
    }

    async fn delete_key(
        &self,
        account: Option<&AccountId>,
        id: &KeyId,
        by: &Actor,
    ) -> Result<(), DeleteKeyError> {
        self.gate.pass(Call::Configure, self.inner.delete_key(account, id, by)).await?
    }

    async fn touch_keys(&self, uses: Vec<(KeyId, Timestamp)>) -> Result<()> {
        self.gate.pass(Call::Configure, self.inner.touch_keys(uses)).await?
    }

    async fn remove_portal_tokens(&self, cutoff: Timestamp, limit: usize) -> Result<usize> {
        self.gate.pass(Call::Retain, self.inner.remove_portal_tokens(cutoff, limit)).await?
    }

    async fn create_data_key(&self, key: DataKey, by: &Actor) -> Result<bool> {
        self.gate.pass(Call::Configure, self.inner.create_data_key(key, by)).await?
    }

    async fn replace_data_key(&self, before: &DataKey, sealed: Sealed, by: &Actor) -> Result<bool> {
        self.gate.pass(Call::Configure, self.inner.replace_data_key(before, sealed, by)).await?
    }

    async fn delete_data_keys_before(&self, number: u32, by: &Actor) -> Result<usize> {
        self.gate.pass(Call::Configure, self.inner.delete_data_keys_before(number, by)).await?
    }

    async fn sealed_otherwise(&self, number: u32) -> Result<u64> {
        self.gate.pass(Call::Read, self.inner.sealed_otherwise(number)).await?
    }

    async fn sealed_page(
        &self,
        column: SealedColumn,
        number: u32,
        after: i64,
        limit: usize,
    ) -> Result<Vec<SealedValue>> {
        self.gate.pass(Call::Read, self.inner.sealed_page(column, number, after, limit)).await?
    }

    async fn replace_sealed(&self, column: SealedColumn, values: Vec<Resealed>) -> Result<usize> {
        self.gate.pass(Call::Configure, self.inner.replace_sealed(column, values)).await?
    }

    async fn put_event_type(&self, entry: CatalogEntry, by: &Actor) -> Result<bool> {
        self.gate.pass(Call::Configure, self.inner.put_event_type(entry, by)).await?
    }

    async fn delete_event_type(&self, event_type: &EventType, by: &Actor) -> Result<bool> {
        self.gate.pass(Call::Configure, self.inner.delete_event_type(event_type, by)).await?
    }

    async fn create_webhook(&self, webhook: NewWebhook, by: &Actor) -> Result<Webhook, CreateWebhookError> {
        self.gate.pass(Call::Configure, self.inner.create_webhook(webhook, by)).await?
    }

    async fn webhook(&self, account: &AccountId, id: &WebhookId) -> Result<Option<Webhook>> {
        self.gate.pass(Call::Read, self.inner.webhook(account, id)).await?
    }

    async fn webhooks(
        &self,
        account: &AccountId,
        status: Option<WebhookStatus>,
        page: PageRequest,
    ) -> Result<Page<Webhook>> {
        self.gate.pass(Call::Read, self.inner.webhooks(account, status, page)).await?
    }

    async fn update_webhook(
        &self,
        account: &AccountId,
        id: &WebhookId,
        change: WebhookChange,
        by: &Actor,
    ) -> Result<Option<Webhook>> {
        self.gate.pass(Call::Configure, self.inner.update_webhook(account, id, change, by)).await?
    }

    async fn delete_webhook(&self, account: &AccountId, id: &WebhookId, by: &Actor) -> Result<bool> {
        self.gate.pass(Call::Configure, self.inner.delete_webhook(account, id, by)).await?
    }

    async fn rotate_secret(
        &self,
        account: &AccountId,
        id: &WebhookId,
        secret: RotatedSecret,
        by: &Actor,
    ) -> Result<bool> {
        self.gate.pass(Call::Configure, self.inner.rotate_secret(account, id, secret, by)).await?
    }

    async fn end_grace_period(&self, account: &AccountId, id: &WebhookId, by: &Actor) -> Result<bool> {
        self.gate.pass(Call::Configure, self.inner.end_grace_period(account, id, by)).await?
    }

    async fn change_signing_key(
        &self,
        account: &AccountId,
        id: &WebhookId,
        change: SigningKeyChange,
        by: &Actor,
    ) -> Result<Option<bool>> {
        self.gate.pass(Call::Configure, self.inner.change_signing_key(account, id, change, by)).await?
    }

    async fn log(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        filter: LogFilter,
        page: PageRequest,
    ) -> Result<Option<Page<LogEntry>>> {
        self.gate.pass(Call::Read, self.inner.log(account, webhook, filter, page)).await?
    }

    async fn log_detail(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        event: &EventId,
    ) -> Result<Option<LogDetail>> {
        self.gate.pass(Call::Read, self.inner.log_detail(account, webhook, event)).await?
    }

    async fn event(&self, id: &EventId) -> Result<Option<EventDetail>> {
        self.gate.pass(Call::Read, self.inner.event(id)).await?
    }

    async fn retry(
        &self,
        node: Node,
        account: &AccountId,
        webhook: &WebhookId,
        event: &EventId,
        now: Timestamp,
    ) -> Result<LogEntry, RetryError> {
        self.gate.pass(Call::Replay, self.inner.retry(node, account, webhook, event, now)).await?
    }

    async fn erase_account(&self, id: ErasureId, account: &AccountId, by: &Actor) -> Result<Option<Erasure>> {
        self.gate.pass(Call::Erase, self.inner.erase_account(id, account, by)).await?
    }

    async fn erase_event(&self, id: ErasureId, event: &EventId, by: &Actor) -> Result<Option<Erasure>> {
        self.gate.pass(Call::Erase, self.inner.erase_event(id, event, by)).await?
    }

    async fn erasure(&self, id: &ErasureId) -> Result<Option<Erasure>> {
        self.gate.pass(Call::Read, self.inner.erasure(id)).await?
    }

    async fn erasures(&self, page: PageRequest) -> Result<Page<Erasure>> {
        self.gate.pass(Call::Read, self.inner.erasures(page)).await?
    }

    async fn erase_step(&self, now: Timestamp, limit: usize) -> Result<bool> {
        self.gate.pass(Call::Erase, self.inner.erase_step(now, limit)).await?
    }

    async fn retain(&self, cutoff: Timestamp, from: i64, limit: usize) -> Result<Option<i64>> {
        self.gate.pass(Call::Retain, self.inner.retain(cutoff, from, limit)).await?
    }

    async fn backlog(&self) -> Result<Backlog> {
        self.gate.pass(Call::Read, self.inner.backlog()).await?
    }

    async fn fact(&self, name: &str) -> Result<Option<Bytes>> {
        self.gate.pass(Call::Read, self.inner.fact(name)).await?
    }

    async fn keep_fact(&self, name: &str, value: Bytes) -> Result<Bytes> {
        self.gate.pass(Call::Configure, self.inner.keep_fact(name, value)).await?
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
