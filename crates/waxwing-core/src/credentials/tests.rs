//! Which credentials are taken, and that they come out of the store as they went in.

use proptest::prelude::*;

use super::*;

fn headers(pairs: &[(&str, &str)]) -> Result<CustomHeaders, CredentialError> {
    CustomHeaders::new(pairs.iter().copied())
}

#[test]
fn headers_of_the_protocol_cannot_be_set_in_any_case() {
    for name in [
        "Host",
        "content-type",
        "Content-Length",
        "CONTENT-ENCODING",
        "connection",
        "Transfer-Encoding",
        "te",
        "Trailer",
        "upgrade",
        "keep-alive",
        "Proxy-Authorization",
        "proxy-connection",
        "expect",
        "user-agent",
        "Authorization",
        "cookie",
        "webhook-id",
        "Webhook-Signature",
        "webhook-timestamp",
        "webhook-anything",
        "X-Webhook-Signature",
        "X-Waxwing-Anything",
        "forwarded",
        "X-Forwarded-For",
        "via",
        "sec-fetch-mode",
    ] {
        let error = headers(&[(name, "1")]).unwrap_err();
        assert_eq!(error.member, name);
        assert!(error.detail.contains("cannot be set"), "{name}: {error}");
    }
    for name in ["X-Api-Key", "x-tenant", "Accept", "Traceparent", "x-hook", "webhook"] {
        assert!(headers(&[(name, "1")]).is_ok(), "{name}");
    }
}

#[test]
fn names_are_tokens_and_values_printable_and_both_are_bounded() {
    for name in ["", "a b", "a:b", "ä", "a\r\nb", ":path", &"a".repeat(129)] {
        assert!(headers(&[(name, "1")]).is_err(), "{name:?}");
    }
    for value in ["", " a", "a ", "a\r\nB: c", "a\0b", "\u{e4}", "\t", &"a".repeat(1025)] {
        let error = headers(&[("X-A", value)]).unwrap_err();
        assert!(!error.to_string().contains("B: c"), "{error}");
    }
    assert!(headers(&[("X-A", &"a".repeat(1024)), (&"a".repeat(128), "b c")]).is_ok());
    assert!(headers(&[("X-A", "1"), ("x-a", "2")]).unwrap_err().detail.contains("twice"));
    let names: Vec<String> = (0..21).map(|number| format!("X-{number}")).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    assert!(headers(&pairs[..20]).is_ok());
    assert_eq!(headers(&pairs).unwrap_err().member, "X-20");
}

#[test]
fn an_authorization_says_which_of_its_members_does_not_fit() {
    let member = |result: Result<Authorization, CredentialError>| result.unwrap_err().member;
    for token in ["", "a b", "Bearer abc", "a\n", &"a".repeat(4097)] {
        assert_eq!(member(Authorization::bearer(token)), "token", "{token:?}");
    }
    assert_eq!(member(Authorization::basic("a:b", "c")), "username");
    assert_eq!(member(Authorization::basic("", "c")), "username");
    assert_eq!(member(Authorization::basic("a", "")), "password");
    let oauth = |id, secret, scope, audience| {
        Authorization::oauth2("https://id.example/token", id, secret, scope, audience)
    };
    assert_eq!(member(oauth("", "b", None, None)), "client_id");
    assert_eq!(member(oauth("a", "", None, None)), "client_secret");
    assert_eq!(member(oauth("a", "b", Some(""), None)), "scope");
    assert_eq!(member(oauth("a", "b", None, Some("\0"))), "audience");
    assert_eq!(member(Authorization::oauth2("https://\0/", "a", "b", None, None)), "token_url");
}

#[test]
fn a_client_certificate_is_pem() {
    let (pem, long) = ("-----BEGIN X-----", format!("-----BEGIN {}", "X".repeat(32 << 10)));
    assert!(ClientCertificate::new(pem, pem).is_ok());
    for (certificate, key, member) in
        [("", pem, "certificate"), (pem, "a", "key"), (pem, long.as_str(), "key")]
    {
        assert_eq!(ClientCertificate::new(certificate, key).unwrap_err().member, member);
    }
}

#[test]
fn nothing_prints_what_is_secret() {
    let basic = Authorization::basic("me", "hunter2").unwrap();
    let oauth = Authorization::oauth2("https://id.example/", "id", "hunter2", None, None).unwrap();
    let headers = headers(&[("X-Key", "hunter2")]).unwrap();
    let certificate = ClientCertificate::new("-----BEGIN A", "-----BEGIN hunter2").unwrap();
    let Authorization::OAuth2(inner) = &oauth else { panic!("{oauth:?}") };
    let shown = format!("{basic:?} {oauth:?} {inner:?} {headers:?} {certificate:?}");
    assert!(!shown.contains("hunter2") && shown.contains("x-key"), "{shown}");
}

#[test]
fn what_is_no_credential_is_not_read() {
    for bytes in [&b""[..], b"bearer", b"bearer\0", b"basic\0a", b"digest\0a\0b", b"oauth2\0a\0b\0c", b"\xff"]
    {
        assert_eq!(Authorization::from_bytes(bytes), Err(MalformedCredential), "{bytes:?}");
    }
    for bytes in [&b"x-a"[..], b"x-a\0b\0x-b", b"host\0a", b"\xff\0a"] {
        assert_eq!(CustomHeaders::from_bytes(bytes), Err(MalformedCredential), "{bytes:?}");
    }
    assert_eq!(ClientCertificate::from_bytes(b"-----BEGIN A"), Err(MalformedCredential));
}

proptest! {
    #[test]
    fn what_is_kept_is_read_back(
        pairs in prop::collection::btree_map("x-[a-z0-9-]{1,20}", "[!-~]([ -~]{0,20}[!-~])?", 1..20),
        [a, b, c, d] in prop::array::uniform4("[!-9;-~]{1,30}"),
        scoped: bool,
    ) {
        let headers = CustomHeaders::new(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        if let Ok(headers) = headers {
            prop_assert_eq!(CustomHeaders::from_bytes(&headers.to_bytes()), Ok(headers));
        }
        let url = format!("https://{a}/");
        for authorization in [
            Authorization::bearer(&a).unwrap(),
            Authorization::basic(&a, &b).unwrap(),
            Authorization::oauth2(&url, &b, &c, scoped.then_some(&d), (!scoped).then_some(&d)).unwrap(),
        ] {
            prop_assert_eq!(Authorization::from_bytes(&authorization.to_bytes()), Ok(authorization));
        }
    }
}
