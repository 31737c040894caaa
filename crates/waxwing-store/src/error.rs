//! What can go wrong at the store's edge.

use waxwing_core::{AccountId, EventId};

/// The store could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Too much is waiting for a commit, or for too long; nothing was done, and trying again
    /// soon helps.
    #[error("the store is busy: more writes are waiting than it takes")]
    Busy,
    /// A commit failed. Nothing more is written until the process starts again,
    /// because what is on disk is not known for certain.
    #[error("the store stopped taking writes: {0}")]
    Stopped(String),
    /// The database cannot be reached, or the connection broke: whether this was
    /// done is not known. It can be asked again.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// This one operation failed and left nothing behind.
    #[error("the store could not do this: {0}")]
    Failed(String),
    /// The node's lease ran out or its name was taken: it must stop sending.
    #[error("this node's lease was lost: another node may have taken over its deliveries")]
    LeaseLost,
}

/// A publish was refused; nothing of its batch was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// No such account.
    #[error("there is no account {account}")]
    UnknownAccount {
        /// Position in the batch.
        index: usize,
        /// The account that was named.
        account: AccountId,
    },
    /// No such webhook, for a test event.
    #[error("there is no such webhook")]
    UnknownWebhook,
    /// The id or the idempotency key was used before for something else.
    #[error("the id {id} or its idempotency key was published before with other content")]
    Conflict {
        /// Position in the batch.
        index: usize,
        /// The id of the event that was published before.
        id: EventId,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An account was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateAccountError {
    /// The id is taken.
    #[error("there is an account with this id already")]
    Exists,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A key was not revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeleteKeyError {
    /// No such key.
    #[error("there is no such key")]
    NotFound,
    /// Without it nobody could do an operator's work any more.
    #[error("it is the last operator key")]
    LastOperator,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A webhook was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateWebhookError {
    /// No such account.
    #[error("there is no such account")]
    UnknownAccount,
    /// The account has as many as it may have.
    #[error("the account has {limit} webhooks, as many as it may have")]
    TooMany {
        /// The bound.
        limit: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A delivery was not scheduled again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetryError {
    /// No such webhook, or the event never went to it.
    #[error("there is no such delivery")]
    NotFound,
    /// The webhook is not active.
    #[error("the webhook is not active")]
    NotActive,
    /// The event's payload is gone.
    #[error("the event's payload was erased")]
    Erased,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
