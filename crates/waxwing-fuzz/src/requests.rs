//! Whole requests to the API, on a real store: method and path in the first line, headers
//! in those up to an empty one, the body in the rest.
//!
//! Whatever comes, the answer is one that the reference knows: never a 5xx, an error in the
//! shape of all errors, nothing without a key, and what was published is kept byte for byte.

mod server;

use http::{HeaderMap, Method, Request, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use waxwing_api::Code;

use server::{Answer, KEYS, OPERATOR};

/// Routes that need no key; so does what is none.
const OPEN: &[&str] = &["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"];

/// Below it is what everybody may know.
const PUBLIC: &str = "/.well-known/";

pub(super) fn run(bytes: &[u8]) {
    let Some(request) = request(bytes) else { return };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let (headers, body) = (request.headers().clone(), request.body().clone());
    let known = key(&headers).is_some_and(|key| KEYS.contains(&key));
    let answer = server::ask(request);
    shape(&answer, &method);
    let refused = [StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
    let open = OPEN.contains(&path.as_str()) || path.starts_with(PUBLIC);
    assert!(known || open || refused.contains(&answer.status), "{method} {path}: {answer:?}");
    if method == Method::POST && path == "/api/events" && answer.status == StatusCode::ACCEPTED {
        kept(&body, &answer);
    }
}

fn request(bytes: &[u8]) -> Option<Request<Vec<u8>>> {
    let (first, mut rest) = crate::split(bytes);
    let (method, path) = crate::text(first).split_once(' ')?;
    let mut request = Request::builder().method(method).uri(path);
    loop {
        let (line, after) = crate::split(rest);
        rest = after;
        if line.is_empty() {
            return request.body(rest.to_vec()).ok();
        }
        let at = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..at], line[at + 1..].trim_ascii());
    }
}

/// The key of a request, however the header is spelled.
fn key(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// What every answer looks like.
fn shape(answer: &Answer, method: &Method) {
    assert!(!answer.status.is_server_error(), "{answer:?}");
    assert!(answer.headers.contains_key("x-request-id") && answer.headers.contains_key("x-frame-options"));
    if answer.status.is_success() || method == Method::HEAD {
        return;
    }
    let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = Code::ALL.iter().find(|code| problem["code"] == code.as_str());
    assert_eq!(code.map(|code| code.status()), Some(answer.status), "{answer:?}");
    assert_eq!(problem["status"], answer.status.as_u16());
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
}

/// An event's data, wherever it stands.
#[derive(Deserialize)]
struct WithData<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

/// An event as the API shows it.
#[derive(Deserialize)]
struct Shown<'a> {
    #[serde(borrow)]
    payload: WithData<'a>,
}

/// What was acknowledged can be read, and its data is what was sent.
fn kept(sent: &[u8], answer: &Answer) {
    let event: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let path = format!("/api/events/{}", event["id"].as_str().unwrap_or_default());
    let authorization = format!("Bearer {OPERATOR}");
    let request = Request::get(path).header(header::AUTHORIZATION, authorization).body(Vec::new());
    let Ok(request) = request else { return assert_eq!(event["id"], "an id that can be asked for") };
    let shown = server::ask(request);
    let sent = serde_json::from_slice::<WithData<'_>>(sent).map(|sent| sent.data.get()).ok();
    let shown = serde_json::from_slice::<Shown<'_>>(&shown.body).map(|shown| shown.payload.data.get()).ok();
    assert!(sent.is_some() && sent == shown, "{sent:?} was kept as {shown:?}");
}
