//! What sending to a webhook needs, prepared once and kept by its lane: the
//! checked URL, the keyed signatures, and what else its receiver asks for.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};
use waxwing_core::{AttemptError, TargetPolicy, Timestamp, target::TargetUrl};
use waxwing_store::{Due, Keyring, Signers, Target, signers::SIGNED_HEADERS};

use crate::{credentials::Prepared, sender::Request};

/// A webhook as the sender needs it.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) target: Arc<Target>,
    url: Result<Arc<TargetUrl>, AttemptError>,
    signers: Result<Signers, AttemptError>,
    prepared: Result<Prepared, AttemptError>,
}

impl Route {
    /// Prepares a webhook. What is wrong with it becomes the outcome of its attempts.
    pub(crate) fn new(target: Arc<Target>, policy: &TargetPolicy, keyring: &Keyring) -> Self {
        let url = policy
            .check_url(&target.url)
            .map(Arc::new)
            .map_err(|error| AttemptError::ForbiddenUrl(error.to_string()));
        let signers =
            Signers::open(&target, keyring).map_err(|error| AttemptError::Internal(error.to_string()));
        let prepared = Prepared::new(&target, policy, keyring);
        Self { target, url, signers, prepared }
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

    /// The headers of one attempt that the protocol sets.
    fn headers(&self, due: &Due, now: Timestamp) -> Result<HeaderMap, AttemptError> {
        let signers = self.signers.as_ref().map_err(Clone::clone)?;
        let mut headers = HeaderMap::with_capacity(8);
        for (name, value) in SIGNED_HEADERS.into_iter().zip(signers.sign(&due.event_id, now, &due.body)) {
            let value =
                HeaderValue::try_from(value).map_err(|error| AttemptError::Internal(error.to_string()))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(headers)
    }
}
