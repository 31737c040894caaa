//! The OpenAPI document, generated from the handlers.

use std::sync::OnceLock;

use axum::response::IntoResponse;
use http::header;
use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::{problem::Code, routes::Document};

/// The document as JSON text.
pub fn openapi_json() -> String {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| serde_json::to_string_pretty(&document()).unwrap_or_default()).clone()
}

pub(crate) async fn serve() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], openapi_json())
}

/// What all routes share is added here once: errors, keys, the account header.
pub(crate) fn document() -> Value {
    let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
    document["components"]["schemas"]["Problem"] = problem();
    document["components"]["securitySchemes"] = json!({ "key": { "type": "http", "scheme": "bearer" } });
    document["security"] = json!([{ "key": [] }]);
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            complete(path, method, operation);
        }
    }
    document
}

fn problem() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "description": "An error (RFC 9457)",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "code": { "type": "string", "enum": codes },
            "request_id": { "type": "string" },
            "errors": { "type": "array", "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": { "pointer": { "type": "string" }, "detail": { "type": "string" } }
            } }
        }
    })
}

fn complete(path: &str, method: &str, operation: &mut Value) {
    let account_route = path.starts_with("/api/webhook");
    let mut statuses = Vec::new();
    if path.starts_with("/api") {
        statuses.extend([400, 401, 403, 404, 409, 429, 500, 503]);
    }
    if method == "post" || method == "put" {
        statuses.extend([408, 413, 415, 422]);
    }
    if path.starts_with("/.well-known") {
        statuses.extend([404, 503]);
    }
    if path == "/readyz" {
        statuses.push(503);
    }
    let meaning = |status: u16| {
        let codes = Code::ALL.iter().filter(|code| code.status().as_u16() == status);
        codes.map(|code| format!("`{}`", code.as_str())).collect::<Vec<_>>().join(", ")
    };
    for status in statuses {
        operation["responses"][status.to_string()] = json!({
            "description": meaning(status),
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
        });
    }
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if response["description"].is_null() {
            response["description"] = success(path, status).into();
        }
    }
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        explain(parameter);
    }
    if account_route {
        let header = json!({
            "name": "Waxwing-Account",
            "in": "header",
            "description": "The account, with an operator key",
            "schema": { "type": "string" }
        });
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(header),
            None => operation["parameters"] = json!([header]),
        }
    }
}

/// What a good answer tells. The OpenAPI specification wants a description of each.
fn success(path: &str, status: &str) -> &'static str {
    match (path, status) {
        ("/api/events" | "/api/events/batch", "200") => "Published before: the first answer again",
        ("/api/event-types/{type}", "200") => "Replaced",
        ("/api/webhook/{id}/replay", "200") => "Counted; nothing is sent",
        ("/api/encryption/rotate", "202") => "A new data key seals; older values are being sealed anew",
        ("/api/accounts/{id}/erase" | "/api/events/{id}/erase", "200") => {
            "Erased before: the receipt of then"
        }
        ("/api/accounts/{id}/erase" | "/api/events/{id}/erase", "202") => {
            "Begun; the receipt says when it is done"
        }
        (_, "201") => "Made",
        (_, "202") => "Stored durably; will be sent",
        (_, "204") => "Done; no body",
        _ => "Done",
    }
}

/// What parameters of the same name mean on every route.
fn explain(parameter: &mut Value) {
    let meaning = match parameter["name"].as_str().unwrap_or_default() {
        "limit" => "Items of the page; 50 when left out",
        "cursor" => "`next_cursor` of the page before",
        "status" => "Only those in this state",
        "type" => "Only those of exactly this event type",
        "event_id" if parameter["in"] == "query" => {
            "Only the event with this id; if the webhook has none, those whose ids begin so"
        }
        "account_id" => "Only those that concern this account",
        "step" => "How wide a point is; chosen by the time asked for when left out",
        "object" => "Only those about the thing with this id",
        "action" => "Only those of exactly this action",
        "since" => "Only those from this moment on (RFC 3339)",
        "until" => "Only those before this moment (RFC 3339)",
        "Idempotency-Key" => "Makes publishing again harmless: 1 to 255 visible ASCII characters",
        _ => return,
    };
    parameter["description"] = meaning.into();
}
