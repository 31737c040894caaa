//! The built files, as they lie in the program.

use std::{collections::HashMap, io::Write, path::Path, sync::LazyLock};

use axum::response::Response;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, header};
use include_dir::{Dir, include_dir};

use super::{missing, typed};
use crate::problem::Result;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/dashboard");

/// Names of these change with what is in them.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Asked for anew each time.
const ANEW: HeaderValue = HeaderValue::from_static("no-cache");

/// Files packed by gzip, once each, when somebody first asks for one: those that become
/// smaller by it.
static PACKED: LazyLock<HashMap<&Path, Vec<u8>>> = LazyLock::new(|| {
    let mut packed = HashMap::new();
    let mut folders = vec![&FILES];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files() {
            let small = pack(file.contents()).filter(|small| small.len() < file.contents().len());
            packed.extend(small.map(|small| (file.path(), small)));
        }
    }
    packed
});

fn pack(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// The page itself.
pub(super) fn index(headers: &HeaderMap) -> Response {
    serve("index.html", headers, ANEW).unwrap_or_else(|| typed("text/plain; charset=utf-8", ""))
}

/// A file of it; the page for every other path, which is the page's own matter.
pub(super) fn file(path: &str, headers: &HeaderMap) -> Result<Response> {
    if path.starts_with("assets/") {
        return serve(path, headers, FOREVER).ok_or_else(missing);
    }
    Ok(serve(path, headers, ANEW).unwrap_or_else(|| index(headers)))
}

fn serve(path: &str, headers: &HeaderMap, cache: HeaderValue) -> Option<Response> {
    let kind = kind(path)?;
    let plain = FILES.get_file(path)?;
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let packed = PACKED.get(Path::new(path)).filter(|_| accepts(accepted.unwrap_or_default(), "gzip"));
    let mut answer = typed(kind, packed.map_or(plain.contents(), Vec::as_slice));
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, cache);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if packed.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Some(answer)
}

/// Whether `Accept-Encoding` names this coding, and not to refuse it.
fn accepts(header: &str, coding: &str) -> bool {
    header.split(',').any(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

/// The types that a dashboard is made of; nothing else is given out.
fn kind(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "json" => "application/json",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_is_given_to_whoever_accepts_it() {
        assert!(accepts("gzip, deflate, br;q=0.9", "br"));
        assert!(accepts("GZIP", "gzip"));
        for header in ["", "gzip", "br;q=0", "br; q=0.000", "brotli"] {
            assert!(!accepts(header, "br"), "{header}");
        }
    }
}
