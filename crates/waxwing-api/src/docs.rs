//! `/docs`: the OpenAPI document as a page to read, without any script or other host.

use std::fmt::Write;

use axum::response::{Html, IntoResponse};
use http::header;
use serde_json::Value;

use crate::{headers, openapi, problem::Code};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#1c2733;background:#fff}code,pre{font:14px ui-monospace,monospace;background:#f1f4f7;border-radius:4px;\
padding:.1em .3em}h2{margin-top:2.5rem;border-bottom:1px solid #d5dde5}article{margin:1.2rem 0}\
.m{display:inline-block;min-width:4.5rem;font-weight:600}td{padding:.2rem 1rem .2rem 0;vertical-align:top}td:not(:last-child){white-space:nowrap}.r{opacity:.7}summary{cursor:pointer}\
@media(prefers-color-scheme:dark){body{color:#dbe4ee;background:#11181f}code,pre{background:#1d2731}}";

pub(crate) async fn page() -> impl IntoResponse {
    let policy = headers::page_policy(STYLE);
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(render(&openapi::document())))
}

fn render(document: &Value) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Waxwing API</title><style>{STYLE}</style><h1>Waxwing API</h1>\
         <p>Send your key as <code>Authorization: Bearer &lt;key&gt;</code>; with an operator key, name the \
         account of account routes in <code>Waxwing-Account</code>. For programs: \
         <a href=\"/openapi.json\">/openapi.json</a>.</p>"
    );
    for tag in ["Account", "Operator", "Public keys", "Health"] {
        // Writing into a String cannot fail, here and below.
        let _ = write!(page, "<h2>{tag}</h2>");
        for (path, operations) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                if operation["tags"][0] == tag {
                    article(&mut page, document, path, method, operation);
                }
            }
        }
    }
    page.push_str("<h2>Errors</h2><table>");
    for code in Code::ALL {
        let (word, status, title) = (code.as_str(), code.status().as_u16(), code.title());
        let _ = write!(page, "<tr id=\"{word}\"><td><code>{word}</code><td>{status}<td>{}", escape(title));
    }
    page.push_str("</table></html>");
    page
}

fn article(page: &mut String, document: &Value, path: &str, method: &str, operation: &Value) {
    let (id, summary) = (text(&operation["operationId"]), text(&operation["summary"]));
    let method = method.to_uppercase();
    let path = escape(path);
    let _ = write!(
        page,
        "<article id=\"{id}\"><div><span class=\"m\">{method}</span><code>{path}</code></div>\
         <div>{summary}</div><table>"
    );
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let place = text(&parameter["in"]);
        let needed = parameter["required"] == true;
        row(page, &text(&parameter["name"]), &place, needed, &parameter["schema"], &parameter["description"]);
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    members(page, "body", resolve(document, body));
    page.push_str("</table>");
    answers(page, document, &operation["responses"]);
    page.push_str("</article>");
}

/// What comes back when all is well.
fn answers(page: &mut String, document: &Value, responses: &Value) {
    let good = responses.as_object().into_iter().flatten().filter(|(status, _)| status.starts_with('2'));
    for (status, response) in good {
        let schema = resolve(document, &response["content"]["application/json"]["schema"]);
        if schema["properties"].is_null() && schema["allOf"].is_null() {
            let _ = write!(page, "<div>Answer: {status}</div>");
            continue;
        }
        let _ = write!(page, "<details><summary>Answer: {status}</summary><table>");
        members(page, "", schema);
        let item = resolve(document, &schema["properties"]["data"]["items"]);
        members(page, "data", item);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            members(page, "", resolve(document, part));
        }
        page.push_str("</table></details>");
    }
}

fn members(page: &mut String, place: &str, schema: &Value) {
    let needed =
        |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        row(page, &escape(name), place, place == "body" && needed(name), member, &member["description"]);
    }
}

fn row(page: &mut String, name: &str, place: &str, needed: bool, schema: &Value, description: &Value) {
    let needed = if needed { ", required" } else { "" };
    let (kind, description) = (kind(schema), code(&text(description)));
    let rules = rules(schema);
    let _ = write!(
        page,
        "<tr><td><code>{name}</code><td>{place}{needed}<td>{kind}<td>{description} <span class=\"r\">{rules}</span>"
    );
}

/// A schema's type, and whether it may be null.
fn kind(schema: &Value) -> String {
    match &schema["type"] {
        Value::String(one) => one.clone(),
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ if schema["oneOf"].is_array() => "string or null".into(),
        _ => "object".into(),
    }
}

/// The bounds that a schema sets, in words.
fn rules(schema: &Value) -> String {
    let words = [
        ("minLength", "at least", "characters"),
        ("maxLength", "at most", "characters"),
        ("minItems", "at least", "items"),
        ("maxItems", "at most", "items"),
        ("minimum", "at least", ""),
        ("maximum", "at most", ""),
    ];
    let mut rules: Vec<String> = words
        .iter()
        .filter(|(key, ..)| schema[key].is_number())
        .map(|(key, bound, unit)| format!("{bound} {} {unit}", schema[key]).trim_end().to_owned())
        .collect();
    if let Some(pattern) = schema["pattern"].as_str() {
        rules.push(format!("<code>{}</code>", escape(pattern)));
    }
    if !schema["example"].is_null() {
        rules.push(format!("such as <code>{}</code>", escape(&schema["example"].to_string())));
    }
    rules.join(", ")
}

/// The schema itself, or the one that it refers to.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let schema = schema["oneOf"].as_array().and_then(|all| all.last()).unwrap_or(schema);
    match schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        Some(name) => &document["components"]["schemas"][name],
        None => schema,
    }
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

/// What stands between backticks, as code.
fn code(escaped: &str) -> String {
    let parts = escaped.split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() })
        .collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
