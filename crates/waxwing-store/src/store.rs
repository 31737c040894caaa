//! The trait that every store implements.
//!
//! What always holds: a write is answered after its commit, never before; a
//! store whose commit failed answers [`StoreError::Stopped`] from then on; what
//! one account asks for never shows another account's rows; after an answer,
//! [`Store::directory`] and [`Store::feed`] of the same node reflect it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use waxwing_core::{
    AccountId, ErasureId, EventId, EventType, KeyId, Timestamp, WebhookId, WebhookStatus, seal::Sealed,
};

use crate::{
    Account, Actor, AuditEntry, AuditFilter, CatalogEntry, Completion, Counting, CreateAccountError,
    CreateWebhookError, DataKey, DeleteKeyError, Directory, Erasure, EventDetail, Feed, Key, LanePage,
    LaneStart, LogDetail, LogEntry, LogFilter, NewAccount, NewEvent, NewKey, NewWebhook, Node, NodeEntry,
    Page, PageRequest, PublishError, Published, Queue, Recorded, Replays, Resealed, RetryError,
    RotatedSecret, SealedColumn, SealedValue, SigningKeyChange, StoreError, TakenOver, Webhook,
    WebhookChange, metrics::Backlog,
};

type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Everything that is kept, for any number of nodes.
#[async_trait]
pub trait Store: Counting + Replays + Send + Sync + 'static {
    /// Configuration in memory: at most a second behind other nodes' changes.
    fn directory(&self) -> &Directory;

    /// What wakes this node's delivery engine.
    fn feed(&self) -> &Arc<Feed>;

    /// Whether writes are taken.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] once a commit failed.
    fn health(&self) -> Result<()>;

    // The way of an event.

    /// Keeps `events`, all or none, with a delivery for each webhook that
    /// subscribes (whatever its status), owned by `node`; then puts those of
    /// active webhooks into the feed, in publish order.
    async fn publish(&self, node: Node, events: Vec<NewEvent>) -> Result<Vec<Published>, PublishError>;

    /// Keeps an attempt and what follows from it.
    async fn record(&self, node: Node, completion: Completion) -> Result<Recorded>;

    /// The webhooks with deliveries of `node` in the store.
    async fn lanes(&self, node: Node) -> Result<Vec<LaneStart>>;

    /// At most `limit` deliveries of `node` that wait in `queue` for `webhook`.
    /// [`Queue::First`]: those whose event comes after row `after`, in publish
    /// order. [`Queue::Again`]: those due by `now`, earliest first; `after` is
    /// not looked at. Empty while the webhook is not active or being released.
    async fn lane_page(
        &self,
        node: Node,
        webhook: i64,
        queue: Queue,
        after: i64,
        now: Timestamp,
        limit: usize,
    ) -> Result<LanePage>;

    /// Moves at most `limit` retries of a webhook that was made active back to
    /// first attempts with a fresh schedule. Until it answers `true` (done), the
    /// webhook's deliveries stay held, so that they go out in publish order.
    async fn release(&self, webhook: i64, limit: usize, now: Timestamp) -> Result<bool>;

    /// Ends at most `limit` waiting deliveries of deleted webhooks. Readers see
    /// them canceled from the deletion on. Returns how many were ended.
    async fn cancel_deleted(&self, limit: usize, now: Timestamp) -> Result<usize>;

    // Nodes.

    /// Registers under `name` with a lease until `now + lease`. Work that the
    /// name owned comes along; a former holder of the name is shut out.
    async fn register(&self, name: &str, now: Timestamp, lease: Duration) -> Result<Node>;

    /// Prolongs the lease to `now + lease`.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when it had run out and work was taken over, or
    /// the name was registered again.
    async fn renew(&self, node: Node, now: Timestamp, lease: Duration) -> Result<Node>;

    /// Begins a new lease until `now + lease` after one that was lost. What the node
    /// had was taken over, so that it must forget everything first.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when the name was registered again: for good.
    async fn rejoin(&self, node: Node, now: Timestamp, lease: Duration) -> Result<Node>;

    /// Takes over at most `limit` deliveries of nodes whose lease ran out by `now`.
    async fn take_over(&self, node: Node, now: Timestamp, limit: usize) -> Result<TakenOver>;

    /// Ends the lease at once, so that others need not wait for it.
    async fn leave(&self, node: Node) -> Result<()>;

    /// At most `limit` nodes, those first whose lease runs longest.
    async fn nodes(&self, limit: usize) -> Result<Vec<NodeEntry>>;

    // Configuration. Each change is kept together with its entry in the audit log, in
    // one transaction; what is refused leaves none.

    /// The audit log, newest first. Nothing ever leaves it.
    async fn audit_log(&self, filter: AuditFilter, page: PageRequest) -> Result<Page<AuditEntry>>;

    // Accounts and keys.

    /// Makes an account.
    async fn create_account(&self, account: NewAccount, by: &Actor) -> Result<Account, CreateAccountError>;
    /// One account.
    async fn account(&self, id: &AccountId) -> Result<Option<Account>>;
    /// Accounts, oldest first.
    async fn accounts(&self, page: PageRequest) -> Result<Page<Account>>;
    /// Deletes an account with its webhooks and keys; `false` when there is none.
    async fn delete_account(&self, id: &AccountId, by: &Actor) -> Result<bool>;
    /// Keeps a key; `false` when its account does not exist. A key whose hash is
    /// kept already stays as it is.
    async fn create_key(&self, key: NewKey, by: &Actor) -> Result<bool>;
    /// An account's keys, oldest first; of the operator for `None`.
    async fn keys(&self, account: Option<&AccountId>) -> Result<Vec<Key>>;
    /// Revokes a key of an account, or of the operator for `None`. Of the operator keys
    /// that have not expired one always stays, whoever else revokes one at the same time.
    async fn delete_key(
        &self,
        account: Option<&AccountId>,
        id: &KeyId,
        by: &Actor,
    ) -> Result<(), DeleteKeyError>;
    /// Notes when keys were last used. A later time that is kept stays, so that nodes do not
    /// undo each other; keys that are gone are passed over. No change of the configuration:
    /// it has no entry in the audit log, and other nodes are not told.
    async fn touch_keys(&self, uses: Vec<(KeyId, Timestamp)>) -> Result<()>;
    /// Removes at most `limit` portal tokens that ended before `cutoff`; how many. Neither is
    /// this a change: they were refused already. This node's directory forgets all of them.
    async fn remove_portal_tokens(&self, cutoff: Timestamp, limit: usize) -> Result<usize>;

    // Data keys, which seal what is kept.

    /// Keeps a data key; `false` when its number is taken, by another node say. In any
    /// case the directory has the number's key afterwards.
    async fn create_data_key(&self, key: DataKey, by: &Actor) -> Result<bool>;
    /// Keeps a data key as it was sealed anew, if it is still as it was `before`;
    /// `false` otherwise.
    async fn replace_data_key(&self, before: &DataKey, sealed: Sealed, by: &Actor) -> Result<bool>;
    /// Deletes the data keys before `number` unless another key than `number` still
    /// seals a value; how many were deleted.
    async fn delete_data_keys_before(&self, number: u32, by: &Actor) -> Result<usize>;
    /// How many values another key than data key `number` sealed.
    async fn sealed_otherwise(&self, number: u32) -> Result<u64>;
    /// At most `limit` of them in a column, of rows after `after`, in their order.
    async fn sealed_page(
        &self,
        column: SealedColumn,
        number: u32,
        after: i64,
        limit: usize,
    ) -> Result<Vec<SealedValue>>;
    /// Replaces values that are still as they were; how many that was. No change of a
    /// webhook: its deliveries are not disturbed.
    async fn replace_sealed(&self, column: SealedColumn, values: Vec<Resealed>) -> Result<usize>;

    // The catalog.

    /// Adds or replaces an event type; `true` when it is new.
    async fn put_event_type(&self, entry: CatalogEntry, by: &Actor) -> Result<bool>;
    /// Removes an event type; `false` when there is none.
    async fn delete_event_type(&self, event_type: &EventType, by: &Actor) -> Result<bool>;

    // Webhooks.

    /// Makes a webhook.
    async fn create_webhook(&self, webhook: NewWebhook, by: &Actor) -> Result<Webhook, CreateWebhookError>;
    /// One webhook of an account.
    async fn webhook(&self, account: &AccountId, id: &WebhookId) -> Result<Option<Webhook>>;
    /// An account's webhooks, newest first; `status` compares its word only, not
    /// the reason.
    async fn webhooks(
        &self,
        account: &AccountId,
        status: Option<WebhookStatus>,
        page: PageRequest,
    ) -> Result<Page<Webhook>>;
    /// Changes a webhook; `None` when there is none.
    async fn update_webhook(
        &self,
        account: &AccountId,
        id: &WebhookId,
        change: WebhookChange,
        by: &Actor,
    ) -> Result<Option<Webhook>>;
    /// Deletes a webhook; `false` when there is none. Its log stays readable.
    async fn delete_webhook(&self, account: &AccountId, id: &WebhookId, by: &Actor) -> Result<bool>;
    /// Replaces the secret. The secret before it stays valid as asked; one that
    /// was still valid from an earlier rotation ends. `false` when there is no
    /// such webhook.
    async fn rotate_secret(
        &self,
        account: &AccountId,
        id: &WebhookId,
        secret: RotatedSecret,
        by: &Actor,
    ) -> Result<bool>;

    /// Ends the validity of the secret before the last rotation now; `false` when
    /// there is no such webhook.
    async fn end_grace_period(&self, account: &AccountId, id: &WebhookId, by: &Actor) -> Result<bool>;

    /// Makes, replaces or removes the key that signs beside the secret. `None` when
    /// there is no such webhook, else whether there was a key; without one there is
    /// nothing to end or to remove, and nothing changes.
    async fn change_signing_key(
        &self,
        account: &AccountId,
        id: &WebhookId,
        change: SigningKeyChange,
        by: &Actor,
    ) -> Result<Option<bool>>;

    // The log.

    /// A webhook's deliveries, newest first; `None` when the account never had
    /// such a webhook. Deleted webhooks keep their log.
    async fn log(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        filter: LogFilter,
        page: PageRequest,
    ) -> Result<Option<Page<LogEntry>>>;
    /// One delivery with payload and attempts.
    async fn log_detail(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        event: &EventId,
    ) -> Result<Option<LogDetail>>;
    /// An event with its deliveries.
    async fn event(&self, id: &EventId) -> Result<Option<EventDetail>>;
    /// Sends one delivery again now, whatever its state: a scheduled retry is
    /// replaced, the schedule starts afresh, `node` owns it. What was erased is refused.
    async fn retry(
        &self,
        node: Node,
        account: &AccountId,
        webhook: &WebhookId,
        event: &EventId,
        now: Timestamp,
    ) -> Result<LogEntry, RetryError>;

    // Personal data.

    /// Begins to erase everything of an account, which is deleted if it is not yet:
    /// what its entries in the audit log, its webhooks, keys, events, deliveries and
    /// attempts hold. `None` when there never was such an account. Asked again, it
    /// gives the receipt of the first time.
    async fn erase_account(&self, id: ErasureId, account: &AccountId, by: &Actor) -> Result<Option<Erasure>>;

    /// Erases an event's payload, what receivers answered to it, and the idempotency
    /// keys that led to it; ends what waits of it as canceled and tells the engine of
    /// every node. `None` when there is no such event. Asked again when nothing is
    /// left, it gives the receipt of the last time.
    async fn erase_event(&self, id: ErasureId, event: &EventId, by: &Actor) -> Result<Option<Erasure>>;

    /// One receipt.
    async fn erasure(&self, id: &ErasureId) -> Result<Option<Erasure>>;

    /// Receipts, newest first.
    async fn erasures(&self, page: PageRequest) -> Result<Page<Erasure>>;

    /// Takes one bite of what is to be erased: at most `limit` events, deleted with
    /// their deliveries and attempts, or `limit` entries of the audit log. Whether
    /// there may be more to do now.
    async fn erase_step(&self, now: Timestamp, limit: usize) -> Result<bool>;

    // Upkeep.

    /// Looks at one bite of what is kept, from `from` on, and deletes events that
    /// were published before `cutoff` and whose deliveries all ended before it,
    /// with deliveries and attempts. A bite is `limit` events at most, or a stretch
    /// of time that is deleted at once; a store of the latter kind keeps an event
    /// until its whole stretch lies before `cutoff`. Idempotency lasts as long as
    /// the event, so `cutoff` must lie at least 24 h back. Returns where to go on,
    /// `None` at the end.
    async fn retain(&self, cutoff: Timestamp, from: i64, limit: usize) -> Result<Option<i64>>;

    /// How many deliveries wait, by state.
    async fn backlog(&self) -> Result<Backlog>;

    /// A value kept under a name, for facts about the database itself.
    async fn fact(&self, name: &str) -> Result<Option<Bytes>>;
    /// Keeps a value under a name unless there is one; returns what is kept.
    async fn keep_fact(&self, name: &str, value: Bytes) -> Result<Bytes>;

    /// Waits for what is under way, then closes. Later calls fail.
    async fn close(&self);
}
