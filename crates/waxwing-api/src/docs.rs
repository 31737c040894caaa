//! `/docs`: the OpenAPI document as a page to read, without any script or other host.

use std::fmt::Write;

use axum::response::{Html, IntoResponse};
use http::header;
use serde_json::Value;

use crate::{openapi, problem::Code};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#1c2733;background:#fff}code,pre{font:14px ui-monospace,monospace;background:#f1f4f7;border-radius:4px;\
padding:.1em .3em}h2{margin-top:2.5rem;border-bottom:1px solid #d5dde5}article{margin:1.2rem 0}\
.m{display:inline-block;min-width:4.5rem;font-weight:600}td{padding:.2rem 1rem .2rem 0;vertical-align:top}\
@media(prefers-color-scheme:dark){body{color:#dbe4ee;background:#11181f}code,pre{background:#1d2731}}";

pub(crate) async fn page() -> impl IntoResponse {
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
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
    for tag in ["Account", "Operator", "Health"] {
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
    let summary = operation["summary"].as_str().unwrap_or_default();
    let _ = write!(
        page,
        "<article><div><span class=\"m\">{}</span><code>{}</code></div><div>{}</div><table>",
        method.to_uppercase(),
        escape(path),
        escape(summary)
    );
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        row(page, &parameter["name"], &parameter["in"], &parameter["description"]);
    }
    let reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
    if let Some(name) = reference.and_then(|reference| reference.rsplit('/').next()) {
        let members = document["components"]["schemas"][name]["properties"].as_object();
        for (member, schema) in members.into_iter().flatten() {
            row(page, &Value::from(member.as_str()), &Value::from("body"), &schema["description"]);
        }
    }
    page.push_str("</table></article>");
}

fn row(page: &mut String, name: &Value, place: &Value, description: &Value) {
    let text = |value: &Value| escape(value.as_str().unwrap_or_default());
    let _ = write!(page, "<tr><td><code>{}</code><td>{}<td>{}", text(name), text(place), text(description));
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
