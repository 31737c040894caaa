//! Headers, authorization and client certificate of a webhook: taken, shown without
//! what is secret, removed.

use serde_json::{Value, json};
use waxwing_core::credentials::{Authorization, ClientCertificate, CustomHeaders};
use waxwing_store::Credentials;

use crate::harness::{Answer, Server};

/// A certificate and its key, of this name.
fn pair(name: &str) -> Value {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
    json!({ "certificate": certificate.pem(), "key": key.serialize_pem() })
}

async fn create(server: &Server, credentials: Value) -> Answer {
    let mut body = json!({ "url": "https://a.example/", "events": ["*"] });
    body.as_object_mut().unwrap().extend(credentials.as_object().unwrap().clone());
    server.post("/api/webhook/create").acting_for("acme").json(&body).send().await
}

async fn update(server: &Server, id: &str, body: Value) -> Answer {
    server.call("PUT", &format!("/api/webhook/{id}")).acting_for("acme").json(&body).send().await
}

fn shown(webhook: &Value) -> (Value, Value, Value) {
    let of = |name: &str| webhook[name].clone();
    (of("header_names"), of("authorization"), of("client_certificate"))
}

#[tokio::test]
async fn credentials_are_kept_sealed_and_shown_without_what_is_secret() {
    let server = Server::with_acme().await;
    let pair = pair("waxwing");
    let given = json!({
        "headers": { "X-Api-Key": "hunter2-header", "X-Tenant": "7" },
        "authorization": { "type": "basic", "username": "me", "password": "hunter2-password" },
        "client_certificate": pair,
    });
    let made = create(&server, given).await;
    let text = made.text.clone();
    let made = made.expect(201);
    let (names, authorization, certificate) = shown(&made);
    assert_eq!(names, json!(["x-api-key", "x-tenant"]));
    assert_eq!(authorization, json!({ "type": "basic", "username": "me" }));
    let sha256 = certificate["sha256"].as_str().unwrap();
    assert!(sha256.len() == 64 && certificate.as_object().unwrap().len() == 1, "{certificate}");
    let id = made["id"].as_str().unwrap();
    let read = server.get(&format!("/api/webhook/{id}")).acting_for("acme").send().await;
    let listed = server.get("/api/webhook/list").acting_for("acme").send().await;
    for text in [&text, &read.text, &listed.text] {
        assert!(!text.contains("hunter2") && !text.contains("PRIVATE KEY"), "{text}");
    }
    assert_eq!(shown(&read.expect(200)), (names, authorization, certificate));
    // What the engine will open is what was given.
    let directory = server.api.store.directory();
    let target = directory.target(*directory.target_rows().first().unwrap()).unwrap();
    let Credentials { headers, authorization, client_certificate } = target.credentials.clone();
    let open = |name: &str, sealed: Option<waxwing_core::seal::Sealed>| {
        server.api.keyring.open(&format!("{id}/{name}"), &sealed.unwrap()).unwrap()
    };
    let headers = CustomHeaders::from_bytes(&open("headers", headers)).unwrap();
    assert_eq!(headers.expose().next(), Some(("x-api-key", "hunter2-header")));
    let authorization = Authorization::from_bytes(&open("authorization", authorization)).unwrap();
    assert_eq!(authorization, Authorization::basic("me", "hunter2-password").unwrap());
    let kept = ClientCertificate::from_bytes(&open("client_certificate", client_certificate)).unwrap();
    assert_eq!(Value::from(kept.expose_key()), pair["key"]);
}

#[tokio::test]
async fn a_change_keeps_sets_or_removes_each_of_them() {
    let server = Server::with_acme().await;
    let none = (json!([]), Value::Null, Value::Null);
    let made = create(&server, json!({ "headers": null, "authorization": null })).await.expect(201);
    assert_eq!(shown(&made), none);
    let id = made["id"].as_str().unwrap();
    let oauth = json!({
        "type": "oauth2", "token_url": "https://id.example/token", "client_id": "wax",
        "client_secret": "hunter2", "scope": "a b",
    });
    let change =
        json!({ "headers": { "X-A": "1" }, "authorization": oauth, "client_certificate": pair("a") });
    let changed = update(&server, id, change).await.expect(200);
    let mut told = oauth;
    told.as_object_mut().unwrap().remove("client_secret");
    assert_eq!((&changed["header_names"], &changed["authorization"]), (&json!(["x-a"]), &told));
    let kept = update(&server, id, json!({ "description": "d" })).await.expect(200);
    assert_eq!(shown(&kept), shown(&changed));
    let bearer = json!({ "authorization": { "type": "bearer", "token": "hunter2" } });
    let changed = update(&server, id, bearer).await.expect(200);
    assert_eq!(changed["authorization"], json!({ "type": "bearer" }));
    assert_eq!(changed["client_certificate"], kept["client_certificate"]);
    let removed = json!({ "headers": {}, "authorization": null, "client_certificate": null });
    assert_eq!(shown(&update(&server, id, removed).await.expect(200)), none);
    let log = server.get("/api/audit").operator().send().await;
    assert!(!log.text.contains("hunter2") && !log.text.contains("PRIVATE KEY"), "{}", log.text);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_at_its_place_and_not_repeated() {
    let server = Server::with_acme().await;
    let (one, two) = (pair("one"), pair("two"));
    let mixed = json!({ "certificate": one["certificate"], "key": two["key"] });
    let oauth = |url: &str| json!({ "authorization": { "type": "oauth2", "token_url": url, "client_id": "a", "client_secret": "hunter2" } });
    for (given, code, pointer) in [
        (json!({ "headers": { "Host": "hunter2" } }), "body_invalid", "/headers/Host"),
        (json!({ "headers": { "webhook-id": "hunter2" } }), "body_invalid", "/headers/webhook-id"),
        (json!({ "headers": { "a~/b": "hunter2" } }), "body_invalid", "/headers/a~0~1b"),
        (json!({ "headers": { "X-A": "hunter2\r\nHost: a" } }), "body_invalid", "/headers/X-A"),
        (json!({ "headers": { "X-A": 7 } }), "body_invalid", "/headers/X-A"),
        (
            json!({ "authorization": { "type": "bearer", "token": "hunter2 a" } }),
            "body_invalid",
            "/authorization/token",
        ),
        (
            json!({ "authorization": { "type": "basic", "username": "a:b", "password": "hunter2" } }),
            "body_invalid",
            "/authorization/username",
        ),
        (oauth("https://10.0.0.1/token"), "url_not_public", "/authorization/token_url"),
        (oauth("http://id.example/token"), "url_not_https", "/authorization/token_url"),
        (oauth("https://id.example:25/token"), "url_denied", "/authorization/token_url"),
        (json!({ "client_certificate": mixed }), "body_invalid", "/client_certificate/key"),
        (
            json!({ "client_certificate": { "certificate": "hunter2", "key": "b" } }),
            "body_invalid",
            "/client_certificate/certificate",
        ),
        (
            json!({ "client_certificate": { "certificate": one["certificate"], "key": one["certificate"] } }),
            "body_invalid",
            "/client_certificate/key",
        ),
    ] {
        let refused = create(&server, given.clone()).await;
        assert!(!refused.text.contains("hunter2") && !refused.text.contains("BEGIN"), "{}", refused.text);
        let problem = refused.refused(422, code);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{given}");
    }
    for given in [
        json!({ "authorization": { "type": "digest", "username": "a" } }),
        json!({ "authorization": { "type": "bearer" } }),
        json!({ "authorization": { "type": "bearer", "token": "a", "more": "b" } }),
        json!({ "authorization": "Bearer hunter2" }),
        json!({ "client_certificate": { "certificate": one["certificate"] } }),
        json!({ "headers": ["X-A"] }),
    ] {
        create(&server, given).await.refused(422, "body_invalid");
    }
    assert!(server.list("/api/webhook/list").await.is_empty());
}
