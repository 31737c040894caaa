//! A webhook's signing keys as the store keeps them: their seeds, sealed.
//!
//! Public keys are worked out from the seeds rather than kept beside them: whoever can
//! write to the database could otherwise put a key of their own there, and receivers
//! would trust it.

use serde_json::json;
use waxwing_core::{
    AccountId, SigningKey, Timestamp, WebhookId,
    seal::{NONCE_LEN, Sealed, UnsealError},
};

use crate::{Actor, AuditEntry, Keyring};

/// What signs beside a webhook's secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SigningKeys {
    /// The key; `None` when nothing does.
    pub current: Option<Sealed>,
    /// The one before it and until when it signs too.
    pub previous: Option<(Sealed, Timestamp)>,
}

/// A change of a webhook's signing keys.
#[derive(Debug, Clone)]
pub enum SigningKeyChange {
    /// A new key signs.
    Rotate {
        /// The key, sealed.
        key: Sealed,
        /// Its name, for the audit log.
        key_id: String,
        /// Until when a key that was there signs too; `None` ends it at once.
        previous_expires_at: Option<Timestamp>,
    },
    /// The key before the last rotation ends now.
    EndGracePeriod,
    /// No key signs any more.
    Remove,
}

impl SigningKeys {
    /// The keys that sign at this moment, the newest first.
    pub fn at(&self, now: Timestamp) -> impl Iterator<Item = &Sealed> {
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until);
        self.current.iter().chain(previous.map(|(sealed, _)| sealed))
    }
}

impl SigningKeyChange {
    /// Its entry in the audit log.
    pub fn entry(&self, by: &Actor, account: &AccountId, id: &WebhookId) -> AuditEntry {
        let (action, told) = match self {
            Self::Rotate { key_id, previous_expires_at, .. } => {
                let until = previous_expires_at.map(|at| at.to_string());
                ("signing_key.rotate", Some(json!({ "key_id": key_id, "previous_expires_at": until })))
            }
            Self::EndGracePeriod => ("signing_key.end_grace_period", None),
            Self::Remove => ("signing_key.delete", None),
        };
        AuditEntry::of(by, action, Some(account), id.as_str(), told.as_ref())
    }
}

impl Keyring {
    /// Seals a webhook's signing key. `nonce` must be unpredictable and never used
    /// before.
    ///
    /// # Errors
    /// As [`Keyring::seal`].
    pub fn seal_signing_key(
        &self,
        nonce: [u8; NONCE_LEN],
        webhook: &WebhookId,
        key: &SigningKey,
    ) -> Result<Sealed, UnsealError> {
        self.seal(nonce, &place(webhook), &*key.expose_seed())
    }

    /// Opens a signing key that was sealed for this webhook.
    ///
    /// # Errors
    /// As [`Keyring::open`].
    pub fn open_signing_key(&self, webhook: &WebhookId, sealed: &Sealed) -> Result<SigningKey, UnsealError> {
        let seed = self.open(&place(webhook), sealed)?;
        let seed = seed.as_slice().try_into().map_err(|_| UnsealError::Malformed)?;
        Ok(SigningKey::from_seed(seed))
    }
}

/// What both keys of a webhook are bound to: the one becomes the other.
fn place(webhook: &WebhookId) -> String {
    format!("{webhook}/signing-key")
}
