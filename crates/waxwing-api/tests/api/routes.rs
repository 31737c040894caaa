//! Routes, methods, request ids, and the document that describes them.

use serde_json::Value;
use waxwing_api::{Code, openapi_json};

use crate::harness::Server;

#[tokio::test]
async fn an_unknown_route_and_a_wrong_method_are_problems_too() {
    let server = Server::new().await;
    for path in ["/", "/api", "/api/webhooks", "/api/events/", "/api/webhook/create/x", "//api/events"] {
        server.get(path).operator().send().await.refused(404, "not_found");
    }
    for (method, path, allowed) in [
        ("DELETE", "/api/events", "POST"),
        ("PATCH", "/api/webhook/wh_1", "GET,HEAD,PUT,DELETE"),
        ("POST", "/healthz", "GET,HEAD"),
        ("GET", "/api/webhook/wh_1/replay", "POST"),
    ] {
        let answer = server.call(method, path).operator().send().await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.headers["allow"], allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn a_request_id_is_taken_over_when_it_is_sane_and_made_otherwise() {
    let server = Server::new().await;
    let id = |answer: &crate::harness::Answer| answer.headers["x-request-id"].to_str().unwrap().to_owned();
    let own = server.get("/healthz").header("x-request-id", "order-7:a.b_c").send().await;
    assert_eq!(id(&own), "order-7:a.b_c");
    let refused = server.get("/nothing").header("x-request-id", "mine").send().await;
    assert_eq!(refused.refused(404, "not_found")["request_id"], "mine");
    for bad in ["", "with space", "<script>", &"x".repeat(129)] {
        let made = id(&server.get("/healthz").header("x-request-id", bad).send().await);
        assert!(made.starts_with("req_") && made.len() == 4 + 32, "{made}");
    }
    let (one, two) = (server.get("/healthz").send().await, server.get("/healthz").send().await);
    assert_ne!(id(&one), id(&two));
}

#[tokio::test]
async fn every_route_of_the_document_exists_and_answers_only_what_it_names() {
    let server = Server::with_acme().await;
    let document: Value = serde_json::from_str(&openapi_json()).unwrap();
    assert_eq!(server.get("/openapi.json").send().await.expect(200), document);
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation.get("parameters").is_none_or(Value::is_array), "{method} {path}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let description = response["description"].as_str();
                assert!(description.is_some_and(|text| !text.is_empty()), "{method} {path} {status}");
            }
            let filled = path.replace("{id}", "wh_1").replace("{event_id}", "e").replace("{key_id}", "k");
            let filled = filled.replace("{type}", "a.b");
            let call = server.call(&method.to_uppercase(), &filled).acting_for("acme");
            let answer = call.send().await;
            assert_ne!(answer.status, 405, "{method} {path}");
            let named = &operation["responses"][answer.status.as_str()];
            assert!(named.is_object(), "{method} {path} does not name {}", answer.status);
        }
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document: Value = serde_json::from_str(&openapi_json()).unwrap();
    let operations = document["paths"].as_object().unwrap().values();
    let operations = operations.flat_map(|methods| methods.as_object().unwrap().values());
    let names: Vec<&str> = operations.map(|one| one["operationId"].as_str().unwrap()).collect();
    let unique: std::collections::BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(unique.len(), names.len(), "{names:?}");
}

#[test]
fn the_document_lists_every_code_once() {
    let document: Value = serde_json::from_str(&openapi_json()).unwrap();
    let listed = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"].clone();
    let mut codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(listed, serde_json::json!(codes));
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Code::ALL.len());
}

#[tokio::test]
async fn the_reference_page_names_every_code_where_errors_point_to() {
    let server = Server::new().await;
    let page = server.get("/docs").send().await.text;
    for code in Code::ALL {
        assert!(page.contains(&format!("id=\"{}\"", code.as_str())), "{code:?}");
    }
}
