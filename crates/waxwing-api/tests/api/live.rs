//! Following a log.

use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use waxwing_api::live::MAX_STREAMS_OF_ACCOUNT;

use crate::harness::{Req, Server};

/// One end of a stream.
struct Stream {
    body: Body,
    text: String,
}

/// What came over it.
#[derive(Debug, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

impl Stream {
    async fn open(call: Req<'_>) -> Self {
        let (status, headers, body) = call.open().await;
        assert_eq!(status, 200);
        assert_eq!(headers["content-type"], "text/event-stream");
        assert_eq!(headers["cache-control"], "no-store");
        Self { body, text: String::new() }
    }

    /// The next event, `None` at the end; comments are passed over.
    async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((piece, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = piece.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim_start_matches(": ").to_owned())
                };
                let found = field("event").map(|name| Event {
                    name,
                    id: field("id").unwrap(),
                    data: serde_json::from_str(&field("data").unwrap()).unwrap(),
                });
                self.text = rest.to_string();
                if found.is_some() {
                    return found;
                }
            }
            let data = self.body.frame().await?.unwrap().into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }

    async fn entry(&mut self) -> (Value, Value) {
        let event = self.next().await.expect("the stream goes on");
        assert_eq!(event.name, "entry");
        (event.data["event_id"].clone(), event.data["status"].clone())
    }
}

async fn set_status(server: &Server, hook: &str, status: &str) {
    let call = server.call("PUT", &format!("/api/webhook/{hook}")).acting_for("acme");
    call.json(&json!({ "status": status })).send().await.expect(200);
}

#[tokio::test]
async fn a_stream_tells_what_is_new_and_what_changed() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    server.publish("old").await;
    let path = format!("/api/webhook/{hook}/events/stream");
    let mut all = Stream::open(server.get(&path).acting_for("acme")).await;
    let mut held = Stream::open(server.get(&format!("{path}?status=held")).acting_for("acme")).await;
    let event = server.publish("new").await;
    assert_eq!(all.entry().await, (json!(event), json!("pending")), "what was there before is not told");
    set_status(&server, &hook, "inactive").await;
    let changed = [all.entry().await, all.entry().await];
    assert_eq!(changed[1], (json!(event), json!("held")), "oldest first");
    let seen = [held.entry().await, held.entry().await];
    assert_eq!(seen, changed, "each has its own filter");
}

#[tokio::test]
async fn a_reader_that_comes_back_gets_what_it_missed_or_is_told_to_read_anew() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let path = format!("/api/webhook/{hook}/events/stream");
    let mut first = Stream::open(server.get(&path).acting_for("acme")).await;
    server.publish("a.b").await;
    let seen = first.next().await.unwrap();
    let missed = server.publish("a.b").await;
    first.next().await.unwrap();
    let again = server.get(&path).acting_for("acme").header("last-event-id", &seen.id);
    assert_eq!(Stream::open(again).await.entry().await.0, json!(missed));
    for unknown in ["0123456789abcdef-7", "nonsense", ""] {
        let again = server.get(&path).acting_for("acme").header("last-event-id", unknown);
        assert_eq!(Stream::open(again).await.next().await.unwrap().name, "reset", "{unknown}");
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_key() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let made = server.post("/api/accounts/acme/portal-tokens").operator().json(&json!({}));
    let made = made.send().await.expect(201);
    let path = format!("/api/webhook/{hook}/events/stream");
    let mut stream = Stream::open(server.get(&path).key(made["token"].as_str().unwrap())).await;
    let path = format!("/api/accounts/acme/keys/{}", made["id"].as_str().unwrap());
    server.call("DELETE", &path).operator().send().await.expect(204);
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn an_account_has_so_many_streams_and_gets_them_back() {
    let server = Server::with_acme().await;
    server.account("other").await;
    let (hook, others) = (server.webhook("acme", &["*"]).await, server.webhook("other", &["*"]).await);
    let path = format!("/api/webhook/{hook}/events/stream");
    let mut streams = Vec::new();
    for _ in 0..MAX_STREAMS_OF_ACCOUNT {
        streams.push(Stream::open(server.get(&path).acting_for("acme")).await);
    }
    let refused = server.get(&path).acting_for("acme").send().await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.refused(429, "rate_limited");
    Stream::open(server.get(&format!("/api/webhook/{others}/events/stream")).acting_for("other")).await;
    streams.clear();
    // Those that ended notice when they have something to say.
    server.publish("a.b").await;
    while server.get(&path).acting_for("acme").open().await.0 != 200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused() {
    let server = Server::with_acme().await;
    let hook = server.webhook("acme", &["*"]).await;
    let path = format!("/api/webhook/{hook}/events/stream");
    server.get("/api/webhook/wh_1/events/stream").acting_for("acme").send().await.refused(404, "not_found");
    server.get(&format!("{path}?limit=1")).acting_for("acme").send().await.refused(400, "query_invalid");
    server.get(&path).send().await.refused(401, "unauthorized");
}
