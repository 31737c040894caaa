//! Webhooks as the store keeps them. Secrets come and go sealed.

use waxwing_core::{AccountId, Pattern, Timestamp, WebhookId, WebhookStatus, seal::Sealed, webhook::Health};

use crate::SigningKeys;

/// An endpoint configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Its owner.
    pub account: AccountId,
    /// Where deliveries go, as it was given.
    pub url: String,
    /// What it subscribes to.
    pub events: Vec<Pattern>,
    /// The owner's words.
    pub description: Option<String>,
    /// What its receiver asks for besides the signature.
    pub credentials: Credentials,
    /// Whether it takes deliveries.
    pub status: WebhookStatus,
    /// How it has fared.
    pub health: Health,
    /// What signs beside its secret.
    pub signing_keys: SigningKeys,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its configuration changed last.
    pub updated_at: Timestamp,
}

/// What a receiver asks for besides the signature: the values of
/// `waxwing_core::credentials`, each sealed and bound to [`Credentials::place`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Headers.
    pub headers: Option<Sealed>,
    /// An authorization.
    pub authorization: Option<Sealed>,
    /// A client certificate.
    pub client_certificate: Option<Sealed>,
}

impl Credentials {
    /// What the value of a webhook is bound to; `name` is that of the member.
    pub fn place(webhook: &WebhookId, name: &str) -> String {
        format!("{webhook}/{name}")
    }
}

/// What a change sets; `None` keeps what is there, `Some(None)` removes it.
#[derive(Debug, Clone, Default)]
pub struct CredentialsChange {
    /// Headers.
    pub headers: Option<Option<Sealed>>,
    /// An authorization.
    pub authorization: Option<Option<Sealed>>,
    /// A client certificate.
    pub client_certificate: Option<Option<Sealed>>,
}

/// A webhook to be made.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Its id.
    pub id: WebhookId,
    /// Its owner.
    pub account: AccountId,
    /// Where deliveries go.
    pub url: String,
    /// What it subscribes to.
    pub events: Vec<Pattern>,
    /// The owner's words.
    pub description: Option<String>,
    /// The signing secret, sealed and bound to the webhook's id.
    pub secret: Sealed,
    /// What its receiver asks for besides the signature.
    pub credentials: Credentials,
    /// Now.
    pub created_at: Timestamp,
    /// How many webhooks the account may have, this one included.
    pub limit: usize,
}

/// What a change sets; `None` keeps what is there.
#[derive(Debug, Clone, Default)]
pub struct WebhookChange {
    /// Where deliveries go.
    pub url: Option<String>,
    /// What it subscribes to.
    pub events: Option<Vec<Pattern>>,
    /// The owner's words; `Some(None)` removes them.
    pub description: Option<Option<String>>,
    /// What its receiver asks for besides the signature.
    pub credentials: CredentialsChange,
    /// `true` makes it active (and releases what is held, with a fresh schedule
    /// and a clean failure record), `false` inactive.
    pub active: Option<bool>,
}

/// A rotation to be made.
#[derive(Debug, Clone)]
pub struct RotatedSecret {
    /// The new secret, sealed and bound to the webhook's id.
    pub secret: Sealed,
    /// Until when the old one stays valid; `None` ends it at once.
    pub previous_expires_at: Option<Timestamp>,
}
