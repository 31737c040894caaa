//! What signs the requests of a webhook, opened: its secret, the one before while that
//! is valid, and the signing keys beside them.
//!
//! Both who sends and who shows what is sent sign with this, so that they cannot differ.

use std::iter;

use waxwing_core::{
    EventId, Secret, SigningKey, Timestamp,
    seal::Sealed,
    signature::{Signer, standard_header},
};

use crate::{Keyring, Target};

/// The names of the headers that identify and sign a request, as they are sent.
pub const SIGNED_HEADERS: [&str; 4] =
    ["x-webhook-signature", "webhook-id", "webhook-timestamp", "webhook-signature"];

/// Why nothing can be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignersError {
    /// The secret does not open.
    #[error("the secret cannot be unsealed with this encryption key; rotate it")]
    Secret,
    /// A key that does not open fails attempts rather than let them go without its
    /// signature, which may be the only one that the receiver looks at.
    #[error("the signing key cannot be unsealed with this encryption key; rotate it")]
    Key,
}

/// What signs the requests of one webhook.
#[derive(Debug)]
pub struct Signers {
    signer: Signer,
    previous: Option<(Signer, Timestamp)>,
    key: Option<SigningKey>,
    previous_key: Option<(SigningKey, Timestamp)>,
}

impl Signers {
    /// Opens what is kept of a webhook.
    ///
    /// # Errors
    /// [`SignersError`] says what does not open. What was replaced and does not open is
    /// left out.
    pub fn open(target: &Target, keyring: &Keyring) -> Result<Self, SignersError> {
        let unseal = |sealed: &Sealed| {
            let opened = keyring.open(target.id.as_str(), sealed).ok();
            let secret = opened.and_then(|bytes| Secret::from_bytes(&bytes).ok());
            secret.map(|secret| Signer::new(&secret)).ok_or(SignersError::Secret)
        };
        let open =
            |sealed: &Sealed| keyring.open_signing_key(&target.id, sealed).map_err(|_| SignersError::Key);
        let keys = &target.signing_keys;
        let (previous, previous_key) = (target.previous.as_ref(), keys.previous.as_ref());
        Ok(Self {
            signer: unseal(&target.secret)?,
            previous: previous.and_then(|(sealed, until)| Some((unseal(sealed).ok()?, *until))),
            key: keys.current.as_ref().map(open).transpose()?,
            previous_key: previous_key.and_then(|(sealed, until)| Some((open(sealed).ok()?, *until))),
        })
    }

    /// The values of [`SIGNED_HEADERS`] for a request made at `now`. During a rotation the
    /// standard header carries both signatures, and the older one, which can carry one
    /// only, keeps to the old secret, so that a receiver can switch without a gap.
    pub fn sign(&self, id: &EventId, now: Timestamp, body: &[u8]) -> [String; 4] {
        let previous = valid(self.previous.as_ref(), now);
        let signers: Vec<_> = iter::once(&self.signer).chain(previous).collect();
        let keys: Vec<_> = self.key.iter().chain(valid(self.previous_key.as_ref(), now)).collect();
        let seconds = now.seconds();
        [
            previous.unwrap_or(&self.signer).legacy(body),
            id.to_string(),
            seconds.to_string(),
            standard_header(&signers, &keys, id.as_str(), seconds, body),
        ]
    }
}

/// What was replaced, while it is still valid.
fn valid<T>(previous: Option<&(T, Timestamp)>, now: Timestamp) -> Option<&T> {
    previous.filter(|(_, until)| now < *until).map(|(previous, _)| previous)
}
