//! What needs no key.

use std::sync::Arc;

use waxwing_store::{StoreError, gated::Call};

use crate::harness::Server;

#[tokio::test]
async fn the_open_routes_answer_without_a_key() {
    let server = Server::new().await;
    for (path, kind) in [
        ("/healthz", "text/plain"),
        ("/readyz", "text/plain"),
        ("/metrics", "application/openmetrics-text"),
        ("/openapi.json", "application/json"),
        ("/docs", "text/html"),
    ] {
        let answer = server.get(path).send().await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with(kind), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn readiness_tells_what_is_broken_and_that_one_may_ask_again() {
    let server = Server::new().await;
    server.faults.add(Call::Read, StoreError::Stopped("the disk is full".into()));
    let answer = server.get("/readyz").send().await;
    let problem = answer.refused(503, "unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("the disk is full"), "{problem}");
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(server.get("/readyz").send().await.status, 200, "it is well again");
    let mut api = server.api.clone();
    api.ready = Arc::new(|| Err("the delivery engine ended".into()));
    let problem = server.with_api(api).get("/readyz").send().await.refused(503, "unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("engine ended"), "{problem}");
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_show_the_backlog() {
    let server = Server::with_acme().await;
    server.webhook("acme", &["*"]).await;
    server.publish("a.b").await;
    server.get("/nothing").send().await;
    let text = server.get("/metrics").send().await.text;
    for line in [
        r#"waxwing_api_requests_total{route="/api/events",status="202"} 1"#,
        r#"waxwing_api_requests_total{route="unmatched",status="404"} 1"#,
        r#"waxwing_backlog{state="pending"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(text.ends_with("# EOF\n"));
}
