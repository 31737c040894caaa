//! Accounts: the operator's customers.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
};
use http::{HeaderMap, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waxwing_core::AccountId;
use waxwing_store::{Account, NewAccount};

use crate::{
    Api,
    auth::Operator,
    body,
    problem::{Code, Problem, Result},
    query::Query,
    shapes::List,
};

/// The longest name, in characters.
pub(crate) const NAME_LEN: usize = 256;

/// A new account.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateAccount {
    /// 1 to 64 of `A-Za-z0-9_-`; made by the server when left out.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    id: Option<String>,
    #[schema(max_length = 256)]
    name: Option<String>,
}

/// A customer of the operator.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccountAnswer {
    id: String,
    name: Option<String>,
    created_at: String,
}

impl From<Account> for AccountAnswer {
    fn from(account: Account) -> Self {
        Self { id: account.id.to_string(), name: account.name, created_at: account.created_at.to_string() }
    }
}

/// Make an account
#[utoipa::path(post, path = "/api/accounts", operation_id = "create_account", tag = "Operator", request_body = CreateAccount,
    responses((status = 201, body = AccountAnswer)))]
pub(crate) async fn create(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<AccountAnswer>)> {
    let new: CreateAccount = body::parse(&headers, body).await?;
    let id = match new.id {
        None => AccountId::generate(api.now(), api.random()),
        Some(text) => AccountId::parse(&text)
            .map_err(|error| Problem::at(Code::BodyInvalid, "/id", error.to_string()))?,
    };
    let name = bounded("/name", new.name, NAME_LEN)?;
    let account = NewAccount { id, name, created_at: by.at };
    Ok((StatusCode::CREATED, Json(api.store.create_account(account, &by).await?.into())))
}

/// List accounts, oldest first
#[utoipa::path(get, path = "/api/accounts", operation_id = "list_accounts", tag = "Operator",
    params(("limit" = Option<u32>, Query, minimum = 1, maximum = 250), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<AccountAnswer>)))]
pub(crate) async fn list(
    _: Operator,
    State(api): State<Arc<Api>>,
    uri: Uri,
) -> Result<Json<List<AccountAnswer>>> {
    let page = Query::read(&uri, &["limit", "cursor"])?.page()?;
    Ok(Json(List::of(api.store.accounts(page).await?, AccountAnswer::from)))
}

/// Show an account
#[utoipa::path(get, path = "/api/accounts/{id}", operation_id = "show_account", tag = "Operator", params(("id" = String, Path)),
    responses((status = 200, body = AccountAnswer)))]
pub(crate) async fn show(
    _: Operator,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<Json<AccountAnswer>> {
    let id = account_id(&id)?;
    let account = api.store.account(&id).await?.ok_or_else(|| Problem::not_found("account"))?;
    Ok(Json(account.into()))
}

/// Delete an account with its keys and webhooks
#[utoipa::path(delete, path = "/api/accounts/{id}", operation_id = "delete_account", tag = "Operator", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    if api.store.delete_account(&account_id(&id)?, &by).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("account"))
    }
}

/// The account that a path names: what cannot be an id does not exist.
pub(crate) fn account_id(text: &str) -> Result<AccountId> {
    AccountId::parse(text).map_err(|_| Problem::not_found("account"))
}

/// A text of bounded length, without U+0000, which not every store can keep.
pub(crate) fn bounded(pointer: &str, text: Option<String>, limit: usize) -> Result<Option<String>> {
    match &text {
        Some(long) if long.chars().count() > limit => {
            Err(Problem::at(Code::BodyInvalid, pointer, format!("It may have {limit} characters at most.")))
        }
        Some(text) if text.contains('\0') => {
            Err(Problem::at(Code::BodyInvalid, pointer, "It must not contain the character U+0000."))
        }
        _ => Ok(text),
    }
}
