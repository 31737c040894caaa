//! The catalog of event types.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use waxwing_core::EventType;
use waxwing_store::CatalogEntry;

use super::accounts::bounded;
use crate::{
    Api,
    auth::{Caller, Operator},
    body,
    problem::{Code, Problem, Result},
    shapes::{List, raw},
};

/// The longest description, in characters.
const DESCRIPTION_LEN: usize = 2_048;

/// What an event type tells.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutEventType {
    #[schema(max_length = 2048)]
    description: Option<String>,
    /// An example of `data`.
    #[schema(value_type = Option<serde_json::Value>)]
    example: Option<Box<RawValue>>,
    /// A JSON Schema (2020-12 unless it says otherwise) that `data` must satisfy.
    #[schema(value_type = Option<serde_json::Value>)]
    schema: Option<Box<RawValue>>,
}

/// An event type of the catalog.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventTypeAnswer {
    r#type: String,
    description: Option<String>,
    #[schema(value_type = Option<serde_json::Value>)]
    example: Option<Box<RawValue>>,
    #[schema(value_type = Option<serde_json::Value>)]
    schema: Option<Box<RawValue>>,
}

impl From<CatalogEntry> for EventTypeAnswer {
    fn from(entry: CatalogEntry) -> Self {
        let json = |text: Option<String>| text.and_then(|text| raw(text.as_bytes()));
        Self {
            r#type: entry.event_type.to_string(),
            description: entry.description,
            example: json(entry.example),
            schema: json(entry.schema),
        }
    }
}

/// List the event types that a webhook may subscribe to
#[utoipa::path(get, path = "/api/event-types", operation_id = "list_event_types", tag = "Account",
    responses((status = 200, body = List<EventTypeAnswer>)))]
pub(crate) async fn list(_: Caller, State(api): State<Arc<Api>>) -> Json<List<EventTypeAnswer>> {
    let catalog = api.store.directory().catalog();
    Json(List::whole(catalog.values().cloned().map(EventTypeAnswer::from).collect()))
}

/// Add or replace an event type
#[utoipa::path(put, path = "/api/event-types/{type}", operation_id = "put_event_type", tag = "Operator", params(("type" = String, Path)),
    request_body = PutEventType,
    responses((status = 200, body = EventTypeAnswer), (status = 201, body = EventTypeAnswer)))]
pub(crate) async fn put(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<EventTypeAnswer>)> {
    let event_type = EventType::parse(&name)
        .map_err(|error| Problem::new(Code::BodyInvalid, format!("{name:?} is {error}.")))?;
    let put: PutEventType = body::parse(&headers, body).await?;
    let example = checked("/example", put.example)?;
    let schema = checked("/schema", put.schema)?;
    if let Some(schema) = &schema {
        validator(schema).map_err(|error| Problem::at(Code::SchemaInvalid, "/schema", error))?;
    }
    let description = bounded("/description", put.description, DESCRIPTION_LEN)?;
    let entry = CatalogEntry { event_type, description, example, schema };
    let new = api.store.put_event_type(entry.clone(), &by).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(entry.into())))
}

/// Remove an event type
#[utoipa::path(delete, path = "/api/event-types/{type}", operation_id = "delete_event_type", tag = "Operator", params(("type" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    Operator(by): Operator,
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
) -> Result<StatusCode> {
    let event_type = EventType::parse(&name).map_err(|_| Problem::not_found("event type"))?;
    if api.store.delete_event_type(&event_type, &by).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("event type"))
    }
}

fn checked(pointer: &str, json: Option<Box<RawValue>>) -> Result<Option<String>> {
    let Some(json) = json else { return Ok(None) };
    body::check_raw(pointer, json.get())?;
    Ok(Some(json.get().to_owned()))
}

/// A validator; references to other documents are not followed.
fn validator(schema: &str) -> Result<jsonschema::Validator, String> {
    let schema = serde_json::from_str(schema).map_err(|error| error.to_string())?;
    jsonschema::validator_for(&schema).map_err(|error| error.to_string())
}

/// Whether `data` satisfies its event type's schema, if the catalog has one.
pub(crate) fn validate(api: &Api, event_type: &EventType, data: &str, pointer: &str) -> Result<()> {
    let catalog = api.store.directory().catalog();
    let Some(schema) = catalog.get(event_type).and_then(|entry| entry.schema.as_deref()) else {
        return Ok(());
    };
    let refuse = |detail: String| Problem::at(Code::DataInvalid, pointer, detail);
    let validator = validator(schema).map_err(refuse)?;
    let value = serde_json::from_str(data).map_err(|error| refuse(error.to_string()))?;
    let mut problem = refuse(format!("The data does not satisfy the schema of {event_type}."));
    problem.errors = validator
        .iter_errors(&value)
        .take(10)
        .map(|error| crate::problem::FieldError {
            pointer: format!("{pointer}{}", error.instance_path()),
            detail: error.to_string(),
        })
        .collect();
    if problem.errors.is_empty() { Ok(()) } else { Err(problem) }
}
