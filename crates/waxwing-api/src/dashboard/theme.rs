//! How the dashboard looks for those who embed it: a name, a logo, a colour.

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, header};
use serde_json::json;

use super::{Accent, missing, typed};
use crate::problem::Result;

/// The largest logo, in bytes.
pub const MAX_LOGO_BYTES: usize = 128 << 10;

/// Where the logo is.
const LOGO: &str = "/dashboard/theme/logo";

/// How it looks.
#[derive(Debug, Clone)]
pub struct Theme {
    /// What the product is called.
    pub name: Option<String>,
    /// What it is known by.
    pub logo: Option<Logo>,
    /// The colour of links and buttons on a light page.
    pub accent: Accent,
    /// The same on a dark page.
    pub accent_dark: Accent,
    /// Light or dark.
    pub scheme: Scheme,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// As the reader's system has it.
    Auto,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::Auto];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Auto => "auto",
        }
    }
}

/// An image, told by its first bytes.
#[derive(Debug, Clone)]
pub struct Logo {
    kind: &'static str,
    bytes: Bytes,
}

/// Why an image is no logo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// Too many bytes.
    #[error("has more than {MAX_LOGO_BYTES} bytes")]
    TooLarge,
    /// Something else.
    #[error("is neither an SVG nor a PNG file")]
    Kind,
}

impl Logo {
    /// Reads a logo. An SVG is shown as an image, so that no script in it runs.
    ///
    /// # Errors
    /// [`LogoError`] when it is too large or no image of these kinds.
    pub fn read(bytes: Vec<u8>) -> std::result::Result<Self, LogoError> {
        if bytes.len() > MAX_LOGO_BYTES {
            return Err(LogoError::TooLarge);
        }
        let is_svg = || {
            let text = std::str::from_utf8(&bytes).ok()?.trim_start_matches('\u{feff}').trim_start();
            ((text.starts_with("<svg") || text.starts_with("<?xml")) && text.contains("<svg")).then_some(())
        };
        let kind = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            "image/png"
        } else if is_svg().is_some() {
            "image/svg+xml"
        } else {
            return Err(LogoError::Kind);
        };
        Ok(Self { kind, bytes: bytes.into() })
    }
}

impl Theme {
    /// Colours and scheme as custom properties, before those of the page's own.
    pub(super) fn css(&self) -> Response {
        let scheme = match self.scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
            Scheme::Auto => "light dark",
        };
        let (light, dark) = (self.accent, self.accent_dark);
        let (on_light, on_dark) = (light.text(), dark.text());
        let css = format!(
            ":root:root {{\n  color-scheme: {scheme};\n  --accent: light-dark({light}, {dark});\n  \
             --accent-text: light-dark({on_light}, {on_dark});\n}}\n"
        );
        fresh(typed("text/css; charset=utf-8", css))
    }

    /// What else the page needs to know.
    pub(super) fn json(&self) -> Response {
        let told = json!({
            "name": self.name,
            "logo": self.logo.as_ref().map(|_| LOGO),
            "scheme": self.scheme.as_str(),
            "version": env!("CARGO_PKG_VERSION"),
        });
        fresh(typed("application/json", told.to_string()))
    }

    pub(super) fn logo(&self) -> Result<Response> {
        let logo = self.logo.as_ref().ok_or_else(missing)?;
        Ok(fresh(typed(logo.kind, logo.bytes.clone())))
    }
}

fn fresh(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}
