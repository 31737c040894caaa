//! Reading JSON bodies, strictly and with bounds.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::{
    json,
    problem::{Code, FieldError, Problem, Result},
};

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of a body that configures something.
pub(crate) const CONFIGURATION_BYTES: usize = 256 << 10;

/// Reads a whole body of at most `limit` bytes.
pub(crate) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes> {
    if !is_json(headers) {
        return Err(not_json());
    }
    collect(body, limit).await
}

async fn collect(body: Body, limit: usize) -> Result<Bytes> {
    let collected = tokio::time::timeout(PATIENCE, Limited::new(body, limit).collect()).await;
    match collected {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Problem::new(Code::TooLarge, format!("The body may have {limit} bytes at most.")))
        }
        Ok(Err(_)) => Err(Problem::new(Code::MalformedJson, "The body ended before it was complete.")),
        Err(_) => Err(Problem::new(
            Code::BodyTimeout,
            format!("The body did not arrive within {} s.", PATIENCE.as_secs()),
        )),
    }
}

fn not_json() -> Problem {
    Problem::new(Code::UnsupportedMediaType, "Send the body with the header Content-Type: application/json.")
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Reads and parses a body that configures something.
pub(crate) async fn parse<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T> {
    let bytes = read(headers, body, CONFIGURATION_BYTES).await?;
    take(&bytes)
}

/// The same for a body that may be left out.
pub(crate) async fn parse_optional<T: DeserializeOwned + Default>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T> {
    if headers.get(header::CONTENT_TYPE).is_none() {
        let bytes = collect(body, CONFIGURATION_BYTES).await?;
        return if bytes.is_empty() { Ok(T::default()) } else { Err(not_json()) };
    }
    let bytes = read(headers, body, CONFIGURATION_BYTES).await?;
    if bytes.is_empty() { Ok(T::default()) } else { take(&bytes) }
}

/// Parses a body. Members that stand twice or are not known are refused.
pub(crate) fn take<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    if bytes.is_empty() {
        return Err(Problem::new(Code::MalformedJson, "The body is empty; a JSON object is expected."));
    }
    // Serde would read the members of an object from an array, too.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Problem::at(Code::BodyInvalid, "", "A JSON object is expected, not an array."));
    }
    let parsed = serde_json::from_slice(bytes);
    parsed.map_err(|error| explain::<T>(bytes, &error))
}

fn explain<'a, T: Deserialize<'a>>(bytes: &'a [u8], error: &serde_json::Error) -> Problem {
    if error.classify() != Category::Data {
        return Problem::new(Code::MalformedJson, format!("The body is not valid JSON: {error}."));
    }
    // Only now look for the place: the common case pays nothing for it.
    let deserializer = &mut serde_json::Deserializer::from_slice(bytes);
    let pointer = match serde_path_to_error::deserialize::<_, T>(deserializer) {
        Err(error) => pointer(error.path()),
        Ok(_) => String::new(),
    };
    let detail = error.to_string();
    let short = detail.split(" at line ").next().unwrap_or_default().to_owned();
    let errors = vec![FieldError { pointer, detail: short }];
    Problem { errors, ..Problem::new(Code::BodyInvalid, format!("The body does not fit: {detail}.")) }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// Checks what serde passes through unread.
pub(crate) fn check_raw(pointer: &str, raw: &str) -> Result<()> {
    json::check(raw).map_err(|error| Problem::at(Code::BodyInvalid, pointer, error.to_string()))
}
