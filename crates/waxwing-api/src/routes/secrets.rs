//! Rotating a webhook's secret.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waxwing_core::WebhookId;
use waxwing_store::RotatedSecret;

use super::webhooks::{secret, webhook_id};
use crate::{
    Api,
    auth::Account,
    body,
    problem::{Code, Problem, Result},
};

/// The longest grace period: a week.
const MAX_GRACE_SECONDS: u64 = 7 * 86_400;

/// A rotation.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateSecret {
    /// 16 to 256 printable ASCII characters; made by the server when left out.
    #[schema(min_length = 16, max_length = 256)]
    secret: Option<String>,
    /// How long the old secret stays valid; 0 ends it at once.
    #[schema(minimum = 0, maximum = 604_800)]
    grace_seconds: Option<u64>,
}

/// The new secret, shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct RotatedAnswer {
    secret: String,
    /// Until when the old secret is valid too; null when it ended at once.
    previous_expires_at: Option<String>,
}

/// Replace the secret; the old one stays valid for a while
#[utoipa::path(post, path = "/api/webhook/{id}/rotate-secret", operation_id = "rotate_secret", tag = "Account", params(("id" = String, Path)),
    request_body = Option<RotateSecret>, responses((status = 200, body = RotatedAnswer)))]
pub(crate) async fn rotate(
    Account(account, by): Account,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<RotatedAnswer>> {
    let id = webhook_id(&id)?;
    let rotate: RotateSecret = body::parse_optional(&headers, body).await?;
    let grace = grace(&api, rotate.grace_seconds)?;
    let secret = secret(&api, rotate.secret.as_deref())?;
    let previous_expires_at = (!grace.is_zero()).then(|| by.at.after(grace));
    let sealed = api.keyring.seal(api.random(), id.as_str(), secret.expose().as_bytes())?;
    let rotated = RotatedSecret { secret: sealed, previous_expires_at };
    if !api.store.rotate_secret(&account, &id, rotated, &by).await? {
        return Err(Problem::not_found("webhook"));
    }
    Ok(Json(RotatedAnswer {
        secret: secret.expose().to_owned(),
        previous_expires_at: previous_expires_at.map(|at| at.to_string()),
    }))
}

/// End the validity of the old secret now
#[utoipa::path(post, path = "/api/webhook/{id}/end-grace-period", tag = "Account", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn end_grace_period(
    Account(account, by): Account,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    if api.store.end_grace_period(&account, &webhook_id(&id)?, &by).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("webhook"))
    }
}

/// Until when the secret before a rotation is valid too, if it still is.
pub(crate) fn previous_expires_at(api: &Api, id: &WebhookId) -> Option<String> {
    let target = api.store.directory().target_named(id)?;
    let (_, expires_at) = target.previous.as_ref()?;
    (*expires_at > api.now()).then(|| expires_at.to_string())
}

/// The grace period that was asked for, or the setting's.
pub(crate) fn grace(api: &Api, seconds: Option<u64>) -> Result<Duration> {
    match seconds {
        None => Ok(api.rotation_grace),
        Some(seconds) if seconds <= MAX_GRACE_SECONDS => Ok(Duration::from_secs(seconds)),
        Some(_) => {
            let detail = format!("It must be 0 to {MAX_GRACE_SECONDS}.");
            Err(Problem::at(Code::BodyInvalid, "/grace_seconds", detail))
        }
    }
}
