//! Erasing personal data, and the receipts.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use http::{StatusCode, Uri};
use serde::Serialize;
use utoipa::ToSchema;
use waxwing_core::{ErasureId, EventId};
use waxwing_store::{Erased, Erasure};

use super::accounts::account_id;
use crate::{
    Api,
    auth::Operator,
    problem::{Problem, Result},
    query::Query,
    shapes::List,
};

/// The receipt of an erasure: counts only, kept for good.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErasureAnswer {
    #[schema(example = "ers_01k5q8d7tz0f3nv2xk5m9r4c6b")]
    id: String,
    #[schema(example = "acme")]
    account_id: String,
    /// Null when everything of the account is erased.
    event_id: Option<String>,
    requested_at: String,
    /// Null while it is under way.
    completed_at: Option<String>,
    /// Events that were deleted, or whose payload was.
    events: u64,
    deliveries: u64,
    attempts: u64,
    idempotency_keys: u64,
    webhooks: u64,
    keys: u64,
}

impl From<Erasure> for ErasureAnswer {
    fn from(erasure: Erasure) -> Self {
        let Erased { events, deliveries, attempts, idempotency_keys, webhooks, keys } = erasure.erased;
        Self {
            id: erasure.id.to_string(),
            account_id: erasure.account.to_string(),
            event_id: erasure.event.map(|event| event.to_string()),
            requested_at: erasure.requested_at.to_string(),
            completed_at: erasure.completed_at.map(|at| at.to_string()),
            events,
            deliveries,
            attempts,
            idempotency_keys,
            webhooks,
            keys,
        }
    }
}

/// Erase everything of an account
///
/// Deletes the account if it is not deleted yet. Asked again, it gives the same receipt.
#[utoipa::path(post, path = "/api/accounts/{id}/erase", operation_id = "erase_account", tag = "Operator",
    params(("id" = String, Path)),
    responses((status = 202, body = ErasureAnswer), (status = 200, body = ErasureAnswer)))]
pub(crate) async fn erase_account(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<ErasureAnswer>)> {
    let erasure = ErasureId::generate(by.at, api.random());
    let begun = api.store.erase_account(erasure, &account_id(&id)?, &by).await?;
    Ok(receipt(begun.ok_or_else(|| Problem::not_found("account"))?))
}

/// Erase the payload of an event
///
/// What waits of it is not sent any more. Asked again, it gives the same receipt.
#[utoipa::path(post, path = "/api/events/{id}/erase", operation_id = "erase_event", tag = "Operator",
    params(("id" = String, Path)),
    responses((status = 202, body = ErasureAnswer), (status = 200, body = ErasureAnswer)))]
pub(crate) async fn erase_event(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<ErasureAnswer>)> {
    let missing = || Problem::not_found("event");
    let event = EventId::parse(&id).map_err(|_| missing())?;
    let erasure = ErasureId::generate(by.at, api.random());
    Ok(receipt(api.store.erase_event(erasure, &event, &by).await?.ok_or_else(missing)?))
}

/// Show the receipt of an erasure
#[utoipa::path(get, path = "/api/erasures/{id}", operation_id = "show_erasure", tag = "Operator",
    params(("id" = String, Path)), responses((status = 200, body = ErasureAnswer)))]
pub(crate) async fn show(
    _: Operator,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<Json<ErasureAnswer>> {
    let missing = || Problem::not_found("erasure");
    let id = ErasureId::parse(&id).map_err(|_| missing())?;
    Ok(Json(api.store.erasure(&id).await?.ok_or_else(missing)?.into()))
}

/// List the receipts of erasures, newest first
#[utoipa::path(get, path = "/api/erasures", operation_id = "list_erasures", tag = "Operator",
    params(("limit" = Option<u32>, Query, minimum = 1, maximum = 250), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<ErasureAnswer>)))]
pub(crate) async fn list(
    _: Operator,
    State(api): State<Arc<Api>>,
    uri: Uri,
) -> Result<Json<List<ErasureAnswer>>> {
    let page = Query::read(&uri, &["limit", "cursor"])?.page()?;
    Ok(Json(List::of(api.store.erasures(page).await?, ErasureAnswer::from)))
}

/// 202 while there is something to do.
fn receipt(erasure: Erasure) -> (StatusCode, Json<ErasureAnswer>) {
    let status = if erasure.completed_at.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    (status, Json(erasure.into()))
}
