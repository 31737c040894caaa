//! Events and the catalog of their types.

use bytes::Bytes;
use waxwing_core::{AccountId, EventId, EventType, Timestamp, WebhookId};

use crate::LogEntry;

/// An event to be published.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its id, chosen by the publisher or generated.
    pub id: EventId,
    /// Whether the publisher chose the id. One that was generated for this very
    /// event cannot have been published before.
    pub chosen: bool,
    /// The account whose webhooks receive it.
    pub account: AccountId,
    /// What happened.
    pub event_type: EventType,
    /// The envelope, as every attempt sends it (`waxwing_core::envelope`).
    pub body: Bytes,
    /// Now.
    pub created_at: Timestamp,
    /// The publisher's `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// For a test event: this webhook alone, whatever it subscribes to.
    pub only: Option<WebhookId>,
}

/// The answer to a publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The event's id.
    pub id: EventId,
    /// Its account.
    pub account: AccountId,
    /// Its type.
    pub event_type: EventType,
    /// When it was accepted first.
    pub created_at: Timestamp,
    /// How many webhooks it goes to.
    pub webhooks: u32,
    /// Whether it had been published before: nothing is delivered twice.
    pub repeated: bool,
}

/// An event with its deliveries, one for each webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDetail {
    /// Id, account, type and time.
    pub published: Published,
    /// The envelope; empty once it is erased.
    pub body: Bytes,
    /// Since when the envelope is erased.
    pub erased_at: Option<Timestamp>,
    /// The deliveries, by webhook.
    pub deliveries: Vec<(WebhookId, LogEntry)>,
}

/// An event type of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogEntry {
    /// The dotted name.
    pub event_type: EventType,
    /// What it tells.
    pub description: Option<String>,
    /// An example of `data`: JSON text.
    pub example: Option<String>,
    /// What `data` must satisfy: a JSON Schema, as text.
    pub schema: Option<String>,
}
