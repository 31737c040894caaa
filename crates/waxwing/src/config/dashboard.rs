//! The settings of the dashboard.

use std::path::PathBuf;

use http::Uri;
use waxwing_api::dashboard::{Accent, Dashboard, Origin, Scheme, Theme};

use super::{parse, settings::Reader, targets::list};

/// The longest name of a product, in characters.
const NAME_LEN: usize = 64;

/// The dashboard as it is configured; its logo is still to be read.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How it is served; `None` for not at all.
    pub(crate) served: Option<Dashboard>,
    /// Where its logo lies.
    pub(crate) logo_file: Option<PathBuf>,
}

impl Reader<'_> {
    pub(super) fn dashboard(&mut self) -> Option<Settings> {
        let on = self.required("dashboard", on_or_off);
        let url = self.optional("dashboard_url", address);
        let ancestors = self.optional("dashboard_frame_ancestors", origins);
        let name = self.optional("dashboard_name", name);
        let logo_file = self.optional("dashboard_logo_file", parse::path);
        let light = |text: &str| Accent::on_light(text).map_err(|error| error.to_string());
        let accent = self.required("dashboard_accent", light);
        let dark = |text: &str| Accent::on_dark(text).map_err(|error| error.to_string());
        let accent_dark = self.required("dashboard_accent_dark", dark);
        let scheme = self.required("dashboard_scheme", scheme);
        let theme = Theme { name, logo: None, accent: accent?, accent_dark: accent_dark?, scheme: scheme? };
        let served = Dashboard { url, ancestors: ancestors.unwrap_or_default(), theme };
        Some(Settings { served: on?.then_some(served), logo_file })
    }
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("is neither; write on or off".into()),
    }
}

/// Where people reach the dashboard, without a slash at the end.
fn address(text: &str) -> Result<String, String> {
    let example = "write https://, a host and a path, such as https://hooks.example.com/dashboard";
    let refuse = |why: &str| Err(format!("{why}; {example}"));
    let Ok(uri) = text.parse::<Uri>() else { return refuse("is no URL") };
    let Some(authority) = uri.authority() else { return refuse("names no host") };
    let loopback = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if loopback => {}
        _ => return refuse("does not begin with https://, so tokens in its links could be read on the way"),
    }
    if authority.as_str().contains('@') || uri.query().is_some() || text.contains('#') {
        return refuse("holds more than host and path");
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn origins(text: &str) -> Result<Vec<Origin>, String> {
    list(text, |part| Origin::parse(part).map_err(|error| format!("{part:?} {error}")))
}

fn name(text: &str) -> Result<String, String> {
    if text.chars().count() <= NAME_LEN && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(format!("is no name; write 1 to {NAME_LEN} characters on one line"))
}

fn scheme(text: &str) -> Result<Scheme, String> {
    let known = Scheme::ALL.into_iter().find(|scheme| scheme.as_str() == text);
    known.ok_or_else(|| "is none; write light, dark or auto".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_over_tls_or_to_this_machine() {
        let fine = |text: &str| address(text).unwrap();
        assert_eq!(fine("https://hooks.example.com/dashboard/"), "https://hooks.example.com/dashboard");
        assert_eq!(fine("http://127.0.0.1:8080/dashboard"), "http://127.0.0.1:8080/dashboard");
        for text in [
            "http://hooks.example.com/dashboard",
            "hooks.example.com/dashboard",
            "https://me:secret@hooks.example.com/",
            "https://hooks.example.com/?a=b",
            "https://hooks.example.com/#a",
            "javascript:alert(1)",
            "",
        ] {
            assert!(address(text).unwrap_err().contains("such as https://"), "{text}");
        }
    }

    #[test]
    fn origins_are_read_strictly() {
        assert_eq!(origins("https://a.example, https://b.example:8443").unwrap().len(), 2);
        for text in ["https://a.example/", "http://a.example", "*", "https://*.example", "'self'", "https:"] {
            assert!(origins(text).unwrap_err().contains("write https://"), "{text}");
        }
    }
}
