//! The request of a delivery, as it is shown.

use serde_json::{Value, json};
use waxwing_core::{Secret, Timestamp, signature::verify_standard};

use crate::harness::Server;

/// The value of a header that is shown; null for one that is only named.
fn header<'a>(request: &'a Value, name: &str) -> &'a Value {
    let headers = request["headers"].as_array().unwrap();
    &headers.iter().find(|header| header["name"] == name).unwrap_or_else(|| panic!("no {name}"))["value"]
}

#[tokio::test]
async fn the_request_is_shown_as_it_is_sent_and_credentials_by_name_only() {
    let server = Server::with_acme().await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let new = json!({
        "url": "https://receiver.example/hook?a=1", "events": ["*"], "secret": secret,
        "headers": { "X-Tenant": "hunter2" }, "authorization": { "type": "bearer", "token": "hunter3" },
    });
    let hook = server.post("/api/webhook/create").acting_for("acme").json(&new).send().await.expect(201);
    let hook = hook["id"].as_str().unwrap();
    let event = server.publish("a.b").await;
    let path = format!("/api/webhook/{hook}/events/{event}");
    let answer = server.get(&path).acting_for("acme").send().await;
    assert!(!answer.text.contains("hunter"), "{answer:?}");
    let request = &answer.expect(200)["request"];
    assert_eq!((&request["method"], &request["url"]), (&json!("POST"), &new["url"]));
    assert_eq!(header(request, "content-type"), "application/json");
    assert!(header(request, "user-agent").as_str().unwrap().starts_with("Waxwing/"));
    for named in ["x-tenant", "authorization"] {
        assert!(header(request, named).is_null(), "{request}");
    }
    let body = request["body"].as_str().unwrap();
    assert!(body.starts_with(&format!(r#"{{"id":"{event}","type":"a.b""#)), "{body}");
    let [id, time, signature] = ["webhook-id", "webhook-timestamp", "webhook-signature"]
        .map(|name| header(request, name).as_str().unwrap());
    assert_eq!(id, event);
    let now = Timestamp::from_millis(time.parse::<i64>().unwrap() * 1_000);
    let secret = Secret::given(secret).unwrap();
    verify_standard(&secret, id, time, body.as_bytes(), signature, now, std::time::Duration::ZERO).unwrap();
}

#[tokio::test]
async fn what_is_erased_or_deleted_has_no_request() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let (erased, kept) = (server.publish("a.b").await, server.publish("a.b").await);
    let shown = async |event: &str| {
        let path = format!("/api/webhook/{hook}/events/{event}");
        server.get(&path).acting_for("acme").send().await.expect(200)["request"].clone()
    };
    server.post(&format!("/api/events/{erased}/erase")).operator().send().await.expect(202);
    assert!(shown(&erased).await.is_null());
    assert!(shown(&kept).await.is_object());
    server.call("DELETE", &format!("/api/webhook/{hook}")).acting_for("acme").send().await.expect(204);
    assert!(shown(&kept).await.is_null());
}
