//! The event log: pages, filters, and what other accounts must not see.

use serde_json::{Value, json};
use waxwing_peers::ApiClient;

use crate::harness::{Inbox, World, server::expect};

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_page_by_page_newest_first() {
    let world = World::new();
    let inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let mut published = Vec::new();
    for n in 0..25 {
        published.push(
            server.publish("acme", if n % 2 == 0 { "a.even" } else { "a.odd" }, json!({ "n": n })).await,
        );
    }
    let client = server.acting_for("acme");
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/webhook/{}/events?limit=10{cursor}", hook.id);
        let page = expect(200, client.get(&path).await.unwrap());
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 10);
        seen.extend(data.iter().map(|entry| entry["event_id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    published.reverse();
    assert_eq!(seen, published);
    let odd = server.log_of(&hook, "type=a.odd&limit=100").await;
    assert_eq!(odd.len(), 12);
    server.until(&hook, &published[0], "delivered").await;
    assert!(server.log_of(&hook, "status=failed").await.is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_sees_nothing_of_another() {
    let world = World::new();
    let inbox = Inbox::healthy(&world).await;
    let server = world.serve(&[]).await;
    let hook = server.webhook("acme", &inbox.url("/"), &["*"]).await;
    let event = server.publish("acme", "deposit.created", json!({})).await;
    server.account("other").await;
    let made =
        expect(201, server.api.post("/api/accounts/other/keys", Some(json!({ "name": "k" }))).await.unwrap());
    let stranger = ApiClient::new(&server.url(), made["key"].as_str().unwrap()).unwrap();
    let paths = [
        format!("/api/webhook/{}", hook.id),
        format!("/api/webhook/{}/events", hook.id),
        format!("/api/webhook/{}/events/{event}", hook.id),
    ];
    for path in &paths {
        assert_eq!(stranger.get(path).await.unwrap().status, 404, "{path}");
    }
    assert_eq!(stranger.delete(&paths[0], None).await.unwrap().status, 404);
    let list: Value = expect(200, stranger.get("/api/webhook/list").await.unwrap());
    assert_eq!(list["data"], json!([]));
    server.stop().await;
}
