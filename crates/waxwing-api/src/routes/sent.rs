//! The request of a delivery, as its receiver gets it, for whoever looks for a mistake.
//!
//! No request is kept: it is made anew from the webhook as it is configured now, with the
//! time of the last attempt. What its account asks to be sent besides is named only.

use serde::Serialize;
use utoipa::ToSchema;
use waxwing_core::{WebhookId, target::TargetUrl};
use waxwing_store::{LogDetail, Signers, signers::SIGNED_HEADERS};

use super::webhooks::header_names;
use crate::{Api, problem::Result};

const USER_AGENT: &str = concat!("Waxwing/", env!("CARGO_PKG_VERSION"));

/// The request of the last attempt, or of the first one that was not made yet. URL,
/// secrets and headers are those that the webhook has now.
#[derive(Serialize, ToSchema)]
pub(crate) struct RequestAnswer {
    #[schema(example = "POST")]
    method: &'static str,
    url: String,
    headers: Vec<HeaderAnswer>,
    /// The body, byte for byte.
    body: String,
}

/// A header of a request.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeaderAnswer {
    #[schema(example = "webhook-id")]
    name: String,
    /// null for what is sent and never shown: headers of the account's own, and its authorization.
    value: Option<String>,
}

/// Normalised, as the request line and `Host` have it.
fn as_sent(url: &TargetUrl) -> String {
    format!("https://{}{}", url.host_header(), url.path_and_query())
}

/// The request; none once the webhook is deleted or the payload erased, or when its secret
/// cannot be opened.
pub(crate) fn request(api: &Api, id: &WebhookId, detail: &LogDetail) -> Result<Option<RequestAnswer>> {
    let Some(target) = api.store.directory().target_named(id) else { return Ok(None) };
    let Ok(body) = String::from_utf8(detail.body.to_vec()) else { return Ok(None) };
    let (false, Ok(signers)) = (body.is_empty(), Signers::open(&target, &api.keyring)) else {
        return Ok(None);
    };
    let entry = &detail.entry;
    let signed =
        signers.sign(&entry.event_id, entry.last_attempt_at.unwrap_or(entry.created_at), &detail.body);
    let plain = [("content-type", "application/json"), ("user-agent", USER_AGENT)];
    let plain = plain.map(|(name, value)| (name, value.to_owned()));
    let shown = plain.into_iter().chain(SIGNED_HEADERS.into_iter().zip(signed));
    let shown = shown.map(|(name, value)| HeaderAnswer { name: name.to_owned(), value: Some(value) });
    let hidden = header_names(api, id, &target.credentials)?.into_iter();
    let hidden = hidden.map(|name| HeaderAnswer { name: name.to_ascii_lowercase(), value: None });
    let headers = shown.chain(hidden).collect();
    let url = api.policy.check_url(&target.url).map_or_else(|_| target.url.clone(), |url| as_sent(&url));
    Ok(Some(RequestAnswer { method: "POST", url, headers, body }))
}
