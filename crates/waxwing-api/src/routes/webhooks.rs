//! Webhooks: where an account's events go.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
};
use http::{HeaderMap, StatusCode, Uri};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use waxwing_core::{Pattern, Secret, WebhookId};
use waxwing_store::{Credentials, CredentialsChange, NewWebhook, Webhook, WebhookChange};

use super::{
    accounts::bounded,
    credentials::{
        self, AuthorizationAnswer, AuthorizationInput, CertificateAnswer, CertificateInput, Headers, Sealer,
        Shown,
    },
    secrets, signing_keys,
};
use crate::{
    Api,
    auth::{Account, Viewer},
    body,
    problem::{Code, Problem, Result},
    query::Query,
    shapes::List,
};

/// The longest description, in characters.
const DESCRIPTION_LEN: usize = 1_024;

/// A new webhook.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateWebhook {
    #[schema(example = "https://example.com/hooks", max_length = 2048)]
    url: String,
    /// Exact types, prefixes (`deposit.*`) or `*`.
    #[schema(min_items = 1, max_items = 100, example = json!(["deposit.*"]))]
    events: Vec<String>,
    #[schema(max_length = 1024)]
    description: Option<String>,
    /// 16 to 256 printable ASCII characters; made by the server when left out.
    #[schema(min_length = 16, max_length = 256)]
    secret: Option<String>,
    /// Headers of your own on every request, up to 20; none of the protocol's or the delivery's.
    #[schema(example = json!({"X-Api-Key": "…"}))]
    headers: Option<Headers>,
    authorization: Option<AuthorizationInput>,
    client_certificate: Option<CertificateInput>,
}

/// A change of a webhook; what is left out keeps its value.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateWebhook {
    #[schema(max_length = 2048)]
    url: Option<String>,
    #[schema(min_items = 1, max_items = 100)]
    events: Option<Vec<String>>,
    /// null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 1024)]
    description: Option<Option<String>>,
    status: Option<SettableStatus>,
    /// All of them anew; null removes them.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Headers>)]
    headers: Option<Option<Headers>>,
    /// null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<AuthorizationInput>)]
    authorization: Option<Option<AuthorizationInput>>,
    /// null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<CertificateInput>)]
    client_certificate: Option<Option<CertificateInput>>,
}

/// The statuses that an account can set.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SettableStatus {
    Active,
    Inactive,
}

/// Tells a member that is null from one that is left out.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// An endpoint configuration.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookAnswer {
    #[schema(example = "wh_01k5q8d7tz0f3nv2xk5m9r4c6b")]
    id: String,
    url: String,
    events: Vec<String>,
    description: Option<String>,
    /// Shown by create and rotate only.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// Until when the secret before a rotation is valid too; null when there is none.
    previous_secret_expires_at: Option<String>,
    /// Verifies the `v1a` signatures; null when no key signs beside the secret.
    public_key: Option<String>,
    /// Of its own headers; their values are not shown.
    header_names: Vec<String>,
    authorization: Option<AuthorizationAnswer>,
    client_certificate: Option<CertificateAnswer>,
    /// active, inactive or disabled.
    status: &'static str,
    /// gone or failing, when the service disabled it.
    disabled_reason: Option<&'static str>,
    last_success_at: Option<String>,
    last_failure_at: Option<String>,
    consecutive_failures: u32,
    created_at: String,
    updated_at: String,
}

impl WebhookAnswer {
    fn of(api: &Api, webhook: Webhook) -> Result<Self> {
        let Shown { header_names, authorization, client_certificate } =
            credentials::show(api, &webhook.id, &webhook.credentials)?;
        Ok(Self {
            previous_secret_expires_at: secrets::previous_expires_at(api, &webhook.id),
            public_key: signing_keys::public_key(api, &webhook.id, &webhook.signing_keys)?,
            id: webhook.id.to_string(),
            url: webhook.url,
            events: webhook.events.iter().map(ToString::to_string).collect(),
            description: webhook.description,
            secret: None,
            header_names,
            authorization,
            client_certificate,
            status: webhook.status.as_str(),
            disabled_reason: webhook.status.disabled_reason().map(waxwing_core::DisabledReason::as_str),
            last_success_at: webhook.health.last_success_at.map(|at| at.to_string()),
            last_failure_at: webhook.health.last_failure_at.map(|at| at.to_string()),
            consecutive_failures: webhook.health.consecutive_failures,
            created_at: webhook.created_at.to_string(),
            updated_at: webhook.updated_at.to_string(),
        })
    }
}

/// Register a webhook
#[utoipa::path(post, path = "/api/webhook/create", operation_id = "create_webhook", tag = "Account", request_body = CreateWebhook,
    responses((status = 201, body = WebhookAnswer)))]
pub(crate) async fn create(
    Account(account, by): Account,
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<WebhookAnswer>)> {
    let new: CreateWebhook = body::parse(&headers, body).await?;
    api.policy.check_url(&new.url)?;
    let events = patterns(&api, &new.events)?;
    let description = bounded("/description", new.description, DESCRIPTION_LEN)?;
    let secret = secret(&api, new.secret.as_deref())?;
    let id = WebhookId::generate(by.at, api.random());
    let sealer = Sealer { api: &api, webhook: &id };
    let credentials = Credentials {
        headers: sealer.headers(new.headers)?,
        authorization: sealer.authorization(new.authorization)?,
        client_certificate: sealer.client_certificate(new.client_certificate)?,
    };
    let webhook = NewWebhook {
        credentials,
        secret: api.keyring.seal(api.random(), id.as_str(), secret.expose().as_bytes())?,
        id,
        account,
        url: new.url,
        events,
        description,
        created_at: by.at,
        limit: api.limits.webhooks_per_account,
    };
    let webhook = api.store.create_webhook(webhook, &by).await?;
    let answer =
        WebhookAnswer { secret: Some(secret.expose().to_owned()), ..WebhookAnswer::of(&api, webhook)? };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// List webhooks, newest first
#[utoipa::path(get, path = "/api/webhook/list", operation_id = "list_webhooks", tag = "Account",
    params(("limit" = Option<u32>, Query, minimum = 1, maximum = 250), ("cursor" = Option<String>, Query),
        ("status" = Option<String>, Query, pattern = "^(active|inactive|disabled)$")),
    responses((status = 200, body = List<WebhookAnswer>)))]
pub(crate) async fn list(
    Viewer(account): Viewer,
    State(api): State<Arc<Api>>,
    uri: Uri,
) -> Result<Json<List<WebhookAnswer>>> {
    let query = Query::read(&uri, &["limit", "cursor", "status"])?;
    let page = api.store.webhooks(&account, query.webhook_status()?, query.page()?).await?;
    Ok(Json(List::try_of(page, |webhook| WebhookAnswer::of(&api, webhook))?))
}

/// Show a webhook
#[utoipa::path(get, path = "/api/webhook/{id}", operation_id = "show_webhook", tag = "Account", params(("id" = String, Path)),
    responses((status = 200, body = WebhookAnswer)))]
pub(crate) async fn show(
    Viewer(account): Viewer,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<Json<WebhookAnswer>> {
    let webhook = api.store.webhook(&account, &webhook_id(&id)?).await?;
    let webhook = webhook.ok_or_else(|| Problem::not_found("webhook"))?;
    Ok(Json(WebhookAnswer::of(&api, webhook)?))
}

/// Change a webhook
#[utoipa::path(put, path = "/api/webhook/{id}", operation_id = "update_webhook", tag = "Account", params(("id" = String, Path)),
    request_body = UpdateWebhook, responses((status = 200, body = WebhookAnswer)))]
pub(crate) async fn update(
    Account(account, by): Account,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<WebhookAnswer>> {
    let id = webhook_id(&id)?;
    let update: UpdateWebhook = body::parse(&headers, body).await?;
    if let Some(url) = &update.url {
        api.policy.check_url(url)?;
    }
    let sealer = Sealer { api: &api, webhook: &id };
    let credentials = CredentialsChange {
        headers: update.headers.map(|given| sealer.headers(given)).transpose()?,
        authorization: update.authorization.map(|given| sealer.authorization(given)).transpose()?,
        client_certificate: update
            .client_certificate
            .map(|given| sealer.client_certificate(given))
            .transpose()?,
    };
    let change = WebhookChange {
        credentials,
        url: update.url,
        events: update.events.map(|events| patterns(&api, &events)).transpose()?,
        description: update
            .description
            .map(|description| bounded("/description", description, DESCRIPTION_LEN))
            .transpose()?,
        active: update.status.map(|status| matches!(status, SettableStatus::Active)),
    };
    let webhook = api.store.update_webhook(&account, &id, change, &by).await?;
    let webhook = webhook.ok_or_else(|| Problem::not_found("webhook"))?;
    Ok(Json(WebhookAnswer::of(&api, webhook)?))
}

/// Delete a webhook; what waits for it is canceled, its log stays readable
#[utoipa::path(delete, path = "/api/webhook/{id}", operation_id = "delete_webhook", tag = "Account", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    Account(account, by): Account,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    if api.store.delete_webhook(&account, &webhook_id(&id)?, &by).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("webhook"))
    }
}

/// The names of what a webhook's receiver asks to be sent with every request.
pub(crate) fn header_names(api: &Api, id: &WebhookId, kept: &Credentials) -> Result<Vec<String>> {
    let Shown { mut header_names, authorization, .. } = credentials::show(api, id, kept)?;
    header_names.extend(authorization.map(|_| "authorization".to_owned()));
    Ok(header_names)
}

/// The webhook that a path names: what cannot be an id does not exist.
pub(crate) fn webhook_id(text: &str) -> Result<WebhookId> {
    WebhookId::parse(text).map_err(|_| Problem::not_found("webhook"))
}

/// The given secret, or a fresh one.
pub(crate) fn secret(api: &Api, given: Option<&str>) -> Result<Secret> {
    match given {
        None => Ok(Secret::generate(api.random())),
        Some(text) => {
            Secret::given(text).map_err(|error| Problem::at(Code::BodyInvalid, "/secret", error.to_string()))
        }
    }
}

/// What a webhook subscribes to: valid, known to the catalog, each once.
fn patterns(api: &Api, texts: &[String]) -> Result<Vec<Pattern>> {
    let limit = api.limits.patterns_per_webhook;
    if !(1..=limit).contains(&texts.len()) {
        let detail = format!("It must hold 1 to {limit} event types or patterns.");
        return Err(Problem::at(Code::BodyInvalid, "/events", detail));
    }
    let catalog = api.store.directory().catalog();
    let mut patterns = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let pointer = format!("/events/{index}");
        let pattern = Pattern::parse(text)
            .map_err(|error| Problem::at(Code::BodyInvalid, &pointer, format!("{text:?} is {error}.")))?;
        if let Pattern::Exact(event_type) = &pattern
            && !catalog.is_empty()
            && !catalog.contains_key(event_type)
            && event_type.as_str() != "webhook.test"
        {
            let detail = format!("The catalog has no event type {text}; GET /api/event-types lists them.");
            return Err(Problem::at(Code::EventTypeUnknown, &pointer, detail));
        }
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    Ok(patterns)
}
