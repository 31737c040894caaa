//! Webhooks and their secrets.

use std::time::Duration;

use serde_json::{Value, json};
use waxwing_api::Limits;

use crate::harness::Server;

async fn create(server: &Server, body: Value) -> crate::harness::Answer {
    server.post("/api/webhook/create").acting_for("acme").json(&body).send().await
}

async fn update(server: &Server, id: &str, body: Value) -> crate::harness::Answer {
    server.call("PUT", &format!("/api/webhook/{id}")).acting_for("acme").json(&body).send().await
}

#[tokio::test]
async fn a_webhook_is_made_with_a_secret_that_is_shown_this_once() {
    let server = Server::with_acme().await;
    let body = json!({ "url": "https://a.example/x?y=1", "events": ["deposit.*", "a.b", "a.b"], "description": "d" });
    let made = create(&server, body).await.expect(201);
    assert_eq!(made["url"], "https://a.example/x?y=1");
    assert_eq!(made["events"], json!(["deposit.*", "a.b"]), "each once, in order");
    assert_eq!((&made["status"], &made["description"]), (&json!("active"), &json!("d")));
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 6 + 44, "{secret}");
    let id = made["id"].as_str().unwrap();
    let shown = server.get(&format!("/api/webhook/{id}")).acting_for("acme").send().await.expect(200);
    let mut expected = made.clone();
    expected.as_object_mut().unwrap().remove("secret");
    assert_eq!(shown, expected);
    for member in ["disabled_reason", "last_success_at", "last_failure_at"] {
        assert_eq!(shown[member], Value::Null);
    }
    assert_eq!(shown["consecutive_failures"], 0);
    assert_eq!(server.list("/api/webhook/list").await, [shown]);
}

#[tokio::test]
async fn a_given_secret_is_taken_as_it_is() {
    let server = Server::with_acme().await;
    let body = |secret: &str| json!({ "url": "https://a.example/", "events": ["*"], "secret": secret });
    assert_eq!(create(&server, body("sixteen letters!")).await.expect(201)["secret"], "sixteen letters!");
    for bad in ["fifteen letters", &"x".repeat(257), "with a line\nbreak in it", "mit Umläuten im Text"] {
        let problem = create(&server, body(bad)).await.refused(422, "body_invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/secret");
        assert!(!problem.to_string().contains(bad), "a secret is not repeated: {problem}");
    }
}

#[tokio::test]
async fn a_change_keeps_what_it_leaves_out() {
    let server = Server::with_acme().await;
    let body = json!({ "url": "https://a.example/", "events": ["a.b"], "description": "d" });
    let made = create(&server, body).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let changed = update(&server, id, json!({ "url": "https://b.example/" })).await.expect(200);
    assert_eq!((&changed["url"], &changed["events"]), (&json!("https://b.example/"), &made["events"]));
    assert_eq!((&changed["description"], &changed["created_at"]), (&json!("d"), &made["created_at"]));
    assert!(changed["updated_at"].as_str() > made["updated_at"].as_str());
    let changed = update(&server, id, json!({ "description": null })).await.expect(200);
    assert_eq!(changed["description"], Value::Null);
    let changed = update(&server, id, json!({ "status": "inactive", "events": ["*"] })).await.expect(200);
    assert_eq!((&changed["status"], &changed["events"]), (&json!("inactive"), &json!(["*"])));
    assert_eq!(update(&server, id, json!({})).await.expect(200)["status"], "inactive");
    assert_eq!(update(&server, id, json!({ "status": "active" })).await.expect(200)["status"], "active");
    for bad in [json!({ "status": "disabled" }), json!({ "events": [] }), json!({ "secret": "x" })] {
        update(&server, id, bad).await.refused(422, "body_invalid");
    }
}

#[tokio::test]
async fn webhooks_are_listed_newest_first_in_pages_and_by_status() {
    let server = Server::with_acme().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, server.webhook("acme", &["*"]).await);
    }
    let page = server.get("/api/webhook/list?limit=2").acting_for("acme").send().await.expect(200);
    let next = format!("/api/webhook/list?limit=250&cursor={}", page["next_cursor"].as_str().unwrap());
    let rest = server.list(&next).await;
    let listed: Vec<_> = page["data"].as_array().unwrap().iter().chain(&rest).map(|one| &one["id"]).collect();
    assert_eq!(listed, ids.iter().collect::<Vec<_>>());
    update(&server, &ids[3], json!({ "status": "inactive" })).await.expect(200);
    let inactive = server.list("/api/webhook/list?status=inactive").await;
    assert_eq!(inactive.iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&ids[3]]);
    assert_eq!(server.list("/api/webhook/list?status=active").await.len(), 4);
    assert_eq!(server.list("/api/webhook/list?status=disabled").await.len(), 0);
}

#[tokio::test]
async fn an_account_has_a_bounded_number_of_webhooks_and_patterns() {
    let limits = Limits { webhooks_per_account: 2, patterns_per_webhook: 3, ..Limits::default() };
    let server = Server::with(limits).await;
    server.account("acme").await;
    let body = |events: Value| json!({ "url": "https://a.example/", "events": events });
    create(&server, body(json!(["a", "b", "c", "d"]))).await.refused(422, "body_invalid");
    create(&server, body(json!(["a", "b", "c"]))).await.expect(201);
    create(&server, body(json!(["*"]))).await.expect(201);
    create(&server, body(json!(["*"]))).await.refused(422, "webhook_limit_reached");
    let first = server.list("/api/webhook/list").await[0]["id"].as_str().unwrap().to_owned();
    server.call("DELETE", &format!("/api/webhook/{first}")).acting_for("acme").send().await.expect(204);
    create(&server, body(json!(["*"]))).await.expect(201);
}

#[tokio::test]
async fn an_exact_type_must_be_in_the_catalog_when_there_is_one() {
    let server = Server::with_acme().await;
    let body = |events: Value| json!({ "url": "https://a.example/", "events": events });
    create(&server, body(json!(["not.listed"]))).await.expect(201);
    let put = server.call("PUT", "/api/event-types/deposit.completed").operator().json(&json!({}));
    put.send().await.expect(201);
    let problem = create(&server, body(json!(["*", "not.listed"]))).await.refused(422, "event_type_unknown");
    assert_eq!(problem["errors"][0]["pointer"], "/events/1");
    for events in [json!(["deposit.completed"]), json!(["not.*"]), json!(["*"]), json!(["webhook.test"])] {
        create(&server, body(events)).await.expect(201);
    }
}

#[tokio::test]
async fn a_deleted_webhook_is_gone_but_for_its_log() {
    let server = Server::with_acme().await;
    let id = server.webhook("acme", &["*"]).await;
    let event = server.publish("a.b").await;
    let path = format!("/api/webhook/{id}");
    server.call("DELETE", &path).acting_for("acme").send().await.expect(204);
    for (method, path) in [
        ("GET", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/test")),
        ("POST", format!("{path}/rotate-secret")),
        ("POST", format!("{path}/end-grace-period")),
    ] {
        server.call(method, &path).acting_for("acme").send().await.refused(404, "not_found");
    }
    update(&server, &id, json!({})).await.refused(404, "not_found");
    let log = server.list(&format!("{path}/events")).await;
    assert_eq!((&log[0]["event_id"], &log[0]["status"]), (&json!(event), &json!("canceled")));
    assert_eq!(server.list("/api/webhook/list").await.len(), 0);
}

#[tokio::test]
async fn a_rotation_answers_with_the_new_secret_and_the_end_of_the_old_one() {
    let server = Server::with_acme().await;
    let id = server.webhook("acme", &["*"]).await;
    let path = format!("/api/webhook/{id}/rotate-secret");
    let rotate = |body: Value| server.post(&path).acting_for("acme").json(&body);
    let plain = server.post(&path).acting_for("acme").send().await.expect(200);
    assert!(plain["secret"].as_str().unwrap().starts_with("whsec_"));
    assert!(plain["previous_expires_at"].as_str().unwrap().starts_with("2026-03-27T10:00:"), "{plain}");
    server.clock.advance(Duration::from_hours(1));
    let given = json!({ "secret": "a secret of my own", "grace_seconds": 60 });
    let given = rotate(given).send().await.expect(200);
    assert_eq!(given["secret"], "a secret of my own");
    assert!(given["previous_expires_at"].as_str().unwrap().starts_with("2026-03-26T11:01:"), "{given}");
    let at_once = rotate(json!({ "grace_seconds": 0 })).send().await.expect(200);
    assert_eq!(at_once["previous_expires_at"], Value::Null);
    for bad in
        [json!({ "grace_seconds": -1 }), json!({ "grace_seconds": 604_801 }), json!({ "secret": "short" })]
    {
        rotate(bad).send().await.refused(422, "body_invalid");
    }
    let end = server.post(&format!("/api/webhook/{id}/end-grace-period")).acting_for("acme");
    end.send().await.expect(204);
}

#[tokio::test]
async fn a_webhook_tells_until_when_its_old_secret_is_valid() {
    let server = Server::with_acme().await;
    let id = server.webhook("acme", &["*"]).await;
    let path = format!("/api/webhook/{id}");
    let told = || async {
        let shown = server.get(&path).acting_for("acme").send().await.expect(200);
        shown["previous_secret_expires_at"].clone()
    };
    let rotate = |grace: u64| {
        let body = json!({ "grace_seconds": grace });
        server.post(&format!("{path}/rotate-secret")).acting_for("acme").json(&body).send()
    };
    assert_eq!(told().await, Value::Null);
    let rotated = rotate(60).await.expect(200);
    assert_eq!(told().await, rotated["previous_expires_at"]);
    server.clock.advance(Duration::from_secs(61));
    assert_eq!(told().await, Value::Null, "its time is over");
    rotate(60).await.expect(200);
    server.post(&format!("{path}/end-grace-period")).acting_for("acme").send().await.expect(204);
    assert_eq!(told().await, Value::Null, "it was ended");
}
