//! What sending to a webhook needs, prepared once and kept by its lane: the
//! checked URL, the keyed signatures, and what else its receiver asks for.

use std::{iter, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};
use waxwing_core::{
    AttemptError, Secret, SigningKey, TargetPolicy, Timestamp,
    seal::Sealed,
    signature::{Signer, standard_header},
    target::TargetUrl,
};
use waxwing_store::{Due, Keyring, Target};

use crate::{credentials::Prepared, sender::Request};

const X_WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("x-webhook-signature");
const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// A webhook as the sender needs it.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) target: Arc<Target>,
    url: Result<Arc<TargetUrl>, AttemptError>,
    signer: Result<Signer, AttemptError>,
    previous: Option<(Signer, Timestamp)>,
    /// What signs beside the secret.
    key: Result<Option<SigningKey>, AttemptError>,
    previous_key: Option<(SigningKey, Timestamp)>,
    prepared: Result<Prepared, AttemptError>,
}

impl Route {
    /// Prepares a webhook. What is wrong with it becomes the outcome of its attempts.
    pub(crate) fn new(target: Arc<Target>, policy: &TargetPolicy, keyring: &Keyring) -> Self {
        let url = policy
            .check_url(&target.url)
            .map(Arc::new)
            .map_err(|error| AttemptError::ForbiddenUrl(error.to_string()));
        let unseal = |sealed: &Sealed| {
            let opened = keyring.open(target.id.as_str(), sealed).ok();
            let secret = opened.and_then(|bytes| Secret::from_bytes(&bytes).ok());
            secret.map(|secret| Signer::new(&secret)).ok_or_else(|| {
                AttemptError::Internal(
                    "the secret cannot be unsealed with this encryption key; rotate it".into(),
                )
            })
        };
        let signer = unseal(&target.secret);
        let previous =
            target.previous.as_ref().and_then(|(sealed, until)| Some((unseal(sealed).ok()?, *until)));
        let keys = &target.signing_keys;
        let open = |sealed: &Sealed| keyring.open_signing_key(&target.id, sealed).map_err(|_| unopened());
        let key = keys.current.as_ref().map(open).transpose();
        let previous_key =
            keys.previous.as_ref().and_then(|(sealed, until)| Some((open(sealed).ok()?, *until)));
        let prepared = Prepared::new(&target, policy, keyring);
        Self { target, url, signer, previous, key, previous_key, prepared }
    }

    /// The request of one attempt.
    pub(crate) fn request(
        &self,
        due: &Due,
        now: Timestamp,
        timeout: Duration,
    ) -> Result<Request, AttemptError> {
        let url = self.url.clone()?;
        let prepared = self.prepared.as_ref().map_err(Clone::clone)?;
        // What the protocol sets comes last: nothing of the account's stands in its place.
        let mut headers = prepared.headers.clone();
        headers.extend(self.headers(due, now)?);
        Ok(Request {
            url,
            headers,
            body: due.body.clone(),
            identity: prepared.identity.clone(),
            tokens: prepared.tokens.clone(),
            timeout,
        })
    }

    /// The headers of one attempt. During a rotation the standard header carries
    /// both signatures, and the older one, which can carry one only, keeps to the
    /// old secret, so that a receiver can switch without a gap.
    fn headers(&self, due: &Due, now: Timestamp) -> Result<HeaderMap, AttemptError> {
        let signer = self.signer.as_ref().map_err(Clone::clone)?;
        let key = self.key.as_ref().map_err(Clone::clone)?;
        let previous = valid(self.previous.as_ref(), now);
        let (id, seconds) = (due.event_id.as_str(), now.seconds());
        let signers: Vec<_> = iter::once(signer).chain(previous).collect();
        let keys: Vec<_> = key.iter().chain(valid(self.previous_key.as_ref(), now)).collect();
        let standard = standard_header(&signers, &keys, id, seconds, &due.body);
        let value = |text: String| {
            HeaderValue::try_from(text).map_err(|error| AttemptError::Internal(error.to_string()))
        };
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(X_WEBHOOK_SIGNATURE, value(previous.unwrap_or(signer).legacy(&due.body))?);
        headers.insert(WEBHOOK_ID, value(id.to_owned())?);
        headers.insert(WEBHOOK_TIMESTAMP, HeaderValue::from(seconds));
        headers.insert(WEBHOOK_SIGNATURE, value(standard)?);
        Ok(headers)
    }
}

/// What was replaced, while it is still valid.
fn valid<T>(previous: Option<&(T, Timestamp)>, now: Timestamp) -> Option<&T> {
    previous.filter(|(_, until)| now < *until).map(|(previous, _)| previous)
}

/// A key that does not open fails attempts rather than let them go without its
/// signature, which may be the only one that the receiver looks at.
fn unopened() -> AttemptError {
    AttemptError::Internal("the signing key cannot be unsealed with this encryption key; rotate it".into())
}
