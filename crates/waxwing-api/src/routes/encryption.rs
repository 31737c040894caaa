//! The keys that seal secrets: how they stand, and a new data key.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use waxwing_store::DataKey;

use crate::{
    Api,
    auth::Operator,
    problem::{Code, Problem, Result},
};

/// Data keys at most: they are deleted by themselves an hour after they were replaced.
const MAX_DATA_KEYS: usize = 32;

/// How the keys stand that seal secrets. Keys themselves are never shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct EncryptionAnswer {
    /// The id of the root key with which this server seals data keys.
    #[schema(example = "4482bd22")]
    root_key: String,
    /// The number of the data key that seals.
    data_key: u32,
    /// Every data key, newest first.
    data_keys: Vec<DataKeyAnswer>,
    /// How many values are still sealed otherwise, and are going to be sealed anew.
    sealed_otherwise: u64,
}

/// A data key.
#[derive(Serialize, ToSchema)]
pub(crate) struct DataKeyAnswer {
    number: u32,
    /// The id of the root key that it is sealed with.
    #[schema(example = "4482bd22")]
    root_key: String,
    created_at: String,
}

impl From<DataKey> for DataKeyAnswer {
    fn from(key: DataKey) -> Self {
        Self { number: key.number, root_key: key.root_key(), created_at: key.created_at.to_string() }
    }
}

async fn answer(api: &Api) -> Result<EncryptionAnswer> {
    let mut keys = api.store.directory().data_keys();
    keys.reverse();
    let data_key = keys.first().map_or(0, |key| key.number);
    Ok(EncryptionAnswer {
        root_key: api.keyring.root_key(),
        data_key,
        data_keys: keys.into_iter().map(DataKeyAnswer::from).collect(),
        sealed_otherwise: api.store.sealed_otherwise(data_key).await?,
    })
}

/// Show how the keys stand that seal secrets
#[utoipa::path(get, path = "/api/encryption", operation_id = "show_encryption", tag = "Operator",
    responses((status = 200, body = EncryptionAnswer)))]
pub(crate) async fn show(_: Operator, State(api): State<Arc<Api>>) -> Result<Json<EncryptionAnswer>> {
    Ok(Json(answer(&api).await?))
}

/// Make a new data key; every secret is sealed anew with it in the background
#[utoipa::path(post, path = "/api/encryption/rotate", operation_id = "rotate_data_key", tag = "Operator",
    responses((status = 202, body = EncryptionAnswer)))]
pub(crate) async fn rotate(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
) -> Result<(StatusCode, Json<EncryptionAnswer>)> {
    if api.store.directory().data_keys().len() >= MAX_DATA_KEYS {
        let detail = format!(
            "There are {MAX_DATA_KEYS} data keys, as many as there may be. Older ones are deleted by themselves an hour after the last rotation, once nothing is sealed with them: GET /api/encryption shows it."
        );
        return Err(Problem::new(Code::DataKeyLimitReached, detail));
    }
    api.keyring.rotate(&by, &*api.entropy).await?;
    Ok((StatusCode::ACCEPTED, Json(answer(&api).await?)))
}
