//! What a customer's page needs of the program: the request as it was sent, the log as it
//! changes, replays that are stopped, and the page itself.

use serde_json::{Value, json};
use waxwing_peers::Reply;

use crate::harness::{Inbox, World, follow::Follower, inbox::header, server::expect, stderr};

#[tokio::test(flavor = "multi_thread")]
async fn the_request_that_is_shown_is_the_one_that_was_sent() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/hook?a=1"), &["*"]).await;
    let event = server.publish("acme", "deposit.created", json!({ "amount": "10.00" })).await;
    let received = inbox.next().await;
    let detail = server.until(&hook, &event, "delivered").await;
    let request = &detail["request"];
    assert_eq!(request["body"].as_str().unwrap().as_bytes(), &received.body[..]);
    assert_eq!(request["url"], inbox.url("/hook?a=1"));
    let shown = request["headers"].as_array().unwrap();
    for one in shown {
        let (name, value) = (one["name"].as_str().unwrap(), one["value"].as_str().unwrap());
        // The second can pass between the beginning of an attempt and its signature.
        if !matches!(name, "webhook-timestamp" | "webhook-signature") {
            assert_eq!(header(&received, name), value, "{name}");
        }
    }
    assert_eq!(shown.len(), 6, "{shown:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_followed_from_publish_to_delivery_and_until_the_server_stops() {
    let world = World::new();
    let mut inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let mut follower = Follower::new(&server, &hook).await;
    let event = server.publish("acme", "deposit.created", json!({})).await;
    inbox.next().await;
    let entry = follower.until(|entry| entry["status"] == "delivered").await;
    assert_eq!(entry["event_id"], event.as_str());
    // It would go on for ever; the server does not wait for that.
    server.stop().await;
    assert_eq!(follower.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_is_served_as_it_is_configured_and_a_link_leads_to_it() {
    let world = World::new();
    std::fs::write(world.path("logo.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
    let settings = [
        ("DASHBOARD_URL", "https://hooks.example.com/dashboard"),
        ("DASHBOARD_FRAME_ANCESTORS", "https://app.example.com"),
        ("DASHBOARD_NAME", "Acme"),
        ("DASHBOARD_LOGO_FILE", "logo.svg"),
    ];
    let server = world.serve(&settings).await;
    server.account("acme").await;
    let page = server.api.get("/dashboard/").await.unwrap();
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("frame-ancestors https://app.example.com"), "{policy}");
    let theme = expect(200, server.api.get("/dashboard/theme.json").await.unwrap());
    assert_eq!((&theme["name"], &theme["logo"]), (&json!("Acme"), &json!("/dashboard/theme/logo")));
    let made = server.api.post("/api/accounts/acme/portal-tokens", Some(json!({}))).await.unwrap();
    let made = expect(201, made);
    assert!(made["url"].as_str().unwrap().starts_with("https://hooks.example.com/dashboard/#token=wxt_"));
    server.stop().await;
    let server = world.serve(&[("DASHBOARD", "off")]).await;
    assert_eq!(server.api.get("/dashboard/").await.unwrap().status, 404);
    server.stop().await;
}

#[tokio::test]
async fn a_dashboard_that_could_not_be_read_or_be_safe_is_refused_at_the_start() {
    let world = World::new();
    for (name, value, said) in [
        ("DASHBOARD_FRAME_ANCESTORS", "https://*.example.com", "is no origin"),
        ("DASHBOARD_URL", "http://hooks.example.com", "https://"),
        ("DASHBOARD_ACCENT", "#8fb0ff", "contrast"),
        ("DASHBOARD_LOGO_FILE", "ca.pem", "neither an SVG nor a PNG"),
    ] {
        let output = world.serve_in_vain(&[(name, value)]).await;
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(stderr(&output).contains(said), "{name}: {}", stderr(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_is_stopped_sends_nothing_more() {
    let world = World::new();
    let failing = Inbox::scripted(&world, [Reply::status(500)]).await;
    let server = world.serve(&[("RETRY_SCHEDULE", "1h"), ("IN_FLIGHT_PER_WEBHOOK", "1")]).await;
    let hook = server.webhook("acme", &failing.url("/"), &["*"]).await;
    let acme = server.acting_for("acme");
    let mut events = Vec::new();
    for _ in 0..3 {
        events.push(server.publish("acme", "deposit.created", json!({})).await);
    }
    let path = format!("/api/webhook/{}", hook.id);
    let counted = json!({ "status": "retrying", "dry_run": true });
    let mut matching = Value::Null;
    while matching != json!({ "matching": 3, "at_least": false }) {
        matching = expect(200, acme.post(&format!("{path}/replay"), Some(counted.clone())).await.unwrap());
    }
    let replay = json!({ "status": "retrying" });
    let replayed = expect(202, acme.post(&format!("{path}/replay"), Some(replay)).await.unwrap());
    assert_eq!(replayed["replayed"], 3);
    let replay = format!("{path}/replays/{}", replayed["id"].as_str().unwrap());
    let stopped = expect(200, acme.delete(&replay, None).await.unwrap());
    assert_eq!(stopped["status"], "stopped");
    let sum = ["waiting", "delivered", "failed", "withdrawn"].map(|name| stopped[name].as_u64().unwrap());
    assert_eq!(sum.iter().sum::<u64>(), 3, "{stopped}");
    server.stop().await;
}
