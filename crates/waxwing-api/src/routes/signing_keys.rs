//! Signing keys: what signs beside a webhook's secret, and is verified with a public key.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    response::IntoResponse,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waxwing_core::{PublicKey, SigningKey, WebhookId, seal::UnsealError};
use waxwing_store::{SigningKeyChange, SigningKeys};

use super::{secrets::grace, webhooks::webhook_id};
use crate::{
    Api,
    auth::{Account, Viewer},
    body,
    problem::{Problem, Result},
    shapes::List,
};

/// How long strangers may keep public keys: five minutes, far below any grace period that
/// is worth the name, because a key that they do not know yet signs beside the old one.
const JWKS_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// The media type of a JWK set (RFC 7517, 8.5).
const JWKS_TYPE: HeaderValue = HeaderValue::from_static("application/jwk-set+json");

/// How a signing key is made or replaced.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateSigningKey {
    /// How long a key that is replaced signs too; 0 ends it at once.
    #[schema(minimum = 0, maximum = 604_800)]
    grace_seconds: Option<u64>,
}

/// The new key's public half; the other half never leaves the server.
#[derive(Serialize, ToSchema)]
pub(crate) struct RotatedKeyAnswer {
    /// The SHA-256 thumbprint of the JWK (RFC 7638).
    #[schema(example = "WuwNzkfbUHLBc6V8Ef4a6RBwG1BAQSPgO1jvfRxGzd4")]
    key_id: String,
    #[schema(example = "whpk_iD8HsGPWTb/Vqqox9QEkVrQo/1RhpblTs6BR6LMp08U=")]
    public_key: String,
    /// Until when the key before it signs too; null when there is none.
    previous_expires_at: Option<String>,
}

/// A public key that verifies a webhook's requests.
#[derive(Serialize, ToSchema)]
pub(crate) struct SigningKeyAnswer {
    key_id: String,
    public_key: String,
    /// current or previous.
    status: &'static str,
    /// Until when the previous one signs too; null for the current one.
    expires_at: Option<String>,
}

/// Public keys as a JWK set (RFC 7517).
#[derive(Serialize, ToSchema)]
pub(crate) struct JwkSet {
    /// The current one first.
    keys: Vec<Jwk>,
}

/// A public key of Ed25519 (RFC 8037).
#[derive(Serialize, ToSchema)]
pub(crate) struct Jwk {
    kty: &'static str,
    crv: &'static str,
    /// The key's 32 bytes in unpadded base64 for URLs.
    x: String,
    kid: String,
    r#use: &'static str,
    alg: &'static str,
}

impl From<PublicKey> for Jwk {
    fn from(key: PublicKey) -> Self {
        let (x, kid) = (key.to_base64_url(), key.thumbprint());
        Self { kty: "OKP", crv: "Ed25519", x, kid, r#use: "sig", alg: "EdDSA" }
    }
}

/// Make a signing key, or replace it; the old one signs too for a while
#[utoipa::path(post, path = "/api/webhook/{id}/signing-key", operation_id = "rotate_signing_key", tag = "Account", params(("id" = String, Path)),
    request_body = Option<RotateSigningKey>,
    responses((status = 201, body = RotatedKeyAnswer), (status = 200, body = RotatedKeyAnswer)))]
pub(crate) async fn rotate(
    Account(account, by): Account,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<RotatedKeyAnswer>)> {
    let id = webhook_id(&id)?;
    let rotate: RotateSigningKey = body::parse_optional(&headers, body).await?;
    let grace = grace(&api, rotate.grace_seconds)?;
    let previous_expires_at = (!grace.is_zero()).then(|| by.at.after(grace));
    let key = SigningKey::generate(|seed| api.entropy.fill(seed));
    let public_key = key.public_key();
    let change = SigningKeyChange::Rotate {
        key: api.keyring.seal_signing_key(api.random(), &id, &key)?,
        key_id: public_key.thumbprint(),
        previous_expires_at,
    };
    let had_one = api.store.change_signing_key(&account, &id, change, &by).await?;
    let had_one = had_one.ok_or_else(|| Problem::not_found("webhook"))?;
    let status = if had_one { StatusCode::OK } else { StatusCode::CREATED };
    let answer = RotatedKeyAnswer {
        key_id: public_key.thumbprint(),
        public_key: public_key.to_string(),
        previous_expires_at: previous_expires_at.filter(|_| had_one).map(|at| at.to_string()),
    };
    Ok((status, Json(answer)))
}

/// List the public keys that verify now, the current one first
#[utoipa::path(get, path = "/api/webhook/{id}/signing-key", operation_id = "list_signing_keys", tag = "Account", params(("id" = String, Path)),
    responses((status = 200, body = List<SigningKeyAnswer>)))]
pub(crate) async fn list(
    Viewer(account): Viewer,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<Json<List<SigningKeyAnswer>>> {
    let webhook = api.store.webhook(&account, &webhook_id(&id)?).await?;
    let webhook = webhook.ok_or_else(|| Problem::not_found("webhook"))?;
    let until = webhook.signing_keys.previous.as_ref().map(|(_, until)| until.to_string());
    let marks = [("current", None), ("previous", until)];
    let keys = public_keys(&api, &webhook.id, &webhook.signing_keys)?;
    let answer = |(key, (status, expires_at)): (PublicKey, _)| SigningKeyAnswer {
        key_id: key.thumbprint(),
        public_key: key.to_string(),
        status,
        expires_at,
    };
    Ok(Json(List::whole(keys.into_iter().zip(marks).map(answer).collect())))
}

/// End the validity of the signing key before the last rotation now
#[utoipa::path(post, path = "/api/webhook/{id}/signing-key/end-grace-period", operation_id = "end_signing_grace_period", tag = "Account", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn end_grace_period(
    account: Account,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    change(&api, account, &id, SigningKeyChange::EndGracePeriod).await
}

/// End signing with a key; the secret signs on
#[utoipa::path(delete, path = "/api/webhook/{id}/signing-key", operation_id = "delete_signing_key", tag = "Account", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    account: Account,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    change(&api, account, &id, SigningKeyChange::Remove).await
}

/// Public keys of a webhook as a JWK set, for everybody
///
/// A webhook without a signing key answers like one that does not exist.
#[utoipa::path(get, path = "/.well-known/webhooks/{id}/jwks.json", operation_id = "jwks", tag = "Public keys", security(()), params(("id" = String, Path)),
    responses((status = 200, body = JwkSet, content_type = "application/jwk-set+json")))]
pub(crate) async fn jwks(State(api): State<Arc<Api>>, Path(id): Path<String>) -> Result<impl IntoResponse> {
    // From memory: strangers do not get to ask the database.
    let target = WebhookId::parse(&id).ok().and_then(|id| api.store.directory().target_named(&id));
    let target = target.filter(|target| target.signing_keys.current.is_some());
    let target = target.ok_or_else(|| Problem::not_found("public key"))?;
    let keys = public_keys(&api, &target.id, &target.signing_keys)?;
    let set = JwkSet { keys: keys.into_iter().map(Jwk::from).collect() };
    Ok(([(header::CONTENT_TYPE, JWKS_TYPE), (header::CACHE_CONTROL, JWKS_CACHE)], Json(set)))
}

/// The public keys that verify now, the current one first.
fn public_keys(api: &Api, id: &WebhookId, keys: &SigningKeys) -> Result<Vec<PublicKey>, UnsealError> {
    let open = |sealed| Ok(api.keyring.open_signing_key(id, sealed)?.public_key());
    keys.at(api.now()).map(open).collect()
}

/// The text of the key that verifies what is signed from now on.
pub(crate) fn public_key(api: &Api, id: &WebhookId, keys: &SigningKeys) -> Result<Option<String>> {
    Ok(public_keys(api, id, keys)?.first().map(ToString::to_string))
}

async fn change(
    api: &Api,
    Account(account, by): Account,
    id: &str,
    change: SigningKeyChange,
) -> Result<StatusCode> {
    match api.store.change_signing_key(&account, &webhook_id(id)?, change, &by).await? {
        None => Err(Problem::not_found("webhook")),
        Some(false) => Err(Problem::not_found("signing key")),
        Some(true) => Ok(StatusCode::NO_CONTENT),
    }
}
