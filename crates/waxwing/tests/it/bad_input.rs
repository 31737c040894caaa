//! Input of every wrong kind gets a 4xx that helps, and leaves no trace.

use http::HeaderMap;
use serde_json::{Value, json};

use crate::harness::{Inbox, World, server::expect};

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_event_is_refused_and_leaves_no_trace() {
    let world = World::new();
    let inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let nested = format!(
        r#"{{"account_id":"acme","type":"a.b","data":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let large = format!(r#"{{"account_id":"acme","type":"a.b","data":"{}"}}"#, "x".repeat(300_000));
    let cases: [(&[u8], &[u16]); 14] = [
        (b"", &[400]),
        (b"{", &[400]),
        (br#"{"account_id":"acme","type":"a.b","data":{}"#, &[400]),
        (b"[]", &[400, 422]),
        (br#"{"account_id":"acme","type":"a.b"}"#, &[400, 422]),
        (br#"{"account_id":7,"type":"a.b","data":{}}"#, &[400, 422]),
        (br#"{"account_id":"acme","type":"a b","data":{}}"#, &[400, 422]),
        (br#"{"account_id":"acme","type":"a.b","data":{},"dta":1}"#, &[400, 422]),
        (br#"{"account_id":"acme","account_id":"acme","type":"a.b","data":{}}"#, &[400, 422]),
        (br#"{"account_id":"nobody","type":"a.b","data":{}}"#, &[404, 422]),
        (br#"{"account_id":"acme","type":"a.b","id":"with.dot","data":{}}"#, &[400, 422]),
        (b"{\"account_id\":\"acme\",\"type\":\"a.b\",\"data\":\"\xff\"}", &[400]),
        (nested.as_bytes(), &[400, 413, 422]),
        (large.as_bytes(), &[413]),
    ];
    let json: HeaderMap =
        [(http::header::CONTENT_TYPE, "application/json".parse().unwrap())].into_iter().collect();
    for (body, statuses) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let answer = server.api.post_raw("/api/events", json.clone(), body.to_vec().into()).await.unwrap();
        let json = answer.json().unwrap_or_default();
        assert!(statuses.contains(&answer.status.as_u16()), "{shown}: {answer:?}");
        assert!(json["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{shown}: {answer:?}");
        assert!(json["code"].is_string() && json["request_id"].is_string(), "{shown}: {answer:?}");
    }
    assert!(server.log_of(&hook, "").await.is_empty());
    assert_eq!(inbox.receiver.counters().requests(), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_kept_as_a_whole_or_not_at_all() {
    let world = World::new();
    let inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event = |account: &str| json!({ "account_id": account, "type": "a.b", "data": {} });
    let bad = json!({ "events": [event("acme"), event("nobody")] });
    let refused = server.api.post("/api/events/batch", Some(bad)).await.unwrap();
    assert!(refused.status.is_client_error(), "{refused:?}");
    assert!(server.log_of(&hook, "").await.is_empty());
    let good = json!({ "events": [event("acme"), event("acme")] });
    expect(202, server.api.post("/api/events/batch", Some(good)).await.unwrap());
    assert_eq!(server.log_of(&hook, "").await.len(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_urls_are_refused_in_every_spelling() {
    let world = World::new();
    let server = world.serve(&[("ALLOWED_NETWORKS", "")]).await;
    server.account("acme").await;
    let client = server.acting_for("acme");
    let not_public = [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://172.16.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/",
        "https://100.64.0.1/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
    ];
    let other = [
        "http://example.com/",
        "ftp://example.com/",
        "example.com",
        "",
        "https://",
        "https://u:p@example.com/",
        "https://example.com/#x",
    ];
    for url in not_public.into_iter().chain(other) {
        let refused =
            client.post("/api/webhook/create", Some(json!({ "url": url, "events": ["*"] }))).await.unwrap();
        assert!(matches!(refused.status.as_u16(), 400 | 422), "{url}: {refused:?}");
        if not_public.contains(&url) {
            assert_eq!(refused.json().unwrap()["code"], "url_not_public", "{url}: {refused:?}");
        }
    }
    let plain = client
        .post("/api/webhook/create", Some(json!({ "url": "http://example.com/", "events": ["*"] })))
        .await
        .unwrap();
    assert_eq!(plain.json().unwrap()["code"], "url_not_https");
    let list: Value = expect(200, client.get("/api/webhook/list").await.unwrap());
    assert_eq!(list["data"], json!([]));
    server.stop().await;
}
