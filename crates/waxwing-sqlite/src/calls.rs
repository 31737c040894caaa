//! The methods of the `Store` trait: each says which thread does its work.

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

use crate::{
    SqliteStore, accounts, audit, catalog, data_keys,
    erasure::{self, Bite},
    lanes, log, nodes,
    store::lost,
    webhooks,
    writer::{Job, Writer},
};

type Result<T, E = StoreError> = std::result::Result<T, E>;

#[async_trait]
impl Store for SqliteStore {
    fn directory(&self) -> &Directory {
        &self.directory
    }

    fn feed(&self) -> &Arc<Feed> {
        &self.feed
    }

    fn health(&self) -> Result<()> {
        self.stopped.check()
    }

    async fn publish(&self, node: Node, events: Vec<NewEvent>) -> Result<Vec<Published>, PublishError> {
        let (reply, answered) = oneshot::channel();
        let weight = group::weight(&events);
        let answer = self.group.publish(Job::Publish(node, events, reply), weight, answered).await;
        if matches!(answer, Err(StoreError::Busy)) {
            self.metrics.busy.inc();
        }
        answer?
    }

    async fn record(&self, node: Node, completion: Completion) -> Result<Recorded> {
        let (reply, answered) = oneshot::channel();
        self.group.record(Job::Record(node, Box::new(completion), reply))?;
        answered.await.unwrap_or_else(|_| Err(lost()))
    }

    async fn lanes(&self, node: Node) -> Result<Vec<LaneStart>> {
        self.read(move |connection| lanes::lanes(connection, node)).await
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
        self.read(move |connection| lanes::page(connection, node, webhook, queue, after, now, limit)).await
    }

    async fn release(&self, webhook: i64, limit: usize, _now: Timestamp) -> Result<bool> {
        self.write_plain(move |writer| writer.release(webhook, limit)).await
    }

    async fn cancel_deleted(&self, limit: usize, now: Timestamp) -> Result<usize> {
        self.write_plain(move |writer| writer.cancel_deleted(limit, now)).await
    }

    async fn register(&self, name: &str, now: Timestamp, lease: Duration) -> Result<Node> {
        let name = name.to_owned();
        self.write_plain(move |writer| writer.register(&name, now, lease)).await
    }

    async fn renew(&self, node: Node, now: Timestamp, lease: Duration) -> Result<Node> {
        self.write(move |writer| writer.renew(node, now, lease)).await
    }

    async fn rejoin(&self, node: Node, now: Timestamp, lease: Duration) -> Result<Node> {
        self.write(move |writer| writer.rejoin(node, now, lease)).await
    }

    async fn take_over(&self, node: Node, now: Timestamp, limit: usize) -> Result<TakenOver> {
        self.write(move |writer| writer.take_over(node, now, limit)).await
    }

    async fn leave(&self, node: Node) -> Result<()> {
        self.write_plain(move |writer| writer.leave(node)).await
    }

    async fn nodes(&self, limit: usize) -> Result<Vec<NodeEntry>> {
        self.read(move |connection| nodes::list(connection, limit)).await
    }

    async fn audit_log(&self, filter: AuditFilter, page: PageRequest) -> Result<Page<AuditEntry>> {
        self.read(move |connection| audit::list(connection, &filter, page)).await
    }

    async fn create_account(&self, account: NewAccount, by: &Actor) -> Result<Account, CreateAccountError> {
        let by = by.clone();
        self.write(move |writer| writer.create_account(account, &by)).await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Account>> {
        let id = id.clone();
        self.read(move |connection| accounts::one(connection, &id)).await
    }

    async fn accounts(&self, page: PageRequest) -> Result<Page<Account>> {
        self.read(move |connection| accounts::list(connection, page)).await
    }

    async fn delete_account(&self, id: &AccountId, by: &Actor) -> Result<bool> {
        let (id, by) = (id.clone(), by.clone());
        self.write_plain(move |writer| writer.delete_account(&id, &by)).await
    }

    async fn create_key(&self, key: NewKey, by: &Actor) -> Result<bool> {
        let by = by.clone();
        self.write_plain(move |writer| writer.create_key(key, &by)).await
    }

    async fn keys(&self, account: Option<&AccountId>) -> Result<Vec<Key>> {
        let account = account.cloned();
        self.read(move |connection| accounts::keys(connection, account.as_ref())).await
    }

    async fn delete_key(
        &self,
        account: Option<&AccountId>,
        id: &KeyId,
        by: &Actor,
    ) -> Result<(), DeleteKeyError> {
        let (account, id, by) = (account.cloned(), id.clone(), by.clone());
        self.write(move |writer| writer.delete_key(account.as_ref(), &id, &by)).await
    }

    async fn touch_keys(&self, uses: Vec<(KeyId, Timestamp)>) -> Result<()> {
        self.write_plain(move |writer| writer.touch_keys(&uses)).await
    }

    async fn remove_portal_tokens(&self, cutoff: Timestamp, limit: usize) -> Result<usize> {
        self.write_plain(move |writer| writer.remove_portal_tokens(cutoff, limit)).await
    }

    async fn create_data_key(&self, key: DataKey, by: &Actor) -> Result<bool> {
        let by = by.clone();
        self.write_plain(move |writer| writer.create_data_key(key, &by)).await
    }

    async fn replace_data_key(&self, before: &DataKey, sealed: Sealed, by: &Actor) -> Result<bool> {
        let (before, by) = (before.clone(), by.clone());
        self.write_plain(move |writer| writer.replace_data_key(&before, sealed, &by)).await
    }

    async fn delete_data_keys_before(&self, number: u32, by: &Actor) -> Result<usize> {
        let by = by.clone();
        self.write_plain(move |writer| writer.delete_data_keys_before(number, &by)).await
    }

    async fn sealed_otherwise(&self, number: u32) -> Result<u64> {
        self.read(move |connection| data_keys::sealed_otherwise(connection, number)).await
    }

    async fn sealed_page(
        &self,
        column: SealedColumn,
        number: u32,
        after: i64,
        limit: usize,
    ) -> Result<Vec<SealedValue>> {
        self.read(move |connection| data_keys::sealed_page(connection, column, number, after, limit)).await
    }

    async fn replace_sealed(&self, column: SealedColumn, values: Vec<Resealed>) -> Result<usize> {
        self.write_plain(move |writer| writer.replace_sealed(column, values)).await
    }

    async fn put_event_type(&self, entry: CatalogEntry, by: &Actor) -> Result<bool> {
        let by = by.clone();
        self.write_plain(move |writer| writer.put_event_type(entry, &by)).await
    }

    async fn delete_event_type(&self, event_type: &EventType, by: &Actor) -> Result<bool> {
        let (event_type, by) = (event_type.clone(), by.clone());
        self.write_plain(move |writer| writer.delete_event_type(&event_type, &by)).await
    }

    async fn create_webhook(&self, webhook: NewWebhook, by: &Actor) -> Result<Webhook, CreateWebhookError> {
        let by = by.clone();
        self.write(move |writer| writer.create_webhook(&webhook, &by)).await
    }

    async fn webhook(&self, account: &AccountId, id: &WebhookId) -> Result<Option<Webhook>> {
        let (account, id) = (account.clone(), id.clone());
        self.read(move |connection| webhooks::one(connection, &account, &id)).await
    }

    async fn webhooks(
        &self,
        account: &AccountId,
        status: Option<WebhookStatus>,
        page: PageRequest,
    ) -> Result<Page<Webhook>> {
        let account = account.clone();
        self.read(move |connection| webhooks::list(connection, &account, status, page)).await
    }

    async fn update_webhook(
        &self,
        account: &AccountId,
        id: &WebhookId,
        change: WebhookChange,
        by: &Actor,
    ) -> Result<Option<Webhook>> {
        let (account, id, by) = (account.clone(), id.clone(), by.clone());
        self.write_plain(move |writer| writer.update_webhook(&account, &id, &change, &by)).await
    }

    async fn delete_webhook(&self, account: &AccountId, id: &WebhookId, by: &Actor) -> Result<bool> {
        let (account, id, by) = (account.clone(), id.clone(), by.clone());
        self.write_plain(move |writer| writer.delete_webhook(&account, &id, &by)).await
    }

    async fn rotate_secret(
        &self,
        account: &AccountId,
        id: &WebhookId,
        secret: RotatedSecret,
        by: &Actor,
    ) -> Result<bool> {
        let (account, id, by) = (account.clone(), id.clone(), by.clone());
        self.write_plain(move |writer| writer.rotate_secret(&account, &id, &secret, &by)).await
    }

    async fn end_grace_period(&self, account: &AccountId, id: &WebhookId, by: &Actor) -> Result<bool> {
        let (account, id, by) = (account.clone(), id.clone(), by.clone());
        self.write_plain(move |writer| writer.end_grace_period(&account, &id, &by)).await
    }

    async fn change_signing_key(
        &self,
        account: &AccountId,
        id: &WebhookId,
        change: SigningKeyChange,
        by: &Actor,
    ) -> Result<Option<bool>> {
        let (account, id, by) = (account.clone(), id.clone(), by.clone());
        self.write_plain(move |writer| writer.change_signing_key(&account, &id, &change, &by)).await
    }

    async fn log(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        filter: LogFilter,
        page: PageRequest,
    ) -> Result<Option<Page<LogEntry>>> {
        let (account, webhook) = (account.clone(), webhook.clone());
        self.read(move |connection| log::list(connection, &account, &webhook, &filter, page)).await
    }

    async fn log_detail(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        event: &EventId,
    ) -> Result<Option<LogDetail>> {
        let (account, webhook, event) = (account.clone(), webhook.clone(), event.clone());
        self.read(move |connection| log::detail(connection, &account, &webhook, &event)).await
    }

    async fn event(&self, id: &EventId) -> Result<Option<EventDetail>> {
        let id = id.clone();
        self.read(move |connection| log::event(connection, &id)).await
    }

    async fn retry(
        &self,
        node: Node,
        account: &AccountId,
        webhook: &WebhookId,
        event: &EventId,
        now: Timestamp,
    ) -> Result<LogEntry, RetryError> {
        let (account, webhook, event) = (account.clone(), webhook.clone(), event.clone());
        self.write(move |writer| writer.retry(node, &account, &webhook, &event, now)).await
    }

    async fn erase_account(&self, id: ErasureId, account: &AccountId, by: &Actor) -> Result<Option<Erasure>> {
        let (account, by) = (account.clone(), by.clone());
        self.write_plain(move |writer| writer.erase_account(id, &account, &by)).await
    }

    async fn erase_event(&self, id: ErasureId, event: &EventId, by: &Actor) -> Result<Option<Erasure>> {
        let (event, by) = (event.clone(), by.clone());
        self.write_plain(move |writer| writer.erase_event(id, &event, &by)).await
    }

    async fn erasure(&self, id: &ErasureId) -> Result<Option<Erasure>> {
        let id = id.clone();
        self.read(move |connection| erasure::one(connection, &id)).await
    }

    async fn erasures(&self, page: PageRequest) -> Result<Page<Erasure>> {
        self.read(move |connection| erasure::list(connection, page)).await
    }

    async fn erase_step(&self, now: Timestamp, limit: usize) -> Result<bool> {
        match self.read(move |connection| erasure::look(connection, limit)).await? {
            None => Ok(false),
            Some(Bite::Events(events)) => {
                self.write_plain(move |writer| writer.erase_bite(&events, limit)).await.map(|()| true)
            }
            Some(Bite::Counts(webhook)) => {
                let erase = move |writer: &mut Writer| writer.zeroing(|writer| writer.erase_counts(webhook));
                self.write_plain(erase).await.map(|()| true)
            }
            // While a reader is in the way: later.
            Some(Bite::Last(_)) if !self.fold().await? => Ok(false),
            Some(Bite::Last(row)) => {
                self.write_plain(move |writer| writer.complete_erasure(row, now)).await.map(|()| true)
            }
        }
    }

    async fn retain(&self, cutoff: Timestamp, from: i64, limit: usize) -> Result<Option<i64>> {
        self.write_plain(move |writer| writer.retain(cutoff, from, limit)).await
    }

    async fn backlog(&self) -> Result<Backlog> {
        self.read(lanes::backlog).await
    }

    async fn fact(&self, name: &str) -> Result<Option<Bytes>> {
        let name = name.to_owned();
        self.read(move |connection| catalog::fact(connection, &name)).await
    }

    async fn keep_fact(&self, name: &str, value: Bytes) -> Result<Bytes> {
        let name = name.to_owned();
        self.write_plain(move |writer| writer.keep_fact(&name, &value)).await
    }

    async fn close(&self) {
        self.group.close();
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // A writer that panicked has said so already.
            drop(tokio::task::spawn_blocking(move || thread.join()).await);
        }
    }
}
