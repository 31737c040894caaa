//! What a store must do, and the types that cross its edge.
//!
//! [`Store`] is written for many nodes on one database: work belongs to a node
//! by a lease, and no method can be honoured by a single process only. The API
//! and the delivery engine know each other not; they meet here, in the store, in
//! its [`Feed`] (the one wake-up handle) and in the [`Directory`] (configuration
//! kept in memory, invalidated by the store).

pub mod account;
pub mod audit;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod counts;
pub mod data_key;
pub mod delivery;
pub mod directory;
pub mod erasure;
pub mod error;
pub mod event;
pub mod feed;
#[cfg(feature = "conformance")]
pub mod gated;
pub mod group;
pub mod keyring;
pub mod log;
pub mod metrics;
pub mod node;
pub mod page;
pub mod replay;
pub mod signers;
pub mod signing;
pub mod store;
pub mod transfer;
pub mod webhook;

pub use account::{Account, Key, NewAccount, NewKey, Principal};
pub use audit::{Actor, AuditEntry, AuditFilter, By};
pub use counts::{Counting, Counts, Point, Span, Step, Worst};
pub use data_key::{DataKey, Resealed, SEALED_COLUMNS, SealedColumn, SealedValue};
pub use delivery::{Attempt, Completion, DeliveryKey, Due, LanePage, LaneStart, Queue, Recorded};
pub use directory::{Census, Directory, Target};
pub use erasure::{Erased, Erasure};
pub use error::{
    CreateAccountError, CreateWebhookError, DeleteKeyError, PublishError, RetryError, StoreError,
};
pub use event::{CatalogEntry, EventDetail, NewEvent, Published};
pub use feed::{Feed, Wakeups};
pub use keyring::{Keyring, KeyringError, RootKeys};
pub use log::{LogDetail, LogEntry, LogFilter};
pub use metrics::Metrics;
pub use node::{Node, NodeEntry, TakenOver};
pub use page::{Page, PageRequest};
pub use replay::{Matching, Replay, ReplayBite, ReplayFilter, ReplayKey, Replays};
pub use signers::{Signers, SignersError};
pub use signing::{SigningKeyChange, SigningKeys};
pub use store::Store;
pub use webhook::{Credentials, CredentialsChange, NewWebhook, RotatedSecret, Webhook, WebhookChange};
