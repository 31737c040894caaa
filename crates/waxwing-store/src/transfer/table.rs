//! What is moved: the tables, in their order, and their columns on one page.

use self::Kind::{Blob, Bool, Event, Int, Rows, Text};

/// A table. Derived ones (indexes of the log, lists of what failed) are made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Accounts, deleted ones too.
    Account,
    /// Keys of the API.
    ApiKey,
    /// The catalog.
    EventType,
    /// Keys that seal secrets, themselves sealed.
    DataKey,
    /// Webhooks, deleted ones too, with sealed secrets and how they fare.
    Webhook,
    /// Facts about the database.
    Fact,
    /// The audit log.
    Audit,
    /// Receipts of erasures. One that is under way begins anew after the move.
    Erasure,
    /// Events.
    Event,
    /// Keys of idempotent publishes.
    Idempotency,
    /// Deliveries.
    Delivery,
    /// Attempts.
    Attempt,
    /// What waits.
    Pending,
    /// What was counted of webhooks.
    Metric,
    /// The same, as far as it is not rolled up.
    Tally,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Int,
    /// A number of which only 0 and 1 are used.
    Bool,
    /// The row of an event. Stores number these differently, in the same order.
    Event,
    /// Words.
    Text,
    /// Bytes.
    Blob,
    /// Rows of webhooks.
    Rows,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in every store.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

const ACCOUNT: &[Column] = &[
    column("seq", Int),
    column("id", Text),
    column("name", Text),
    column("created_at", Int),
    column("deleted_at", Int),
];

const API_KEY: &[Column] = &[
    column("seq", Int),
    column("id", Text),
    column("hash", Blob),
    column("account_seq", Int),
    column("name", Text),
    column("created_at", Int),
    column("role", Int),
    column("expires_at", Int),
    column("last_used_at", Int),
    column("portal", Bool),
];

const EVENT_TYPE: &[Column] =
    &[column("type", Text), column("description", Text), column("example", Text), column("schema", Text)];

const DATA_KEY: &[Column] = &[column("number", Int), column("sealed", Blob), column("created_at", Int)];

const WEBHOOK: &[Column] = &[
    column("seq", Int),
    column("id", Text),
    column("account_seq", Int),
    column("url", Text),
    column("events", Text),
    column("description", Text),
    column("status", Int),
    column("releasing", Bool),
    column("secret", Blob),
    column("previous_secret", Blob),
    column("previous_expires_at", Int),
    column("signing_key", Blob),
    column("previous_signing_key", Blob),
    column("previous_signing_expires_at", Int),
    column("sealed_headers", Blob),
    column("sealed_authorization", Blob),
    column("sealed_certificate", Blob),
    column("last_success_at", Int),
    column("last_failure_at", Int),
    column("consecutive_failures", Int),
    column("failing_since", Int),
    column("created_at", Int),
    column("updated_at", Int),
    column("deleted_at", Int),
    column("swept", Bool),
];

const FACT: &[Column] = &[column("name", Text), column("value", Blob)];

const EVENT: &[Column] = &[
    column("seq", Event),
    column("id", Text),
    column("account_seq", Int),
    column("type", Text),
    column("created_at", Int),
    column("webhooks", Rows),
    column("body", Blob),
    column("erased_at", Int),
];

const IDEMPOTENCY: &[Column] = &[column("key", Text), column("event_seq", Event)];

const DELIVERY: &[Column] = &[
    column("event_seq", Event),
    column("webhook_seq", Int),
    column("state", Int),
    column("attempt_count", Int),
    column("generation", Int),
    column("last_attempt_at", Int),
    column("last_status_code", Int),
    column("last_error", Text),
    column("completed_at", Int),
    column("erased", Bool),
];

const ATTEMPT: &[Column] = &[
    column("event_seq", Event),
    column("webhook_seq", Int),
    column("number", Int),
    column("started_at", Int),
    column("duration_ms", Int),
    column("status_code", Int),
    column("error", Text),
    column("response_body", Blob),
];

const PENDING: &[Column] = &[
    column("webhook_seq", Int),
    column("due_at", Int),
    column("event_seq", Event),
    column("step", Int),
    column("generation", Int),
];

const AUDIT: &[Column] = &[
    column("seq", Int),
    column("at", Int),
    column("role", Text),
    column("key_id", Text),
    column("source", Text),
    column("request_id", Text),
    column("action", Text),
    column("account", Text),
    column("object", Text),
    column("before", Text),
    column("after", Text),
];

const ERASURE: &[Column] = &[
    column("seq", Int),
    column("id", Text),
    column("account", Text),
    column("event", Text),
    column("requested_at", Int),
    column("completed_at", Int),
    column("events", Int),
    column("deliveries", Int),
    column("attempts", Int),
    column("idempotency_keys", Int),
    column("webhooks", Int),
    column("keys", Int),
];

const METRIC: &[Column] = &[
    column("step", Int),
    column("at", Int),
    column("webhook_seq", Int),
    column("events", Int),
    column("succeeded", Int),
    column("failed", Int),
    column("delivered", Int),
    column("exhausted", Int),
    column("answers", Blob),
];

const TALLY: &[Column] = &[column("seq", Int), column("counts", Blob)];

impl Table {
    /// All, in the order in which they are moved: events before what names them.
    pub const ALL: [Self; 15] = [
        Self::Account,
        Self::ApiKey,
        Self::EventType,
        Self::DataKey,
        Self::Webhook,
        Self::Fact,
        Self::Audit,
        Self::Erasure,
        Self::Event,
        Self::Idempotency,
        Self::Delivery,
        Self::Attempt,
        Self::Pending,
        Self::Metric,
        Self::Tally,
    ];

    /// Its name in every store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::ApiKey => "api_key",
            Self::EventType => "event_type",
            Self::DataKey => "data_key",
            Self::Webhook => "webhook",
            Self::Fact => "fact",
            Self::Event => "event",
            Self::Idempotency => "idempotency",
            Self::Delivery => "delivery",
            Self::Attempt => "attempt",
            Self::Pending => "pending",
            Self::Audit => "audit",
            Self::Erasure => "erasure",
            Self::Metric => "metric",
            Self::Tally => "tally",
        }
    }

    /// The table of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Its columns.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Account => ACCOUNT,
            Self::ApiKey => API_KEY,
            Self::EventType => EVENT_TYPE,
            Self::DataKey => DATA_KEY,
            Self::Webhook => WEBHOOK,
            Self::Fact => FACT,
            Self::Event => EVENT,
            Self::Idempotency => IDEMPOTENCY,
            Self::Delivery => DELIVERY,
            Self::Attempt => ATTEMPT,
            Self::Pending => PENDING,
            Self::Audit => AUDIT,
            Self::Erasure => ERASURE,
            Self::Metric => METRIC,
            Self::Tally => TALLY,
        }
    }

    /// How many columns, from the first on, are its key in the source: one of words,
    /// or some of numbers.
    pub fn key_columns(self) -> usize {
        match self {
            Self::Delivery => 2,
            Self::Attempt | Self::Pending | Self::Metric => 3,
            Self::Account
            | Self::ApiKey
            | Self::EventType
            | Self::DataKey
            | Self::Webhook
            | Self::Fact
            | Self::Event
            | Self::Audit
            | Self::Erasure
            | Self::Tally
            | Self::Idempotency => 1,
        }
    }
}
