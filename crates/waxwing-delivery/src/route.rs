//! What sending to a webhook needs, prepared once and kept by its lane: the
//! checked URL and the keyed signatures.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use waxwing_core::{
    AttemptError, Secret, TargetPolicy, Timestamp,
    seal::Sealed,
    signature::{Signer, standard_header},
    target::TargetUrl,
};
use waxwing_store::{Due, Keyring, Target};

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
        Self { target, url, signer, previous }
    }

    /// Where to send to.
    pub(crate) fn url(&self) -> Result<Arc<TargetUrl>, AttemptError> {
        self.url.clone()
    }

    /// The headers of one attempt. During a rotation the standard header carries
    /// both signatures, and the older one, which can carry one only, keeps to the
    /// old secret, so that a receiver can switch without a gap.
    pub(crate) fn headers(&self, due: &Due, now: Timestamp) -> Result<HeaderMap, AttemptError> {
        let signer = self.signer.as_ref().map_err(Clone::clone)?;
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until).map(|(signer, _)| signer);
        let (id, seconds) = (due.event_id.as_str(), now.seconds());
        let standard = match previous {
            None => signer.standard(id, seconds, &due.body),
            Some(previous) => standard_header(&[signer, previous], &[], id, seconds, &due.body),
        };
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
