//! The dashboard: a page that works with this API alone, embedded as it was built.
//!
//! It knows no secret and asks for none: whoever opens it brings a key. What it may load,
//! and who may frame it, is said in its headers; nothing of it runs inline.

mod color;
mod files;
mod theme;

use std::{fmt, sync::Arc};

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};

pub use color::{Accent, ColorError};
pub use theme::{Logo, LogoError, MAX_LOGO_BYTES, Scheme, Theme};

use crate::{
    Api,
    headers::Framed,
    problem::{Problem, Result},
};

/// How the dashboard is served.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// Its address as people reach it, for links to it; without a slash at the end.
    pub url: Option<String>,
    /// Who may frame it, besides nobody.
    pub ancestors: Vec<Origin>,
    /// How it looks.
    pub theme: Theme,
}

/// Where a page comes from that may frame the dashboard: `https://host` or `https://host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// A text that is no such origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no origin; write https:// and a host name in small letters, and a port if there is one")]
pub struct NoOrigin;

impl Origin {
    /// Reads an origin, strictly: what a browser would read otherwise is refused.
    ///
    /// # Errors
    /// [`NoOrigin`].
    pub fn parse(text: &str) -> std::result::Result<Self, NoOrigin> {
        let rest = text.strip_prefix("https://").ok_or(NoOrigin)?;
        let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| letter(b) || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let number = |port: &str| port.parse::<u16>().is_ok_and(|n| n > 0 && n.to_string() == port);
        let fits = host.len() <= 253 && host.split('.').all(label) && port.is_none_or(number);
        if fits { Ok(Self(text.to_owned())) } else { Err(NoOrigin) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Dashboard {
    /// A link that signs its reader in. A browser does not send what follows the `#`, so
    /// that the token stands in no server's log.
    pub(crate) fn link(&self, token: &str) -> Option<String> {
        self.url.as_ref().map(|url| format!("{url}/#token={token}"))
    }

    fn policy(&self) -> String {
        let ancestors: Vec<String> = self.ancestors.iter().map(ToString::to_string).collect();
        let ancestors = if ancestors.is_empty() { "'none'".to_owned() } else { ancestors.join(" ") };
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
        )
    }
}

/// What a page may not do, and that copying is allowed.
const PERMISSIONS: &str = "camera=(), clipboard-read=(), clipboard-write=(self), display-capture=(), \
     geolocation=(), microphone=(), payment=(), usb=()";

/// Its routes. None of them looks at anything of an account.
pub(crate) fn routes(dashboard: &Arc<Dashboard>) -> Router<Arc<Api>> {
    let of = |serve: fn(&Dashboard, &str, &HeaderMap) -> Result<Response>| {
        let dashboard = Arc::clone(dashboard);
        get(move |path: Option<Path<String>>, headers: HeaderMap| {
            let path = path.map(|Path(path)| path).unwrap_or_default();
            let answer = serve(&dashboard, &path, &headers).map(|answer| guarded(&dashboard, answer));
            std::future::ready(answer)
        })
    };
    Router::new()
        .route("/dashboard", get(|| async { Redirect::permanent("/dashboard/") }))
        .route("/dashboard/", of(|_, _, headers| Ok(files::index(headers))))
        .route("/dashboard/theme.css", of(|dashboard, _, _| Ok(dashboard.theme.css())))
        .route("/dashboard/theme.json", of(|dashboard, _, _| Ok(dashboard.theme.json())))
        .route("/dashboard/theme/logo", of(|dashboard, _, _| dashboard.theme.logo()))
        .route("/dashboard/{*path}", of(|_, path, headers| files::file(path, headers)))
}

/// With the headers that every answer of the dashboard has.
fn guarded(dashboard: &Dashboard, mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(dashboard.policy()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let plain = |name, value| (HeaderName::from_static(name), HeaderValue::from_static(value));
    headers.extend([
        plain("permissions-policy", PERMISSIONS),
        plain("cross-origin-opener-policy", "same-origin"),
    ]);
    if !dashboard.ancestors.is_empty() {
        answer.extensions_mut().insert(Framed);
    }
    answer
}

fn missing() -> Problem {
    Problem::not_found("file of the dashboard")
}

fn typed(kind: &'static str, body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response()
}
