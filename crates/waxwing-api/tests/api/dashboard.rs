//! The dashboard: its files, its theme, and who may frame it.

use std::{io::Read, sync::Arc};

use axum::body::to_bytes;
use http::header;
use serde_json::{Value, json};
use waxwing_api::{
    Api,
    dashboard::{Accent, Dashboard, Logo, LogoError, MAX_LOGO_BYTES, Origin, Scheme, Theme},
};

use crate::harness::Server;

const SVG: &str = r#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;

fn dashboard() -> Dashboard {
    let theme = Theme {
        name: None,
        logo: None,
        accent: Accent::on_light("#2f5bd0").unwrap(),
        accent_dark: Accent::on_dark("#8fb0ff").unwrap(),
        scheme: Scheme::Auto,
    };
    Dashboard { url: None, ancestors: Vec::new(), theme }
}

async fn with(dashboard: Dashboard) -> Server {
    let server = Server::with_acme().await;
    server.with_api(Api { dashboard: Some(Arc::new(dashboard)), ..server.api.clone() })
}

const PATHS: [&str; 5] = [
    "/dashboard/",
    "/dashboard/webhooks/wh_1",
    "/dashboard/theme.css",
    "/dashboard/theme.json",
    "/dashboard/x",
];

#[tokio::test]
async fn nobody_may_frame_the_dashboard_and_it_loads_nothing_from_elsewhere() {
    let server = with(dashboard()).await;
    for path in PATHS {
        let answer = server.get(path).send().await;
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
        for word in ["unsafe", "*", "http"] {
            assert!(!policy.contains(word), "{policy}");
        }
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-cache"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
        assert!(answer.headers["permissions-policy"].to_str().unwrap().contains("camera=()"));
    }
}

#[tokio::test]
async fn sites_that_are_named_may_frame_it() {
    let ancestors =
        ["https://app.example.com", "https://b.example:8443"].map(|text| Origin::parse(text).unwrap());
    let server = with(Dashboard { ancestors: ancestors.to_vec(), ..dashboard() }).await;
    let answer = server.get("/dashboard/").send().await;
    let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.ends_with("frame-ancestors https://app.example.com https://b.example:8443"), "{policy}");
    assert!(!answer.headers.contains_key("x-frame-options"), "old browsers would go by it");
    let api = server.get("/api/me").operator().send().await;
    assert_eq!(api.headers["x-frame-options"], "DENY", "the rest may not be framed");
}

#[tokio::test]
async fn the_page_is_served_for_every_path_of_its_own_and_packed_for_whoever_takes_it() {
    let server = with(dashboard()).await;
    let moved = server.get("/dashboard").send().await;
    assert_eq!((moved.status.as_u16(), &moved.headers["location"]), (308, &"/dashboard/".parse().unwrap()));
    let page = server.get("/dashboard/").send().await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert!(page.text.starts_with("<!doctype html>"), "{}", page.text);
    assert_eq!(server.get("/dashboard/webhooks/wh_1").send().await.text, page.text);
    let (_, headers, body) = server.get("/dashboard/").header("accept-encoding", "gzip, br").open().await;
    assert_eq!(
        (&headers["content-encoding"], &headers["vary"]),
        (&"gzip".parse().unwrap(), &"accept-encoding".parse().unwrap())
    );
    let packed = to_bytes(body, 1 << 20).await.unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, page.text);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_found() {
    let server = with(dashboard()).await;
    for path in ["assets/no-00000000.js", "assets/../index.html", "assets/%2e%2e/index.html", "theme/logo"] {
        server.get(&format!("/dashboard/{path}")).send().await.refused(404, "not_found");
    }
    for path in ["/dashboard", "/dashboard/", "/dashboard/theme.css"] {
        Server::new().await.get(path).send().await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn a_theme_has_a_name_colours_and_a_logo() {
    let plain = with(dashboard()).await.get("/dashboard/theme.json").send().await.expect(200);
    assert_eq!(
        (&plain["name"], &plain["logo"], &plain["scheme"]),
        (&Value::Null, &Value::Null, &json!("auto"))
    );
    let mut themed = dashboard();
    themed.theme.name = Some("Acme \"Hooks\"".into());
    themed.theme.logo = Some(Logo::read(SVG.into()).unwrap());
    themed.theme.accent = Accent::on_light("#7A1FA2").unwrap();
    themed.theme.scheme = Scheme::Dark;
    let server = with(themed).await;
    let told = server.get("/dashboard/theme.json").send().await.expect(200);
    assert_eq!((&told["name"], &told["scheme"]), (&json!("Acme \"Hooks\""), &json!("dark")));
    let css = server.get("/dashboard/theme.css").send().await;
    assert_eq!(css.headers["content-type"], "text/css; charset=utf-8");
    for rule in [
        "color-scheme: dark;",
        "--accent: light-dark(#7a1fa2, #8fb0ff);",
        "--accent-text: light-dark(#ffffff, #000000);",
    ] {
        assert!(css.text.contains(rule), "{}", css.text);
    }
    let logo = server.get(told["logo"].as_str().unwrap()).send().await;
    assert_eq!((&logo.headers["content-type"], logo.text.as_str()), (&"image/svg+xml".parse().unwrap(), SVG));
    let policy = logo.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("script-src 'self'"), "no script in it runs: {policy}");
}

#[test]
fn what_is_no_small_image_is_no_logo() {
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), b"rest"].concat();
    assert!(Logo::read(png).is_ok() && Logo::read("<?xml version=\"1.0\"?>\n<svg/>".into()).is_ok());
    for other in ["", "<html><svg/></html>", "GIF89a", "<?xml version=\"1.0\"?><html/>"] {
        assert!(matches!(Logo::read(other.into()), Err(LogoError::Kind)), "{other}");
    }
    assert!(matches!(Logo::read(vec![b'<'; MAX_LOGO_BYTES + 1]), Err(LogoError::TooLarge)));
}

#[test]
fn origins_are_hosts_and_nothing_else() {
    for text in ["https://a.example", "https://app-1.example.com:8443", "https://localhost"] {
        assert_eq!(Origin::parse(text).unwrap().to_string(), text);
    }
    for text in [
        "",
        "https://",
        "http://a.example",
        "https://a.example/",
        "https://*.example",
        "https://A.example",
        "https://a.example:0",
        "https://a.example:065",
        "https://a.example:99999",
        "https://a..example",
        "https://-a.example",
        "https://a.example; script-src *",
        "https://me@a.example",
        "'self'",
        "*",
        "https://a.example https://b.example",
    ] {
        assert!(Origin::parse(text).is_err(), "{text}");
    }
}

#[tokio::test]
async fn a_portal_link_carries_the_token_where_no_log_has_it() {
    let link = async |server: &Server| {
        let made = server.post("/api/accounts/acme/portal-tokens").operator().json(&json!({}));
        made.send().await.expect(201)
    };
    let url = Some("https://hooks.example.com/dashboard".to_owned());
    let server = with(Dashboard { url, ..dashboard() }).await;
    let made = link(&server).await;
    let token = made["token"].as_str().unwrap();
    assert_eq!(made["url"], format!("https://hooks.example.com/dashboard/#token={token}"));
    let listed = server.list("/api/accounts/acme/portal-tokens").await;
    assert!(listed[0].get("url").is_none() && listed[0].get("token").is_none());
    assert_eq!(link(&with(dashboard()).await).await["url"], Value::Null);
}
