//! The catalog.

use serde_json::json;

use crate::harness::Server;

fn put<'a>(server: &'a Server, kind: &str) -> crate::harness::Req<'a> {
    server.call("PUT", &format!("/api/event-types/{kind}")).operator()
}

#[tokio::test]
async fn the_catalog_shows_what_was_put_byte_for_byte() {
    let server = Server::with_acme().await;
    let body = r#"{"description":"money came","example":{ "amount": 0.10, "n":1000000000000000000000 },"schema":{"type":"object","multipleOf":1.0}}"#;
    put(&server, "b.y").json(&json!({})).send().await.expect(201);
    put(&server, "a.x").raw("application/json", body).send().await.expect(201);
    let answer = server.get("/api/event-types").acting_for("acme").send().await;
    answer.expect(200);
    assert!(
        answer.text.contains(r#""example":{ "amount": 0.10, "n":1000000000000000000000 }"#),
        "{}",
        answer.text
    );
    let types: Vec<_> = server.list("/api/event-types").await.iter().map(|one| one["type"].clone()).collect();
    assert_eq!(types, ["a.x", "b.y"]);
    let key = server.account_key("acme").await;
    server.get("/api/event-types").key(&key).send().await.expect(200);
}

#[tokio::test]
async fn an_event_type_is_replaced_and_removed() {
    let server = Server::with_acme().await;
    put(&server, "a.b").json(&json!({ "description": "one" })).send().await.expect(201);
    put(&server, "a.b").json(&json!({ "example": {} })).send().await.expect(200);
    let list = server.list("/api/event-types").await;
    assert_eq!(list, [json!({ "type": "a.b", "description": null, "example": {}, "schema": null })]);
    server.call("DELETE", "/api/event-types/a.b").operator().send().await.expect(204);
    server.call("DELETE", "/api/event-types/a.b").operator().send().await.refused(404, "not_found");
    assert!(server.list("/api/event-types").await.is_empty());
}

#[tokio::test]
async fn data_must_satisfy_the_schema_of_its_type() {
    let server = Server::with_acme().await;
    let schema = json!({ "schema": {
        "type": "object",
        "required": ["amount"],
        "properties": { "amount": { "type": "string" }, "n": { "type": "integer" } },
    } });
    put(&server, "deposit").json(&schema).send().await.expect(201);
    let publish = |data: serde_json::Value| {
        let body = json!({ "account_id": "acme", "type": "deposit", "data": data });
        server.post("/api/events").operator().json(&body)
    };
    publish(json!({ "amount": "1.00" })).send().await.expect(202);
    let problem = publish(json!({ "amount": 1, "n": "x" })).send().await.refused(422, "data_invalid");
    let mut pointers: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|one| &one["pointer"]).collect();
    pointers.sort_by_key(ToString::to_string);
    assert_eq!(pointers, [&json!("/data/amount"), &json!("/data/n")]);
    publish(json!({})).send().await.refused(422, "data_invalid");
}

#[tokio::test]
async fn what_is_no_schema_is_refused_and_nothing_outside_is_fetched() {
    let server = Server::with_acme().await;
    for schema in
        [json!({ "type": "objekt" }), json!({ "$ref": "https://example.com/schema.json" }), json!(7)]
    {
        put(&server, "a.b").json(&json!({ "schema": schema })).send().await.refused(422, "schema_invalid");
    }
    put(&server, "a.b")
        .raw("application/json", r#"{"example":{"a":1,"a":2}}"#)
        .send()
        .await
        .refused(422, "body_invalid");
    put(&server, "no%20type").json(&json!({})).send().await.refused(422, "body_invalid");
    assert!(server.list("/api/event-types").await.is_empty());
}
