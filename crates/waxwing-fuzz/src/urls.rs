//! URLs of webhooks: what is accepted can be called, and leads to where it says.

use http::{HeaderValue, Uri};
use waxwing_core::{
    TargetPolicy,
    target::{TargetRules, TargetUrl},
};

pub(super) fn run(bytes: &[u8]) {
    let text = crate::text(bytes);
    let policy = TargetPolicy::default();
    let accepted = match policy.check_url(text) {
        Ok(accepted) => accepted,
        Err(error) => {
            assert!(error.code().starts_with("url_"));
            return;
        }
    };
    assert_eq!(accepted.as_str(), text);
    assert!(text.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")), "{text:?}");
    if let Some(address) = accepted.address() {
        assert!(policy.check_address(address).is_ok(), "{text:?}");
    }
    let host = accepted.host();
    assert!(host != "localhost" && !host.ends_with(".localhost"), "{text:?}");
    assert!(!host.is_empty() && !host.ends_with('.') && *host == host.to_lowercase(), "{text:?}");
    assert_ne!(accepted.port(), 0);
    called(&policy, &accepted);
    denied(&accepted);
}

/// What names its host or its port denies it.
fn denied(url: &TargetUrl) {
    let by_port = TargetRules { denied_ports: vec![url.port()..=url.port()], ..TargetRules::default() };
    let mut all = vec![by_port];
    if url.address().is_none() {
        let by_host = url.host().parse().ok();
        all.extend(by_host.map(|host| TargetRules { denied_hosts: vec![host], ..TargetRules::default() }));
        assert_eq!(all.len(), 2, "{:?} can be denied", url.host());
    }
    for rules in all {
        let verdict = TargetPolicy::of(rules).check_url(url.as_str());
        assert_eq!(verdict.err().map(|error| error.code()), Some("url_denied"), "{:?}", url.as_str());
    }
}

/// What the sender makes of it is a request to the same place.
fn called(policy: &TargetPolicy, url: &TargetUrl) {
    let text = url.as_str();
    assert!(HeaderValue::try_from(url.host_header()).is_ok(), "{text:?}");
    let path = url.path_and_query().parse::<Uri>();
    let path = path.as_ref().map(|path| path.path_and_query().map(http::uri::PathAndQuery::as_str));
    assert_eq!(path.ok().flatten(), Some(url.path_and_query()), "{text:?}");
    let whole = format!("https://{}{}", url.host_header(), url.path_and_query());
    let uri = whole.parse::<Uri>().ok();
    let authority = uri.as_ref().and_then(Uri::authority).map(http::uri::Authority::as_str);
    assert_eq!(authority, Some(url.host_header()), "{text:?}");
    // Read once more, it is the same.
    let again = policy.check_url(&whole).ok();
    let parts = again.as_ref().map(|again| (again.host(), again.port(), again.path_and_query()));
    assert_eq!(parts, Some((url.host(), url.port(), url.path_and_query())), "{text:?}");
}
